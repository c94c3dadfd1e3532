"""`paysignal sync <connection> --csv FILE`: a file's rows as a connection's history.

For what no API tells any more, or for a provider that has none. Rows become recurring payments or
orders of the connection, as old as they say, and fire nothing; what the connection's provider has
told of itself is left alone. They go up a hundred at a time and are judged one by one: a wrong row
keeps no other from being imported, and importing the file again changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from infra.cli import sync_columns as columns
from infra.cli.api import Api
from infra.cli.command import CliError

Json = dict[str, Any]

_ITEMS = 100
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file, numbered as a spreadsheet shows it: its cells, item and faults."""

    number: int
    cells: Sequence[str]
    item: Json
    faults: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Outcome:
    """What became of the rows: how many of each status, and those that were rejected."""

    counts: dict[str, int] = field(default_factory=dict)
    rejected: list[Row] = field(default_factory=list)

    def add(self, status: str) -> None:
        """Count one row."""
        self.counts[status] = self.counts.get(status, 0) + 1


def run(
    api: Api,
    connection_id: str,
    path: Path,
    kind: str | None,
    console: Console,
    *,
    errors: Path | None = None,
) -> int:
    """Import a file; return 1 where rows were rejected, else 0. Raise CliError.

    Without `kind` the columns tell it. Rejected rows go to the file `errors`, where one is named.
    """
    with ExitStack() as stack:
        try:
            lines = _Lines(stack.enter_context(path.open("rb")), path)
            total = path.stat().st_size
        except OSError as error:
            raise CliError(f"{path} cannot be read: {error.strerror}.") from error
        shown = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        progress = stack.enter_context(Progress(*shown, console=console, transient=True))
        task = progress.add_task("rows", total=total)
        table = _Table(lines, kind)
        outcome = Outcome()
        for rows in _hundreds(table.rows(connection_id)):
            _send(api, table.kind, rows, outcome)
            said = f"{sum(outcome.counts.values())} {table.kind}"
            progress.update(task, description=said, completed=lines.bytes)
    _show(outcome, table, console, errors)
    return 1 if outcome.rejected else 0


class _Lines:
    """A file's lines as text, and how many bytes of it have been read. Raises CliError."""

    def __init__(self, raw: Iterator[bytes], path: Path) -> None:
        self._raw = raw
        self._path = path
        self.bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._raw)
        text = line if self.bytes else line.removeprefix(b"\xef\xbb\xbf")
        self.bytes += len(line)
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise CliError(f"{self._path} is not UTF-8: save it as UTF-8 and try again.") from None


class _Table:
    """A CSV file as rows of items, under the columns its first row names."""

    def __init__(self, lines: _Lines, kind: str | None) -> None:
        first = next(lines, "")
        delimiter = next((each for each in ",;\t" if each in first), ",")
        named = next(csv.reader([first], delimiter=delimiter), [])
        self.columns = ["_".join(cell.lower().split()) for cell in named]
        self.kind = kind or columns.kind_of(self.columns)
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        columns.check(self.columns, self.kind)

    def rows(self, connection_id: str) -> Iterator[Row]:
        """Yield the rows that are not blank. Raise CliError where the file breaks CSV's rules."""
        number = 1
        while True:
            number += 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                raise CliError(f"Row {number} breaks the rules of CSV: {error}.") from error
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield self._row(number, cells, connection_id)

    def _row(self, number: int, cells: Sequence[str], connection_id: str) -> Row:
        if len(cells) != len(self.columns):
            fault = f"has {len(cells)} cells, while the first row has {len(self.columns)}"
            return Row(number, cells, {}, [("", fault)])
        item: Json = {"connection_id": connection_id}
        faults = []
        for column, cell in zip(self.columns, cells, strict=True):
            text = cell.strip()
            if not text or column == columns.WHY:
                continue  # an empty cell says nothing
            try:
                columns.place(item, self.kind, column, text)
            except ValueError as error:
                faults.append((column, str(error)))
        return Row(number, cells, item, faults)


def _hundreds(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Yield rows as many at a time as one request takes."""
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ITEMS:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _send(api: Api, kind: str, rows: Sequence[Row], outcome: Outcome) -> None:
    """Import rows and note what became of them. Raise CliError where nothing answers."""
    sound = [row for row in rows if not row.faults]
    body = {"items": [row.item for row in sound], "historical": True}
    results = api.put(f"/v1/{kind}", body)["results"] if sound else []
    names = {path: column for column, path in columns.COLUMNS[kind].items()}
    judged = dict(zip((row.number for row in sound), results, strict=True))
    for row in rows:
        result = judged.get(row.number, {"status": "rejected", "errors": []})
        outcome.add(result["status"])
        if result["status"] == "rejected":
            told = [(names.get(e["path"], e["path"]), e["message"]) for e in result["errors"]]
            outcome.rejected.append(Row(row.number, row.cells, {}, [*row.faults, *told]))


def _show(outcome: Outcome, table: _Table, console: Console, errors: Path | None) -> None:
    """Print what came of the rows, and keep the rejected ones where asked to. Raise CliError."""
    counts = ", ".join(f"{count} {status}" for status, count in outcome.counts.items())
    mark = "[red]✗[/]" if outcome.rejected else "[green]✓[/]"
    console.print(f"{mark} {table.kind}: {counts or 'the file holds no rows'}", soft_wrap=True)
    if not outcome.rejected:
        return
    told = Table("row", "column", "why it was left out", title_justify="left")
    faults = [(row.number, *fault) for row in outcome.rejected for fault in row.faults]
    for number, column, message in faults[:_SHOWN]:
        told.add_row(str(number), escape(column), escape(message))
    console.print(told)
    if errors is not None:
        _keep(outcome.rejected, table.columns, errors)
        console.print(f"[dim]the rejected rows lie in {escape(str(errors))}: mend them there[/]")
    elif len(faults) > _SHOWN:
        console.print("[dim]these are the first; --errors FILE keeps all rejected rows[/]")


def _keep(rejected: Sequence[Row], header: Sequence[str], path: Path) -> None:
    """Write rejected rows, why beside each, as a file that can be imported. Raise CliError."""
    named = [column for column in header if column != columns.WHY]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*named, columns.WHY])
            for row in rejected:
                told = dict(zip(header, row.cells, strict=False))
                why = "; ".join(f"{column} {message}".strip() for column, message in row.faults)
                writer.writerow([*(told.get(column, "") for column in named), why])
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}.") from error
