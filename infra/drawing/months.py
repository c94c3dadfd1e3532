"""The months of a report's groups as a triangle: a row for each group, a column for each month.

What `cohorts` is read by. A month that has not come yet is left empty; one nobody has is a dash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.drawing.numbers import label_of, plain, text_of
from infra.drawing.report import Kind, Report, Row

_GAP = 2
_GROUPS_MAX = 36


@dataclass(frozen=True, slots=True)
class Triangle:
    """A figure of the months: what it is called, and its cells by group and month."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def triangles(report: Report) -> list[Triangle]:
    """Return what there is to tell of the months; nothing where the groups have none."""
    groups = [row for row in report.groups if row.get("months")]
    if not groups:
        return []
    groups = sorted(groups, key=lambda row: str(row.get("key") or "\uffff"))
    return [
        _triangle(report, groups, "retention", "rate", "Share of customers who bought, by month"),
        _triangle(
            report,
            groups,
            "cumulative_revenue",
            "money",
            f"Revenue up to each month, {report.currency}",
        ),
    ]


def month_rows(report: Report) -> list[dict[str, Any]]:
    """Return the months of all groups, each under the key of its group."""
    return [
        {"key": row.get("key"), "label": row.get("label"), **month}
        for row in report.groups
        for month in _months(row)
    ]


def draw_triangle(triangle: Triangle, console: Console, width: int) -> None:
    """Print a triangle; months that do not fit into `width` are left out, and told of."""
    ascii_only = console.options.ascii_only
    rows = [[plain(cell, ascii_only=ascii_only) for cell in row] for row in triangle.rows]
    shown = rows[-_GROUPS_MAX:]
    widths = [max(map(len, column)) + _GAP for column in zip(triangle.heads, *shown, strict=True)]
    fitting = 2
    while fitting < len(widths) and sum(widths[: fitting + 1]) <= width + _GAP:
        fitting += 1
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for number, head in enumerate(triangle.heads[:fitting]):
        table.add_column(head, justify="right" if number else "left", no_wrap=True)
    for row in shown:
        table.add_row(*(Text(cell) for cell in row[:fitting]))
    console.print(Text(triangle.title, "bold"))
    console.print(table)
    left = len(triangle.heads) - fitting
    if left:
        console.print(Text(f"and {left} more month{'s' * (left > 1)}", "dim"))
    if len(rows) > len(shown):
        console.print(Text(f"and {len(rows) - len(shown)} before", "dim"))


def _triangle(report: Report, groups: Sequence[Row], name: str, kind: Kind, title: str) -> Triangle:
    most = max(len(_months(row)) for row in groups)
    rows = []
    for row in groups:
        told = [text_of(month.get(name), kind) for month in _months(row)]
        size = text_of(row.get("customers"), "count")
        rows.append((label_of(row), size, *told, *[""] * (most - len(told))))
    heads = (report.group_by or "cohort", "customers", *map(str, range(most)))
    return Triangle(f"{title} since the first order", heads, tuple(rows))


def _months(row: Row) -> Sequence[Mapping[str, Any]]:
    found: Any = row.get("months")
    return found or ()
