"""What comes late of somebody erased, by every way there is, brings nobody back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from functions.manage.quarantine import retry
from functions.process_events.process_batch import RECEIVES_MAX
from infra.samples import activecampaign
from infra.samples import stripe as story
from shared.adapters.queue import Queue
from shared.domain import contacts, directory, erase_job, times
from shared.domain.envelope import EventEnvelope
from shared.domain.erasure import Erasure, read_object
from shared.domain.errors import Conflict
from shared.domain.ports import Write
from tests.functions.process_events.desk import Desk, message
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


def test_an_event_whose_worker_ended_before_it_sent_what_follows_is_still_followed() -> None:
    """It was committed, then its person erased, and then it came again."""
    shop = Shop()
    shop.deliver(*shop.events)
    before, followed = money(shop), follow_ups(shop)
    shop.wait(1)

    shop.erase()

    assert follow_ups(shop) == followed != []
    shop.deliver(*shop.events)
    assert shop.left() == []
    assert money(shop) == before


def follow_ups(shop: Shop) -> list[list[str]]:
    """Return the jobs that each event is followed by, whenever it comes."""
    names = [("event", CONNECTION, each.id, each.type) for each in shop.events]
    found = shop.stack.table.read(names)
    markers = [found[name] or {} for name in names]
    jobs = [[str(each.get("job")) for each in marker["messages"]] for marker in markers]
    return [each for each in jobs if each]


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


def test_a_contact_that_was_being_made_meanwhile_is_noted_in_the_ledger_before_it_goes() -> None:
    shop = Shop()
    shop.wait(1)
    shop.eraser.erase(ADA)
    until = shop.stack.world.clock()
    shop.write(("contact", "c-late"), contacts.new("c-late", ADA, until))
    shop.write(("email", ADA), {"contact_id": "c-late"})

    shop.drain()

    assert shop.contact() is None
    assert shop.read("contact", "c-late") is None
    (held,) = shop.stack.world.s3.objects.values()
    assert read_object(held) == Erasure.of("c-late", [ADA], until)
    assert shop.left() == []


def erase_unknown(shop: Shop, until: int) -> None:
    """Carry out an erasure that was asked for at `until` (ms), when nobody had the address."""
    told = erase_job.first_message("erase-1", Erasure.of(None, [ADA], until))
    queue = Queue(shop.stack.world.sqs, shop.stack.world.s3)
    queue.send_call(shop.stack.environ["HISTORY_QUEUE_URL"], told)
    shop.drain()


def test_a_contact_made_of_what_is_old_by_who_knew_of_no_erasure_goes_though_younger() -> None:
    shop = Shop()
    shop.wait(1)
    until = shop.stack.world.clock()
    shop.wait(1)
    shop.deliver(*shop.events)
    before = money(shop)
    assert shop.read("contact", shop.contact())["created_date"] > until

    erase_unknown(shop, until)

    assert shop.contact() is None
    assert shop.left() == []
    assert money(shop) == before


def test_a_contact_made_of_a_purchase_since_by_who_knew_of_no_erasure_stays() -> None:
    shop = Shop()
    until = shop.stack.world.clock() + times.DAY
    known = len(shop.events)
    shop.business.advance(days=2)
    story.one_time(shop.business, shop.price, shop.customer)
    shop.wait(3)
    shop.deliver(*shop.events[known:])
    contact = shop.contact()

    erase_unknown(shop, until)

    assert contact is not None
    assert shop.contact() == contact


@pytest.mark.parametrize("page", [0, 1])
def test_an_erasure_whose_page_is_put_aside_has_failed(page: int) -> None:
    desk = Desk()
    told = Erasure.of(None, [ADA], 7)
    job = {**erase_job.new("erase-1", told, 7), "state": "running", "page": page}
    desk.store.documents[erase_job.name_of("erase-1")] = job
    desk.store.full = {"contact"}
    text = json.dumps({**erase_job.first_message("erase-1", told), "v": 1})

    desk.handle(message("m", text, receives=RECEIVES_MAX - 1))

    assert len(desk.queues.parked) == 1
    assert desk.store.documents[erase_job.name_of("erase-1")]["state"] == "failed"


def test_a_redriven_page_goes_on_with_an_erasure_that_had_failed() -> None:
    shop = Shop()
    shop.deliver(*shop.events)
    name = erase_job.name_of(shop.eraser.erase(ADA))
    job = shop.read(*name)
    shop.stack.table.commit([Write(name, erase_job.failed(job, 7), job["version"])])

    shop.drain()

    assert shop.read(*name)["state"] == "done"
    assert shop.left() == []
