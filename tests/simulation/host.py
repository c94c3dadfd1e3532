"""What invokes the functions of a simulated world, in the one shape in which the world sees it."""

from __future__ import annotations

from typing import Protocol


class Host(Protocol):
    """What invokes a function: a queue, a stream's shard, a clock."""

    name: str
    errors: list[Exception]
    invocations: int

    @property
    def hold_ms(self) -> int:
        """How long a worker may be silent before another one is given its batch."""

    def next_due_ms(self) -> int | None:
        """Return when there is something to invoke the function with, None for never."""

    def invoke_once(self) -> None:
        """Invoke the function with what there is."""

    def waiting(self) -> tuple[str, int]:
        """Return the source's name, and how much waits in it."""

    def lapse(self) -> None:
        """Let the batch of a silent worker go."""

    def restart(self) -> None:
        """Throw warm execution environments away."""
