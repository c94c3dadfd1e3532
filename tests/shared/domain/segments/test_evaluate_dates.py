"""What each operator of dates means, and where days begin and end."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.domain.segments import parse
from shared.domain.segments.evaluate import compile
from tests.shared.domain.segments.builders import (
    DAY,
    NOW,
    all_of,
    at,
    contact,
    holds,
    moment,
    one,
    payment,
)
from tests.shared.domain.segments.builders import subject as a_subject

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("operator", "value", "first", "last"),
    [
        ("on", "2026-11-22", "2026-11-22T06:00:00.000Z", "2026-11-23T05:59:59.999Z"),
        (
            "between",
            ["2026-10-31", "2026-11-01"],
            "2026-10-31T05:00:00.000Z",
            "2026-11-02T05:59:59.999Z",
        ),
        (
            "between",
            ["2026-11-22T08:00:00Z", "2026-11-22T09:00:00+01:00"],
            "2026-11-22T08:00:00.000Z",
            "2026-11-22T08:00:00.000Z",
        ),
        (
            "between",
            ["2026-11-22", "2026-11-22T08:00"],
            "2026-11-22T06:00:00.000Z",
            "2026-11-22T14:00:00.000Z",
        ),
        ("in_last", "24 hours", "2026-09-20T14:13:20.000Z", "2026-09-21T14:13:20.000Z"),
        ("in_next", "2 weeks", "2026-09-21T14:13:20.000Z", "2026-10-05T14:13:20.000Z"),
    ],
)
def test_a_date_lies_within_its_bounds_and_on_them(
    operator: str, value: Any, first: str, last: str
) -> None:
    question, when = one("contact.created_date", operator, value), moment(zone=CHICAGO)

    def met(ms: int) -> bool:
        return holds(question, a_subject(contact(created_date=ms), when=when))

    assert met(at(first))
    assert met(at(last))
    assert not met(at(first) - 1)
    assert not met(at(last) + 1)


@pytest.mark.parametrize(
    ("operator", "value", "first_met"),
    [
        ("after", "2026-11-22", "2026-11-23T06:00:00.000Z"),
        ("after", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00.001Z"),
    ],
)
def test_after_begins_where_the_day_or_time_is_over(
    operator: str, value: str, first_met: str
) -> None:
    question, when = one("contact.created_date", operator, value), moment(zone=CHICAGO)

    assert holds(question, a_subject(contact(created_date=at(first_met)), when=when))
    assert not holds(question, a_subject(contact(created_date=at(first_met) - 1), when=when))


@pytest.mark.parametrize(
    ("value", "first_unmet"),
    [
        ("2026-11-22", "2026-11-22T06:00:00.000Z"),
        ("2026-11-22T08:00:00Z", "2026-11-22T08:00:00.000Z"),
    ],
)
def test_before_ends_where_the_day_or_time_begins(value: str, first_unmet: str) -> None:
    question, when = one("contact.created_date", "before", value), moment(zone=CHICAGO)

    assert not holds(question, a_subject(contact(created_date=at(first_unmet)), when=when))
    assert holds(question, a_subject(contact(created_date=at(first_unmet) - 1), when=when))


@pytest.mark.parametrize(
    ("last_order", "expected"),
    [(None, True), (NOW - 31 * DAY, True), (NOW - 29 * DAY, False), (NOW + DAY, True)],
)
def test_who_never_ordered_has_not_ordered_in_the_last_month(
    last_order: int | None, expected: bool
) -> None:
    who = a_subject(contact(last_order_date=last_order))

    assert holds(one("contact.last_order_date", "not_in_last", "30 days"), who) is expected


def test_a_blank_date_is_neither_before_nor_after() -> None:
    who = a_subject(contact(last_order_date=None))

    for operator, value in [
        ("before", "2999-01-01"),
        ("after", "1999-01-01"),
        ("in_last", "100 years"),
        ("in_next", "100 years"),
        ("between", ["1999-01-01", "2999-01-01"]),
    ]:
        assert not holds(one("contact.last_order_date", operator, value), who)


def test_a_card_expires_in_the_month_its_bank_says_whatever_the_zone() -> None:
    card = payment(payment_method_expiration=at("2026-12-01"))
    december = one(
        "recurring_payment.payment_method_expiration", "between", ["2026-12-01", "2026-12-31"]
    )

    assert holds(december, a_subject(at_hand=card, when=moment(zone=CHICAGO)))


def test_activity_nobody_has_reported_is_blank() -> None:
    seen = contact() | {"last_visit_date": NOW - DAY}

    assert holds(one("contact.last_visit_date", "not_in_last", "1 year"), a_subject())
    assert holds(one("contact.last_visit_date", "in_last", "2 days"), a_subject(seen))


def test_dates_are_placed_once_for_all_who_are_asked_at_a_moment() -> None:
    when = moment(zone=CHICAGO)
    predicate = compile(parse.parse(all_of(one("contact.created_date", "in_last", "90 days"))))
    asked = {ms: a_subject(contact(created_date=ms), when=when) for ms in (NOW, NOW - 91 * DAY)}

    assert [predicate(who) for who in asked.values()] == [True, False]
    assert len(when._intervals) == 1
