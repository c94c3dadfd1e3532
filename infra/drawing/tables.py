"""Reports as tables for the terminal: the figures, the groups with their shares, a ledger's rows.

Every text of somebody else's is put in as plain text, never as markup. Colours are the console's
to leave out: they repeat what an arrow and a sign already say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from infra.drawing.charts import bar
from infra.drawing.numbers import NONE, change_of, label_of, plain, share_of, text_of
from infra.drawing.report import Report, Row, caption

_BAR = 20
_GAP = 2
_LABEL_MIN = 16
# A ledger's columns, the most telling first.
_LEDGER = ("date", "kind", "amount", "currency", "email", "id")
_GROUPS_MAX = 20
# Beside the figure that the bars show, so many more find room on most terminals.
_BESIDE = 3
_STYLES = {1: "green", -1: "red", 0: "dim"}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table of groups, ready to be printed."""

    head: str
    texts: list[str]
    style: str = ""

    @property
    def width(self) -> int:
        """How much room it takes, with the gap after it."""
        return max(len(text) for text in (self.head, *self.texts)) + _GAP


def kpi_table(report: Report, *, explain: bool = False, ascii_only: bool = False) -> Table:
    """Return the figures, each with the one before and its change; `explain` says what they are."""
    compared = any(kpi.previous is not None for kpi in report.kpis)
    table = _table()
    table.add_column("figure")
    table.add_column("value", justify="right", no_wrap=True)
    if compared:
        table.add_column("before", justify="right", style="dim", no_wrap=True)
        table.add_column("change", justify="right", no_wrap=True)
    if explain:
        table.add_column("what it is", ratio=1)
    for kpi in report.kpis:
        kind = report.kind(kpi.name)
        cells = [Text(caption(kpi.name)), Text(text_of(kpi.value, kind), "bold")]
        if compared:
            change = change_of(kpi, ascii_only=ascii_only)
            cells += [Text(text_of(kpi.previous, kind)), Text(change, _STYLES[kpi.verdict])]
        if explain:
            meaning = report.meanings.get(kpi.name)
            about = meaning.about if meaning else NONE
            cells.append(Text(plain(about, ascii_only=ascii_only)))
        table.add_row(*cells)
    return table


def group_table(report: Report, name: str, *, width: int, ascii_only: bool = False) -> Table:
    """Return the groups, the largest by the figure `name` first, with its size as a bar.

    A bar is a share of all groups together where they are parts of one whole, else of the largest.
    What does not fit into `width` is left out: a label may be cut, a figure never is.
    """
    shown = report.ranked(name)[:_GROUPS_MAX]
    columns, room = _fitting(report, name, shown, width)
    label = _LABEL_MIN + room
    table = _table()
    table.add_column(report.group_by or "group", overflow="ellipsis", no_wrap=True, max_width=label)
    for column in columns:
        table.add_column(column.head, justify="right", no_wrap=True)
    if report.group_by != "currency" and room >= _BAR + _GAP:
        table.columns[0].max_width = label - _BAR - _GAP
        table.add_column("", width=_BAR, no_wrap=True)
        columns.append(_Column("", _bars(report, name, shown, ascii_only), "cyan"))
    for at, row in enumerate(shown):
        cells = [Text(column.texts[at], column.style) for column in columns]
        table.add_row(Text(plain(label_of(row), ascii_only=ascii_only)), *cells)
    if len(report.groups) > len(shown):
        table.add_row(Text(f"and {len(report.groups) - len(shown)} more", "dim"))
    return table


def _fitting(
    report: Report, name: str, rows: Sequence[Row], width: int
) -> tuple[list[_Column], int]:
    """Return the columns of figures there is room for, and the room that is left beside them.

    The figure itself and its share are there in any case, the bar goes before others.
    """
    columns = [_figure(report, name, rows)]
    if report.has_parts(name):
        whole = _whole(report, name)
        shares = [share_of(size or Decimal(0), whole) for size in report.values(rows, name)]
        columns.append(_Column("share", shares))
    room = max(width - _LABEL_MIN - sum(column.width for column in columns), 0)
    for beside in [each for each in report.columns(report.groups) if each != name][:_BESIDE]:
        column = _figure(report, beside, rows)
        if room - column.width < _BAR + _GAP:
            break
        room -= column.width
        columns.append(column)
    return columns, room


def _figure(report: Report, name: str, rows: Sequence[Row]) -> _Column:
    return _Column(caption(name), [text_of(row.get(name), report.kind(name)) for row in rows])


def _bars(report: Report, name: str, rows: Sequence[Row], ascii_only: bool) -> list[str]:
    whole = _whole(report, name)
    sizes = report.values(rows, name)
    return [bar(size or Decimal(0), whole, _BAR, ascii_only=ascii_only) for size in sizes]


def ledger_table(rows: Sequence[Row], *, width: int, ascii_only: bool = False) -> Table:
    """Return the rows behind a figure: of their columns as many as fit, the most telling first."""
    texts = [
        {name: plain(_cell(name, value), ascii_only=ascii_only) for name, value in row.items()}
        for row in rows
    ]
    names = [name for name in _LEDGER if any(name in row for row in rows)]
    names += [name for row in rows for name in row if name not in names]
    shown: list[str] = []
    for name in dict.fromkeys(names):
        longest = max(cell_len(text) for text in (name, *(row.get(name, "") for row in texts)))
        width -= longest + _GAP
        if width < 0 and shown:
            break
        shown.append(name)
    return text_table(texts, shown)


def text_table(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> Table:
    """Return rows of plain text as a table; a text that is too long goes on below."""
    table = _table()
    for name in columns:
        table.add_column(name, justify="right" if name == "amount" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(row.get(name) or NONE) for name in columns))
    return table


def _cell(name: str, value: object) -> str:
    """Return a row's value; a moment without its fractions, all of them are UTC."""
    if value is None:
        return NONE
    return str(value)[:19].replace("T", " ") if name == "date" else str(value)


def _whole(report: Report, name: str) -> Decimal:
    """Return what a full bar stands for: all groups together, or the largest of them."""
    sizes = [size for size in report.values(report.groups, name) if size is not None and size > 0]
    if report.has_parts(name):
        return sum(sizes, Decimal(0))
    return max(sizes, default=Decimal(0))


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
