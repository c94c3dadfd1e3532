"""What an audit reads: documents of the table, lines of the doors, messages of the queues."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from infra.aws import Aws
from infra.cli import audit_kept, dead_letters
from infra.cli.audit_balance import APPLIED, IGNORED, IN_FLIGHT, QUARANTINED, STALE, Line
from infra.cli.audit_firings import Fired, Firing, Run
from infra.cli.audit_kept import Kept, Receipts
from infra.cli.audit_lines import line_of
from infra.cli.running import Running
from shared.adapters.aws import AwsError
from shared.domain.envelope import EventEnvelope, receipt_of
from shared.domain.ports import Document, Name
from shared.domain.timeline import Change, Entry

NOW = 1_795_348_800_000
BODY = b'{"id":"evt_1"}'
NAME: Name = ("event", "shop", "evt_1", "invoice.paid")


class FakeBodies:
    """A bucket with one packed body, that counts who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, key: str) -> bytes:
        self.asked.append(key)
        if key != "shop/large":
            raise AwsError("GetObject", "NoSuchKey", 404, {})
        packed = EventEnvelope(provider="", connection_id="", received_at=0, body=BODY).packed
        assert packed is not None
        return packed


def receipts(bodies: FakeBodies | None = None, **asked: str) -> Receipts:
    return Receipts(bodies or FakeBodies(), NOW, {(each, asked[each]) for each in asked})


def event(**values: Any) -> Document:
    known = {
        "version": 1,
        "outcome": "applied",
        "received_at": NOW,
        "source": "live",
        "provider": "stripe",
        "headers": {},
        "body": BODY,
    }
    return {name: each for name, each in (known | values).items() if each is not None}


def taken(*documents: tuple[Name, Document]) -> Kept:
    kept = Kept()
    for name, document in documents:
        kept.take(name, document, receipts())
    kept.settle()
    return kept


def entry(*, kind: str | None) -> tuple[Name, Document]:
    changes = [Change("status", "active", "cancelled")] if kind else []
    said = Entry(NOW, 0, "evt_1", "invoice.paid", NOW, {}, kind=kind, changes=changes)
    return ("entry", "order", "shop", "in_1", said.key), {"version": 1, "entry": said}


def test_an_event_is_known_by_what_its_door_knew_it_by() -> None:
    (held,) = taken((NAME, event(headers={"x-topic": "a"}))).events

    assert held.receipt == receipt_of("shop", {"x-topic": "a"}, BODY)
    assert (held.event_id, held.received_at, held.outcome) == ("evt_1", NOW, APPLIED)


@pytest.mark.parametrize(
    ("entries", "outcome"),
    [
        ([], APPLIED),
        ([entry(kind=None)], STALE),
        ([entry(kind="updated")], APPLIED),
        ([entry(kind="updated"), entry(kind=None)], APPLIED),
    ],
)
def test_an_event_is_stale_if_none_of_its_entries_changed_anything(
    entries: list[tuple[Name, Document]], outcome: str
) -> None:
    (held,) = taken(*entries, (NAME, event())).events

    assert held.outcome == outcome


@pytest.mark.parametrize(("stored", "outcome"), [("ignored", IGNORED), ("unconfirmed", IN_FLIGHT)])
def test_other_outcomes_are_what_they_are(stored: str, outcome: str) -> None:
    (held,) = taken((NAME, event(outcome=stored)), entry(kind=None)).events

    assert held.outcome == outcome


def test_history_fetched_and_api_stores_are_counted_apart() -> None:
    kept = taken(
        (NAME, event(source="history")),
        (("event", "shop", "evt_2", "a"), event(source="fetched")),
        (("event", "own", "evt_3", "a"), event(provider="api")),
    )

    assert kept.events == []
    assert kept.apart == {"shop": Counter(history=1, fetched=1), "own": Counter(api=1)}


@pytest.mark.parametrize(("source", "values"), [("redrive", {}), ("fetched", {"confirmed": "d"})])
def test_what_came_by_a_door_once_stays_so(source: str, values: dict[str, str]) -> None:
    """A redriven event, and one its provider has confirmed since, which replaced its bytes."""
    assert len(taken((NAME, event(source=source, **values))).events) == 1


def test_of_somebody_erased_the_receipt_stands_in_the_table() -> None:
    (held,) = taken((NAME, event(body=None, receipt="abc"))).events

    assert held.receipt == "abc"


def test_a_body_in_the_bucket_is_fetched_only_where_it_may_be_asked_for() -> None:
    bodies = FakeBodies()
    large = event(body=None, body_key="shop/large")
    old = NOW - 9_000_000
    asked, unasked = receipts(bodies, shop="evt_1"), receipts(bodies)

    found = [
        asked.of("shop", "evt_1", large, old),
        unasked.of("shop", "evt_1", large, NOW),
        unasked.of("shop", "evt_1", large, old),
        asked.of("shop", "evt_1", event(body=None, body_key="shop/gone"), NOW),
    ]

    assert found == [receipt_of("shop", {}, BODY)] * 2 + [None, None]
    assert bodies.asked == ["shop/large", "shop/large", "shop/gone"]


def test_a_quarantined_event_is_one_that_came_by_a_door() -> None:
    row = {**event(connection_id="shop", received_date=NOW), "event_id": None}
    strange = {**row, "provider": ""}

    kept = taken((("quarantine", "q1"), row), (("quarantine", "q2"), strange))

    (held,) = kept.events
    assert (held.outcome, held.event_id) == (QUARANTINED, None)


def test_firings_runs_and_deliveries_are_kept_for_what_they_say() -> None:
    run = {"state": "done", "wake_at": None, "updated": NOW, "taken": [{"delivery_id": "m1"}, {}]}
    firing = {
        "firing_id": "f1",
        "automation_id": "rescue",
        "record": {"connection_id": "shop"},
        "recorded_at": NOW,
        "state": "done",
    }

    kept = taken(
        (("firing", "rescue", "f1"), firing),
        (("run", "f1"), run),
        (("delivery", "m1"), {"state": "delivered", "next_at": None}),
    )

    assert kept.fired.firings == [Firing("f1", "rescue", "shop", NOW, "done")]
    assert kept.fired.runs == {"f1": Run("done", NOW, ("m1",))}
    assert kept.fired.deliveries["m1"].state == "delivered"


def test_what_a_scan_did_not_meet_is_looked_for_once_more() -> None:
    class Store:
        def read(self, names: Any) -> dict[Name, Document | None]:
            run = {"state": "done", "wake_at": None, "updated": 1, "taken": [{"delivery_id": "m"}]}
            dead = {"state": "dead", "next_at": 1}
            there: dict[Name, Document] = {("run", "f1"): run, ("delivery", "m"): dead}
            return {name: there.get(name) for name in names}

    firings = [Firing(name, "rescue", "shop", NOW, "pending") for name in ("f1", "f2")]
    fired = Fired(firings, {}, {})

    audit_kept.read_again(fired, Store())

    assert list(fired.runs) == ["f1"]
    assert fired.deliveries["m"].state == "dead"


@pytest.mark.parametrize(
    "text",
    ["START RequestId: 1", "{", "[]", "null", '{"event":"ping"}', '{"event":"event_queued"}'],
)
def test_other_lines_of_a_door_are_passed_over(text: str) -> None:
    assert line_of("stripe", NOW, text) is None


def test_a_doors_line_is_read_with_and_without_its_receipt() -> None:
    said = {"event": "event_queued", "connection_id": "shop", "event_id": "evt_1"}

    old = line_of("stripe", NOW, json.dumps(said))
    new = line_of("stripe", NOW, json.dumps(said | {"receipt": "r1"}) + "\n")

    assert old == Line(NOW, "stripe", "shop", "evt_1", None)
    assert new == Line(NOW, "stripe", "shop", "evt_1", "r1")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Empty queues."""
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
    with mock_aws():
        aws = Aws(region="us-east-1")
        outputs = {}
        for name in ("EventsQueue", "EventsDlq", "AutomationsQueue", "AutomationsDlq"):
            outputs[f"{name}Url"] = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
        yield Running(aws=aws, outputs=outputs, name="paysignal")
        aws.close()


def test_dead_letters_are_told_by_their_receipts_and_stay(running: Running) -> None:
    message = EventEnvelope(
        provider="stripe", connection_id="shop", received_at=NOW, body=BODY
    ).to_message()
    for url, body in (("EventsQueueUrl", "waiting"), ("EventsDlqUrl", message)):
        running.aws.sqs.send_message(QueueUrl=running.outputs[url], MessageBody=body)
    running.aws.sqs.send_message(
        QueueUrl=running.outputs["EventsDlqUrl"], MessageBody=f"no event {uuid.uuid4()}"
    )
    now = time.time_ns() // 1_000_000 + 60_000

    first = audit_kept.events_waiting(running, receipts(), now, None)
    again = audit_kept.events_waiting(running, receipts(), now, None)

    assert first == again
    assert (first.count, first.dead) == (1, frozenset({receipt_of("shop", {}, BODY)}))


def test_dead_letters_of_automations_are_told_by_what_they_are_about(running: Running) -> None:
    for message in ({"kind": "run", "firing_id": "f1"}, {"kind": "deliver", "delivery_id": "m1"}):
        running.aws.sqs.send_message(
            QueueUrl=running.outputs["AutomationsDlqUrl"], MessageBody=json.dumps(message)
        )
    running.aws.sqs.send_message(
        QueueUrl=running.outputs["AutomationsDlqUrl"], MessageBody="no JSON"
    )

    found = audit_kept.firings_waiting(running, time.time_ns() // 1_000_000 + 60_000)

    assert (found.count, found.dead) == (0, frozenset({"f1", "m1"}))
