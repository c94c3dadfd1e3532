"""When a date is due: by the clock of the business's zone, on both sides of a change of clocks."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import times
from shared.domain.automations.dates import (
    MISSED,
    due_moment,
    firing_id,
    is_in_time,
    moment_of,
    values_due,
)
from shared.domain.automations.definition import Automation, Offset, Trigger
from shared.domain.automations.parse import automation_of
from tests.support.firing import automation

PARIS = ZoneInfo("Europe/Paris")
CHICAGO = ZoneInfo("America/Chicago")
RECORD = ("recurring_payment", "shop", "sub_1")


def of(field: str = "next_payment_date", offset: str | None = None) -> Automation:
    trigger = {"type": "recurring_payment_date", "field": field, "offset": offset}
    return automation_of(automation(trigger))


def due(automation: Automation, value: str, zone: tzinfo) -> str | None:
    return times.to_text(due_moment(automation.trigger, times.from_text(value), zone))


@pytest.mark.parametrize(
    ("offset", "value", "zone", "expected"),
    [
        (None, "2026-06-10T08:00:00Z", PARIS, "2026-06-10T08:00:00.000Z"),
        ("-P3D", "2026-06-10T08:00:00Z", PARIS, "2026-06-07T08:00:00.000Z"),
        ("P1W", "2026-06-10T08:00:00Z", UTC, "2026-06-17T08:00:00.000Z"),
        # Ten in the morning in Paris, before and after 29 March and 25 October.
        ("-P3D", "2026-03-30T08:00:00Z", PARIS, "2026-03-27T09:00:00.000Z"),
        ("-PT72H", "2026-03-30T08:00:00Z", PARIS, "2026-03-27T08:00:00.000Z"),
        ("P1D", "2026-10-24T08:00:00Z", PARIS, "2026-10-25T09:00:00.000Z"),
        # Half past two, which is not there on the first of these days and twice on the second.
        ("P1D", "2026-03-28T01:30:00Z", PARIS, "2026-03-29T01:30:00.000Z"),
        ("P1D", "2026-10-24T00:30:00Z", PARIS, "2026-10-25T00:30:00.000Z"),
        ("-P1DT2H", "2026-11-02T18:00:00Z", CHICAGO, "2026-11-01T16:00:00.000Z"),
    ],
)
def test_days_keep_the_clock_and_hours_are_exact(
    offset: str | None, value: str, zone: tzinfo, expected: str
) -> None:
    assert due(of(offset=offset), value, zone) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (UTC, "2027-02-15T00:00:00.000Z"),
        (CHICAGO, "2027-02-15T06:00:00.000Z"),
        (ZoneInfo("Pacific/Kiritimati"), "2027-02-14T10:00:00.000Z"),
    ],
)
def test_a_card_expires_on_a_day_of_the_businesss_own(zone: tzinfo, expected: str) -> None:
    expiring = of("payment_method_expiration", "-P2W")

    assert due(expiring, "2027-03-01T00:00:00Z", zone) == expected


def test_a_blank_is_never_due_nor_is_what_lies_beyond_the_calendar() -> None:
    assert due_moment(of().trigger, None, UTC) is None
    assert moment_of("next_payment_date", times.LATEST, Offset(366), UTC) is None
    assert moment_of("next_payment_date", 5_000, Offset(-1), UTC) == 0


def test_it_fires_neither_early_nor_a_day_late() -> None:
    now = 1_790_000_000_000

    assert not is_in_time(now + 1_001, now, times.SECOND)
    assert is_in_time(now + 1_000, now, times.SECOND)
    assert is_in_time(now - MISSED, now)
    assert not is_in_time(now - MISSED - 1, now)


def test_a_record_and_its_date_are_one_firing_whatever_the_offset() -> None:
    first = firing_id(of(offset="-P3D"), RECORD, 1_790_000_000_000)

    assert first == firing_id(of(offset="-P1D"), RECORD, 1_790_000_000_000)
    assert first.startswith("001790000000000-")
    others = [
        firing_id(of(offset="-P3D"), RECORD, 1_790_000_000_001),
        firing_id(of(offset="-P3D"), (*RECORD[:2], "sub_2"), 1_790_000_000_000),
        firing_id(of("renewal_date", "-P3D"), RECORD, 1_790_000_000_000),
    ]
    assert len({first, *others}) == 4


@given(
    value=st.integers(1_700_000_000_000, 1_900_000_000_000),
    days=st.integers(-366, 366),
    exact=st.integers(-86_400_000, 86_400_000),
    field=st.sampled_from(["next_payment_date", "payment_method_expiration"]),
    zone=st.sampled_from([UTC, PARIS, CHICAGO, ZoneInfo("Pacific/Kiritimati")]),
)
def test_what_is_due_lies_within_the_bounds_a_reader_asks_for(
    value: int, days: int, exact: int, field: str, zone: tzinfo
) -> None:
    trigger = Trigger("recurring_payment_date", field, offset=Offset(days, exact))

    when = due_moment(trigger, value, zone)

    assert when is not None
    low, high = values_due(trigger, when, when)
    assert low <= value <= high
