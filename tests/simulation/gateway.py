"""A function behind the API's gateway: invoked by requests alone, one for each environment at once.

It stands among a world's hosts so that its environments are thrown away with all others; the world
never has a reason of its own to invoke it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulation.world import World

Entry = Callable[[dict[str, Any], object], dict[str, Any]]


class Gateway:
    """Requests to one function; `build` makes a cold environment's handler."""

    def __init__(self, name: str, build: Callable[[], Entry], world: World) -> None:
        self.name = name
        self.errors: list[Exception] = []
        self.invocations = 0
        self._build = build
        self._world = world
        self._idle: list[Entry] = []
        world.hosts.append(self)

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Have a request answered as one invocation; return None where it died."""
        idle = self._idle
        entry = idle.pop() if idle else self._build()
        self.invocations += 1
        answer = self._world.request(entry, request, None)
        if answer is not None:
            idle.append(entry)
        return answer

    @property
    def hold_ms(self) -> int:
        """Return 0: nobody else is ever given what a request holds."""
        return 0

    def restart(self) -> None:
        """Throw execution environments away, those at work once they have answered."""
        self._idle = []

    def next_due_ms(self) -> int | None:
        """Return None: nothing but a request invokes it."""
        return None

    def invoke_once(self) -> None:
        """Do nothing: nothing but a request invokes it."""

    def waiting(self) -> tuple[str, int]:
        """Return that nothing waits: who is not answered asks again."""
        return self.name, 0

    def lapse(self) -> None:
        """Do nothing: a request is held by nobody else."""
