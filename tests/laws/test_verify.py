"""Verifying: what a provider never sent is found exactly, repaired, and fires once by policy."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from functions.manage.bodies import VerifyBody
from functions.manage.verification import start_verification
from functions.query.jobs import read_job
from infra.samples.stripe_billing import fail_renewal, recover, renew
from infra.samples.stripe_business import Business
from infra.samples.stripe_changes import cancel_now
from infra.samples.stripe_checkout import checkout
from infra.samples.stripe_customers import add_customer, add_price, add_product
from infra.samples.stripe_event import Event
from infra.samples.stripe_purchases import refund
from shared.domain import rendering, trust, verify
from shared.domain.envelope import group_of
from shared.domain.history_pages import TellsHistory
from shared.domain.ports import Write
from tests.laws.recorded import drifted, misremembered, unlike
from tests.support.firing import Desk
from tests.support.history import HistoryShop
from tests.support.shop import Shop
from tests.support.stream import StreamingStore
from tests.support.stripe_answers import StripeAnswers
from tests.support.stripe_history import client

SUBSCRIPTIONS = 200
CANCELLED = "customer.subscription.deleted"
_TOLD = frozenset(
    """customer.created customer.updated customer.subscription.created invoice.paid
    customer.subscription.updated customer.subscription.deleted invoice.payment_failed
    invoice_payment.paid charge.succeeded charge.failed charge.refunded price.created
    product.created payment_method.attached refund.created""".split()
)


class Verified(HistoryShop):
    """A shop that can be verified, with automations that hear of cancellations and of anything."""

    def __init__(self, api: TellsHistory, provider: str = "stripe", **about: Any) -> None:
        self.streaming = StreamingStore()
        super().__init__(api, provider, store=self.streaming)
        self.streaming.documents["connection", "shop"] |= about
        self.desk = Desk(self.streaming)
        for automation_id, about in {
            "fires": {"field": "status", "to": "cancelled"},
            "skips": {"field": "status", "to": "cancelled", "late": "skip"},
            "hears_all": {},
        }.items():
            self.desk.automate({"type": "recurring_payment_updated", **about}, automation_id)
        self._verifications = itertools.count(1)

    def verify(self, *, repair: bool = False) -> dict[str, Any]:
        """Verify the connection to the end and return the job as the API shows it."""
        started = start_verification(
            "shop",
            VerifyBody(repair=repair),
            store=self.store,
            jobs=self,
            now=self.now,
            new_id=lambda: f"verify-{next(self._verifications)}",
        )
        self.run()
        return read_job(started["job_id"], store=self.store)

    def begin_at(self, now: int) -> None:
        """Have it be another time from now on (ms)."""
        self._now = now

    def look_up(self, kind: str, identity: str, *, source: str = trust.VERIFIED) -> None:
        """Have one object fetched and folded, as a call for it has."""
        api: Any = self.api
        told = api.event(
            {"object": kind, "id": identity}, api.fetch(kind, identity), self.fetched_at
        )
        self.receive(told[1], source=source)

    def records(self) -> dict[Any, Any]:
        """Return all that is stored but jobs and the connection, which tell of verifications."""
        held = self.memory.documents.items()
        return {name: each for name, each in held if name[0] not in ("job", "connection")}

    def fired(self) -> Counter[str]:
        """Let the stream fire what there is, and return how often each automation has."""
        stream, self.streaming.stream = self.streaming.stream, []
        assert self.desk.stream().handle(stream, self.now) == {"batchItemFailures": []}
        return Counter(str(each["automation_id"]) for each in self.desk.firings())


def business(seed: int, size: int) -> Business:
    """Let so many subscriptions begin, renew, fail, and half of them end."""
    world = Business(seed)
    price = add_price(world, add_product(world, "Tea box"), 1900)
    running = []
    for number in range(size):
        customer = add_customer(world, f"person{number}@example.com", f"Person {number}")
        running.append(checkout(world, customer, price))
        world.advance(minutes=30)
    for number, subscription in enumerate(running):
        bill = renew(world, subscription)
        if number % 7 == 0 and bill.payment is not None:
            refund(world, bill.payment, 500)
        world.advance(minutes=1)
    for number, subscription in enumerate(running):
        if number % 2:
            world.advance(minutes=2)
            cancel_now(world, subscription)
        elif number % 20 == 0:
            fail_renewal(world, subscription)
            if number % 40 == 0:
                world.advance(days=3)
                recover(world, subscription)
    return world


def lost(events: Iterable[Event]) -> list[Event]:
    """Return the cancellations that are never sent: eight of a hundred, spread over all."""
    cancellations = [event for event in events if event.type == CANCELLED]
    return [event for number, event in enumerate(cancellations) if number * 8 % 100 < 8]


def told_of_people(events: Iterable[Event]) -> list[Event]:
    """Return what tells of subscriptions and what they were paid, and no more: it is quicker."""
    return [event for event in events if event.type in _TOLD]


def records(report: dict[str, Any]) -> dict[str, str]:
    """Return the kind of each record's difference."""
    return {each["record"]: each["kind"] for each in report["result"]["items"]}


def differing(report: dict[str, Any]) -> int:
    assert report["state"] == "done"
    return sum(report["result"]["differences"].values())


@pytest.fixture
def small() -> Iterator[tuple[Business, Verified]]:
    """Return a small business that sells everything, and a shop that was told nothing yet."""
    world = business(3, 12)
    with closing(client(StripeAnswers(world).transport)) as api:
        yield world, Verified(api)


def test_what_was_never_sent_is_found_repaired_and_fires_once() -> None:
    """GIVEN a provider that never sent 8 % of its cancellations WHEN it is verified THEN exactly

    those are named, a repair fires each of them once by policy, and their webhooks nothing more.
    """
    world = business(7, SUBSCRIPTIONS)
    events = told_of_people(world.events)
    missed = lost(events)
    names = {"recurring_payment/" + event.object["id"] for event in missed}
    with closing(client(StripeAnswers(world).transport)) as api:
        shop = Verified(api)
        shop.receive_all(event.body for event in events if event not in missed)
        before = shop.fired()
        documents = shop.records()

        report = shop.verify()

        assert len(missed) == SUBSCRIPTIONS * 4 // 100
        assert records(report) == dict.fromkeys(names, "never_sent")
        assert differing(report) == len(missed)
        assert shop.fired() == before, "a report sets nothing off"
        assert shop.records() == documents, "a report changes nothing"
        shown = rendering.connection(shop.connection)["verification"]
        assert (shown["job_id"], shown["state"]) == (report["job_id"], "done")
        assert shown["ended_date"] == report["updated_date"]
        assert shown["checked"] == report["result"]["checked"]
        assert shown["differences"] == report["result"]["differences"]

        repaired = shop.verify(repair=True)

        assert repaired["result"]["repaired"] == len(missed)
        after = shop.fired()
        assert after - before == {"fires": len(missed), "hears_all": len(missed)}, "none skips"
        assert rendering.connection(shop.connection)["verification"][
            "differences"
        ] == dict.fromkeys(verify.KINDS, 0)
        again = shop.verify()
        assert differing(again) == 0
        shop.receive_all(event.body for event in missed)
        assert shop.fired() == after, "a webhook that comes after all tells nothing again"
        assert shop.quarantined() == []


def test_a_shop_that_was_told_everything_shows_no_drift(small: tuple[Business, Verified]) -> None:
    world, shop = small
    shop.receive_all(event.body for event in world.events)

    report = shop.verify()

    assert report["result"]["items"] == []
    assert differing(report) == 0
    assert report["result"]["checked"] > 70


def test_payments_never_sent_are_found_and_repaired(small: tuple[Business, Verified]) -> None:
    world, shop = small
    renewals = _undisturbed(world.events)[:3]
    told = [event for event in world.events if not _is_about(event, renewals)]
    shop.receive_all(event.body for event in told)
    before = shop.fired()

    report = shop.verify(repair=True)

    kinds = records(report)
    assert {f"order/{each}" for each in renewals} <= kinds.keys()
    assert {kinds[f"order/{each}"] for each in renewals} == {"never_sent"}
    assert differing(shop.verify()) == 0
    after = shop.fired()
    shop.receive_all(event.body for event in world.events)
    assert shop.fired() == after, "what was found at the provider is told once"
    assert after["hears_all"] > before["hears_all"]
    complete = Shop()
    complete.receive_all(event.body for event in world.events)
    assert unlike(complete.orders(), shop.orders()) == []
    assert drifted(shop) == []
    assert misremembered(shop) == []


def _undisturbed(events: Iterable[Event]) -> list[str]:
    """Return the renewals of subscriptions that nothing else happens to: nothing lies between."""
    cancelled = {event.object["id"] for event in events if event.type == CANCELLED}
    failed = {e.object["customer"] for e in events if e.type == "invoice.payment_failed"}
    refunded = {e.object["customer"] for e in events if e.type == "charge.refunded"}
    return [
        event.object["id"]
        for event in events
        if event.type == "invoice.paid"
        and event.object["billing_reason"] == "subscription_cycle"
        and event.object["customer"] not in failed | refunded
        and not any(each.encode() in event.body for each in cancelled)
    ]


def _is_about(event: Event, invoices: list[str]) -> bool:
    return any(each.encode() in event.body for each in invoices)


def test_an_event_that_failed_here_is_told_from_one_never_sent(
    small: tuple[Business, Verified],
) -> None:
    world, shop = small
    missed = [event for event in world.events if event.type == CANCELLED][:2]
    shop.receive_all(event.body for event in world.events if event not in missed)
    parked, refused = (event.object["customer"] for event in missed)
    row = {"id": "1-x", "connection_id": "shop", "subject": refused, "version": 1}
    shop.store.commit([Write(("broken", group_of("shop", parked)), {"version": 1}, None)])
    shop.store.commit([Write(("quarantine", "1-x"), row, None)])

    report = shop.verify()

    failed = {"recurring_payment/" + event.object["id"] for event in missed}
    assert records(report) == dict.fromkeys(failed, "sent_and_failed")


def test_what_the_connection_does_not_take_is_not_ours(small: tuple[Business, Verified]) -> None:
    _, shop = small
    test_mode = Business(3, livemode=False)
    with closing(client(StripeAnswers(test_mode).transport)) as api:
        customer = add_customer(test_mode, "ada@example.com", "Ada")
        checkout(test_mode, customer, add_price(test_mode, add_product(test_mode, "Tea"), 1900))
        shop.api = api

        report = shop.verify(repair=True)

    assert set(records(report).values()) == {"not_ours"}
    assert report["result"]["repaired"] == 0
    assert shop.recurring_payments() == {}


def test_a_status_is_told_with_both_sides(small: tuple[Business, Verified]) -> None:
    world, shop = small
    (missed, *_) = (event for event in world.events if event.type == CANCELLED)
    shop.receive_all(event.body for event in world.events if event is not missed)

    (found,) = shop.verify()["result"]["items"]

    status = {"field": "status", "ours": "active", "theirs": "cancelled"}
    assert status in found["fields"]
    dated = [each for each in found["fields"] if each["field"] == "cancelled_date"]
    assert [each["ours"] for each in dated] == [None]
