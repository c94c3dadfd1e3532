"""An endpoint whose health is kept, and a clock: what tests of circuits share."""

from __future__ import annotations

from itertools import count

from shared.domain.endpoint_health import (
    Admission,
    Health,
    Notice,
    admit,
    settle,
)

START = 1_780_000_000_000


class Endpoint:
    """An endpoint whose health is kept, and a clock."""

    def __init__(self) -> None:
        self.health: Health = {}
        self.now = START
        self.notices: list[Notice] = []
        self._ids = count()

    def ask(self, attempt_id: str | None = None, deferrals: int = 0) -> Admission:
        """Ask for a place, and keep it if there is one."""
        name = attempt_id or f"attempt-{next(self._ids)}"
        admission = admit(self.health, name, self.now, lambda: 0.0, deferrals)
        self.health = admission.health
        return admission

    def attempt(self, status: int, fault: str = "", *, patience: int = 0) -> Admission:
        """Ask for a place and, if admitted, attempt at once with this result."""
        name = f"attempt-{next(self._ids)}"
        admission = self.ask(name)
        if admission.admitted:
            self.end(name, status, fault, patience=patience)
        return admission

    def end(self, name: str, status: int, fault: str = "", *, patience: int = 0) -> None:
        settled = settle(
            self.health, name, status=status, fault=fault, now=self.now, patience=patience
        )
        self.health = settled.health
        self.notices += settled.notices

    def fail_for(self, duration: int, step: int, status: int = 500) -> None:
        """Attempt every `step` while `duration` lasts."""
        until = self.now + duration
        while self.now <= until and "disabled_at" not in self.health:
            self.attempt(status)
            self.now += step
