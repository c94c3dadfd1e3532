"""A report as one table for spreadsheets and scripts: RFC 4180, one header, one row a thing.

`part` says what a row is: the range as a whole (`total`), the range before it (`previous`), a
bucket of the series, a group, or a month of one. A text from outside that a spreadsheet would take
for a formula gets an apostrophe before it; the API's own figures are numbers and stay as they are.
Every row has its currency, because groups by currency have one each.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.drawing.months import month_rows
from infra.drawing.report import Report, Row
from shared.domain.spreadsheets import harmless

_HEAD = ("part", "date", "key", "label", "currency")


def sheet(report: Report) -> str:
    """Return the report as CSV with CRLF line ends."""
    names = list(
        dict.fromkeys(
            [
                *(kpi.name for kpi in report.kpis),
                *report.columns(report.series),
                *report.columns(report.groups),
            ]
        )
    )
    months = month_rows(report)
    names += [name for row in months[:1] for name in row if name not in (*_HEAD, *names)]
    rows: list[Mapping[str, Any]] = [
        {"part": "total", **{kpi.name: kpi.value for kpi in report.kpis}},
        {"part": "previous", **{kpi.name: kpi.previous for kpi in report.kpis}},
        *({"part": "series", **row} for row in report.series),
        *({"part": "group", **row} for row in report.groups),
        *({"part": "month", **row} for row in months),
    ]
    rows = [{"currency": report.currency, **row} for row in rows]
    return table((*_HEAD, *names), rows)


def table(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows as CSV; what a row has none of is left empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def cell(value: object) -> object:
    """Return a value as a spreadsheet may read it: no text of it becomes a formula."""
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else value
