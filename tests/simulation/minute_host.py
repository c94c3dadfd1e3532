"""Invokes a function every minute as an EventBridge schedule does, but for the idle minutes.

The function looks into the due-index and sends what has come due. A minute in which nothing can
be due would change nothing, so virtual time jumps over it: 75 hours of retries are ten invocations.
A missed minute is not made up for by the schedule, only by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from functions.wake_due.drain import AHEAD
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.function import Function, Handle
from tests.simulation.steps import Steps

MINUTE_MS = 60_000


class MinuteHost(Function):
    """One schedule, one function, one invocation at a time."""

    def __init__(
        self,
        name: str,
        partitions: Iterable[str],
        build: Callable[[], Handle],
        steps: Steps,
        clock: Callable[[], int],
        dynamodb: FakeDynamoDB,
    ) -> None:
        """`partitions` are those of the due-index; their sort keys begin with a time in ms."""
        super().__init__(name, build, steps, clock)
        self._partitions = tuple(partitions)
        self._dynamodb = dynamodb
        self._busy = False
        self._armed_ms: int | None = None
        self._last_ms = 0

    @property
    def hold_ms(self) -> int:
        """How long a worker may be silent before another one is started: until its timeout."""
        return MINUTE_MS

    def next_due_ms(self) -> int | None:
        """Return the next minute at which the function finds something, None for never."""
        if self._busy:
            return None
        firsts = [self._dynamodb.first_of(partition) for partition in self._partitions]
        due = [int(first.partition("#")[0]) for first in firsts if first is not None]
        if not due:
            self._armed_ms = None
            return None
        now = self._clock()
        minute = -(-max(min(due) - AHEAD, self._last_ms + 1, now) // MINUTE_MS) * MINUTE_MS
        # A minute that came while others worked is not missed by that.
        self._armed_ms = min(minute, self._armed_ms or minute)
        return max(now, self._armed_ms)

    def invoke_once(self) -> None:
        """Invoke the function, once."""
        self._busy, self._armed_ms, self._last_ms = True, None, self._clock()
        try:
            # The schedule does not try again: what failed is looked for by the next.
            self._invoke({})
        finally:
            self._busy = False

    def waiting(self) -> tuple[str, int]:
        """Return the index's name, and in how many of its parts something waits."""
        firsts = [self._dynamodb.first_of(partition) for partition in self._partitions]
        return "due", sum(first is not None for first in firsts)

    def lapse(self) -> None:
        """Let the schedule start another worker: the silent one has timed out."""
        self._busy = False
