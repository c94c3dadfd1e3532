"""The rows of an imported file, read from any place on: CSV or NDJSON, bytes in, contacts out.

Pure. A file is read window by window, and each row says where it ends, so that whoever goes on
later begins exactly there. Rows are numbered as a spreadsheet shows them: every row counts, the
header is the first; of NDJSON it is the line. What is said of a faulty row never quotes it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.domain.strict_json import NotStrictJson, parse_object

FORMATS = ("csv", "ndjson")
# No row is longer: what does not end within a window never will.
WINDOW_BYTES = 1 << 20

NOT_UTF8 = "is not UTF-8 (Latin-1 perhaps): save the file as UTF-8 and import it again"
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = (",", ";", "\t")
_LABELS = re.compile(r"[;|]")
# What a column is called, and where its cell goes in the body of PUT /v1/contacts.
_COLUMNS = {
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "phone": "phone",
    "company": "company",
    "source": "source.first_source",
    "first_source": "source.first_source",
    "campaign": "source.campaign",
    "landing_page": "source.landing_page",
    "tags": "add_tags",
    "lists": "add_lists",
    "created_date": "created_date",
}
_NAMES = {path: name for name, path in reversed(_COLUMNS.items())}


class Unreadable(Exception):
    """The file cannot be read at all; `row` is where, if anywhere, the message says why."""

    def __init__(self, message: str, row: int | None = None, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.row = row
        self.path = path


@dataclass(frozen=True, slots=True)
class Header:
    """A CSV file's first row: where each column's cells go, and the byte behind it."""

    paths: tuple[str, ...]
    delimiter: str
    ends: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it says of a contact, or why it cannot be read; neither where it is blank.

    `ends` counts bytes from the window's beginning.
    """

    number: int
    ends: int
    values: dict[str, Any] | None = None
    fault: str = ""


@dataclass(slots=True)
class _Lines:
    """The lines of a window, as text; bytes that are no UTF-8 become lone surrogates."""

    window: bytes
    whole: bool
    at: int = 0
    ended: bool = field(default=False)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self.take().decode("utf-8", "surrogateescape")

    def take(self) -> bytes:
        """Return the next line; raise StopIteration where none ends within the window."""
        end = self.window.find(b"\n", self.at) + 1
        if not end and self.whole:
            end = len(self.window)
        if end <= self.at:
            self.ended = True
            raise StopIteration
        line, self.at = self.window[self.at : end], end
        return line


def read_header(window: bytes, *, whole: bool) -> Header:
    """Return the first row of a CSV file, whose first bytes these are. Raise Unreadable."""
    lines = _Lines(window, whole, at=len(_BOM) if window.startswith(_BOM) else 0)
    first = window[lines.at :].partition(b"\n")[0]
    delimiter = next((each for each in _DELIMITERS if each.encode() in first), ",")
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error:
        raise Unreadable("the header row breaks the rules of CSV", 1) from None
    if not cells:
        raise Unreadable("the first row has to name the columns", 1)
    if not _is_utf8(cells):
        raise Unreadable(f"the header row {NOT_UTF8}", 1)
    return Header(_paths(cells), delimiter, lines.at)


def read_csv(window: bytes, header: Header, row: int, limit: int, *, whole: bool) -> list[Row]:
    """Return up to `limit` rows of a CSV file, `row` being how many lie before the window.

    `whole` says that the file ends with the window; a row that is cut off by it is left out.
    """
    lines = _Lines(window, whole)
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    rows: list[Row] = []
    while len(rows) < limit:
        number = row + len(rows) + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            if not lines.ended:
                rows.append(Row(number, lines.at, fault="breaks the rules of CSV"))
                continue
            if whole:
                fault = "opens a quotation mark that is never closed; all behind it is left out"
                rows.append(Row(number, lines.at, fault=fault))
            break
        rows.append(_row(number, lines.at, cells, header.paths))
    return rows


def read_ndjson(window: bytes, row: int, limit: int, *, whole: bool) -> list[Row]:
    """Return up to `limit` rows of an NDJSON file; the arguments are those of `read_csv`."""
    lines = _Lines(window, whole)
    rows: list[Row] = []
    while len(rows) < limit:
        try:
            line = lines.take()
        except StopIteration:
            break
        number = row + len(rows) + 1
        line = (line.removeprefix(_BOM) if number == 1 else line).strip()
        values, fault = None, ""
        if line:
            try:
                values = parse_object(line)
            except NotStrictJson:
                fault = "is not one JSON object in UTF-8"
        rows.append(Row(number, lines.at, values, fault))
    return rows


def told(path: str) -> str:
    """Return what a CSV file calls the field that lies at this path of a body."""
    for known, name in _NAMES.items():
        if path == known or path.startswith(f"{known}."):
            return name
    return path


def _paths(cells: Sequence[str]) -> tuple[str, ...]:
    """Return where each column goes. A file without a header must not be quoted for lacking it."""
    paths: list[str] = []
    for place, cell in enumerate(cells, 1):
        path = _COLUMNS.get("_".join(cell.lower().split()))
        if path is None:
            known = ", ".join(_COLUMNS)
            raise Unreadable(f"the header's column {place} is none of {known}", 1)
        if path in paths:
            raise Unreadable("the header names this column twice", 1, told(path))
        paths.append(path)
    if "email" not in paths:
        raise Unreadable("the header names no column email", 1, "email")
    return tuple(paths)


def _row(number: int, ends: int, cells: list[str], paths: tuple[str, ...]) -> Row:
    if not any(cell.strip() for cell in cells):
        return Row(number, ends)
    if not _is_utf8(cells):
        return Row(number, ends, fault=NOT_UTF8)
    if len(cells) != len(paths):
        fault = f"has {len(cells)} cells, while the header has {len(paths)}"
        return Row(number, ends, fault=fault)
    values: dict[str, Any] = {}
    for path, cell in zip(paths, cells, strict=True):
        text = cell.strip()
        head, _, below = path.partition(".")
        if not text:
            continue  # an empty cell says nothing: what is stored stays
        if head in ("add_tags", "add_lists"):
            values[head] = [each.strip() for each in _LABELS.split(text) if each.strip()]
        elif below:
            values.setdefault(head, {})[below] = text
        else:
            values[head] = text
    return Row(number, ends, values)


def _is_utf8(cells: Sequence[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True
