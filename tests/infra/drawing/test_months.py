"""The months of cohorts: as triangles on a terminal and a page, as rows of a sheet."""

from __future__ import annotations

import csv
import io
from typing import Any

from infra.drawing import sheet
from infra.drawing.months import triangles
from infra.drawing.page import page
from infra.drawing.report import Report
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import told
from tests.infra.drawing.answers import answer, kpi
from tests.infra.drawing.test_terminal import drawn, trimmed


def month(number: int, retention: float | None, cumulative: str) -> dict[str, Any]:
    return {
        "month": number,
        "date": f"2026-{8 + number:02d}-01",
        "customers": 1,
        "retention": retention,
        "revenue": "1.00",
        "cumulative_revenue": cumulative,
    }


def group(key: str, *months: dict[str, Any]) -> dict[str, Any]:
    figures = {"customers": 4, "revenue": "60.00", "retention": 0.5}
    return {"key": key, "label": key, **figures, "months": list(months)}


def cohorts(*groups: dict[str, Any]) -> Report:
    found = answer(
        report="cohorts",
        interval="month",
        kpis={"customers": kpi(6, 3, 1.0), "revenue": kpi("60.00"), "retention": kpi(0.5)},
        series=[{"date": "2026-08-01", "customers": 6, "revenue": "60.00", "retention": 0.5}],
        groups=list(groups),
        other_currencies=[],
        notes=[],
    )
    return Report.of(found, told(REPORTS["cohorts"]))


SEPTEMBER = group("2026-09", month(0, 1.0, "40.00"))
AUGUST = group("2026-08", month(0, 1.0, "40.00"), month(1, 0.25, "1060.00"))


def test_the_months_are_triangles_the_oldest_first() -> None:
    text = trimmed(drawn(cohorts(SEPTEMBER, AUGUST)))

    assert text.endswith(
        """\
Share of customers who bought, by month since the first order
cohort   customers       0      1
2026-08          4  100.0%  25.0%
2026-09          4  100.0%

Revenue up to each month, USD since the first order
cohort   customers      0         1
2026-08          4  40.00  1,060.00
2026-09          4  40.00"""
    )


def test_months_that_do_not_fit_are_left_out_and_told_of() -> None:
    wide = group("2026-01", *(month(number, None, "1.00") for number in range(4)))

    text = trimmed(drawn(cohorts(wide), width=28))

    assert "cohort   customers  0  1  2\n2026-01          4  -  -  -\nand 1 more month" in text


def test_long_lives_begin_with_the_newest_groups_there_is_room_for() -> None:
    many = [group(f"20{year}-01", month(0, 1.0, "1.00")) for year in range(10, 60)]

    text = drawn(cohorts(*many))

    assert "2024-01" in text
    assert "2023-01" not in text
    assert "and 14 before" in text


def test_a_page_has_the_same_tables() -> None:
    html = page(cohorts(SEPTEMBER, AUGUST))

    assert "<h2>Share of customers who bought, by month since the first order</h2>" in html
    assert '<th scope="row">2026-08</th><td>4</td><td>100.0%</td><td>25.0%</td>' in html
    assert "1,060.00" in html


def test_a_sheet_has_a_row_for_each_month() -> None:
    rows = list(csv.DictReader(io.StringIO(sheet.sheet(cohorts(SEPTEMBER, AUGUST)), newline="")))

    months = [each for each in rows if each["part"] == "month"]
    told = [(each["key"], each["month"], each["cumulative_revenue"]) for each in months]
    assert told == [
        ("2026-09", "0", "40.00"),
        ("2026-08", "0", "40.00"),
        ("2026-08", "1", "1060.00"),
    ]
    assert "months" not in rows[0]


def test_a_group_of_somebody_elses_naming_is_escaped() -> None:
    html = page(cohorts(group("<b>", month(0, 1.0, "1.00"))))

    assert "<b>" not in html.partition("<body>")[2].replace("&lt;b&gt;", "")


def test_other_reports_have_none() -> None:
    assert triangles(Report.of(answer(), told(REPORTS["orders"]))) == []
