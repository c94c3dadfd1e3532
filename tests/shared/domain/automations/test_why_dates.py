"""Why a date set an automation off, or did not: each reason, of a record told in a few words."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from shared.domain import times
from shared.domain.automations.dates import MISSED
from shared.domain.automations.parse import automation_of
from shared.domain.automations.why import REASONS, Around
from shared.domain.automations.why_dates import Had, answer_of_date, dates_had, newest
from shared.domain.observations import SUPPRESSED
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Entry
from tests.support.firing import NOW, RECORD, automation

EVE = {"type": "recurring_payment_date", "field": "next_payment_date", "offset": "-P1D"}
REMINDER = automation_of({**automation(EVE), "created_date": NOW - 30 * times.DAY})
DUE = NOW - times.HOUR
VALUE = DUE + times.DAY


def told(value: int | None, received_at: int = NOW - 2 * times.DAY, **fields: Any) -> Entry:
    """Return an entry that says the record renews at `value` (ms)."""
    known = {"status": "active", "currency": "USD", "amount": 1900, "next_payment_date": value}
    values: dict[str, Any] = {
        "at": received_at,
        "rank": 1,
        "event_id": f"evt_{received_at}",
        "event_type": "told",
        "received_at": received_at,
        "said": {"terms": known},
        **fields,
    }
    return Entry(**values)


def had(*history: Entry) -> list[Had]:
    return newest(dates_had(REMINDER, RECORD, history, UTC), 10)


def around(**fields: Any) -> Around:
    values: dict[str, Any] = {
        "now": NOW,
        "contact": {"contact_id": "c-1", "created_date": NOW - 20 * times.DAY},
        "head": {},
        "connection": {},
        "marked": False,
        "announced": False,
        "settles_at": 0,
        "updated": None,
    }
    return Around(**{**values, **fields})


def nobody() -> Subject:
    raise AssertionError("there is no segment to ask")


def reason(entry: Entry, value: int | None = VALUE, **fields: Any) -> str:
    (only,) = had(entry)
    told = answer_of_date(
        REMINDER, only, around(**fields), value=value, firing=None, subject=nobody
    )
    assert told.decision == "not_fired"
    assert told.explanation == REASONS[told.reason]
    return told.reason


def test_each_date_of_a_history_is_had_once_since_it_was_first_told() -> None:
    first, second = NOW - 9 * times.DAY, NOW - 8 * times.DAY
    later = VALUE + 30 * times.DAY

    found = had(told(VALUE, first), told(later, second), told(VALUE, NOW), told(None, NOW + 1))

    assert [(each.due.value, each.due.when, each.since) for each in found] == [
        (later, later - times.DAY, second),
        (VALUE, DUE, first),
    ]


def test_only_so_many_dates_are_told_those_due_last() -> None:
    days = [NOW + each * times.DAY for each in range(5)]
    history = [told(each, NOW + number) for number, each in enumerate(days)]

    found = newest(dates_had(REMINDER, RECORD, history, UTC), 2)

    assert [each.due.value for each in found] == [days[4], days[3]]


def test_a_date_that_has_fired_says_so_with_the_conditions_it_was_kept_with() -> None:
    (only,) = had(told(VALUE))
    firing = {"conditions": [{"met": True}]}

    answer = answer_of_date(REMINDER, only, around(), value=None, firing=firing, subject=nobody)

    assert (answer.decision, answer.reason) == ("fired", "fired")
    assert answer.conditions == [{"met": True}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "unknown"),
        ({"now": DUE - 1}, "not_due"),
        ({"now": DUE}, "unknown"),
        ({"value": VALUE + 1}, "moved"),
        ({"value": None, "now": DUE - 1}, "moved"),
        ({"connection": {"role": "mirror"}}, "mirror_connection"),
        ({"head": {"mirror_of": "kick/1"}}, "mirror"),
        ({"contact": None}, "no_contact"),
        ({"contact": {"created_date": DUE + MISSED}}, "unknown"),
        ({"contact": {"created_date": DUE + MISSED + 1}}, "no_contact"),
        ({"updated": NOW}, "edited_since"),
    ],
)
def test_what_kept_a_date_from_firing_is_named(fields: dict[str, Any], expected: str) -> None:
    assert reason(told(VALUE), **fields) == expected


@pytest.mark.parametrize(
    ("received_at", "fields", "expected"),
    [
        (DUE + MISSED, {}, "unknown"),
        (DUE + MISSED + 1, {}, "missed"),
        (DUE, {"historical": True}, "unknown"),
        (DUE + 1, {"historical": True}, "historical"),
        (DUE + 1, {"event_type": f"told{SUPPRESSED}"}, "suppressed"),
    ],
)
def test_a_date_that_had_passed_when_it_was_told_is_old_news_or_history(
    received_at: int, fields: dict[str, Any], expected: str
) -> None:
    assert reason(told(VALUE, received_at, **fields), now=NOW + 2 * times.DAY) == expected


def test_a_date_long_before_the_automation_was_missed() -> None:
    made = automation_of({**automation(EVE), "created_date": DUE + MISSED + 1})
    (only,) = dates_had(made, RECORD, [told(VALUE)], UTC)

    answer = answer_of_date(made, only, around(), value=VALUE, firing=None, subject=nobody)

    assert answer.reason == "missed"
