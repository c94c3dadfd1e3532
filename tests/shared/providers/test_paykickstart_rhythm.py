"""The interval between two billing dates, as a calendar and not as a number of seconds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.samples.paykickstart import later
from shared.domain import times
from shared.providers.paykickstart_rhythm import between


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("2026-01-15", "2026-02-15", ("monthly", 1)),
        ("2026-01-31", "2026-02-28", ("monthly", 1)),
        ("2026-02-28", "2026-03-31", ("monthly", 1)),
        ("2026-02-01", "2026-03-01", ("monthly", 1)),
        ("2026-01-31", "2026-03-01", ("monthly", 1)),
        ("2026-03-01", "2026-03-31", ("monthly", 1)),
        ("2026-01-15", "2026-04-15", ("monthly", 3)),
        ("2026-01-15", "2026-07-14", ("monthly", 6)),
        ("2026-01-15", "2027-01-15", ("yearly", 1)),
        ("2024-02-29", "2025-02-28", ("yearly", 1)),
        ("2026-01-15", "2028-01-15", ("yearly", 2)),
        ("2026-01-15", "2026-01-22", ("weekly", 1)),
        ("2026-03-01", "2026-03-29", ("weekly", 4)),
        ("2026-01-15", "2026-01-16", ("daily", 1)),
        ("2026-01-15", "2026-01-25", ("daily", 10)),
        ("2026-01-15", "2026-01-15", None),
        ("2026-01-15", "2025-12-15", None),
        ("2026-01-15", "9999-12-31", None),
    ],
)
def test_interval_between_two_dates(first: str, second: str, found: tuple[str, int] | None) -> None:
    assert between(times.from_text(first), times.from_text(second)) == found


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 4_000_000_000), st.integers(1, 36))
def test_whole_months_are_found_from_any_day(at: int, months: int) -> None:
    found = between(at * times.SECOND, later(at, months) * times.SECOND)

    wanted = ("monthly", months) if months % 12 else ("yearly", months // 12)
    assert found == wanted


@settings(max_examples=300, deadline=None)
@given(st.integers(0, times.LATEST), st.integers(0, times.LATEST))
def test_any_two_times_have_an_answer(first: int, second: int) -> None:
    found = between(first, second)

    assert found is None or found[1] > 0
