"""Rows of PayKickstart's list of transactions: what each says, whatever its fields are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.samples import paykickstart as story
from shared.domain.errors import Quarantined
from shared.domain.observations import TERMINAL, Parsed
from shared.providers import paykickstart
from shared.providers.paykickstart_api import PayKickstartApi

_AT = 1_767_258_000
_NOW = 1_780_000_000_000
ROW: dict[str, Any] = {
    "id": "PK-T1",
    "purchase_id": "PK-P1",
    "total_amount": 19.5,
    "currency": "USD",
    "buyer_name": "Ada Byron",
    "email": "Ada@Example.com",
    "created_at": "2026-01-01 09:00:00",
}


def said(row: dict[str, Any]) -> Parsed:
    """Return what a row says once it has become an event."""
    call = {"object": "transaction", "id": "PK-T1"}
    found = {**row, "transaction_id": row.get("transaction_id", row.get("id"))}
    event_id, body = PayKickstartApi("token").event(call, found, _NOW)
    parsed = paykickstart.parse(body, {})
    assert (parsed.event_id, parsed.event_type) == (event_id, "fetched.transaction")
    return parsed


@pytest.mark.parametrize("name", ["sales", "sales:one_time", "subscription-payment", "refund"])
def test_a_row_in_a_notifications_words_says_what_the_notification_said(name: str) -> None:
    event = story.sample(name).event

    told, row = paykickstart.parse(event.body, {}), said(dict(event.fields))

    assert (row.orders, row.subscriptions) == (told.orders, told.subscriptions)
    assert (row.customers, row.occurred_at, row.live) == (told.customers, told.occurred_at, True)


def test_a_row_in_other_words_is_read_by_what_it_means() -> None:
    parsed = said(ROW)

    (order,) = parsed.orders
    document = order.facets["document"]
    assert order.refs == ("document:PK-T1", "session:PK-P1")
    assert (document["gross"], document["paid_date"]) == (1950, _AT * 1000)
    assert document["email"] == "ada@example.com"
    assert parsed.occurred_at == _AT * 1000
    assert parsed.customers[0].facets["customer"]["last_name"] == "Byron"
    assert parsed.subscriptions == ()


@pytest.mark.parametrize(
    ("differs", "event"),
    [
        ({"is_rebill": 1}, "subscription-payment"),
        ({"is_rebill": True}, "subscription-payment"),
        ({"status": "Failed"}, "subscription-payment-failed"),
        ({"type": "declined"}, "subscription-payment-failed"),
        ({"type": "Refund"}, "refund"),
        ({"total_amount": -5}, "refund"),
        ({"recurs": 1}, "subscription-payment"),
        ({"next_date": "2026-02-01 09:00:00"}, "sales"),
    ],
)
def test_a_row_without_an_event_is_told_by_what_else_it_says(
    differs: dict[str, Any], event: str
) -> None:
    parsed = said({**ROW, **differs})

    (order,) = parsed.orders
    recurs = event.startswith("subscription") or "next_date" in differs
    assert len(parsed.subscriptions) == recurs
    kinds = {name.partition(":")[0] for name in order.facets}
    wanted = {
        "subscription-payment-failed": {"payment"},
        "refund": {"refund"},
    }
    assert kinds == wanted.get(event, {"document", "payment"})


def test_a_refund_names_the_charge_it_was_of() -> None:
    parsed = said({**ROW, "id": "PK-T9", "type": "refund", "parent_transaction_id": "PK-T1"})

    assert parsed.orders[0].refs == ("document:PK-T1",)


@pytest.mark.parametrize("differs", [{"status": "pending"}, {"event": "commission"}])
def test_what_is_no_charge_is_not_taken_for_one(differs: dict[str, Any]) -> None:
    parsed = said({**ROW, **differs})

    assert (parsed.known, parsed.orders, parsed.subscriptions) == (False, (), ())


@pytest.mark.parametrize(
    "row", [[], "text", {**ROW, "total_amount": "much"}, {**ROW, "created_at": "lately"}]
)
def test_a_row_that_cannot_be_right_is_quarantined(row: Any) -> None:
    with pytest.raises(Quarantined):
        paykickstart.parse(json.dumps({"id": "fetch_1", "transaction": row}).encode(), {})


def test_the_same_row_is_one_event_whenever_it_is_fetched() -> None:
    api, call = PayKickstartApi("token"), {"object": "transaction", "id": "PK-T1"}

    first, again = api.event(call, ROW, _NOW), api.event(call, {**ROW, "id": "x"}, _NOW + 9_000)

    assert first == again


def _purchase(**subscription: Any) -> tuple[Parsed, str]:
    found = {"buyer_email": "ada@example.com", "subscriptions": [subscription], "amount": "19.00"}
    call = {"object": "subscription", "id": "PK-P1"}
    event_id, body = PayKickstartApi("token").event(call, found, _NOW)
    return paykickstart.parse(body, {}), event_id


def test_a_purchase_that_has_ended_says_so_as_of_its_end() -> None:
    parsed, event_id = _purchase(canceled_at="2026-03-01 10:00:00", next_date="2026-03-15")
    again, later = _purchase(canceled_at="2026-03-01 10:00:00", next_date="2026-03-15")

    at = 1_772_359_200_000
    (told,) = parsed.subscriptions
    assert (parsed.occurred_at, told.rank, event_id) == (at, TERMINAL, later)
    assert told.facets["terms"] == {
        "status": "cancelled",
        "store_status": "cancelled",
        "email": "ada@example.com",
        "is_trial": False,
        "cancelled_date": at,
        "ended_date": at,
        "next_payment_date": None,
    }
    assert again == parsed


def test_an_end_that_is_yet_to_come_has_not_come() -> None:
    parsed, _ = _purchase(canceled_at="2031-03-01 10:00:00", next_date="2026-07-15")

    assert parsed.occurred_at == _NOW
    assert set(parsed.subscriptions[0].facets) == {"terms:next"}
