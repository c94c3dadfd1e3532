"""Parquet's stand-in: files of JSON, merged by plain Python, written apart from the SQL."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from shared.domain.change_log.schema import DATASETS

Row = dict[str, Any]


class FakeMerger:
    """Makes files out of tails and files."""

    def __init__(self) -> None:
        self._loaded: dict[str, list[Row]] = {}

    def load(self, tails: Sequence[Path]) -> dict[str, int]:
        self._loaded = {name: [] for name in DATASETS}
        for tail in tails:
            for dataset, row in tail_rows(tail.read_bytes()):
                self._loaded[dataset].append(row)
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

    def _all(self, dataset: str, files: Sequence[Path], loaded: bool) -> list[Row]:
        rows = [row for path in files for row in file_rows(path.read_bytes())]
        return rows + (self._loaded[dataset] if loaded else [])


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
