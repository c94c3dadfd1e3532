"""ISO 8601 durations, read and refused."""

from __future__ import annotations

import pytest

from shared.domain.durations import days_and_rest, milliseconds

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P3D", 72 * HOUR),
        ("PT24H", 24 * HOUR),
        ("P1DT12H", 36 * HOUR),
        ("PT90S", 90_000),
        ("PT1H30M", 90 * 60_000),
        ("P2W", 14 * 24 * HOUR),
        ("PT0S", 0),
    ],
)
def test_durations_have_a_length(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "P1M", "P1Y", "1D", "p1d", "P-1D", "P1.5D", "P1D ", "P\u0661D",
     "PT1D", "P1H", "P1W1D", "PT5S4H", "P" + "9" * 40 + "D", "24h"],
)  # fmt: skip
def test_what_has_no_fixed_length_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        milliseconds(text)


def test_days_are_told_apart_from_the_rest() -> None:
    assert days_and_rest("P1DT12H") == (1, 12 * HOUR)
    assert days_and_rest("P2W") == (14, 0)
