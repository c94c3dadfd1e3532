"""The log's files on this machine, while one compactor works on them.

Files never change under their keys, so what is here already is not fetched again.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from shared.domain.change_log.manifest import File
from shared.domain.errors import Contended


class Objects(Protocol):
    """Where the log lies."""

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None where there is none."""

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Store an object, perhaps on a condition, and return its etag. Raise Contended."""


class LocalFiles:
    """A folder with copies of objects, by their keys."""

    def __init__(self, folder: Path, objects: Objects) -> None:
        self._folder = folder
        self._objects = objects

    def path(self, key: str) -> Path:
        """Return where an object's copy is, or would be."""
        return self._folder / key.replace("/", "~")

    def fetch(self, key: str) -> Path:
        """Return an object's copy. Raise Contended where it is gone: what named it is out of date.

        A copy is only ever whole.
        """
        path = self.path(key)
        if not path.exists():
            found = self._objects.get(key)
            if found is None:
                raise Contended(f"{key} is gone")
            part = path.with_suffix(".part")
            part.write_bytes(found[0])
            part.rename(path)
        return path

    def store(self, key: str, rows: int) -> File:
        """Put a file that was made here where all can read it."""
        content = self.path(key).read_bytes()
        self._objects.put(key, content)
        return File(key, rows, len(content))

    def keep(self, keys: Collection[str]) -> None:
        """Remove all copies but these."""
        kept = {self.path(key) for key in keys}
        for path in self._folder.iterdir():
            if path.is_file() and path not in kept:
                path.unlink(missing_ok=True)
