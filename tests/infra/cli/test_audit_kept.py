"""What an audit reads of the table, and what it makes of each kind of document."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from infra.cli import audit_kept
from infra.cli.audit_balance import (
    APPLIED,
    IGNORED,
    IN_FLIGHT,
    MISSING,
    QUARANTINED,
    STALE,
    Waiting,
)
from infra.cli.audit_firings import UNWANTED, Fired, Firing, Run, Sending
from infra.cli.audit_kept import Kept, Receipts
from shared.adapters.aws import AwsError
from shared.domain import times
from shared.domain.envelope import EventEnvelope, receipt_of
from shared.domain.ports import Document, Name
from shared.domain.timeline import Change, Entry
from tests.support.restoring import deployed, put

NOW = 1_795_348_800_000
BODY = b'{"id":"evt_1"}'
NOTHING = Waiting(0)
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
    return Receipts(bodies or FakeBodies(), NOW, set(asked.items()))


def event(**values: Any) -> Document:
    known = {
        "version": 1,
        "outcome": "applied",
        "received_at": NOW,
        "recorded_at": NOW,
        "source": "live",
        "provider": "stripe",
        "headers": {},
        "body": BODY,
    }
    return {name: each for name, each in (known | values).items() if each is not None}


def taken(
    *documents: tuple[Name, Document], now: int = NOW, still: Waiting = NOTHING, **asked: str
) -> Kept:
    kept = Kept()
    for name, document in documents:
        kept.take(name, document, receipts(None, **asked))
    kept.settle(now, still)
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


def test_one_its_provider_has_not_confirmed_for_a_day_is_missing() -> None:
    """The API key has run out, say: the payment never counts, and nobody asks again."""
    waits = (NAME, event(outcome="unconfirmed", received_at=NOW - times.DAY))
    late = NOW + times.DAY + 1

    outcomes = [
        taken(waits, now=late - 1).events[0],
        taken(waits, now=late).events[0],
        taken(waits, now=late, still=Waiting(0, frozenset({"evt_1"}))).events[0],
        taken(waits, now=late, still=Waiting(0, unseen=1)).events[0],
    ]

    assert [each.outcome for each in outcomes] == [IN_FLIGHT, MISSING, IN_FLIGHT, IN_FLIGHT]
    assert outcomes[1].reason == "its provider never confirmed it, and is asked no more"


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
    (held,) = taken((NAME, event(source=source, **values))).events

    assert held.way == ("confirmed" if values else "door")


def test_what_was_asked_for_is_kept_for_a_door_that_has_logged_its_id() -> None:
    """After a restore the provider's word on an event may be all that is held of it."""
    fetched = (NAME, event(source="fetched"))

    (held,) = taken(fetched, shop="evt_1").events

    assert (held.way, held.receipt, held.outcome) == ("asked", None, APPLIED)
    assert taken(fetched, shop="evt_2").events == []


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


def run_of(*taken: dict[str, Any]) -> Document:
    return {
        "state": "done",
        "wake_at": None,
        "updated": NOW,
        "taken": [{"at": NOW, **each} for each in taken],
        "contact_id": "c1",
    }


def test_firings_runs_and_what_they_sent_are_kept_for_what_they_say() -> None:
    firing = {
        "firing_id": "f1",
        "automation_id": "rescue",
        "record": {"connection_id": "shop"},
        "recorded_at": NOW,
        "state": "done",
    }
    posted = {"next_at": None, "firing_id": "f1", "type": "order.created", "created": NOW}

    kept = taken(
        (("firing", "rescue", "f1"), firing),
        (("run", "f1"), run_of({"delivery_id": "m1"}, {}, {"mail_id": "m2"})),
        (("delivery", "m1"), {"state": "delivered", **posted}),
        (("mail", "m2"), {"state": "sent", "reason": "id", "created": NOW}),
    )

    sent: dict[Name, int] = {("delivery", "m1"): NOW, ("mail", "m2"): NOW}
    assert kept.fired.firings == [Firing("f1", "rescue", "shop", NOW, "done")]
    assert kept.fired.rows == {"f1": "shop"}
    assert kept.fired.runs == {"f1": Run("done", NOW, sent, "c1")}
    assert [each.state for each in kept.fired.sent.values()] == ["delivered", "sent"]


class Store:
    """The table, by names."""

    def __init__(self, **runs: Document) -> None:
        self.there: dict[Name, Document] = {("run", name): run for name, run in runs.items()}

    def read(self, names: Any) -> dict[Name, Document | None]:
        return {name: self.there.get(name) for name in names}


def fired(*names: str) -> Fired:
    return Fired([Firing(name, "rescue", "shop", NOW, "pending") for name in names])


def test_what_a_scan_did_not_meet_is_looked_for_once_more() -> None:
    store = Store(f1=run_of({"delivery_id": "m"}, {"mail_id": "m"}))
    posted = {"next_at": 1, "firing_id": "f1", "type": "order.created", "created": NOW}
    store.there[("delivery", "m")] = {"state": "dead", **posted}
    store.there[("mail", "m")] = {"state": "failed", "reason": "Rejected", "created": NOW}
    found = fired("f1", "f2")

    audit_kept.read_again(found, store, NOW)

    assert list(found.runs) == ["f1"]
    assert found.sent[("delivery", "m")].state == "dead"
    assert found.sent[("mail", "m")].state == "failed"


def test_an_email_went_with_its_contact_and_with_nobody_else() -> None:
    store = Store(f1=run_of({"mail_id": "m1"}), f2={**run_of({"mail_id": "m2"}), "contact_id": "c"})
    store.there[("contact", "c")] = {}
    found = fired("f1", "f2")

    audit_kept.read_again(found, store, NOW)

    assert found.sent == {("mail", "m1"): Sending(UNWANTED)}


def test_what_the_due_index_is_going_to_wake_is_asleep() -> None:
    store = Store()
    store.there[("due", str(NOW - times.DAY), "run", "f1")] = {}
    found = fired("f1", "f2")
    found.runs = {name: Run("waiting", NOW - times.DAY, {}) for name in ("f1", "f2")}

    audit_kept.read_again(found, store, NOW)

    assert found.asleep == {"f1"}


def test_the_scan_takes_what_it_knows_by_its_key_and_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mail = {"version": 1, "state": "sent", "reason": "id", "created": NOW}
    said: list[str] = []
    with deployed(monkeypatch) as running:
        for name in (("mail", "m#1"), ("connection", "MAIL"), ("settings",)):
            put(running, name, mail)

        kept = audit_kept.scanned(running.aws, "table", receipts(), said.append)
        made = audit_kept.made_at(running.aws, "table")

    assert kept.fired.sent == {("mail", "m#1"): Sending("sent", NOW)}
    assert said == ["reading the table: 3 documents"]
    assert made > 0
