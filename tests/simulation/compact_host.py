"""Invokes the compactor every quarter of an hour as its schedule does, and whenever it is asked to.

A quarter in which a compactor would find nothing to do is jumped over. Nothing keeps two of them
apart: one that was asked for begins while another is at work.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.domain import times
from shared.domain.change_log import tidying
from shared.domain.change_log.manifest import CURRENT, HISTORY, ORPHAN_MS
from shared.domain.erasure import PREFIX
from tests.simulation.function import Function, Handle
from tests.simulation.log_bucket import FakeLogBucket
from tests.simulation.steps import Steps

QUARTER_MS = 15 * times.MINUTE
_SEATS = 2


class CompactHost(Function):
    """One schedule and whoever asks besides; two invocations at a time."""

    def __init__(
        self,
        name: str,
        bucket: FakeLogBucket,
        build: Callable[[], Handle],
        steps: Steps,
        clock: Callable[[], int],
        hold_ms: int,
    ) -> None:
        super().__init__(name, build, steps, clock)
        self.contended = 0
        self.hold_ms = hold_ms
        self._bucket = bucket
        self._busy = 0
        self._asked = 0
        self._last_ms = -1
        self._found: tuple[int, int | None] = (-1, None)

    def ask(self) -> None:
        """Have it invoked now, besides."""
        self._asked += 1

    def next_due_ms(self) -> int | None:
        """Return when there is something to invoke the function with, None for never."""
        if self._busy >= _SEATS:
            return None
        if self._asked:
            return self._clock()
        needed = self._needed_ms()
        if needed is None or self._busy:
            return None
        quarter = -(-max(needed, self._last_ms + 1) // QUARTER_MS) * QUARTER_MS
        return max(quarter, self._clock())

    def invoke_once(self) -> None:
        """Invoke the function, once."""
        self._asked = max(0, self._asked - 1)
        self._last_ms = self._clock()
        self._busy += 1
        try:
            # The schedule does not try again: what failed is looked for by the next.
            self._invoke({})
        finally:
            self._busy -= 1

    def waiting(self) -> tuple[str, int]:
        """Return the log's name, and whether there is anything left to tidy."""
        return "untidy", int(self._needed_ms() is not None)

    def lapse(self) -> None:
        """Nobody else is given what a silent worker does: the next one finds out by itself."""

    def _needed_ms(self) -> int | None:
        """Return from when on there is something to tidy, None for never."""
        if self._found[0] != self._bucket.changes:
            self._found = (self._bucket.changes, self._look())
        return self._found[1]

    def _look(self) -> int | None:
        bucket, held = self._bucket, self._bucket.manifest
        erased = {key for key in bucket.objects if key.startswith(PREFIX)}
        merges = any(tidying.to_merge(files.history) for files in held.datasets.values())
        if bucket.unfolded() or merges or erased - held.erased:
            return 0
        waste = {each.key for each in held.garbage}
        moments = [each.after for each in held.garbage]
        moments += [
            written + ORPHAN_MS + 1
            for key, (_, _, written) in bucket.objects.items()
            if key.startswith((HISTORY, CURRENT)) and key not in held.keys() | waste
        ]
        return min(moments, default=None)
