"""Parquet's stand-in: files of JSON, merged by plain Python, written apart from the SQL."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from shared.domain.change_log.erased import AFFECTED, IDS, LINKS, PERSONAL, PERSONAL_FIELDS, WHOLE
from shared.domain.change_log.schema import DATASETS
from shared.domain.erasure import Erasure

Row = dict[str, Any]
RECORDS = {"orders": "order", "recurring_payments": "recurring_payment"}


class FakeMerger:
    """Makes files out of tails and files."""

    def __init__(self) -> None:
        self._loaded: dict[str, list[Row]] = {}
        self._erased: list[Erasure] = []
        self._records: dict[tuple[str, str, str], int] = {}
        self._versions: set[Any] = set()

    def forget(self, erased: Iterable[Erasure]) -> None:
        self._erased = list(erased)
        self._records, self._versions = {}, set()

    def load(self, tails: Sequence[Path]) -> dict[str, int]:
        self._loaded = {name: [] for name in DATASETS}
        for tail in tails:
            for dataset, row in tail_rows(tail.read_bytes()):
                self._loaded[dataset].append(row)
        self._records, self._versions = {}, set()
        for dataset in RECORDS:
            self._learn(dataset, self._loaded[dataset])
        return {name: len(rows) for name, rows in self._loaded.items()}

    def as_of(self) -> int:
        return max(int(row["recorded_at"]) for rows in self._loaded.values() for row in rows)

    def history(self, dataset: str, files: Sequence[Path], out: Path, *, loaded: bool) -> int:
        kept: dict[Any, Row] = {}
        for row in self._all(dataset, files, loaded):
            key = (identity(dataset, row), row["epoch"], row["version"])
            if key not in kept or row["position"] < kept[key]["position"]:
                kept[key] = row
        return _write(list(kept.values()), out)

    def newest(
        self, dataset: str, files: Sequence[Path], out: Path, *, loaded: bool, epoch: int = 0
    ) -> int:
        rows = newest_rows(dataset, self._all(dataset, files, loaded), epoch).values()
        return _write(list(rows), out)

    def learn(self, dataset: str, history: Path) -> None:
        self._learn(dataset, file_rows(history.read_bytes()))

    def speaks_of_erased(self, dataset: str, file: Path) -> bool:
        rows = file_rows(file.read_bytes())
        return self._without(dataset, rows) != rows

    def without_erased(self, dataset: str, file: Path, out: Path) -> int:
        return _write(self._without(dataset, file_rows(file.read_bytes())), out)

    def _learn(self, dataset: str, rows: Iterable[Row]) -> None:
        for row in rows:
            for each in self._erased:
                if covers(each, row):
                    key = (RECORDS[dataset], row["connection_id"], row["id"])
                    self._records[key] = max(each.erased_at, self._records.get(key, 0))
                    self._versions.add((*key, row["epoch"], row["version"]))

    def _without(self, dataset: str, rows: Iterable[Row]) -> list[Row]:
        kept = (self._redacted(dataset, row) for row in rows)
        return [row for row in kept if row is not None]

    def _redacted(self, dataset: str, row: Row) -> Row | None:
        if dataset not in AFFECTED or not self._is_erased(dataset, row):
            return row
        if dataset in WHOLE:
            return None
        left = {name: value for name, value in row.items() if name not in PERSONAL[dataset]}
        for name in IDS:
            if "@" not in (row.get(name) or "@"):
                left[name] = row[name]
        if dataset == "changes" and "changes" in row:
            told = [each for each in json.loads(row["changes"]) if not _tells(each)]
            left["changes"] = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return left

    def _is_erased(self, dataset: str, row: Row) -> bool:
        contact_id = row.get("contact_id")
        if contact_id is not None and contact_id in {each.contact_id for each in self._erased}:
            return True
        if dataset == "activity":
            at = int(row["id"][:15]) if row["id"][:15].isdigit() else 0
            return any(each.covers(None, row["email"], at) for each in self._erased)
        if dataset == "changes":
            record = (row["record"], row["connection_id"], row["id"])
            until = self._records.get(record, -1)
            return contact_id is None and bool(row["recorded_at"] <= until)
        if dataset not in RECORDS:
            return False
        if "recorded_at" in row:
            return any(covers(each, row) for each in self._erased)
        key = (RECORDS[dataset], row["connection_id"], row["id"], row["epoch"], row["version"])
        return contact_id is None and key in self._versions

    def _all(self, dataset: str, files: Sequence[Path], loaded: bool) -> list[Row]:
        rows = [row for path in files for row in file_rows(path.read_bytes())]
        return rows + (self._without(dataset, self._loaded[dataset]) if loaded else [])


def covers(erasure: Erasure, row: Row) -> bool:
    """Tell whether a row of a record is one of somebody who was erased."""
    contact_id = row.get("contact_id")
    if contact_id is not None:
        return bool(contact_id == erasure.contact_id)
    return erasure.covers(None, row.get("email"), row["recorded_at"])


def identity(dataset: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in DATASETS[dataset].identity)


def newest_rows(dataset: str, rows: Iterable[Row], epoch: int) -> dict[Any, Row]:
    """Return the newest row of each identity, at the place where its version was told first."""
    rows = list(rows)
    first: dict[Any, str] = {}
    for row in rows:
        key = (identity(dataset, row), row["version"])
        first[key] = min(first.get(key, row["position"]), row["position"])
    found: dict[Any, Row] = {}
    for row in sorted(rows, key=lambda row: (row["epoch"], row["version"])):
        if row["epoch"] >= epoch:
            who = identity(dataset, row)
            found[who] = {**row, "position": first[who, row["version"]]}
    return found


def tail_rows(content: bytes) -> list[tuple[str, Row]]:
    lines = gzip.decompress(content).splitlines()
    return [pair for line in lines for pair in json.loads(line).items()]


def file_rows(content: bytes) -> list[Row]:
    rows: list[Row] = json.loads(content)
    return rows


def _write(rows: list[Row], out: Path) -> int:
    out.write_bytes(json.dumps(rows).encode())
    return len(rows)


def _tells(change: list[Any]) -> bool:
    field = change[0]
    return field in PERSONAL_FIELDS or (field in LINKS and "@" in json.dumps(change))
