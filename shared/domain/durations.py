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
_UNITS = (7 * times.DAY, times.DAY, times.HOUR, times.MINUTE, times.SECOND)


def milliseconds(text: str) -> int:
    """Return the length of `P3D`, `PT24H` or `P1DT12H` in ms. Raise ValueError otherwise."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("not a duration of weeks, days, hours, minutes or seconds")
    return sum(
        int(digits) * unit for digits, unit in zip(found.groups(), _UNITS, strict=True) if digits
    )
