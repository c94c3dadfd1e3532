"""What the emulator has carried out since its last snapshot, line by line on disk.

A line is written before its request is answered, and handed to the system whole: it outlives the
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

    @property
    def is_open(self) -> bool:
        """Whether lines are written: not before the first turn, and not once it is closed."""
        return self._file is not None

    def on_disk(self) -> list[tuple[int, Path]]:
        """Return the journals there are by number, the oldest first."""
        found = self.folder.glob("journal-*.ndjson")
        return sorted((int(each.stem.partition("-")[2]), each) for each in found)

    def turn(self) -> int:
        """Begin a new journal and return its number. Raise OSError and go on with the old one."""
        with self.lock:
            number = max([0, *(number for number, _ in self.on_disk())]) + 1
            path = self.folder / f"journal-{number:012d}.ndjson"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self.close()
            self._file = file
            return number

    def write(self, entry: dict[str, Any]) -> None:
        """Add a line; it outlives this process from here on. Raise OSError and add nothing."""
        with self.lock:
            if self._file is not None:
                _write_all(self._file, _encode(entry).encode() + b"\n")
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

    def read(self, since: int) -> Iterator[dict[str, Any] | None]:
        """Yield what the journals from a number on have; None for a line that is damaged.

        What a journal has after its last whole line was cut off, and never answered.
        """
        for number, path in self.on_disk():
            if number < since:
                continue
            for line in path.read_bytes().split(b"\n")[:-1]:
                try:
                    entry = json.loads(line)
                except ValueError:
                    entry = None
                yield entry


def _write_all(file: int, line: bytes) -> None:
    """Write a line whole or not at all: half of one would take the next with it."""
    written = 0
    try:
        while written < len(line):
            written += os.write(file, line[written:])
    except OSError:
        os.ftruncate(file, os.fstat(file).st_size - written)
        raise
