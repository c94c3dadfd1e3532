"""Jobs: what one event changes for many records, page by page, again and again if need be.

Through the real queues and table, because paging, repetition and late indexes are theirs.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from infra.samples import stripe as story
from shared.adapters.queue import Queue
from shared.domain import contacts, jobs
from shared.domain.errors import Retryable
from shared.domain.ports import Missing, Name, Reading, Write
from tests.simulation.observer import addresses_in
from tests.simulation.oracle import outcome
from tests.simulation.processor import CONNECTION, Deployment
from tests.simulation.world import World

HOUR_MS = 3_600_000
EMAIL = "ada@example.com"
# More than two pages of an index.
MANY = 60


def drain(shop: Deployment) -> None:
    shop.world.drain(HOUR_MS)


class Buyer:
    """Somebody who has bought often, and what Stripe says of it."""

    def __init__(self, shop: Deployment) -> None:
        self.shop = shop
        self.world = story.Business("buyer")
        book = story.add_price(
            self.world, story.add_product(self.world, "Book"), 900, interval=None
        )
        self.customer = story.add_customer(self.world, EMAIL, "Ada Lovelace")
        for _ in range(MANY):
            self.world.advance(hours=1)
            story.one_time(self.world, book, self.customer)
        told = ("charge.succeeded", "customer.created")
        self.deliver(*(event for event in self.world.events if event.type in told))

    def deliver(self, *events: story.Event) -> None:
        for number, event in enumerate(events):
            self.shop.deliver(event, number)

    def change(self, email: str) -> story.Event:
        self.world.advance(minutes=1)
        before = len(self.world.events)
        story.change_email(self.world, self.customer, email)
        return self.world.events[before]

    def owners(self) -> set[str | None]:
        sent = addresses_in(each.body for each in self.world.events)
        found = outcome(self.shop.world, sent)
        assert len(found.owners) == MANY
        return set(found.owners.values())

    def contact(self, email: str) -> Any:
        return outcome(self.shop.world, [email]).contacts.get(email)


def test_a_changed_email_moves_all_records_however_many_pages() -> None:
    buyer = Buyer(Deployment(World()))
    drain(buyer.shop)
    assert buyer.owners() == {EMAIL}

    buyer.deliver(buyer.change("new@example.com"))
    drain(buyer.shop)

    assert buyer.owners() == {"new@example.com"}
    assert buyer.contact("new@example.com")["orders_count"] == MANY
    assert buyer.contact(EMAIL) is None


def test_two_changes_within_minutes_both_reach_the_last_page() -> None:
    """The second run of a job must not be taken for a repetition of the first by the queue."""
    buyer = Buyer(Deployment(World()))
    drain(buyer.shop)

    buyer.deliver(buyer.change("new@example.com"))
    buyer.shop.world.run(60_000)
    buyer.deliver(buyer.change("newer@example.com"))
    drain(buyer.shop)

    assert buyer.owners() == {"newer@example.com"}


def test_all_that_waits_for_an_address_is_attached_page_by_page() -> None:
    buyer = Buyer(Deployment(World(), policy="match_only"))
    drain(buyer.shop)
    assert buyer.owners() == {None}
    _claim(buyer.shop, EMAIL)

    _ask(buyer.shop, job="attach_contact", email=EMAIL)
    drain(buyer.shop)

    assert buyer.owners() == {EMAIL}
    assert buyer.contact(EMAIL)["orders_count"] == MANY


def test_a_job_done_twice_changes_nothing_the_second_time() -> None:
    buyer = Buyer(Deployment(World()))
    buyer.deliver(buyer.change("new@example.com"))
    drain(buyer.shop)
    before = len(buyer.shop.world.dynamodb.stream_records())

    _ask(buyer.shop, job="refresh_customer", customer_id=buyer.customer.id)
    _ask(buyer.shop, job="attach_contact", email="new@example.com")
    drain(buyer.shop)

    assert len(buyer.shop.world.dynamodb.stream_records()) == before


def test_a_job_is_queued_at_once_and_again_for_when_the_index_has_followed() -> None:
    buyer = Buyer(Deployment(World()))
    drain(buyer.shop)
    queues = buyer.shop.world.sqs.queues
    before = len(queues["history"].accepted)

    buyer.deliver(buyer.change("new@example.com"))
    drain(buyer.shop)

    later = queues["history"].accepted[before:]
    assert any("refresh_customer" in each.body for each in later)
    assert all(each.visible_at_ms - each.sent_ms >= 30_000 for each in later)


def test_a_job_of_a_deleted_connection_is_let_go() -> None:
    buyer = Buyer(Deployment(World()))
    drain(buyer.shop)
    buyer.shop.table.commit([Write(("connection", CONNECTION), None, None)])

    _ask(buyer.shop, job="refresh_customer", customer_id=buyer.customer.id)
    drain(buyer.shop)

    assert buyer.owners() == {EMAIL}


def test_a_long_wait_is_attached_piece_by_piece() -> None:
    """One record with more changes than one transaction takes."""
    shop = Deployment(World(), policy="match_only")
    world = story.Business("long")
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    customer = story.add_customer(world, EMAIL, "Ada Lovelace")
    subscription = story.checkout(world, customer, price)
    for turn in range(MANY):
        world.advance(hours=1)
        story.change_plan(world, subscription, quantity=2 + turn)
    told = ("customer.created", "customer.subscription.created", "customer.subscription.updated")
    for number, event in enumerate(each for each in world.events if each.type in told):
        shop.deliver(event, number)
    drain(shop)
    _claim(shop, EMAIL)

    _ask(shop, job="attach_contact", email=EMAIL)
    drain(shop)

    entries = shop.table.history(("recurring_payment", CONNECTION, subscription.id))
    assert len(entries) > MANY
    assert {entry.contact_id for entry in entries} == {"ada"}


class Counted:
    """A contact with one order of hers in the table, for recounts."""

    def __init__(self) -> None:
        self.shop = Deployment(World())
        world = story.Business("counted")
        book = story.add_price(world, story.add_product(world, "Book"), 900, interval=None)
        customer = story.add_customer(world, EMAIL, "Ada Lovelace")
        story.one_time(world, book, customer)
        for number, event in enumerate(world.events):
            self.shop.deliver(event, number)
        drain(self.shop)
        claim = self.shop.table.read([("email", EMAIL)])["email", EMAIL]
        assert claim is not None
        self.contact_id = claim["contact_id"]
        self.names, _ = self.shop.table.of_contact(self.contact_id, None)

    def recount(self, names: list[Name], **job: Any) -> Any:
        reading = Reading()
        while True:
            with suppress(Missing):
                return self._tried(names, job, reading)
            reading.load(self.shop.table, self._missing(names, job, reading))

    def _missing(self, names: list[Name], job: dict[str, Any], reading: Reading) -> Missing:
        with pytest.raises(Missing) as missing:
            self._tried(names, job, reading)
        return missing.value

    def _tried(self, names: list[Name], job: dict[str, Any], reading: Reading) -> Any:
        asked = {"job": "recount_contact", "contact_id": self.contact_id, **job}
        return jobs.recount(asked, reading, names, now=1, new_id=str)


def test_a_recount_that_finds_what_stands_changes_nothing() -> None:
    scene = Counted()

    assert scene.recount(scene.names).outcome == "unchanged"


def test_a_recount_by_an_index_that_is_behind_changes_nothing_and_comes_again() -> None:
    """An index that does not list an order yet would take the day it was bought away."""
    scene = Counted()

    assert scene.recount([]).outcome == "unchanged"
    with pytest.raises(Retryable):
        scene.recount([], again=True)


def test_a_recount_leaves_out_what_has_moved_to_somebody_else() -> None:
    """An index may list a record under its former contact for a while."""
    scene = Counted()
    foreign: Name = ("order", CONNECTION, "ch_foreign")
    stored = scene.shop.table.read(scene.names)[scene.names[0]]
    assert stored is not None
    moved = {**stored, "contact_id": "somebody else", "version": 1}
    scene.shop.table.commit([Write(foreign, moved, 0)])

    assert scene.recount([*scene.names, foreign]).outcome == "unchanged"


def test_a_recount_of_a_contact_that_is_gone_is_let_go() -> None:
    scene = Counted()
    scene.shop.table.commit([Write(("contact", scene.contact_id), None, None)])

    assert scene.recount(scene.names).outcome == "ignored"


def _claim(shop: Deployment, email: str) -> None:
    contact = {**contacts.new("ada", email, 1), "version": 1}
    claim = {"contact_id": "ada", "version": 1}
    shop.table.commit([Write(("email", email), claim, 0), Write(("contact", "ada"), contact, 0)])


def _ask(shop: Deployment, **job: str) -> None:
    queue = Queue(shop.world.sqs)
    about = {"connection_id": CONNECTION, **job}
    queue.send_job(shop.environ["EVENTS_QUEUE_URL"], about, "somebody", "a test")
