"""Documents as the change log holds them: DuckDB over what a shop or a store in memory holds."""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.adapters.change_log import Snapshot
from shared.adapters.duck import Duck, Session
from shared.domain.change_log.rows import row_of
from shared.domain.ports import Document, Name
from tests.fakes.memory_store import MemoryStore

CONNECTION = {
    "connection_id": "VARCHAR",
    "provider": "VARCHAR",
    "mode": "VARCHAR",
    "role": "VARCHAR",
    "history_status": "VARCHAR",
    "currency": "VARCHAR",
}
SHOP = {"connection_id": "shop", "provider": "stripe", "mode": "live", "role": "source"}
RECORDED_AT = 1_790_000_000_000


def lines_of(
    documents: Mapping[Name, Document], *, recorded_at: int = RECORDED_AT, epoch: int = 0
) -> list[dict[str, Any]]:
    """Return the lines documents leave in a tail, one row under its dataset's name each."""
    told: list[dict[str, Any]] = []
    for name, document in documents.items():
        found = row_of(name, document)
        if found is not None:
            dataset, row = found
            position = f"{recorded_at:013d}-00000000-{len(told):06d}"
            common = {"epoch": epoch, "recorded_at": recorded_at, "position": position}
            told.append({dataset: {**row, **common}})
    return told


def write_tail(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Write a tail as `record_changes` does."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def duck_of(lines: Iterable[Mapping[str, Any]]) -> Duck:
    """Return a database that holds these lines of a tail; the tail's file is gone already."""
    with tempfile.TemporaryDirectory() as folder:
        duck = Duck([Path(folder)], memory_mb=500, threads=1)
        duck.add_tails(write_tail(Path(folder) / "tail.ndjson.gz", lines))
    return duck


def session_of(
    documents: Mapping[Name, Document], connections: Iterable[Mapping[str, Any]] = (SHOP,)
) -> Session:
    """Return a session over the log of these documents, with a table of `connections`."""
    session = duck_of(lines_of(documents)).open({})
    session.put("connections", CONNECTION, connections)
    return session


class MemoryLog:
    """The change log of a store in memory, as if each of its documents had just been recorded."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.snapshots = 0

    def snapshot(self) -> Snapshot:
        self.snapshots += 1
        held = self._store.documents if isinstance(self._store, MemoryStore) else {}
        # Read as the store reads, so that where the store fails the log does.
        found = self._store.read(list(held))
        documents = {name: each for name, each in found.items() if each is not None}
        told = json.dumps(lines_of(documents)).encode()
        session = session_of(documents, ())
        return Snapshot(hashlib.sha256(told).hexdigest(), RECORDED_AT if held else 0, session)
