"""Times in milliseconds, and as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import times


@given(st.integers(0, times.LATEST))
def test_time_printed_and_read_again_is_the_same(moment: int) -> None:
    text = times.to_text(moment)

    assert text is not None
    assert times.from_text(text) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01", 1_000),
        ("1970-01-02", times.DAY),
        ("1970-01-01T00:00:00.123456Z", 123),
    ],
)
def test_time_is_read_with_or_without_an_offset(text: str, moment: int) -> None:
    assert times.from_text(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month|day"):
        times.from_text(text)


def test_no_time_prints_as_nothing() -> None:
    assert times.to_text(None) is None
