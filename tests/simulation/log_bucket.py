"""The change log's bucket in a simulated world: S3's conditions, and an eye on what may be deleted.

Whoever has read a manifest or a list has an hour to read the objects it speaks of, so nothing may
go before. What is broken is noted and not raised: the product would take it for an error of S3's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from shared.adapters.objects import Listed
from shared.domain import times
from shared.domain.change_log import manifest as log_manifest
from shared.domain.change_log.manifest import KEY, TAILS, Manifest
from tests.fakes.memory_bucket import MemoryBucket
from tests.simulation.aws_errors import aws_error
from tests.simulation.steps import Steps

T = TypeVar("T")

# Functions' clocks may be off by minutes, and one that swaps may be as late as it is old.
_SLACK = 20 * times.MINUTE


class FakeLogBucket(MemoryBucket):
    """The bucket itself; `broken` says what was done to it that must not be."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.broken: list[str] = []
        self.manifest = Manifest()
        # Counts the changes; every tail there ever was; since when what was named is not any more.
        self.changes = 0
        self.tails: dict[str, bytes] = {}
        self._unneeded_ms: dict[str, int] = {}

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        conditional = if_match is not None or if_none_match
        etag = super().put(key, content, if_match=if_match, if_none_match=if_none_match)
        self.changes += 1
        if key.startswith(TAILS):
            self.tails[key] = content
        if key == KEY:
            self._follow(log_manifest.parse(content), conditional=conditional)
        return etag

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        found = self.get(key)
        if found is None:
            raise aws_error("NoSuchKey", "The specified key does not exist.", 404)
        return None if found[1] == etag else found

    def delete(self, key: str) -> None:
        now, held = self._clock(), self.objects.get(key)
        if held is not None:
            unneeded_ms = self._unneeded_ms.get(key, held[2] + log_manifest.ORPHAN_MS - times.HOUR)
            named = self.manifest.keys()
            if key in named or self.unfolded([key]):
                self.broken.append(f"{key} was deleted and is needed")
            elif now < unneeded_ms + times.HOUR - _SLACK:
                self.broken.append(f"{key} was deleted before its hour")
        self.changes += 1
        super().delete(key)

    def unfolded(self, keys: list[str] | None = None) -> list[str]:
        """Return the tails that no file holds, of these keys or of all."""
        listed = [key for key in keys or self.objects if key.startswith(TAILS)]
        return log_manifest.unfolded(self.manifest, listed)

    def _follow(self, following: Manifest, *, conditional: bool) -> None:
        if not conditional:
            self.broken.append("the manifest was replaced without a condition")
        if following.generation != self.manifest.generation + 1:
            self.broken.append(
                f"generation {following.generation} after {self.manifest.generation}"
            )
        missing = following.keys() - self.objects.keys()
        if missing:
            self.broken.append(f"the manifest names {sorted(missing)}, which are not there")
        gone = self.manifest.keys() - following.keys()
        for key in [*gone, *(following.folded - self.manifest.folded)]:
            self._unneeded_ms[key] = self._clock()
        self.manifest = following


class SteppedBucket:
    """The bucket as a function has it; each call is a step."""

    def __init__(self, bucket: FakeLogBucket, steps: Steps) -> None:
        self._bucket = bucket
        self._steps = steps

    def put(self, key: str, content: bytes, **conditions: Any) -> str:
        """Store an object, perhaps on a condition. Raise Contended or AwsError."""
        digest = hashlib.sha256(content).hexdigest() if key == KEY else len(content)
        detail = {"key": key, "content": digest, **conditions}
        return self._step("PutObject", detail, lambda: self._bucket.put(key, content, **conditions))

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None where there is none."""
        return self._step("GetObject", {"key": key}, lambda: self._bucket.get(key))

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """Return an object and its etag, None while it has the etag given."""
        detail = {"key": key, "etag": etag}
        return self._step("GetObject", detail, lambda: self._bucket.get_unless(key, etag))

    def list(self, prefix: str, after: str = "") -> list[Listed]:
        """Return all objects whose keys begin with `prefix` and come after `after`."""
        detail = {"prefix": prefix, "after": after}
        return self._step("ListObjects", detail, lambda: self._bucket.list(prefix, after))

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        self._step("DeleteObject", {"key": key}, lambda: self._bucket.delete(key))

    def _step(self, operation: str, detail: dict[str, Any], effect: Callable[[], T]) -> T:
        return self._steps.perform("s3", operation, detail, effect)
