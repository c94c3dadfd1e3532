"""Answers as CSV, for spreadsheets: one row per date of the series, group, or row of a ledger.

Texts that a spreadsheet would take for a formula are made harmless: people's names and products
come from outside.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.domain.spreadsheets import harmless

CSV = "text/csv; charset=utf-8"
_MONTH = "month date customers retention revenue cumulative_revenue".split()


def of_report(answer: Mapping[str, Any], group_by: str | None) -> str:
    """Return the groups of an answer that was grouped, else its series.

    Groups that have months, as those of `cohorts`, are a row for each month.
    """
    if any("months" in each for each in answer["groups"]):
        return _of_months(answer["groups"])
    if group_by is None:
        return of_rows(answer["series"], ["date", *answer["kpis"]])
    named = ["key", "label", *(["currency"] if group_by == "currency" else [])]
    return of_rows(answer["groups"], [*named, *answer["kpis"]])


def _of_months(groups: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        {"key": each["key"], "label": each["label"], "size": each["customers"], **month}
        for each in groups
        for month in each["months"]
    ]
    return of_rows(rows, ["key", "label", "size", *_MONTH])


def of_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows of these columns, under their names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value
