"""Schedules that once broke a law, kept as files that are replayed for ever; and how they shrink.

A file holds a part, a seed, the few faults that matter, and whether they never end. What a seed
tells besides follows from the code of its part: where that changes, a file is a schedule like any
other.
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
    unbounded: bool = False

    @property
    def name(self) -> str:
        """The name of its file."""
        words = [*self.part.split(), *(["unbounded"] if self.unbounded else []), str(self.seed)]
        return "-".join(words)

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
    unbounded = held.get("unbounded", False)
    return Regression(held["part"], held["seed"], plan, held["found"], unbounded)


def replay(regression: Regression) -> None:
    """Run the schedule again. Raise LawBroken where it still breaks a law."""
    with forced(regression.plan), wired(regression.seed % EVERY == 0):
        _run_of(regression.part, regression.unbounded)(regression.seed)


def _run_of(part: str, unbounded: bool) -> Callable[[int], object]:
    """Return what runs a part's seeds. Raise ValueError where it has no faults that never end."""
    found = parts.named(part)
    run = found.unbounded if unbounded else found.run
    if run is None:
        raise ValueError(f"{part} has no faults that never end")
    return run


def shrunk(part: str, seed: int, unbounded: bool = False) -> Regression | None:
    """Return the schedule of a seed with as few faults as break a law; None where none is."""
    run = _run_of(part, unbounded)
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
    return Regression(part, seed, plan, found, unbounded)


def _broken(run: Callable[[int], object], seed: int, plan: Plan | None) -> str:
    """Return what a schedule breaks with another plan, nothing where it breaks nothing."""
    try:
        with wired(seed % EVERY == 0), nullcontext() if plan is None else forced(plan):
            run(seed)
    except LawBroken as broken:
        return str(broken)
    return ""
