"""Running invocations, as greenlets: each goes on until it ends or waits, then the next one does.

There is one thread. A worker waits at a step of its own alone, and who goes on is decided here, by
virtual time and the plan, never by chance: so workers meet in every order a plan asks for (A1 B1
A2 B2), and the same plan gives the same order again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from greenlet import getcurrent, greenlet

from tests.simulation.faults import Crashed
from tests.simulation.steps import Frame, Steps
from tests.simulation.virtual_clock import VirtualClock

T = TypeVar("T")

# As many workers as an event source mapping runs at once.
WORKERS_MAX = 10


class Worker:
    """One invocation under way; while it waits, until when, and for how many others to end."""

    __slots__ = ("ended_target", "frames", "thread", "wake_ms")

    def __init__(self, thread: greenlet) -> None:
        self.thread = thread
        self.frames: list[Frame] = []
        self.wake_ms = 0
        self.ended_target = 0


class Workers:
    """All workers of a world; at most one of them runs."""

    def __init__(self, steps: Steps, clock: VirtualClock) -> None:
        self.waiting: list[Worker] = []
        self.running: Worker | None = None
        # Who has just made way for another, and for which one.
        self.polite: Worker | None = None
        self.choice = 0
        self.ended = 0
        # How often anybody began or went on.
        self.switches = 0
        self._steps = steps
        self._clock = clock

    @property
    def full(self) -> bool:
        """Whether nobody may begin before somebody has ended."""
        return len(self.waiting) >= WORKERS_MAX

    def start(self, action: Callable[[], object]) -> Worker:
        """Run an action as a worker of its own, until it ends or waits; return the worker."""
        worker = Worker(greenlet(action, getcurrent()))
        self.go_on(worker)
        return worker

    def go_on(self, worker: Worker) -> None:
        """Have a worker go on until it ends or waits; raise what it raised."""
        if worker in self.waiting:
            self.waiting.remove(worker)
        self.switches += 1
        before, frames = self.running, self._steps.frames
        self.running, self._steps.frames = worker, worker.frames
        worker.thread.parent = getcurrent()
        try:
            worker.thread.switch()
        finally:
            self.running, self._steps.frames = before, frames
            if worker.thread.dead:
                self.ended += 1
            else:
                self.waiting.append(worker)

    def wait(self, until_ms: int = 0, *, others: int = 0) -> None:
        """Have the running worker wait: until an instant, and for as many others to end.

        Where no others can go on, it does so itself. Raise Crashed where the world has stopped.
        """
        worker = self.running
        assert worker is not None, "nobody is running"
        worker.wake_ms, worker.ended_target = until_ms, self.ended + others
        parent = worker.thread.parent
        assert parent is not None
        parent.switch()
        if self._steps.violation:
            raise Crashed

    def make_way(self, choice: int) -> None:
        """Have another one go on before the running worker does: `choice` says which."""
        self.polite, self.choice = self.running, choice
        self.wait()

    def ready(self) -> list[Worker]:
        """Return those that may go on now, the one that has waited longest first."""
        now = self._clock()
        return [w for w in self.waiting if w.wake_ms <= now and w.ended_target <= self.ended]

    def patient(self) -> list[Worker]:
        """Return those that wait for others alone: they go on when these have nothing to do."""
        now = self._clock()
        return [w for w in reversed(self.waiting) if w.wake_ms <= now]

    def next_due_ms(self) -> int | None:
        """Return when the next one may go on, None where nobody waits."""
        return min((worker.wake_ms for worker in self.waiting), default=None)

    def stop(self) -> None:
        """End all: as dead as a machine without power, they do nothing more."""
        self._steps.violation = self._steps.violation or AssertionError("the world has stopped")
        for worker in self.waiting:
            self._steps.frames = worker.frames
            worker.thread.throw(Crashed)
        self.waiting.clear()
