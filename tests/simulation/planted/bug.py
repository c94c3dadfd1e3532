"""What a planted bug is: a patch of the product for the time of a test, and where to hunt it.

A law that no planted bug breaks says nothing, so these are the simulator's own test. A bug never
touches the simulator, the stories or a law: what it patches is what is deployed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Attempt:
    """One schedule to try: `run` raises LawBroken where a law is broken.

    `prepare` works out, before the bug is planted, what is expected: it must not have the bug too.
    """

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Ground:
    """Where to hunt: the part of the product whose laws judge, and its schedules, one by one."""

    part: str
    attempts: Callable[[], Iterator[Attempt]]


@dataclass(frozen=True)
class Bug:
    """A bug to plant; `real` says where it has happened, or which invariant it breaks."""

    plant: Plant
    real: str
    ground: Ground

    @property
    def name(self) -> str:
        """Its name, as the table prints it."""
        return str(getattr(self.plant, "__name__", self.plant)).replace("_", " ")

    @property
    def key(self) -> str:
        """Its name with the part: a bug may be planted in several."""
        return f"{self.ground.part}: {self.name}"

    @property
    def meaning(self) -> str:
        """What it does, in a line."""
        return (self.plant.__doc__ or "").strip().splitlines()[0]
