"""One event folded: markers, deliveries that come again, and what is sent after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.samples import stripe as story
from shared.domain import times
from shared.domain.errors import Contended
from shared.domain.fold import fold
from shared.domain.folding import Habits, Plan
from shared.domain.observations import SubscriptionSaid
from shared.domain.ports import Check, Missing, Reading, Write
from tests.laws import words
from tests.support.folds import ARRIVAL, folded, store_of
from tests.support.shop import Shop


def _marker(plan: Plan) -> dict[str, Any]:
    (marker,) = [each for each in plan.steps if each.name[0] == "event"]
    assert isinstance(marker, Write)
    assert marker.expected == 0
    assert marker.document is not None
    return dict(marker.document)


def test_marker_is_written_with_the_effect_and_keeps_the_raw_body() -> None:
    event = words.subscription("1", 0, creation=True)

    plan = folded(event, store=store_of())

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

    marker = _marker(folded(words.subscription("1", 0), store=store_of(), arrival=far))

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
    store, event = store_of(), words.customer("1", 9, "ada@example.com")
    store.commit(folded(words.subscription("1", 0), store=store).steps)
    first = folded(event, store=store)
    store.commit(first.steps)

    again = folded(event, store=store)

    assert (again.outcome, again.steps) == ("duplicate", [])
    assert again.messages == first.messages != []


def test_same_id_under_another_type_is_another_event() -> None:
    shop = Shop()
    paid = words.invoice("1", 0, event_name="x")
    shop.hear(paid)

    outcome = shop.hear(replace(paid, event_type="told otherwise"))

    assert outcome == "applied"


def test_unknown_type_is_marked_as_ignored_and_changes_nothing() -> None:
    event = replace(words.subscription("1", 0), known=False)

    plan = folded(event, store=store_of())

    assert plan.outcome == _marker(plan)["outcome"] == "ignored"
    assert len(plan.steps) == 1


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
    store = store_of()
    store.commit([Write(("email", "ada@example.com"), {"contact_id": "c", "version": 1}, 0)])
    store.commit(folded(words.customer("1", 0, "ada@example.com"), store=store).steps)

    first = folded(words.subscription("1", 1), store=store)
    store.commit(first.steps)
    later = folded(words.subscription("1", 9, "paused"), store=store)

    assert Check(("customer", "shop", "cus_1"), 1) in first.steps
    assert [step for step in later.steps if isinstance(step, Check)] == []


def test_only_records_that_came_before_their_customer_are_told_by_a_job() -> None:
    """One event in five set off a job that found nobody to tell."""
    store, told = store_of(), words.customer("1", 5, "ada@example.com")
    nobody = folded(told, store=store)
    store.commit(folded(words.subscription("1", 0), store=store).steps)

    somebody = folded(told, store=store)

    assert nobody.messages == []
    assert [each["job"] for each in somebody.messages] == ["refresh_customer"]
    assert ("customer", "shop", "cus_1") in [step.name for step in somebody.steps]


def test_customer_told_while_a_first_record_joins_cannot_both_be_missed() -> None:
    store = store_of()
    joining = folded(words.subscription("1", 0), store=store)
    telling = folded(words.customer("1", 5, "ada@example.com"), store=store)

    store.commit(joining.steps)

    with pytest.raises(Contended):
        store.commit(telling.steps)


def test_what_cannot_be_fetched_is_not_asked_for() -> None:
    store, event = store_of(has_api=True), words.invoice("1", 0)
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
