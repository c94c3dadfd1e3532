"""A bucket in memory, with S3's conditions: what the change log's writers and readers ask of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from shared.adapters.objects import Listed
from shared.domain.errors import Contended


class MemoryBucket:
    """Objects by keys, each with the etag and the time (ms) of its writing."""

    def __init__(self, clock: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self.objects: dict[str, tuple[bytes, str, int]] = {}

    def get(self, key: str) -> tuple[bytes, str] | None:
        held = self.objects.get(key)
        return held and held[:2]

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        held = self.objects.get(key)
        if if_match is not None and (held is None or held[1] != if_match):
            raise Contended(f"{key} is not what it was")
        if if_none_match and held is not None:
            raise Contended(f"{key} exists")
        # S3's etag is of the content alone: what is put back as it was is what it was.
        etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        self.objects[key] = (content, etag, self._clock())
        return etag

    def list(self, prefix: str, after: str = "") -> list[Listed]:
        return [
            Listed(key, len(content), written)
            for key, (content, _, written) in sorted(self.objects.items())
            if key.startswith(prefix) and key > after
        ]

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)
