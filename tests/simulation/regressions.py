"""Schedules that once broke a law, kept as files that are replayed for ever; and how they shrink.

A file holds a part, a seed and the few faults that matter. What a seed tells besides follows from
the code of its part: where that changes, a file is a schedule like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.simulation import parts
from tests.simulation.faults import Fault, Plan, forced
from tests.simulation.judging import LawBroken
from tests.simulation.wire import EVERY, wired
from tests.simulation.world import World

FOLDER = Path(__file__).parent / "regressions"


@dataclass(frozen=True)
class Regression:
    """A schedule, and what was found at it: `schedule: law: what`."""

    part: str
    seed: int
    plan: Plan
    found: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.part}-{self.seed}"

    def keep(self, folder: Path = FOLDER) -> Path:
        """Write the file and return its path."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return path


def read(path: Path) -> Regression:
    """Return what a file holds."""
    held = json.loads(path.read_text())
    plan = [(int(step), str(kind), int(argument)) for step, kind, argument in held["plan"]]
    return Regression(held["part"], held["seed"], plan, held["found"])


def replay(regression: Regression) -> None:
    """Run the schedule again. Raise LawBroken where it still breaks a law."""
    with forced(regression.plan), wired(regression.seed % EVERY == 0):
        parts.named(regression.part).run(regression.seed)


def shrunk(part: str, seed: int) -> Regression | None:
    """Return the schedule of a seed with as few faults as break a law; None where none is."""
    run = parts.named(part).run
    World.latest = None
    found = _broken(run, seed, None)
    if not found:
        return None
    plan: list[Fault] = list(World.latest.plan) if World.latest else []
    size = max(1, len(plan) // 2)
    while size and plan:
        place = 0
        while place < len(plan):
            fewer = plan[:place] + plan[place + size :]
            again = _broken(run, seed, fewer)
            plan, found = (fewer, again) if again else (plan, found)
            place += 0 if again else size
        size //= 2
    return Regression(part, seed, plan, found)


def _broken(run: Callable[[int], object], seed: int, plan: Plan | None) -> str:
    """Return what a schedule breaks with another plan, nothing where it breaks nothing."""
    try:
        with wired(seed % EVERY == 0), nullcontext() if plan is None else forced(plan):
            run(seed)
    except LawBroken as broken:
        return str(broken)
    return ""
