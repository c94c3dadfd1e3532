"""Why: every condition with what it found, in the API's text, and the evaluation's own answer."""

from __future__ import annotations

from typing import Any

from shared.domain.segments.explain import explain
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change
from tests.shared.domain.segments.builders import (
    NOW,
    all_of,
    any_of,
    contact,
    none_of,
    one,
    payment,
    predicate,
    subject,
)

CITY, AMOUNT = "recurring_payment.billing_address.city", "recurring_payment.payment_amount"


def rows(segment: dict[str, Any], who: Subject) -> list[dict[str, Any]]:
    return explain(predicate(segment), who).conditions


def found(segment: dict[str, Any], who: Subject) -> list[tuple[Any, bool]]:
    return [(row["actual"], row["met"]) for row in rows(segment, who)]


def test_a_row_tells_where_what_how_and_whether() -> None:
    segment = all_of(any_of(one(AMOUNT, "between", ["10", "20"])))

    explanation = explain(predicate(segment), subject(at_hand=payment(payment_amount=1900)))

    assert explanation.met
    assert explanation.conditions == [
        {
            "path": "conditions[0].conditions[0]",
            "field": AMOUNT,
            "operator": "between",
            "value": ["10", "20"],
            "actual": "19.00",
            "met": True,
        }
    ]


def test_every_condition_is_told_even_where_one_has_settled_it() -> None:
    segment = all_of(
        one("contact.tags", "is", "Tea"),
        any_of(one("contact.orders_count", "at_least", 0), one("contact.customer", "is", True)),
        none_of(one("contact.email", "contains", "@"), one("contact.phone", "is_blank")),
    )

    explanation = explain(predicate(segment), subject())

    assert not explanation.met
    assert [(row["path"], row["met"]) for row in explanation.conditions] == [
        ("conditions[0]", False),
        ("conditions[1].conditions[0]", True),
        ("conditions[1].conditions[1]", False),
        ("conditions[2].conditions[0]", True),
        ("conditions[2].conditions[1]", True),
    ]


def test_values_are_told_as_the_api_prints_them() -> None:
    who = contact(tags=["Tea", "MUG"], revenue={"USD": {"orders": 1, "net": 5705}})
    held = payment(
        currency="JPY",
        payment_amount=1900,
        start_date=NOW,
        line_items=[{"name": "Tea", "amount": 1900}, {"name": None, "amount": 5}],
    )
    segment = all_of(
        one("contact.tags", "is", "mug"),
        one("contact.revenue", "is", "57.05"),
        one("contact.first_name", "is_blank"),
        one("contact.customer", "is", False),
        one(AMOUNT, "is", "1900"),
        one("recurring_payment.start_date", "in_last", "1 day"),
        one("recurring_payment.line_items.name", "is", "tea"),
        one("recurring_payment.line_items.amount", "is", "5"),
        one("recurring_payment.cancelled_date", "not_in_last", "1 day"),
        one("change.to", "is", "paused"),
    )
    asked = subject(who, at_hand=held, changes=[Change("status", "active", "Paused")])

    assert found(segment, asked) == [
        (["Tea", "MUG"], True),
        ("57.05", True),
        (None, True),
        (False, True),
        ("1900", True),
        ("2026-09-21T14:13:20.000Z", True),
        (["Tea"], True),
        (["1900", "5"], True),
        (None, True),
        ("Paused", True),
    ]


def test_the_rows_speak_of_the_recurring_payment_that_met_them() -> None:
    segment = all_of(one(CITY, "is", "Chicago"), one(AMOUNT, "greater_than", "50"))
    payments = [
        payment("sub_1", city="Chicago", payment_amount=1000),
        payment("sub_2", city="Chicago", payment_amount=9000),
        payment("sub_3", city="Chicago", payment_amount=9900),
    ]

    assert found(segment, subject(payments=payments)) == [("Chicago", True), ("90.00", True)]


def test_who_met_them_is_told_of_even_where_another_answers_more_with_yes() -> None:
    segment = all_of(
        one(CITY, "is", "Chicago"),
        none_of(one(AMOUNT, "greater_than", "50"), one("recurring_payment.status", "is", "active")),
    )
    payments = [
        payment("sub_1", city="Chicago", payment_amount=9000),
        payment("sub_2", city="Chicago", payment_amount=1000, status="cancelled"),
    ]

    assert found(segment, subject(payments=payments)) == [
        ("Chicago", True),
        ("10.00", False),
        ("cancelled", False),
    ]


def test_where_none_met_them_the_rows_speak_of_the_nearest() -> None:
    segment = all_of(
        one(CITY, "is", "Chicago"),
        one(AMOUNT, "greater_than", "50"),
        one("recurring_payment.status", "is", "active"),
    )
    payments = [
        payment("sub_1", city="Paris", payment_amount=1000),
        payment("sub_2", city="Chicago", payment_amount=1000),
        payment("sub_3", city="Chicago", payment_amount=2000),
    ]

    explanation = explain(predicate(segment), subject(payments=payments))

    assert not explanation.met
    assert [row["actual"] for row in explanation.conditions] == ["Chicago", "10.00", "active"]


def test_each_branch_tells_of_its_own_recurring_payment() -> None:
    segment = any_of(one(CITY, "is", "Paris"), one(CITY, "is", "Rome"), one(CITY, "is", "Chicago"))
    payments = [payment("sub_1", city="Chicago"), payment("sub_2", city="Rome")]

    assert found(segment, subject(payments=payments)) == [
        ("Chicago", False),
        ("Rome", True),
        ("Chicago", True),
    ]


def test_where_there_is_nobody_to_speak_of_nothing_was_found() -> None:
    segment = all_of(one(CITY, "is_not", "Paris"), one("contact.tags", "is_not", "Tea"))

    assert found(segment, Subject(Moment(NOW), None)) == [(None, False), (None, False)]
