"""Erasing a person, through the real queues and table: nothing of them is left, money stays."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from infra.samples import stripe as story
from shared.adapters.queue import Queue
from shared.domain import deliveries, erase_job, mails, runs, times
from shared.domain.envelope import EventEnvelope
from shared.domain.erasure import read_object
from shared.domain.ports import Name, Write
from tests.simulation.oracle import outcome
from tests.simulation.processor import CONNECTION, Deployment
from tests.simulation.world import World
from tests.support.erasing import Eraser, canaries

ADA = "ada@example.com"
HOUR_MS = 3_600_000
WORDS = (ADA, "Lovelace", "Lake Street")


class Shop:
    """A stack with one subscriber, and whoever erases her."""

    def __init__(self) -> None:
        world = World()
        world.clock.advance_to(story.STARTS_AT * 1000)
        self.stack = Deployment(world)
        self.eraser = Eraser(self.stack)
        self.business = story.Business("erased")
        self.price = story.add_price(
            self.business, story.add_product(self.business, "Tea box"), 1900
        )
        self.customer = story.add_customer(self.business, ADA, "Ada Lovelace")
        story.checkout(self.business, self.customer, self.price)
        home = story.Address("1 Lake Street", "Chicago", "60601", "US", "IL")
        story.move(self.business, self.customer, home)

    @property
    def events(self) -> list[story.Event]:
        return list(self.business.events)

    def deliver(self, *events: story.Event) -> None:
        for number, event in enumerate(events):
            self.stack.deliver(event, number)
        self.drain()

    def drain(self) -> None:
        self.stack.world.drain(10 * HOUR_MS)

    def wait(self, days: int) -> None:
        self.stack.world.clock.advance_to(self.stack.world.clock() + days * times.DAY)

    def erase(self) -> Any:
        job_id = self.eraser.erase(ADA)
        self.drain()
        return self.read("job", job_id)

    def left(self) -> list[str]:
        return canaries(self.stack, WORDS)

    def read(self, *name: str) -> Any:
        return self.stack.table.read([name])[name]

    def write(self, name: Name, document: dict[str, Any]) -> None:
        self.stack.table.commit([Write(name, {**document, "version": 1}, 0)])

    def owners(self) -> set[str | None]:
        heads = [self.read(*name) for name in outcome(self.stack.world, [ADA]).records]
        return {each["contact_id"] for each in heads}

    def contact(self) -> Any:
        claim = self.read("email", ADA)
        return None if claim is None else claim["contact_id"]


def money(shop: Shop) -> dict[Name, Any]:
    found = outcome(shop.stack.world, [ADA]).records
    fields = ("status", "gross", "refunded", "currency", "payment_amount", "start_date")
    return {name: [view.get(each) for each in fields] for name, view in found.items()}


def test_nothing_is_left_of_a_person_and_money_stays() -> None:
    shop = Shop()
    shop.deliver(*shop.events)
    before, owners = money(shop), shop.owners()
    assert shop.left()

    job = shop.erase()

    assert (job["state"], job["ids"]) == ("done", [])
    assert shop.left() == []
    assert money(shop) == before
    assert shop.owners() == owners != {None}


def test_events_that_come_late_bring_nobody_back() -> None:
    shop, other = Shop(), Shop()
    other.deliver(*other.events)
    shop.wait(1)

    shop.deliver(*shop.events[:4])
    shop.erase()
    shop.deliver(*shop.events)

    assert shop.left() == []
    assert shop.contact() is None
    assert money(shop) == money(other)
    assert None not in shop.owners()


def test_a_late_event_is_kept_without_its_body_but_known() -> None:
    shop = Shop()
    shop.wait(1)
    shop.erase()
    shop.deliver(*shop.events)

    event = next(each for each in shop.events if each.type == "customer.created")
    marker = shop.read("event", CONNECTION, event.id, event.type)

    assert "body" not in marker
    assert len(marker["receipt"]) == 16
    assert marker["outcome"] == "applied"


def test_a_purchase_after_the_erasure_makes_a_new_contact() -> None:
    shop = Shop()
    shop.deliver(*shop.events)
    mine = shop.contact()
    shop.erase()
    sold = shop.owners()
    known = len(shop.events)
    shop.business.advance(days=2)
    story.one_time(shop.business, shop.price, shop.customer)
    shop.wait(3)

    shop.deliver(*shop.events[known:])

    assert shop.contact() not in (None, mine)
    assert shop.owners() == {*sold, shop.contact()}
    assert shop.read("contact", mine) is None


def test_an_unknown_address_is_erased_as_well() -> None:
    shop = Shop()
    story_of_customer = [each for each in shop.events if each.type == "customer.created"]
    shop.deliver(*story_of_customer)

    job = shop.erase()

    assert job["state"] == "done"
    assert shop.left() == []


def test_what_lies_in_the_bucket_goes_as_well() -> None:
    shop = Shop()
    event = next(each for each in shop.events if each.type == "customer.created")
    queue = Queue(shop.stack.world.sqs, shop.stack.world.s3)
    key = f"{CONNECTION}/large"
    envelope = EventEnvelope(
        provider="stripe", connection_id=CONNECTION, received_at=1, body=event.body
    )
    shop.stack.world.s3.put(key, envelope.packed or b"")
    stored = EventEnvelope(provider="stripe", connection_id=CONNECTION, received_at=1, body_key=key)
    queue.send_event(shop.stack.environ["EVENTS_QUEUE_URL"], stored)
    shop.drain()
    assert shop.left()

    shop.erase()

    assert shop.left() == []
    assert key not in shop.stack.world.s3.objects


def test_a_refused_event_that_names_them_keeps_no_body() -> None:
    shop = Shop()
    event = shop.events[-1]
    wrong = replace(event, content={**event.content, "livemode": False})
    shop.deliver(wrong)
    (row,), _ = shop.stack.table.listed("quarantine", 10, None)
    assert "body" in row

    shop.erase()

    (row,), _ = shop.stack.table.listed("quarantine", 10, None)
    assert "body" not in row
    assert shop.left() == []


def test_everything_that_automations_keep_of_them_goes() -> None:
    shop = Shop()
    shop.deliver(*shop.events)
    mine, now = shop.contact(), shop.stack.world.clock()
    firing = {
        "firing_id": "f1",
        "automation_id": "a1",
        "revision": 1,
        "contact": {"contact_id": mine, "email": ADA, "version": 1},
        "record": {"kind": "order", "connection_id": CONNECTION, "id": "x"},
        "change": {"kind": "updated", "changes": [["email", None, ADA], ["status", "a", "b"]]},
        "conditions": [{"actual": ADA}],
        "state": "waiting",
    }
    shop.write(("firing", "a1", "f1"), firing)
    run = {**runs.new(firing, now), "state": "waiting", "outbox": [{"kind": "event", "to": ADA}]}
    shop.write(runs.name_of("f1"), run)
    body = json.dumps({"data": {"contact": {"contact_id": mine}}}).encode()
    for identity, state in (("m1", "pending"), ("m2", "delivered")):
        sent = {**deliveries.new(identity, "crm", "order.created", body, now), "state": state}
        shop.write(deliveries.name_of(identity), sent)
    mail = mails.new("m3", {"contact_id": mine, "email": ADA}, {"from": "x"}, run, now)
    shop.write(mails.name_of("m3"), mail)
    shop.write(("retagged", mine, "1"), {"contact_id": mine, "tags": ["ADA"]})

    shop.erase()

    assert shop.left() == []
    assert shop.read("run", "f1")["state"] == shop.read("firing", "a1", "f1")["state"] == "stopped"
    assert shop.read("firing", "a1", "f1")["change"]["changes"] == [["status", "a", "b"]]
    assert [shop.read("delivery", each)["state"] for each in ("m1", "m2")] == ["gone", "delivered"]
    assert shop.read("delivery", "m2")["body"] == b"{}"
    assert shop.read("mail", "m3") is shop.read("retagged", mine, "1") is None


def test_what_an_address_did_before_goes_and_what_it_did_since_stays() -> None:
    shop = Shop()
    now = shop.stack.world.clock()
    acts = {"before": now - 1, "since": now + HOUR_MS}
    for event_id, at in acts.items():
        shop.write(("act", ADA, f"{at:015d}#{event_id}"), {"occurred_date": at})
    items = [{"occurred_date": at, "subject": each} for each, at in acts.items()]
    labels = {"tag:VIP": {"added": [now - 1], "removed": None}}
    last = {"visit": acts["since"], "open": acts["before"]}
    told = {"items": items, "last": last, "labels": labels, "contact": None}
    shop.write(("activity", ADA), {**told, "first": {"date": now - 1, "campaign": "tea"}})
    shop.write(("waits", ADA), {})

    shop.erase()

    assert shop.read("act", ADA, f"{acts['before']:015d}#before") is None
    assert shop.read("act", ADA, f"{acts['since']:015d}#since") is not None
    left = shop.read("activity", ADA)
    assert [each["subject"] for each in left["items"]] == ["since"]
    assert (left["last"], left["labels"], "first" in left) == ({"visit": acts["since"]}, {}, False)
    assert shop.read("waits", ADA) is not None


def test_the_ledger_replayed_erases_a_restored_table_too() -> None:
    shop, restored = Shop(), Shop()
    for each in (shop, restored):
        each.deliver(*each.events)
    shop.erase()
    (held,) = shop.eraser.ledger.objects.values()

    message = erase_job.first_message("replayed", read_object(held[0]))
    restored.wait(1)
    queue = Queue(restored.stack.world.sqs, restored.stack.world.s3)
    queue.send_call(restored.stack.environ["HISTORY_QUEUE_URL"], message)
    restored.drain()

    assert restored.left() == []
    assert restored.read("job", "replayed")["state"] == "done"
    assert money(restored) == money(shop)


def test_nobody_else_is_touched() -> None:
    shop = Shop()
    byron = story.add_customer(shop.business, "byron@example.com", "George Byron")
    story.checkout(shop.business, byron, shop.price)
    shop.deliver(*shop.events)
    before = canaries(shop.stack, ["byron@example.com", "George", "Byron"])

    shop.erase()

    assert canaries(shop.stack, ["byron@example.com", "George", "Byron"]) == before


def test_no_event_since_the_erasure_pays_for_it() -> None:
    shop, other = Shop(), Shop()
    product = story.sample("product.created", "new").event
    other.wait(2)
    shop.wait(1)
    shop.eraser.erase("nobody@example.com")
    shop.drain()
    shop.stack.world.clock.advance_to(other.stack.world.clock())

    reads = []
    for each in (shop, other):
        usage = each.stack.world.dynamodb.usage
        before = dict(usage.calls)
        each.stack.world.clock.advance_to(other.stack.world.clock() + HOUR_MS)
        each.deliver(product)
        reads.append({name: count - before.get(name, 0) for name, count in usage.calls.items()})
    scans = reads[0].pop("Scan")

    assert scans == 0
    assert reads[0] == reads[1]
