"""Dates as segments compare them: every question is one interval of milliseconds, ends included.

A day is a day of the business's zone, 23, 24 or 25 hours long; a time is exact, and one without an
offset is the zone's. `in_last` and `in_next` reach from now: minutes and hours are exact lengths;
days, weeks, months and years keep the clock of the zone (a month from the 31st ends on the last
day there is). Both compilers take their bounds from here, so they cannot disagree about them.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from shared.domain import times

# No bound: the ends of what SQL's BIGINT holds.
LOWEST, HIGHEST = -(2**63), 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _DAY = timedelta(milliseconds=1), timedelta(days=1)
_EXACT = {"minute": times.MINUTE, "hour": times.HOUR}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
UNITS = (*_EXACT, *_DAYS, *_MONTHS)

Interval = tuple[int, int]


class Absolute(NamedTuple):
    """`before`, `after` or `on` a day or time, or `between` two; `civil` as the field is."""

    operator: str
    first: date
    last: date
    civil: bool


class Relative(NamedTuple):
    """A length of time that ends now, or begins now where it lies `ahead`."""

    ahead: bool
    amount: int
    unit: str
    civil: bool


class Moment:
    """When and for whom a segment is asked: `now` in ms, the business's zone and currency.

    One Moment should serve all the subjects of one question: it remembers its intervals.
    """

    __slots__ = ("_intervals", "currency", "now", "zone")

    def __init__(self, now: int, zone: tzinfo = UTC, currency: str = "USD") -> None:
        self.now = now
        self.zone = zone
        self.currency = currency
        self._intervals: dict[Absolute | Relative, Interval] = {}

    def interval(self, asked: Absolute | Relative) -> Interval:
        """Return the first and last ms of what is asked for."""
        found = self._intervals.get(asked)
        if found is None:
            zone = UTC if asked.civil else self.zone
            if isinstance(asked, Absolute):
                found = _absolute(asked, zone)
            else:
                found = _relative(asked, self.now, zone)
            self._intervals[asked] = found
        return found


def _absolute(asked: Absolute, zone: tzinfo) -> Interval:
    if asked.operator == "before":
        return LOWEST, _start(asked.first, zone) - 1
    if asked.operator == "after":
        return _end(asked.last, zone) + 1, HIGHEST
    return _start(asked.first, zone), _end(asked.last, zone)


def _relative(asked: Relative, now: int, zone: tzinfo) -> Interval:
    if asked.ahead:
        return now, _shifted(now, asked.amount, asked.unit, zone)
    return _shifted(now, -asked.amount, asked.unit, zone), now


def _start(place: date, zone: tzinfo) -> int:
    """Return the first ms of a day, or a time's own; midnight need not exist, its instant does."""
    if isinstance(place, datetime):
        return _milliseconds(place, zone)
    return _milliseconds(datetime(place.year, place.month, place.day), zone)


def _end(place: date, zone: tzinfo) -> int:
    if isinstance(place, datetime):
        return _milliseconds(place, zone)
    return _start(place + _DAY, zone) - 1


def _milliseconds(place: datetime, zone: tzinfo) -> int:
    aware = place if place.tzinfo is not None else place.replace(tzinfo=zone)
    return (aware - _EPOCH) // _MILLISECOND


def _shifted(now: int, amount: int, unit: str, zone: tzinfo) -> int:
    if unit in _EXACT:
        return now + amount * _EXACT[unit]
    local = (_EPOCH + now * _MILLISECOND).astimezone(zone).replace(tzinfo=None, fold=0)
    if unit in _DAYS:
        return _milliseconds(local + amount * _DAYS[unit] * _DAY, zone)
    year, month = divmod(local.year * 12 + local.month - 1 + amount * _MONTHS[unit], 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return _milliseconds(local.replace(year=year, month=month + 1, day=day), zone)
