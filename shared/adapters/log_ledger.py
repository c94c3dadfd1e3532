"""The erase ledger as those have it who read or tidy the change log: fetched once, kept in memory.

Only what still matters is listed: of old erasures the manifest says that all are done. It must be
read after the manifest: then whoever is in neither was erased later than the files were named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.change_log import erased
from shared.domain.change_log.erased import Ledger
from shared.domain.change_log.manifest import Manifest
from shared.domain.erasure import PREFIX, Erasure, read_object


class Listed(Protocol):
    """An object as a list shows it."""

    @property
    def key(self) -> str:
        """The object's key."""


class Bucket(Protocol):
    """Where the ledger lies."""

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return what lies under `key` and its etag, None where nothing does."""

    def list(self, prefix: str, after: str = "") -> Sequence[Listed]:
        """Return all objects whose keys begin with `prefix` and come after `after`."""


class ErasedPeople:
    """One bucket's ledger."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._held: dict[str, Erasure] = {}

    def read(self, manifest: Manifest) -> Ledger:
        """Return the ledger as it is now.

        Raise ValueError for an object that is damaged or of a newer release: whom it names must not
        be shown, and nobody knows who that is.
        """
        listed = [each.key for each in self._bucket.list(PREFIX, manifest.erased_through)]
        current = erased.current(manifest, listed)
        for key in sorted(current - self._held.keys()):
            found = self._bucket.get(key)
            if found is not None:
                self._held[key] = read_object(found[0])
        self._held = {key: each for key, each in self._held.items() if key in current}
        return Ledger(self._held)
