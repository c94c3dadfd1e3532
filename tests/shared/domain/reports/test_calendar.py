"""Calendar days: every instant in exactly one, whatever the clocks of a zone do."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from shared.domain import times
from shared.domain.reports.calendar import Interval, Run, Span, bucket, day_start, local_day
from shared.domain.reports.sql import Sql

PARIS, SAO_PAULO = ZoneInfo("Europe/Paris"), ZoneInfo("America/Sao_Paulo")


def hours(day: date, zone: ZoneInfo) -> float:
    span = Span(day, day, zone)
    return (span.end - span.start) / times.HOUR


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Paris", date(2026, 3, 29), 23),
        ("Europe/Paris", date(2026, 10, 25), 25),
        ("America/Sao_Paulo", date(2018, 2, 17), 25),
        ("America/Sao_Paulo", date(2018, 2, 18), 24),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Pacific/Apia", date(2011, 12, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Pacific/Apia", date(2011, 12, 31), 24),
        # Clocks jumped from 23:30 to 00:30, so this day has no first half hour.
        ("America/Toronto", date(1919, 3, 31), 23.5),
        # Clocks went back from 00:01 to 23:01: the day had begun, and the hour is its own.
        ("America/St_Johns", date(2006, 10, 29), 25),
    ],
)
def test_a_day_has_the_hours_its_clocks_gave_it(zone: str, day: date, expected: float) -> None:
    assert hours(day, ZoneInfo(zone)) == expected


def test_a_day_begins_where_its_date_first_shows_even_without_a_midnight() -> None:
    start = day_start(date(2018, 11, 4), SAO_PAULO)

    assert local_day(start, SAO_PAULO) == date(2018, 11, 4)
    assert local_day(start - 1, SAO_PAULO) == date(2018, 11, 3)
    assert times.to_text(start) == "2018-11-04T03:00:00.000Z"


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/St_Johns", "America/Toronto"])
def test_days_lie_end_to_end(zone: str) -> None:
    span = Span(date(1918, 1, 1), date(2012, 12, 31), ZoneInfo(zone))

    starts = span.buckets(Interval.DAY).starts

    assert starts[0] == span.start
    assert starts[-1] == span.end
    assert all(start <= end for start, end in pairwise(starts))
    assert len(starts) == span.days + 1


def test_weeks_are_named_by_their_monday_and_months_by_their_first() -> None:
    span = Span(date(2026, 9, 30), date(2026, 10, 12), PARIS)

    weeks, months = span.buckets(Interval.WEEK), span.buckets(Interval.MONTH)

    assert weeks.dates == (date(2026, 9, 28), date(2026, 10, 5), date(2026, 10, 12))
    assert months.dates == (date(2026, 9, 1), date(2026, 10, 1))
    for each in (weeks, months):
        assert (each.starts[0], each.starts[-1]) == (span.start, span.end)


@pytest.mark.parametrize("interval", list(Interval))
def test_counting_buckets_agrees_with_making_them(interval: Interval) -> None:
    for length in (1, 5, 31, 366, 800):
        span = Span(date(2024, 2, 27), date(2024, 2, 27) + timedelta(days=length - 1), UTC)

        assert span.count(interval) == len(span.buckets(interval).dates)


def test_the_previous_period_has_as_many_days_and_ends_where_the_range_begins() -> None:
    span = Span(date(2026, 3, 1), date(2026, 3, 31), PARIS)

    before = span.previous()

    assert (before.first, before.last) == (date(2026, 1, 29), date(2026, 2, 28))
    assert before.days == span.days
    assert before.end == span.start


def test_days_of_one_length_are_one_run() -> None:
    span = Span(date(2026, 3, 27), date(2026, 3, 31), PARIS)

    runs = list(span.buckets(Interval.DAY).runs())

    assert runs == [
        Run(0, span.start, 24 * times.HOUR),
        Run(2, day_start(date(2026, 3, 29), PARIS), 23 * times.HOUR),
        Run(3, day_start(date(2026, 3, 30), PARIS), 24 * times.HOUR),
    ]


def test_a_day_that_was_skipped_is_in_no_run() -> None:
    span = Span(date(2011, 12, 29), date(2011, 12, 31), ZoneInfo("Pacific/Apia"))

    assert [run.number for run in span.buckets(Interval.DAY).runs()] == [0, 2]


def test_a_century_of_days_takes_few_comparisons() -> None:
    span = Span(date(1926, 1, 1), date(2025, 12, 31), PARIS)
    buckets = span.buckets(Interval.DAY)

    text = buckets.number_of(Sql("at")).text

    depth = most = 0
    for word in text.split():
        depth += (word == "CASE") - (word == "END")
        most = max(most, depth)
    assert most <= 10


def test_every_interval_names_a_bucket_by_its_first_day() -> None:
    day = date(2026, 10, 14)

    assert [bucket(day, each) for each in Interval] == [day, date(2026, 10, 12), date(2026, 10, 1)]
