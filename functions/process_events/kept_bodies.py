"""The bodies that are kept beside the table, as far as erasing somebody has to do with them."""

from __future__ import annotations

from typing import Protocol

from shared.adapters.aws import AwsError

# Whoever may not list a bucket is not told what is missing there: that is denied too.
_MISSING = (403, 404)


class Objects(Protocol):
    """The bucket."""

    def get(self, key: str) -> bytes:
        """Return what lies under `key`. Raise AwsError."""

    def delete(self, key: str) -> None:
        """Remove what lies under `key`, if anything does. Raise AwsError."""


class KeptBodies:
    """The bucket in which the lifecycle, or an earlier try, may have been faster."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def body(self, key: str) -> bytes | None:
        """Return what lies under `key`, None where nothing does. Raise AwsError."""
        try:
            return self._objects.get(key)
        except AwsError as error:
            if error.status in _MISSING:
                return None
            raise

    def forget(self, key: str) -> None:
        """Remove what lies under `key`, if anything does. Raise AwsError."""
        self._objects.delete(key)
