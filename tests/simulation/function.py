"""A function and its execution environments, as Lambda keeps them for whatever invokes it.

An environment whose handler answered or raised stays warm and is used again, so what it left in
its modules is met by the next event; one that crashed or was given up is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.simulation.faults import Crashed
from tests.simulation.steps import Frame, Steps

Handle = Callable[[dict[str, Any], int], Any]
# What an invocation comes to that answered nothing.
FAILED: Final = object()


class Function:
    """What every host does alike: `build` makes a cold environment's handler."""

    def __init__(
        self, name: str, build: Callable[[], Handle], steps: Steps, clock: Callable[[], int]
    ) -> None:
        self.name = name
        # What the handler raised, in order: a test that expects none can assert so.
        self.errors: list[Exception] = []
        self.invocations = 0
        self._build = build
        self._steps = steps
        self._clock = clock
        self._idle: list[Handle] = []

    def restart(self) -> None:
        """Throw warm execution environments away; the next invocation starts cold."""
        self._idle.clear()

    def _invoke(self, event: dict[str, Any]) -> Any:
        """Return what the function answers, FAILED where it does not."""
        frame = Frame(self.name)
        self._steps.frames.append(frame)
        self.invocations += 1
        handle: Handle | None = None
        try:
            handle = self._idle.pop() if self._idle else self._build()
            answer = handle(event, self._clock())
        except Crashed:
            return FAILED
        except Exception as error:
            # Lambda's own edge. The environment stays warm, with whatever its modules hold.
            self.errors.append(error)
            answer = FAILED
        finally:
            self._steps.frames.pop()
        if frame.dead or handle is None:
            return FAILED
        self._idle.append(handle)
        return answer
