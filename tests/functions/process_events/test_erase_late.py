"""What comes late of somebody erased, by every way there is, brings nobody back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.manage.quarantine import retry
from infra.samples import activecampaign
from infra.samples import stripe as story
from shared.adapters.queue import Queue
from shared.domain import directory
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Conflict
from shared.domain.ports import Write
from tests.functions.process_events.test_erase import ADA, HOUR_MS, Shop, money
from tests.simulation.processor import CONNECTION
from tests.support.erasing import canaries


class Posts:
    """The way of a retried event back to the queue."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def send_event(self, envelope: EventEnvelope, nonce: str) -> None:
        """Put it on the queue."""
        put(self._shop, envelope)


def put(shop: Shop, envelope: EventEnvelope) -> None:
    world = shop.stack.world
    Queue(world.sqs, world.s3).send_event(shop.stack.environ["EVENTS_QUEUE_URL"], envelope)


def told(shop: Shop, source: str) -> list[EventEnvelope]:
    now = shop.stack.world.clock()
    return [
        EventEnvelope(
            provider="stripe",
            connection_id=CONNECTION,
            received_at=now,
            body=each.body,
            source=source,
            subject=ADA,
        )
        for each in shop.events
    ]


@pytest.mark.parametrize("source", ["live", "history", "fetched", "verified", "retry"])
def test_late_words_from_any_source_bring_nobody_back(source: str) -> None:
    shop, other = Shop(), Shop()
    other.wait(1)
    shop.wait(1)
    shop.deliver(*shop.events[:5])
    shop.erase()

    for each in (shop, other):
        for envelope in told(each, source):
            put(each, envelope)
        each.drain()

    assert shop.left() == []
    assert shop.contact() is None
    assert money(shop) == money(other)


def test_a_dead_letter_of_before_is_redriven_without_the_person() -> None:
    shop = Shop()
    shop.wait(1)
    world = shop.stack.world
    for envelope in told(shop, "live"):
        Queue(world.sqs, world.s3).send_event(shop.stack.environ["EVENTS_DLQ_URL"], envelope)

    shop.erase()
    assert len(world.sqs.queues["events-dead.fifo"].messages) == len(shop.events)
    world.sqs.redrive("events.fifo")
    shop.drain()

    assert shop.left() == []
    assert shop.contact() is None
    assert money(shop)


def test_a_refused_event_is_retried_without_the_person() -> None:
    shop = Shop()
    event = replace(shop.events[-1], content={**shop.events[-1].content, "livemode": False})
    shop.deliver(event)
    (row,), _ = shop.stack.table.listed("quarantine", 10, None)
    posted = Posts(shop)
    retry(row["id"], store=shop.stack.table, events=posted, nonce="1")

    shop.wait(1)
    shop.erase()
    shop.drain()

    assert shop.left() == []
    (row,), _ = shop.stack.table.listed("quarantine", 10, None)
    assert "body" not in row
    with pytest.raises(Conflict, match="its body is gone"):
        retry(row["id"], store=shop.stack.table, events=posted, nonce="2")


def test_what_a_contact_source_tells_of_before_brings_no_activity_back() -> None:
    shop = Shop()
    about = {"connection_id": "mails", "provider": "activecampaign", "mode": "live"}
    connection = {**about, "contact_policy": "create", "has_api": False, "version": 1}
    shop.stack.table.commit([Write(("connection", "mails"), connection, 0)])
    book = directory.entered(shop.read(*directory.NAME), connection)
    version = (shop.read(*directory.NAME) or {"version": 0})["version"]
    shop.stack.table.commit([Write(directory.NAME, {**book, "version": version + 1}, version)])
    now = shop.stack.world.clock()
    ada = activecampaign.Person(1, ADA, "Ada", "Lovelace", "555-0100", tags={"VIP": now})
    kinds = ("sent", "open", "click", "contact_tag_added", "subscribe")
    bodies = [activecampaign.webhook(each, ada, now - HOUR_MS) for each in kinds]

    def tell() -> None:
        for body in bodies:
            came = shop.stack.world.clock()
            envelope = EventEnvelope(
                provider="activecampaign", connection_id="mails", received_at=came, body=body
            )
            put(shop, envelope)
        shop.drain()

    tell()
    assert canaries(shop.stack, [ADA, "Lovelace", "555-0100"])
    shop.erase()
    tell()

    assert canaries(shop.stack, [ADA, "Lovelace", "555-0100"]) == []
    assert shop.contact() is None


@pytest.mark.parametrize("kind", ["a payment of a known contact", "a contact that is new"])
def test_since_an_erasure_no_ordinary_event_takes_one_more_call(kind: str) -> None:
    counts = []
    for erased in (False, True):
        shop = Shop()
        shop.deliver(*shop.events)
        if erased:
            shop.eraser.erase("nobody@example.com")
        shop.drain()
        known = len(shop.events)
        shop.business.advance(days=2)
        buyer = shop.customer
        if kind == "a contact that is new":
            buyer = story.add_customer(shop.business, "byron@example.com", "George Byron")
        story.one_time(shop.business, shop.price, buyer)
        shop.stack.world.clock.advance_to((story.STARTS_AT + 3 * 86_400) * 1000)
        usage = shop.stack.world.dynamodb.usage
        before = dict(usage.calls)
        shop.deliver(*shop.events[known:])
        counts.append({name: count - before.get(name, 0) for name, count in usage.calls.items()})

    counts[1].pop("Scan", None)
    assert counts[0]["TransactWriteItems"] > 0
    assert counts[1] == counts[0]
