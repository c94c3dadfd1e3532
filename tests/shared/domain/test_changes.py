"""Fields as the API prints them, and the difference between two views."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import changes

EPOCH = "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "value", "currency", "text"),
    [
        ("gross", 1900, "USD", "19.00"),
        ("gross", 1900, "JPY", "1900"),
        ("gross", 1900, "KWD", "1.900"),
        ("gross", None, "USD", None),
        ("cycles_completed", 3, "USD", 3),
        ("start_date", 0, None, EPOCH),
        ("is_trial", False, "USD", False),
        ("billing_address", {"city": "Lyon"}, "USD", {"city": "Lyon"}),
        ("payments", [{"amount": 1900, "date": 0}], "USD", [{"amount": "19.00", "date": EPOCH}]),
        ("inferred", ["payment_amount"], "USD", ["payment_amount"]),
    ],
)
def test_field_is_printed_by_its_kind(
    name: str, value: Any, currency: str | None, text: Any
) -> None:
    assert changes.to_text(name, value, currency) == text


def test_money_inside_a_view_follows_the_views_currency() -> None:
    view = {"currency": "JPY", "line_items": [{"amount": 500}, {"currency": "USD", "amount": 500}]}

    told = changes.to_json(view)["line_items"]

    assert [each["amount"] for each in told] == ["500", "5.00"]


def test_difference_names_each_field_that_changed_with_its_printed_values() -> None:
    before = {"status": "active", "payment_amount": 1900, "currency": "USD"}
    after = {"status": "payment_failed", "payment_amount": 1900, "currency": "USD"}

    (change,) = changes.difference(before, after)

    assert (change.field, change.before, change.after) == ("status", "active", "payment_failed")


def test_amount_in_another_currency_is_printed_in_each_ones_own() -> None:
    before = {"currency": "USD", "payment_amount": 1900}
    after = {"currency": "JPY", "payment_amount": 2900}

    told = {each.field: (each.before, each.after) for each in changes.difference(before, after)}

    assert told == {"currency": ("USD", "JPY"), "payment_amount": ("19.00", "2900")}


@pytest.mark.parametrize(
    "name", ["version", "store_modified_date", "contact_id", "email", "inferred", "withheld"]
)
def test_what_moves_with_every_event_is_no_change(name: str) -> None:
    assert changes.difference({name: "a"}, {name: "b"}) == []


def test_nothing_changed_is_no_difference() -> None:
    view = {"status": "active", "line_items": [{"amount": 5}]}

    assert changes.difference(view, dict(view)) == []
