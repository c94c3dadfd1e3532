"""Calendar days of a zone, found by asking each moment what day it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Range:
    """Calendar days of a zone, both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    def day(self, at: int) -> date:
        """Return the calendar day of a moment."""
        return datetime.fromtimestamp(at // 1000, UTC).astimezone(self.zone).date()

    def holds(self, at: int | None) -> bool:
        """Say whether a moment lies in the range."""
        return at is not None and self.first <= self.day(at) <= self.last

    def reaches(self, at: int | None) -> bool:
        """Say whether a moment lies before the range's end."""
        return at is not None and self.day(at) <= self.last

    @property
    def length(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def parts(self, interval: str) -> Iterator[Range]:
        """Go through the days, weeks or months of the range, the first and last of them cut."""
        first = day = self.first
        while day <= self.last:
            following = day + _DAY
            if following > self.last or _begins(interval, following):
                yield Range(first, day, self.zone)
                first = following
            day = following

    def name(self, interval: str) -> str:
        """Return the date a part is called by: the day, its Monday, or its month's first."""
        day = self.first
        if interval == "week":
            day -= day.weekday() * _DAY
        if interval == "month":
            day = day.replace(day=1)
        return day.isoformat()

    def before(self) -> Range:
        """Return as many days just before."""
        length = self.length * _DAY
        return Range(self.first - length, self.last - length, self.zone)


def _begins(interval: str, day: date) -> bool:
    if interval == "week":
        return day.weekday() == 0
    return interval == "day" or day.day == 1
