"""A report as CSV: readable by any reader, and never a formula."""

from __future__ import annotations

import csv
import io

import pytest

from infra.drawing.sheet import cell, sheet, table
from tests.infra.drawing.answers import answer, empty, report


def test_a_report_is_one_table_with_one_header() -> None:
    groups = [{"key": "p", "label": 'Tea, "green"\nbox', "net": "300.00", "orders": 6}]

    text = sheet(report(answer(groups=groups)))

    assert text == (
        "part,date,key,label,currency,gross,refunds,net,orders,average_order_value,declined\r\n"
        "total,,,,USD,1250.00,50.00,1200.00,24,50.00,0\r\n"
        "previous,,,,USD,1000.00,25.00,975.00,30,50.00,0\r\n"
        "series,2026-10-01,,,USD,,,400.00,8,,\r\n"
        "series,2026-10-02,,,USD,,,850.00,16,,\r\n"
        "series,2026-10-03,,,USD,,,-50.00,0,,\r\n"
        "series,2026-10-04,,,USD,,,0.00,0,,\r\n"
        'group,,p,"Tea, ""green""\nbox",USD,,,300.00,6,,\r\n'
    )
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {11}
    assert rows[-1][3] == 'Tea, "green"\nbox'


def test_a_report_of_nothing_has_its_header_and_its_totals() -> None:
    lines = sheet(report(empty())).splitlines()

    assert lines[0].startswith("part,date,key,label,currency,net,")
    assert lines[1:] == [
        "total,,,,USD,0.00,0,",
        "previous,,,,USD,,,",
        "series,2026-10-01,,,USD,0.00,0,",
    ]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1"],  # noqa: RUF001
)
def test_a_text_that_a_spreadsheet_would_run_is_kept_from_it(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-50.00", "+5", 12, -3, 0.5, "Tea - green", "a=b"])
def test_figures_and_harmless_texts_stay_as_they_are(value: object) -> None:
    assert cell(value) == value


def test_what_a_row_has_none_of_is_empty() -> None:
    assert table(("a", "b"), [{"b": None}, {"a": 1, "c": 2}]) == "a,b\r\n,\r\n1,\r\n"
