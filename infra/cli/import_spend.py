"""`paysignal import spend`: a sheet of what was spent, told row by row.

The API judges each row by itself and knows it by its day, source, campaign and currency, so a sheet
that was mended or has grown is imported again as a whole.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.cli.api import Api
from infra.cli.command import CliError

HELP = """a CSV file of spend, a row for each day and campaign; source and campaign may be blank
  date,source,campaign,amount,currency
  2026-11-01,ads,tea,25.00,USD"""
_COLUMNS = ("date", "source", "campaign", "amount", "currency")
_NEEDED = ("date", "amount", "currency")
_ITEMS = 500
_SHOWN = 20

Rejected = tuple[int, str, str]  # the row as a spreadsheet numbers it, the field, why


def run(api: Api, path: Path, console: Console) -> int:
    """Import a file; return 1 where rows were rejected, else 0. Raise CliError."""
    rows = _read(path)
    counts: Counter[str] = Counter()
    rejected: list[Rejected] = []
    for start in range(0, len(rows), _ITEMS):
        part = rows[start : start + _ITEMS]
        told = api.put("/v1/spend", {"items": [item for _, item in part]})["results"]
        for (number, _), result in zip(part, told, strict=True):
            counts[result["status"]] += 1
            rejected += [(number, each["path"], each["message"]) for each in result["errors"]]
    _show(counts, rejected, console)
    return 1 if rejected else 0


def _read(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the rows that are not blank, each with its number. Raise CliError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise CliError(f"{path} is not UTF-8: save it as UTF-8 and try again.") from None
    first = text.partition("\n")[0]
    delimiter = next((each for each in ",;\t" if each in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = ["_".join(cell.lower().split()) for cell in next(reader, [])]
        _check(columns)
        return [
            (number, _item(columns, cells, number))
            for number, cells in enumerate(reader, 2)
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise CliError(f"{path} breaks the rules of CSV: {error}.") from error


def _check(columns: list[str]) -> None:
    unknown = sorted(set(columns) - set(_COLUMNS))
    missing = [each for each in _NEEDED if each not in columns]
    if unknown or missing or len(set(columns)) < len(columns):
        about = f"has none for {', '.join(missing)}" if missing else ""
        about = f"does not know {', '.join(unknown)}" if unknown else about
        raise CliError(
            f"The first row {about or 'names a column twice'}: "
            f"it has to name {', '.join(_COLUMNS)}."
        )


def _item(columns: list[str], cells: list[str], number: int) -> Mapping[str, Any]:
    if len(cells) != len(columns):
        raise CliError(f"Row {number} has {len(cells)} cells, the first row has {len(columns)}.")
    named = zip(columns, cells, strict=True)
    return {column: cell.strip() for column, cell in named if cell.strip()}


def _show(counts: Mapping[str, int], rejected: list[Rejected], console: Console) -> None:
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    console.print(f"[green]✓[/] {told or 'the file holds no rows'}", soft_wrap=True)
    if not rejected:
        return
    table = Table("row", "field", "why it was left out", title_justify="left")
    for number, path, message in rejected[:_SHOWN]:
        table.add_row(str(number), escape(path), escape(message))
    console.print(table)
    if len(rejected) > _SHOWN:
        console.print("[dim]these are the first; mend them and import the file again[/]")
