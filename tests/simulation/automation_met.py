"""When faults were met in a run: what excuses an observer's finding, and what does not.

A fault that was only planned excuses nothing; nor does one that was met long before or after.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from tests.simulation.faults import KINDS
from tests.simulation.world import World

# A worker that a fault has put to sleep goes on within this time, and a message that one has failed
# comes again: its longest backoff, or its queue's visibility.
AFTERMATH_MS = 15 * 60_000


class Met:
    """Looks at a world after every step and notes which faults were met by then."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._total = 0
        self._times: dict[str, list[int]] = {kind: [] for kind in KINDS}
        world.watch(self.look)

    def look(self) -> None:
        """Note what was met since."""
        took = self._world.steps.took
        if took.total() == self._total:
            return
        self._total = took.total()
        for kind, times in self._times.items():
            times += [self._world.clock()] * (took[kind] - len(times))

    def count(self, since_ms: int, until_ms: int, kinds: Iterable[str] = KINDS) -> int:
        """Return how many faults of these kinds were met in a time, its ends included."""
        return sum(
            bisect_right(times, until_ms) - bisect_left(times, since_ms)
            for times in map(self._times.__getitem__, kinds)
        )

    def felt(self, since_ms: int, until_ms: int) -> int:
        """Return how many may have put off what took that time.

        One that has a worker sleep is met when it wakes, and others have long gone on by then.
        """
        return self.count(since_ms - AFTERMATH_MS, until_ms + AFTERMATH_MS)

    def before(self, at_ms: int, kinds: Iterable[str] = KINDS) -> int:
        """Return how many were met so shortly before that they may still be felt."""
        return self.count(at_ms - AFTERMATH_MS, at_ms, kinds)

    def all(self, kinds: Iterable[str] = KINDS) -> int:
        """Return how many were met in all."""
        return sum(len(self._times[kind]) for kind in kinds)
