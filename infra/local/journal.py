"""What the emulator has carried out since its last snapshot, line by line on disk.

A line is written before its request is answered, by one call of the system: it outlives the
process from there on, though not the machine's own power, for nothing waits for the disk. It knows
the standard library alone, because it runs on the emulator's interpreter.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Journal:
    """What has been carried out since the last snapshot, one JSON line each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self._file: int | None = None
        self.entries = 0

    def on_disk(self) -> list[tuple[int, Path]]:
        """Return the journals there are by number, the oldest first."""
        found = self.folder.glob("journal-*.ndjson")
        return sorted((int(each.stem.partition("-")[2]), each) for each in found)

    def turn(self) -> int:
        """Begin a new journal and return its number."""
        with self.lock:
            number = max([0, *(number for number, _ in self.on_disk())]) + 1
            self.close()
            path = self.folder / f"journal-{number:012d}.ndjson"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            return number

    def write(self, entry: dict[str, Any]) -> None:
        """Add a line; it outlives this process from here on."""
        with self.lock:
            if self._file is not None:
                os.write(self._file, _encode(entry).encode() + b"\n")
                self.entries += 1

    def close(self) -> None:
        """Write no more to this journal."""
        if self._file is not None:
            os.close(self._file)
        self._file, self.entries = None, 0

    def drop(self, before: int) -> None:
        """Remove the journals below a number."""
        for number, path in self.on_disk():
            if number < before:
                path.unlink(missing_ok=True)

    def read(self, since: int) -> Iterator[dict[str, Any]]:
        """Yield what the journals from a number on have; a line cut off was never answered."""
        for number, path in self.on_disk():
            if number < since:
                continue
            for line in path.read_bytes().splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                yield entry
