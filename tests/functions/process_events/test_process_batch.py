"""Batches off the queue: what fails alone, what waits behind it, what is kept, what it costs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from functions.process_events.messages import Messages
from functions.process_events.process_batch import RECEIVES_MAX, Batch
from infra.queues import MAX_RECEIVES
from infra.samples import stripe as story
from shared.adapters.aws import AwsError
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Retryable
from shared.domain.ports import Check, Write
from tests.benchmarks import processor as bench
from tests.fakes.memory_store import MemoryStore

NOW = 1_790_000_000_000


class FakeQueues:
    """The queues, remembering what they were asked for; `refuses` makes the next sends fail."""

    def __init__(self) -> None:
        self.parked: list[tuple[str, str, str, str]] = []
        self.hidden: list[tuple[str, int]] = []
        self.jobs: list[Mapping[str, object]] = []
        self.calls: list[Mapping[str, object]] = []
        self.refuses = 0

    def open_event(self, envelope: EventEnvelope) -> EventEnvelope:
        return envelope

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        self._refuse()
        self.jobs.append(job)

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        self._refuse()
        self.calls.append(call)

    def park(self, url: str, message: str, group: str, identity: str) -> None:
        self._refuse()
        self.parked.append((url, message, group, identity))

    def change_visibility(self, url: str, receipt_handle: str, seconds: int) -> None:
        self.hidden.append((url, seconds))

    def _refuse(self) -> None:
        if self.refuses:
            self.refuses -= 1
            raise AwsError("ServiceUnavailable", "later", 503, {})


class FailingStore(MemoryStore):
    """A store that refuses commits naming one of `broken` event ids."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()

    def commit(self, steps: Any) -> None:
        if any(step.name[0] == "event" and step.name[2] in self.broken for step in steps):
            raise Retryable("the table is throttled")
        super().commit(steps)


class Desk:
    """A processor with fakes on every side, and the records SQS would hand it."""

    def __init__(self, **connection: object) -> None:
        self.store = FailingStore()
        self.queues = FakeQueues()
        self.logged: list[dict[str, Any]] = []
        self.counted: list[str] = []
        about = {
            "version": 1,
            "provider": "stripe",
            "mode": "live",
            "contact_policy": "create",
            "has_api": False,
            **connection,
        }
        steps: list[Write | Check] = [Write(("connection", "shop"), about, 0)]
        self.store.commit(steps)
        ids = itertools.count()
        self.batch = Batch(
            messages=Messages(
                store=self.store,
                queue=self.queues,
                events_url="https://q/events.fifo",
                history_url="https://q/history",
                calls_url="https://q/calls",
                new_id=lambda: f"contact-{next(ids)}",
            ),
            queue=self.queues,
            urls={"events.fifo": "https://q/events.fifo"},
            dead_letters_url="https://q/events-dead.fifo",
            log=lambda event, **fields: self.logged.append({"event": event, **fields}),
            count=lambda metric, **_: self.counted.append(metric),
        )

    def handle(self, *records: dict[str, Any]) -> list[str]:
        answer = self.batch.handle(records, NOW)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def quarantined(self) -> list[str]:
        return [d["code"] for n, d in self.store.documents.items() if n[0] == "quarantine"]

    def markers(self) -> set[str]:
        return {name[2] for name in self.store.documents if name[0] == "event"}


def body_of(event_id: str, **changed: Any) -> bytes:
    content = {**story.sample("product.created", "new").event.content, "id": event_id, **changed}
    return json.dumps(content).encode()


def message(
    name: str, body: bytes | str, group: str = "a", receives: int = 1, **fields: Any
) -> dict[str, Any]:
    if isinstance(body, bytes):
        envelope = EventEnvelope(
            provider="stripe",
            connection_id="shop",
            received_at=NOW,
            body=body,
            subject="s",
            **fields,
        )
        body = envelope.to_message()
    return {
        "messageId": name,
        "body": body,
        "receiptHandle": f"handle-{name}",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:events.fifo",
        "attributes": {"ApproximateReceiveCount": str(receives), "MessageGroupId": group},
    }


@pytest.mark.parametrize("poison", range(3))
def test_a_group_stops_at_its_first_failure_and_the_others_go_on(poison: int) -> None:
    """powertools-python#2981: a FIFO batch went on with a group after one of it had failed."""
    desk = Desk()
    records = [message(f"m{n}", body_of(f"evt_{n}")) for n in range(3)]
    others = [message(f"o{n}", body_of(f"evt_o{n}"), group=f"other-{n}") for n in range(3)]
    desk.store.broken = {f"evt_{poison}"}

    failed = desk.handle(*(each for pair in zip(records, others, strict=True) for each in pair))

    assert failed == [f"m{n}" for n in range(poison, 3)]
    assert desk.markers() == {f"evt_{n}" for n in range(poison)} | {f"evt_o{n}" for n in range(3)}


def test_a_passing_fault_is_put_off_twice_as_long_each_time() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}

    for receives in (1, 2, 5, RECEIVES_MAX - 2):
        desk.handle(message("m", body_of("evt_1"), receives=receives))

    assert [seconds for _, seconds in desk.queues.hidden] == [2, 4, 32, 900]
    assert desk.counted == []


def test_what_keeps_failing_is_parked_before_the_queue_would_drop_it() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}
    record = message("m", body_of("evt_1"), receives=RECEIVES_MAX - 1)

    failed = desk.handle(record)

    assert failed == []
    assert desk.queues.parked == [("https://q/events-dead.fifo", record["body"], "a", "m")]
    assert desk.store.documents["broken", "a"]["connection_id"] == "shop"
    assert desk.counted == ["OrderBroken"]


def test_a_message_that_cannot_be_parked_is_not_acknowledged() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}
    desk.queues.refuses = 1

    failed = desk.handle(message("m", body_of("evt_1"), receives=RECEIVES_MAX - 1))

    assert failed == ["m"]


def test_the_queue_gives_as_many_tries_as_the_processor_counts_on() -> None:
    assert RECEIVES_MAX == MAX_RECEIVES


_INVOICE = story.sample("invoice.paid", "new").event.content


def _invoice(**changed: Any) -> bytes:
    thing = {**_INVOICE["data"]["object"], **changed}
    return json.dumps({**_INVOICE, "data": {"object": thing}}).encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (story.sample(story.THIN, "new").event.body, "thin_event"),
        (body_of("evt_1", livemode=False), "wrong_mode"),
        (body_of("evt_1", created="yesterday"), "bad_field"),
        (body_of("evt_1", data=[]), "bad_field"),
        (body_of("evt_1\x00"), "bad_id"),
        (body_of("e" * 2049), "bad_id"),
        (_invoice(currency="zzz"), "unknown_currency"),
        (_invoice(total=19.5), "bad_amount"),
        (_invoice(total=2**53 + 1), "bad_amount"),
    ],
)
def test_what_can_never_be_accepted_is_kept_under_its_code(body: bytes, code: str) -> None:
    """Rows 12, 14, 21 and 22 of the bad-input matrix: acknowledged, kept, nothing touched."""
    desk = Desk()

    failed = desk.handle(message("m", body))

    assert failed == []
    assert desk.quarantined() == [code]
    assert desk.markers() == set()
    assert "Quarantined" in desk.counted


def test_one_id_with_another_body_is_kept_as_a_reuse() -> None:
    """Row 24; powertools-python#3781 accepted the second body in silence."""
    desk = Desk()
    desk.handle(message("m1", body_of("evt_1")))

    desk.handle(message("m2", body_of("evt_1", created=1_790_000_001)))

    assert desk.quarantined() == ["id_reuse"]


def test_a_redelivery_that_only_counts_its_webhooks_anew_is_a_duplicate() -> None:
    desk = Desk()
    desk.handle(message("m1", body_of("evt_1", pending_webhooks=1)))

    desk.handle(message("m2", body_of("evt_1", pending_webhooks=0)))

    assert desk.quarantined() == []
    assert desk.counted == ["EventsApplied", "EventsDuplicate"]


def test_an_unknown_type_is_counted_kept_and_acknowledged() -> None:
    desk = Desk()

    failed = desk.handle(message("m", body_of("evt_1", type="treasury.received_credit.created")))

    assert (failed, desk.counted) == ([], ["EventsIgnored"])
    assert desk.markers() == {"evt_1"}


def test_a_message_that_is_no_envelope_is_kept_and_stops_nobody() -> None:
    desk = Desk()

    failed = desk.handle(message("m1", "not an envelope"), message("m2", body_of("evt_2")))

    assert (failed, desk.quarantined()) == ([], ["bad_envelope"])
    assert desk.markers() == {"evt_2"}


def test_a_retried_event_that_works_now_leaves_the_quarantine() -> None:
    desk = Desk(mode="test")
    desk.handle(message("m1", body_of("evt_1")))
    (row,) = (name[1] for name in desk.store.documents if name[0] == "quarantine")
    desk.store.documents["connection", "shop"]["mode"] = "live"

    desk.handle(message("m2", body_of("evt_1"), quarantine_id=row, source="retry"))

    assert desk.quarantined() == []
    assert desk.markers() == {"evt_1"}


def test_what_follows_an_event_is_sent_again_after_a_crash_before_sending() -> None:
    """LanternOps/breeze#4095: the row was committed, the send died, the retry was skipped."""
    desk = Desk()
    event = story.sample("customer.subscription.created", "new")
    desk.handle(message("m1", event.event.body))
    desk.queues.refuses = 1
    customer = next(e for e in event.before if e.type == "customer.created")

    failed = desk.handle(message("m2", customer.body))
    sent = len(desk.queues.jobs)
    again = desk.handle(message("m2", customer.body, receives=2))

    assert (failed, again) == (["m2"], [])
    assert len(desk.queues.jobs) > sent


def test_nothing_of_a_person_or_a_secret_is_logged() -> None:
    desk = Desk()
    desk.store.broken = {story.whole_life(1, "new").events[-1].id}
    world = story.whole_life(1, "new")

    for number, event in enumerate(world.events):
        desk.handle(message(f"m{number}", event.body))

    shown = json.dumps([desk.logged, desk.counted])
    assert len(desk.logged) >= len(world.events)
    assert not any(word in shown.lower() for word in ("ada", "lovelace", "example.com", "@"))


def test_an_event_of_the_demos_month_keeps_its_budget_of_calls_and_units() -> None:
    figures = bench.measure()

    assert figures["calls"] <= bench.CALLS_MAX
    assert figures["units"] <= bench.WRITE_UNITS_MAX
