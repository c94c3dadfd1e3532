"""Calendar days as reports count them: of 23, 24 or 25 hours, none lost and none counted twice.

A day begins at the first instant at which the clocks of the zone show its date, and ends where the
next begins. So the days of a range lie end to end, whatever the clocks do: a day that a zone has
skipped has no length, and where clocks go back across midnight, the day has begun for good. These
are the days segments compare by. SQL never knows a zone: it is given the instants at which buckets
begin, worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from shared.domain import times
from shared.domain.reports.sql import Sql, compose

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _DAY = timedelta(milliseconds=1), timedelta(days=1)


class Interval(StrEnum):
    """How long the buckets of a series are."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Run(NamedTuple):
    """Buckets of one length that follow each other: the first one's number and start in ms."""

    number: int
    start: int
    length: int


def local_day(moment: int, zone: tzinfo) -> date:
    """Return the date the clocks of a zone show at a moment in ms."""
    return (_EPOCH + moment * _MILLISECOND).astimezone(zone).date()


def day_start(day: date, zone: tzinfo) -> int:
    """Return the first ms of a day; midnight itself need not exist."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    start = (midnight - _EPOCH) // _MILLISECOND
    if local_day(start - 1, zone) < day:
        return start
    # Clocks went forward across midnight: the day begins where they arrived.
    before, after = start - times.DAY, start
    while after - before > 1:
        middle = (before + after) // 2
        if local_day(middle, zone) < day:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of a range: the date each is called by, and where it starts.

    `starts` (ms) has one more: where the last bucket ends.
    """

    dates: tuple[date, ...]
    starts: tuple[int, ...]

    def runs(self) -> Iterator[Run]:
        """Return the buckets as runs of one length; those without length are left out."""
        last = None
        for number, (start, end) in enumerate(pairwise(self.starts)):
            if end > start and end - start != last:
                last = end - start
                yield Run(number, start, last)
            elif end == start:
                last = None

    def number_of(self, moment: Sql) -> Sql:
        """Return the number of the bucket a moment (ms) lies in, for moments within the range."""
        return _chosen(list(self.runs()), moment)


def _chosen(runs: list[Run], moment: Sql) -> Sql:
    """Return a choice by halves, so that many runs take few comparisons."""
    if not runs:
        return Sql("0")
    if len(runs) == 1:
        number, start, length = runs[0]
        return compose(
            "({number} + ({moment} - {start}) // {length})",
            number=number,
            moment=moment,
            start=start,
            length=length,
        )
    half = len(runs) // 2
    return compose(
        "CASE WHEN {moment} < {limit} THEN {left} ELSE {right} END",
        moment=moment,
        limit=runs[half].start,
        left=_chosen(runs[:half], moment),
        right=_chosen(runs[half:], moment),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar days of a zone, both ends included."""

    first: date
    last: date
    zone: tzinfo

    @property
    def start(self) -> int:
        """The first ms of the first day."""
        return day_start(self.first, self.zone)

    @property
    def end(self) -> int:
        """The first ms after the last day."""
        return day_start(self.last + _DAY, self.zone)

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def previous(self) -> Span:
        """Return the same number of days just before."""
        return Span(self.first - self.days * _DAY, self.first - _DAY, self.zone)

    def count(self, interval: Interval) -> int:
        """Return how many buckets there are, without making them."""
        first, last = bucket(self.first, interval), bucket(self.last, interval)
        if interval is Interval.MONTH:
            return (last.year - first.year) * 12 + last.month - first.month + 1
        return (last - first).days // (7 if interval is Interval.WEEK else 1) + 1

    def buckets(self, interval: Interval) -> Buckets:
        """Return the buckets without a gap; the range cuts the first and the last of them."""
        dates = [bucket(self.first, interval)]
        while (following := _next(dates[-1], interval)) <= self.last:
            dates.append(following)
        inner = (day_start(each, self.zone) for each in dates[1:])
        return Buckets(tuple(dates), (self.start, *inner, self.end))


def bucket(day: date, interval: Interval) -> date:
    """Return the date of the bucket a day lies in: itself, its Monday, or its month's first."""
    if interval is Interval.WEEK:
        return day - day.weekday() * _DAY
    return day.replace(day=1) if interval is Interval.MONTH else day


def _next(day: date, interval: Interval) -> date:
    if interval is Interval.MONTH:
        return (day.replace(day=28) + 4 * _DAY).replace(day=1)
    return day + (7 if interval is Interval.WEEK else 1) * _DAY
