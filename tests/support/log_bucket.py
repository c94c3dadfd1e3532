"""The change log's bucket in memory, with tails and files as the writers leave them there."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.adapters.objects import Listed
from shared.adapters.parquet import Merger
from shared.domain.change_log.manifest import KEY, TAILS, File, FileSet, Manifest, dump, file_key
from tests.support.log_shop import write_tail

Rows = Iterable[Mapping[str, Any]]


class LogBucket:
    """Objects by key; `calls` counts what was asked of the bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self.got: list[str] = []
        self.manifest = Manifest()
        self._numbers = 0

    def get(self, key: str) -> tuple[bytes, str] | None:
        self.calls["get"] += 1
        self.got.append(key)
        content = self.objects.get(key)
        return None if content is None else (content, _etag(content))

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        self.calls["get_unless"] += 1
        content = self.objects[key]
        return None if _etag(content) == etag else (content, _etag(content))

    def list(self, prefix: str, after: str = "") -> list[Listed]:
        self.calls["list"] += 1
        found = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        return [Listed(key, len(self.objects[key]), 0) for key in found]

    def put_tail(self, written: int, dataset: str, rows: Rows) -> str:
        """Add a tail of one dataset's rows, with their positions; return its key."""
        self._numbers += 1
        stem = f"{written:013d}-{self._numbers:08x}"
        lines = [
            {dataset: {"epoch": 1, **row, "position": f"{stem}-{number:06d}"}}
            for number, row in enumerate(rows)
        ]
        key = f"{TAILS}{stem}.ndjson.gz"
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.objects[key] = gzip.compress(text.encode(), mtime=0)
        return key

    def put_files(self, dataset: str, *, folded: Iterable[str] = (), **parts: Rows) -> None:
        """Name other files of a dataset than before, each part of these rows."""
        files = {part: (self._file(dataset, part, rows),) for part, rows in parts.items()}
        held = self.manifest.datasets[dataset]
        self.put_manifest(
            datasets={**self.manifest.datasets, dataset: replace(held, **files)},
            folded=self.manifest.folded | set(folded),
        )

    def put_manifest(self, **changes: Any) -> None:
        """Store the next generation of the manifest."""
        generation = self.manifest.generation + 1
        self.manifest = replace(self.manifest, generation=generation, **changes)
        self.objects[KEY] = dump(self.manifest)

    def files(self, dataset: str) -> FileSet:
        return self.manifest.datasets[dataset]

    def _file(self, dataset: str, part: str, rows: Rows) -> File:
        self._numbers += 1
        key = file_key(dataset, part, self._numbers, f"{self._numbers:08x}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.parquet"
            count = write_parquet(path, dataset, rows, history=part == "history")
            self.objects[key] = path.read_bytes()
        return File(key, count, len(self.objects[key]))


def write_parquet(path: Path, dataset: str, rows: Rows, *, history: bool = False) -> int:
    """Write rows as compaction writes them; return how many."""
    lines = [{dataset: {"epoch": 1, "position": "0", **row}} for row in rows]
    tail = write_tail(path.with_suffix(".ndjson.gz"), lines)
    merger = Merger(path.parent, memory_mb=500, threads=1)
    merger.load([tail])
    write = merger.history if history else merger.newest
    count = write(dataset, [], path, loaded=True)
    merger.close()
    return count


def _etag(content: bytes) -> str:
    return f'"{hash(content)}"'
