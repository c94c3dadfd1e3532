"""Virtual time: the one clock of a simulated world, in milliseconds UTC, never the real one."""

from __future__ import annotations

START_MS = 1_790_000_000_000


class VirtualClock:
    """A clock that moves only when told to, and never backwards."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, milliseconds: int) -> None:
        """Let `milliseconds` pass; raise ValueError for a step back."""
        if milliseconds < 0:
            raise ValueError(f"time does not run backwards: {milliseconds} ms")
        self.now_ms += milliseconds

    def advance_to(self, instant_ms: int) -> None:
        """Let time pass until `instant_ms`; an instant already gone changes nothing."""
        self.now_ms = max(self.now_ms, instant_ms)
