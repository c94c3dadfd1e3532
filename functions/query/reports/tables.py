"""Answers as CSV, for spreadsheets: one row per date of the series, group, or row of a ledger.

Texts that a spreadsheet would take for a formula are made harmless: people's names and products
come from outside.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def of_report(answer: Mapping[str, Any], group_by: str | None) -> str:
    """Return the groups of an answer that was grouped, else its series."""
    if group_by is None:
        return of_rows(answer["series"], ["date", *answer["kpis"]])
    named = ["key", "label", *(["currency"] if group_by == "currency" else [])]
    return of_rows(answer["groups"], [*named, *answer["kpis"]])


def of_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows of these columns, under their names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    risky = value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(value)
    return f"'{value}" if risky else value
