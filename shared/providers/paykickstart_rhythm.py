"""How often a subscription bills, from two of its billing dates: PayKickstart never says it.

A guess, and always marked as one. Dates a month apart may lie 28 to 31 days apart, and a plan of
thirty days is told from a month by nobody; weeks and years come out right.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, UTC, date, datetime

from shared.domain import times
from shared.domain.observations import Interval

Rhythm = tuple[Interval, int]


def between(paid: int, following: int) -> Rhythm | None:
    """Return the interval and its count between two times (ms); None where there is none."""
    first, second = _day(paid), _day(following)
    days = (second - first).days
    if days <= 0 or second.year == MAXYEAR:  # beyond it lies no month to compare with
        return None
    months = _months(first, second)
    if months and (days % 7 or _is_exact(first, second, months)):
        return ("yearly", months // 12) if months % 12 == 0 else ("monthly", months)
    return ("daily", days) if days % 7 else ("weekly", days // 7)


def _months(first: date, second: date) -> int:
    """Return how many months lie between two days, give or take one day; 0 for no whole number."""
    months = (second.year - first.year) * 12 + second.month - first.month
    # The first of March is a month and a day after the last of January, and no two months.
    near = (n for n in (months, months - 1, months + 1) if n > 0 and _fits(first, second, n))
    return next(near, 0)


def _fits(first: date, second: date, months: int) -> bool:
    return _is_exact(first, second, months) or abs((second - _later(first, months)).days) <= 1


def _is_exact(first: date, second: date, months: int) -> bool:
    """Tell whether the day of the month stayed, or was cut short by a month's end before."""
    later = _later(first, months)
    cut = first.day == monthrange(first.year, first.month)[1]
    same_month = (second.year, second.month) == (later.year, later.month)
    return second == later or (cut and same_month and second > later)


def _later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day(moment: int) -> date:
    return datetime.fromtimestamp(moment // times.SECOND, UTC).date()
