"""Lengths of time as people write them in configuration: ISO 8601, days and shorter.

Months and years have no fixed length, so they are refused rather than guessed.
"""

from __future__ import annotations

import re

from shared.domain import times

_DURATION = re.compile(
    r"P(?:(\d{1,4})W|(?=\d|T\d)(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?)",
    re.ASCII,
)
_UNITS = (times.HOUR, times.MINUTE, times.SECOND)


def milliseconds(text: str) -> int:
    """Return the length of `P3D`, `PT24H` or `P1DT12H` in ms. Raise ValueError otherwise."""
    days, exact = days_and_rest(text)
    return days * times.DAY + exact


def days_and_rest(text: str) -> tuple[int, int]:
    """Return a length's whole days, as it states them, and the rest in ms: `P2DT3H` is 2 and 3 h.

    Where clocks change, a day is not 24 hours. Raise ValueError as `milliseconds` does.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("not a duration of weeks, days, hours, minutes or seconds")
    weeks, days, *rest = (int(digits or 0) for digits in found.groups())
    exact = sum(count * unit for count, unit in zip(rest, _UNITS, strict=True))
    return 7 * weeks + days, exact
