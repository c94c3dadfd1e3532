"""Figures as people read them: exact, and nothing of somebody else's obeyed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from infra.drawing.numbers import (
    change_of,
    day_of,
    moment_of,
    nice_step,
    plain,
    share_of,
    steps_to,
    text_of,
)
from infra.drawing.report import Kind, Kpi, Value, number


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("1234567.50", "money", "1,234,567.50"),
        ("-0.05", "money", "-0.05"),
        ("2900", "money", "2,900"),
        ("90071992547409930.01", "money", "90,071,992,547,409,930.01"),
        (12345, "count", "12,345"),
        (0.125, "rate", "12.5%"),
        (0, "rate", "0.0%"),
        (None, "money", "-"),
        ("no number", "money", "-"),
    ],
)
def test_a_figure_is_printed_exactly(value: Value, kind: Kind, text: str) -> None:
    assert text_of(value, kind) == text


@pytest.mark.parametrize(
    ("value", "previous", "change", "text", "plainly"),
    [
        ("150.00", "100.00", 0.5, "▲ 50.0%", "+50.0%"),
        (3, 4, -0.25, "▼ 25.0%", "-25.0%"),
        # More churn is a negative figure that went down, though its share is positive.
        ("-20.00", "-10.00", 1.0, "▼ 100.0%", "-100.0%"),
        ("5.00", "5.00", 0.0, "=", "="),
        (4, 0, None, "-", "-"),
        (4, None, None, "-", "-"),
    ],
)
def test_a_change_points_where_the_figure_went(
    value: Value, previous: Value, change: float | None, text: str, plainly: str
) -> None:
    kpi = Kpi("mrr_churn", value, previous, change)

    assert change_of(kpi) == text
    assert change_of(kpi, ascii_only=True) == plainly


@pytest.mark.parametrize(
    ("name", "verdict"), [("net", 1), ("refunds", -1), ("trials", 0), ("churn_rate", -1)]
)
def test_more_is_better_or_worse_or_only_more(name: str, verdict: int) -> None:
    assert Kpi(name, 2, 1, 1.0).verdict == verdict
    assert Kpi(name, 1, 2, -0.5).verdict == -verdict


def test_dates_are_short_and_other_text_stays() -> None:
    assert day_of("2026-10-04") == "4 Oct"
    assert day_of("2026-10-01", "month") == "Oct 2026"
    assert day_of("not\x1ba date") == "not\ufffda date"
    assert moment_of("2026-10-04T12:00:05.123Z") == "2026-10-04 12:00:05 UTC"


def test_no_character_of_a_strangers_moves_the_terminal() -> None:
    assert plain("Tea\x1b[2J\r\n\u202eaet\u2028") == "Tea\ufffd[2J\ufffd\ufffd\ufffdaet\ufffd"
    assert plain("Café ☕", ascii_only=True) == "Caf? ?"


def test_a_share_of_nothing_is_none() -> None:
    assert share_of(Decimal(1), Decimal(3)) == "33%"
    assert share_of(Decimal(1), Decimal(0)) == "-"


@pytest.mark.parametrize(
    ("high", "low", "rows", "whole", "step"),
    [
        ("850", "-50", 8, False, "200"),
        ("0.07", "0", 8, False, "0.01"),
        ("3", "0", 8, True, "1"),
        ("3", "0", 8, False, "0.5"),
        ("1000000", "0", 5, False, "200000"),
        ("0", "-9", 4, False, "5"),
    ],
)
def test_a_scale_has_round_steps_that_reach_both_ends(
    high: str, low: str, rows: int, whole: bool, step: str
) -> None:
    unit = nice_step(Decimal(high), Decimal(low), rows, whole=whole)

    assert unit == Decimal(step)
    assert steps_to(Decimal(high), unit) + steps_to(Decimal(low), unit) <= rows


def test_what_is_no_finite_number_is_none() -> None:
    assert [number(each) for each in ("NaN", "Infinity", "", None)] == [None] * 4
