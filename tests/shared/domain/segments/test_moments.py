"""Dates: days of the zone, lengths of time on its clock, and the days that are odd."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import times
from shared.domain.segments.moments import HIGHEST, LOWEST, Absolute, Moment, Relative
from tests.shared.domain.segments.builders import DAY, NOW, at

PARIS = ZoneInfo("Europe/Paris")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Paris", "America/Sao_Paulo", "Asia/Kolkata")]


def on(day: date, zone: ZoneInfo, *, civil: bool = False) -> tuple[int, int]:
    return Moment(NOW, zone).interval(Absolute("on", day, day, civil))


def reaching(now: str, amount: int, unit: str, zone: ZoneInfo, *, ahead: bool = False) -> str:
    """Return the far end of a length of time, as the zone's clock shows it."""
    low, high = Moment(at(now), zone).interval(Relative(ahead, amount, unit, False))
    far = high if ahead else low
    return datetime.fromtimestamp(far // 1_000, zone).isoformat()


def hours(interval: tuple[int, int]) -> float:
    return (interval[1] - interval[0] + 1) / times.HOUR


def test_a_day_begins_and_ends_at_the_zones_midnight() -> None:
    low, high = on(date(2026, 11, 22), PARIS)

    assert times.to_text(low) == "2026-11-21T23:00:00.000Z"
    assert times.to_text(high) == "2026-11-22T22:59:59.999Z"


@pytest.mark.parametrize(
    ("day", "zone", "length"),
    [
        (date(2026, 3, 29), PARIS, 23),
        (date(2026, 10, 25), PARIS, 25),
        (date(2026, 10, 24), PARIS, 24),
        # Here the clock went forward at midnight itself, so the day began at one.
        (date(2018, 11, 4), SAO_PAULO, 23),
        (date(2018, 2, 17), SAO_PAULO, 25),
        # The day Samoa left out.
        (date(2011, 12, 30), ZoneInfo("Pacific/Apia"), 0),
    ],
)
def test_a_day_is_as_long_as_the_zone_made_it(day: date, zone: ZoneInfo, length: int) -> None:
    assert hours(on(day, zone)) == length


def test_the_day_whose_midnight_came_twice_begins_at_the_first() -> None:
    """In Havana the clock goes back from one to midnight."""
    low, _ = on(date(2026, 11, 1), ZoneInfo("America/Havana"))

    assert times.to_text(low) == "2026-11-01T04:00:00.000Z"


def test_a_civil_date_is_a_day_of_utc_in_every_zone() -> None:
    assert on(date(2026, 12, 1), SAO_PAULO, civil=True) == on(date(2026, 12, 1), ZoneInfo("UTC"))


@given(st.dates(date(2000, 1, 1), date(2035, 12, 31)), st.sampled_from(ZONES))
def test_days_follow_each_other_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    following = date.fromordinal(day.toordinal() + 1)

    assert on(day, zone)[1] + 1 == on(following, zone)[0]


@given(st.dates(date(2000, 1, 1), date(2035, 12, 31)), st.sampled_from(ZONES))
def test_before_on_and_after_a_day_share_out_all_time(day: date, zone: ZoneInfo) -> None:
    moment = Moment(NOW, zone)
    before, during, after = (
        moment.interval(Absolute(name, day, day, False)) for name in ("before", "on", "after")
    )

    assert before == (LOWEST, during[0] - 1)
    assert after == (during[1] + 1, HIGHEST)


def test_a_time_without_an_offset_is_on_the_zones_clock() -> None:
    written = datetime(2026, 11, 22, 8)

    found = Moment(NOW, PARIS).interval(Absolute("before", written, written, False))

    assert found == (LOWEST, at("2026-11-22T07:00:00Z") - 1)


@pytest.mark.parametrize(
    ("now", "amount", "unit", "far"),
    [
        ("2026-03-31T10:00:00Z", 1, "month", "2026-02-28T12:00:00+01:00"),
        ("2028-03-31T10:00:00Z", 1, "month", "2028-02-29T12:00:00+01:00"),
        ("2028-02-29T10:00:00Z", 1, "year", "2027-02-28T11:00:00+01:00"),
        ("2026-01-15T10:00:00Z", 13, "month", "2024-12-15T11:00:00+01:00"),
        # Over a change of the clock a day keeps the clock, and hours are hours.
        ("2026-03-29T10:00:00Z", 1, "day", "2026-03-28T12:00:00+01:00"),
        ("2026-03-29T10:00:00Z", 24, "hour", "2026-03-28T11:00:00+01:00"),
        ("2026-03-30T10:00:00Z", 1, "week", "2026-03-23T12:00:00+01:00"),
        ("2026-03-29T10:00:00Z", 90, "minute", "2026-03-29T10:30:00+02:00"),
    ],
)
def test_a_length_of_time_reaches_back_on_the_zones_clock(
    now: str, amount: int, unit: str, far: str
) -> None:
    assert reaching(now, amount, unit, PARIS) == far


def test_a_month_ahead_of_the_last_day_ends_on_the_last_day_there_is() -> None:
    far = reaching("2026-01-31T10:00:00Z", 1, "month", PARIS, ahead=True)

    assert far == "2026-02-28T11:00:00+01:00"


def test_a_length_that_ends_where_the_clock_was_put_forward_ends_after_the_gap() -> None:
    """03:30 UTC is 00:30 in Sao Paulo, an hour that 2018-11-04 did not have."""
    far = reaching("2018-11-03T03:30:00Z", 1, "day", SAO_PAULO, ahead=True)

    assert far == "2018-11-04T01:30:00-02:00"


@given(
    st.integers(1, 400),
    st.sampled_from(("minute", "hour", "day", "week", "month")),
    st.sampled_from(ZONES),
    st.integers(NOW - 9_000 * DAY, NOW + 9_000 * DAY),
)
def test_the_past_ends_and_the_future_begins_now(
    amount: int, unit: str, zone: ZoneInfo, now: int
) -> None:
    moment = Moment(now, zone)

    low, present = moment.interval(Relative(False, amount, unit, False))
    again, high = moment.interval(Relative(True, amount, unit, False))

    assert present == again == now
    assert low < now < high
