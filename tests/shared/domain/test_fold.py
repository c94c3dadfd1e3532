"""One event folded: markers, refusals, and what is sent after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.samples import stripe as story
from shared.domain import times
from shared.domain.errors import Contended, Quarantined
from shared.domain.fold import fold, quarantine
from shared.domain.folding import Arrival, Habits, Plan
from shared.domain.observations import Parsed, SubscriptionSaid
from shared.domain.ports import Check, Missing, Reading, Write
from tests.fakes.memory_store import MemoryStore
from tests.laws import words
from tests.support.shop import Shop

ARRIVAL = Arrival("stripe", "shop", received_at=1_000, body=b"raw", subject="cus_1")
HABITS = Habits(states_creation=True, fetchable=frozenset({"customer", "product", "subscription"}))


def _fold(parsed: Parsed, *, store: MemoryStore, arrival: Arrival = ARRIVAL) -> Plan:
    reading = Reading()
    while True:
        try:
            return fold(arrival, parsed, HABITS, reading, now=2_000, new_id=lambda: "contact-1")
        except Missing as missing:
            reading.load(store, missing)


def _store(**connection: Any) -> MemoryStore:
    store = MemoryStore()
    held = {"connection_id": "shop", "mode": "live", "contact_policy": "create", **connection}
    store.commit([Write(("connection", "shop"), {**held, "version": 1}, 0)])
    return store


def _marker(plan: Plan) -> dict[str, Any]:
    (marker,) = [each for each in plan.steps if each.name[0] == "event"]
    assert isinstance(marker, Write)
    assert marker.expected == 0
    assert marker.document is not None
    return dict(marker.document)


def test_marker_is_written_with_the_effect_and_keeps_the_raw_body() -> None:
    event = words.subscription("1", 0, creation=True)

    plan = _fold(event, store=_store())

    assert plan.outcome == "applied"
    marker = _marker(plan)
    assert (marker["body"], marker["digest"], marker["outcome"]) == (
        b"raw",
        event.digest,
        "applied",
    )
    assert (marker["occurred_at"], marker["received_at"]) == (words.at(0), 1_000)
    assert marker["expires_at"] == (2_000 + 400 * times.DAY) // times.SECOND
    assert ("recurring_payment", "shop", "sub_1") in {step.name for step in plan.steps}


def test_body_too_large_for_a_document_is_kept_by_its_key() -> None:
    far = replace(ARRIVAL, body_key="bodies/1")

    marker = _marker(_fold(words.subscription("1", 0), store=_store(), arrival=far))

    assert marker["body_key"] == "bodies/1"
    assert "body" not in marker


def test_second_delivery_of_the_same_event_changes_nothing() -> None:
    shop, event = Shop(), words.subscription("1", 0, creation=True)
    shop.hear(event)
    before = dict(shop.memory.documents)

    outcome = shop.hear(event)

    assert outcome == "duplicate"
    assert shop.memory.documents == before


def test_redelivery_that_only_counts_its_deliveries_anew_is_the_same_event() -> None:
    shop, event = Shop(), story.sample("invoice.paid").event
    shop.receive(event.body)

    assert shop.receive(event.redelivered(pending_webhooks=3).body) == "duplicate"
    assert shop.quarantined() == []


def test_redelivery_sends_again_what_the_first_may_not_have_sent() -> None:
    """A worker that died after its commit has sent nothing; the marker remembers what it owes."""
    store, event = _store(), words.customer("1", 9, "ada@example.com")
    store.commit(_fold(words.subscription("1", 0), store=store).steps)
    first = _fold(event, store=store)
    store.commit(first.steps)

    again = _fold(event, store=store)

    assert (again.outcome, again.steps) == ("duplicate", [])
    assert again.messages == first.messages != []


def test_same_id_under_another_type_is_another_event() -> None:
    shop = Shop()
    paid = words.invoice("1", 0, event_name="x")
    shop.hear(paid)

    outcome = shop.hear(replace(paid, event_type="told otherwise"))

    assert outcome == "applied"


def test_same_id_with_another_body_is_quarantined() -> None:
    shop = Shop()
    shop.hear(words.subscription("1", 0, event_name="x"))

    outcome = shop.hear(words.subscription("1", 0, "cancelled", event_name="x"))

    assert outcome == "quarantined"
    (row,) = shop.quarantined()
    assert (row["code"], row["event_id"]) == ("id_reuse", "evt_x")
    assert (shop.view("recurring_payment", "sub_1") or {})["status"] == "active"


@pytest.mark.parametrize(("mode", "live"), [("live", False), ("test", True)])
def test_event_of_the_other_mode_is_quarantined(mode: str, live: bool) -> None:
    event = replace(words.subscription("1", 0), live=live)

    with pytest.raises(Quarantined) as refused:
        _fold(event, store=_store(mode=mode))

    assert refused.value.code == "wrong_mode"


@pytest.mark.parametrize(("mode", "live"), [("live", None), ("test", None), ("test", False)])
def test_event_that_states_no_other_mode_is_taken(mode: str, live: bool | None) -> None:
    event = replace(words.subscription("1", 0), live=live)

    assert _fold(event, store=_store(mode=mode)).outcome == "applied"


def test_event_of_a_connection_that_is_gone_is_quarantined() -> None:
    with pytest.raises(Quarantined) as refused:
        _fold(words.subscription("1", 0), store=MemoryStore())

    assert refused.value.code == "unknown_connection"


def test_unknown_type_is_marked_as_ignored_and_changes_nothing() -> None:
    event = replace(words.subscription("1", 0), known=False)

    plan = _fold(event, store=_store())

    assert plan.outcome == _marker(plan)["outcome"] == "ignored"
    assert len(plan.steps) == 1


def test_quarantined_event_keeps_its_body_under_a_code() -> None:
    parsed = words.subscription("1", 0)

    plan = quarantine(ARRIVAL, parsed, Quarantined("bad_field", "status is unknown"), 2_000)

    (row,) = plan.steps
    assert isinstance(row, Write)
    assert row.document is not None
    told = {key: row.document[key] for key in ("code", "reason", "event_id", "body", "provider")}
    assert told == {
        "code": "bad_field",
        "reason": "status is unknown",
        "event_id": "evt_sub_1_0_active",
        "body": b"raw",
        "provider": "stripe",
    }


def test_event_quarantined_twice_is_one_row() -> None:
    refused = Quarantined("bad_field", "status is unknown")

    first, again = (quarantine(ARRIVAL, None, refused, now) for now in (2_000, 3_000))

    assert first.steps[0].name == again.steps[0].name


def test_bodies_of_one_moment_are_rows_of_their_own() -> None:
    refused = Quarantined("bad_field", "status is unknown")
    other = replace(ARRIVAL, body=b"other")

    names = {quarantine(each, None, refused, 0).steps[0].name for each in (ARRIVAL, other)}

    assert len(names) == 2


def test_retried_event_that_is_accepted_leaves_the_quarantine() -> None:
    shop = Shop()
    event = words.subscription("1", 0)
    shop.store.commit([Write(("quarantine", "q1"), {"version": 1, "id": "q1"}, 0)])

    shop.hear(event, source="retry", quarantine_id="q1")

    assert shop.quarantined() == []


def test_retried_event_that_had_been_accepted_meanwhile_leaves_it_too() -> None:
    shop = Shop()
    event = words.subscription("1", 0)
    shop.hear(event)
    shop.store.commit([Write(("quarantine", "q1"), {"version": 1, "id": "q1"}, 0)])

    assert shop.hear(event, source="retry", quarantine_id="q1") == "duplicate"
    assert shop.quarantined() == []


def test_retried_event_that_is_refused_again_keeps_its_row() -> None:
    arrival = replace(ARRIVAL, quarantine_id="q1")

    plan = quarantine(arrival, None, Quarantined("bad_field", "still"), 2_000)

    assert [step.name for step in plan.steps] == [("quarantine", "q1")]


def test_event_without_a_time_happened_when_it_was_first_received() -> None:
    shop = Shop()
    timeless = replace(words.subscription("1", 0), occurred_at=None)

    shop.hear(timeless)

    (entry,) = shop.store.history(("recurring_payment", "shop", "sub_1"))
    assert entry.at == entry.received_at


def test_imported_event_is_recorded_as_history() -> None:
    shop = Shop()

    shop.hear(words.subscription("1", 0, creation=True), source="history")

    (entry,) = shop.history("recurring_payment", "sub_1")
    assert (entry.kind, entry.historical) == ("created", True)


def test_late_event_of_an_old_subscription_never_touches_a_new_one() -> None:
    shop = Shop()
    shop.hear(words.customer("1", 0, "ada@example.com"))
    shop.hear(words.subscription("old", 1, creation=True))
    shop.hear(words.subscription("new", 90, creation=True))
    before = shop.history("recurring_payment", "sub_new")
    head = shop.head("recurring_payment", "sub_new")

    shop.hear(words.subscription("old", 60, "cancelled"))
    shop.hear(words.invoice("1", 95, state="failed", subscription="sub_old"))

    assert shop.history("recurring_payment", "sub_new") == before
    assert shop.head("recurring_payment", "sub_new") == head
    assert (shop.view("recurring_payment", "sub_old") or {})["last_payment_status"] == "declined"


def test_record_new_to_its_customer_relies_on_what_is_known_of_them() -> None:
    """Else a change of the customer in between would be told to all records but this one."""
    store = _store()
    store.commit([Write(("email", "ada@example.com"), {"contact_id": "c", "version": 1}, 0)])
    store.commit(_fold(words.customer("1", 0, "ada@example.com"), store=store).steps)

    first = _fold(words.subscription("1", 1), store=store)
    store.commit(first.steps)
    later = _fold(words.subscription("1", 9, "paused"), store=store)

    assert Check(("customer", "shop", "cus_1"), 1) in first.steps
    assert [step for step in later.steps if isinstance(step, Check)] == []


def test_only_records_that_came_before_their_customer_are_told_by_a_job() -> None:
    """One event in five set off a job that found nobody to tell."""
    store, told = _store(), words.customer("1", 5, "ada@example.com")
    nobody = _fold(told, store=store)
    store.commit(_fold(words.subscription("1", 0), store=store).steps)

    somebody = _fold(told, store=store)

    assert nobody.messages == []
    assert [each["job"] for each in somebody.messages] == ["refresh_customer"]
    assert ("customer", "shop", "cus_1") in [step.name for step in somebody.steps]


def test_customer_told_while_a_first_record_joins_cannot_both_be_missed() -> None:
    store = _store()
    joining = _fold(words.subscription("1", 0), store=store)
    telling = _fold(words.customer("1", 5, "ada@example.com"), store=store)

    store.commit(joining.steps)

    with pytest.raises(Contended):
        store.commit(telling.steps)


def test_what_cannot_be_fetched_is_not_asked_for() -> None:
    store, event = _store(has_api=True), words.invoice("1", 0)
    habits = Habits(states_creation=True, fetchable=frozenset())
    reading = Reading()

    plan = None
    while plan is None:
        try:
            plan = fold(ARRIVAL, event, habits, reading, now=0, new_id=lambda: "contact-1")
        except Missing as missing:
            reading.load(store, missing)

    assert [each for each in plan.messages if each["to"] == "calls"] == []


def test_event_that_only_names_its_subscription_makes_no_record() -> None:
    shop = Shop()
    said = SubscriptionSaid("sub_1", 10, {})

    shop.hear(words.event("hint", 0, subscriptions=[said]))

    assert shop.recurring_payments() == {}
