"""Which epoch new rows are stamped with, asked of the manifest for every batch.

Asking after a batch has come is what makes rebuilding safe: a row with the old stamp was in the
table before the new one was announced, so the scan that follows has seen it or a newer one. What is
told only long after it was written, by a redrive, has the stamp of its time for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from shared.domain.change_log import manifest


class Objects(Protocol):
    """Where the manifest lies."""

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None where there is none."""

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None while it has the etag given."""


class Stamp:
    """The stamp as of now; the manifest is only sent again when it has changed."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._etag = ""
        self._held = manifest.Manifest()

    def current(self) -> Callable[[int], int]:
        """Return what tells the epoch of a row by when (ms) its document was written."""
        key, objects = manifest.KEY, self._objects
        found = objects.get_unless(key, self._etag) if self._etag else objects.get(key)
        if found is not None:
            content, self._etag = found
            self._held = manifest.parse(content)
        return self._held.stamp_of
