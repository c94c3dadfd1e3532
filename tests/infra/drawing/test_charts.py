"""Columns and bars of characters, each picture written out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.drawing.charts import Point, bar, columns, fit

WEEK = [
    Point(f"{day} Oct", Decimal(value))
    for day, value in enumerate(["400", "850", "-50", "0", "1", "200", "100"], 1)
]
NOTHING = [Point("1 Oct", Decimal(0)), Point("2 Oct", None)]


def picture(*lines: str) -> tuple[str, ...]:
    return lines


def test_columns_stand_on_zero_and_hang_below_it() -> None:
    drawn = columns(WEEK, width=40, sums=True)

    assert drawn.per_column == 1
    assert drawn.lines == picture(
        "    │     ▂▂▂▂",
        "800 ┤     ████",
        "    │     ████",
        "400 ┤████ ████",
        "    │████ ████           ▁▁▁▁ ████ ▄▄▄▄",
        "  0 ┼───────────────────────────────────",
        "    │          ▔▔▔▔",
        "     1 Oct     3 Oct     5 Oct     7 Oct",
    )


def test_without_unicode_the_same_picture_is_ascii() -> None:
    drawn = columns(WEEK, width=40, sums=True, ascii_only=True)

    assert drawn.lines == picture(
        "    |     ....",
        "800 +     ####",
        "    |     ####",
        "400 +#### ####",
        "    |#### ####           .... #### ::::",
        "  0 +-----------------------------------",
        "    |          ....",
        "     1 Oct     3 Oct     5 Oct     7 Oct",
    )


def test_where_all_is_negative_all_hangs_and_what_is_unknown_is_a_gap() -> None:
    points = [Point("1 Oct", Decimal(-9)), Point("2 Oct", None), Point("3 Oct", Decimal(-4))]

    drawn = columns(points, width=24, height=4, sums=True)

    assert drawn.lines == picture(
        "  0 ┼──────────────────",
        " -5 ┤█████       █████",
        "-10 ┤█████",
        "     1 Oct       3 Oct",
    )


def test_what_comes_in_pieces_has_a_scale_of_whole_steps() -> None:
    points = [Point("Oct", Decimal(2)), Point("Nov", Decimal(3))]

    drawn = columns(points, width=24, sums=False, whole=True)

    assert drawn.lines == picture(
        "3 ┤      █████",
        "2 ┤█████ █████",
        "1 ┤█████ █████",
        "0 ┼────────────",
        "   Oct   Nov",
    )


@pytest.mark.parametrize("points", [[], NOTHING])
def test_nothing_but_zeros_is_no_picture(points: list[Point]) -> None:
    assert columns(points, width=40, sums=True).lines == ()


def test_neighbours_are_summed_or_the_last_of_them_stands() -> None:
    points = [Point(str(at), Decimal(at)) for at in range(1, 8)]

    summed, per_column = fit(points, 3, sums=True)
    levels, _ = fit(points, 3, sums=False)

    assert per_column == 3
    assert summed == [
        Point(label, Decimal(total)) for label, total in zip("147", (6, 15, 7), strict=True)
    ]
    assert [each.value for each in levels] == [3, 6, 7]
    assert fit(points, 7, sums=True) == (points, 1)
    assert fit([*NOTHING, Point("3", None)], 1, sums=True)[0] == [Point("1 Oct", Decimal(0))]
    assert fit([Point("1", None), Point("2", None)], 1, sums=True)[0] == [Point("1", None)]


amounts = st.decimals(-(10**9), 10**9, allow_nan=False, places=2)


@given(
    values=st.lists(st.none() | amounts, min_size=1, max_size=400),
    width=st.integers(30, 120),
    height=st.integers(2, 12),
    sums=st.booleans(),
    ascii_only=st.booleans(),
)
def test_every_picture_fits_its_width_and_its_height(
    values: list[Decimal | None], width: int, height: int, sums: bool, ascii_only: bool
) -> None:
    points = [Point(f"{at} Oct", value) for at, value in enumerate(values)]

    drawn = columns(points, width=width, height=height, sums=sums, ascii_only=ascii_only)

    assert all(len(line) <= width for line in drawn.lines)
    assert len(drawn.lines) <= height + 2
    assert not ascii_only or all(line.isascii() for line in drawn.lines)


@given(values=st.lists(amounts, min_size=1, max_size=30), sums=st.booleans())
def test_what_is_not_zero_is_seen(values: list[Decimal], sums: bool) -> None:
    points = [Point("x", value) for value in values]

    lines = columns(points, width=80, sums=sums).lines

    if not any(values):
        assert lines == ()
        return
    margin = next(at for at, each in enumerate(lines[0]) if each in "┤│┼") + 1
    step = max(len(line) for line in lines if "┼" in line) - margin
    step //= len(values)
    rows = [line[margin:] for line in lines[:-1] if "┼" not in line]
    for at, value in enumerate(values):
        cells = [row[at * step : at * step + 1].strip() for row in rows]
        assert any(cells) == bool(value)


@pytest.mark.parametrize(
    ("part", "whole", "drawn", "plainly"),
    [
        ("100", "100", "██████████", "##########"),
        ("42", "100", "████▏", "####"),
        ("0.01", "100", "▏", "#"),
        ("0", "100", "", ""),
        ("-5", "100", "", ""),
        ("5", "0", "", ""),
        ("500", "100", "██████████", "##########"),
    ],
)
def test_a_bar_is_a_share_and_never_longer_than_its_place(
    part: str, whole: str, drawn: str, plainly: str
) -> None:
    assert bar(Decimal(part), Decimal(whole), 10) == drawn
    assert bar(Decimal(part), Decimal(whole), 10, ascii_only=True) == plainly
