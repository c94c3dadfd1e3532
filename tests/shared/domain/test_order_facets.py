"""Facets that date themselves by the first word, or by their event; and what has been deleted."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import orders, recurring_payments
from shared.domain.timeline import Entry, Rules, placed, replay


def _entry(at: int, **said: Any) -> Entry:
    return Entry(at=at, rank=10, event_id=f"e{at}", event_type="t", received_at=at, said={**said})


def _refund(amount: int, date: int, *, first_told: bool = True) -> dict[str, Any]:
    return {"amount": amount, "date": date, "status": "completed", "first_told": first_told}


_RULES = Rules(lambda _: None, dict, lambda *_: [], lambda *_: False, chained=False)


def _date(*refunds: dict[str, Any]) -> int:
    told = replay([_entry(each["date"], refund=each) for each in refunds], _RULES)
    return int(told.state["refund"]["date"])


def test_what_is_only_said_again_keeps_its_first_date() -> None:
    assert _date(_refund(5, 1), _refund(5, 2), _refund(5, 3)) == 1
    assert _date(_refund(5, 3), _refund(5, 1), _refund(5, 2)) == 1


def test_what_has_changed_is_dated_by_the_word_that_says_so() -> None:
    assert _date(_refund(5, 1), _refund(6, 2), _refund(6, 3)) == 2


def test_a_date_that_is_stated_is_taken_as_it_is() -> None:
    assert _date(_refund(5, 1, first_told=False), _refund(5, 2, first_told=False)) == 2


def test_a_deletion_without_a_time_happened_when_its_event_did() -> None:
    facets = {"deleted": {"deleted": True, "date": None}}

    assert placed(facets, 7)["deleted"] == {"deleted": True, "date": 7}
    assert facets["deleted"]["date"] is None
    assert placed({"deleted": {"deleted": True, "date": 5}}, 7)["deleted"]["date"] == 5
    assert placed({"deleted": {"deleted": False, "date": None}}, 7)["deleted"]["date"] is None


def _shown(terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    view = recurring_payments.show({"terms": {"status": "active", **terms}, **more})
    assert view is not None
    return view


def test_a_deleted_subscription_is_cancelled_and_due_no_more() -> None:
    terms = {"next_payment_date": 9, "cancel_at_period_end": True, "payment_amount": 5}

    view = _shown(terms, deleted={"deleted": True, "date": 7})

    assert (view["status"], view["cancelled_date"]) == ("cancelled", 7)
    assert (view["next_payment_date"], view["cancel_at_period_end"]) == (None, False)
    assert view["payment_amount"] == 5


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_had_ended_before_stays_as_it_ended(status: str) -> None:
    terms = {"status": status, "cancelled_date": 3}

    view = _shown(terms, deleted={"deleted": True, "date": 7})

    assert (view["status"], view["cancelled_date"]) == (status, 3)


@pytest.mark.parametrize(
    ("status", "date", "shown"),
    [
        ("declined", 5, "payment_failed"),
        ("pending", 5, "payment_failed"),
        ("completed", 5, "paused"),
        ("completed", 11, "payment_failed"),
        (None, 0, "paused"),
    ],
)
def test_on_hold_is_told_apart_by_what_was_unpaid_then(
    status: str | None, date: int, shown: str
) -> None:
    """Paid since, it is not paused for a moment before the store says that it goes on."""
    order = {"order:1": {"status": status, "date": date, "gross": 1}} if status else {}

    assert _shown({"status": "paused", "held": 10}, **order)["status"] == shown


def test_a_pause_with_a_reason_stays_one() -> None:
    order = {"order:1": {"status": "declined", "date": 5, "gross": 1}}

    assert _shown({"status": "paused"}, **order)["status"] == "paused"


@pytest.mark.parametrize(
    ("state", "status"), [("open", "declined"), ("failed", "declined"), ("paid", "completed")]
)
def test_a_deleted_order_is_declined_unless_it_was_paid(state: str, status: str) -> None:
    payment = {"payment": "document:1", "weight": 1, "amount": 5, "currency": "USD", "date": 1}
    payment["status"] = "completed" if state == "paid" else "pending"
    view = orders.show(
        {
            "document": {"state": state, "gross": 5, "currency": "USD"},
            "payment:1": payment,
            "deleted": {"deleted": True, "date": 7},
        }
    )

    assert view is not None
    assert view["status"] == status
