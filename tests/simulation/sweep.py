"""Runs many schedules, on several processors, and adds up what they did.

Which part runs a seed, and all that follows, is told by the seed alone: the same seeds give the
same sums, whatever the number of processes.
"""

from __future__ import annotations

import gc
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulation import parts, wire
from tests.simulation.judging import LawBroken

CHUNK = 50


@dataclass(frozen=True)
class Red:
    """A schedule that broke a law: `found` is `schedule: law: what`."""

    part: str
    seed: int
    found: str

    @property
    def law(self) -> str:
        """The law it broke."""
        named = re.search(r": ([a-z]+(?:_[a-z]+)+): ", self.found)
        return named[1] if named else self.found


@dataclass
class Sums:
    """What some schedules came to; `by_part` holds schedules and seconds of CPU."""

    figures: Counter[str] = field(default_factory=Counter)
    schedules: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    reds: list[Red] = field(default_factory=list)

    def add(self, other: Sums) -> None:
        """Add what other schedules came to."""
        self.figures.update(other.figures)
        self.schedules.update(other.schedules)
        self.seconds.update(other.seconds)
        self.reds += other.reds


@dataclass(frozen=True)
class Sweep:
    """Which seeds are run, of which part (None mixes them), and whether faults ever end."""

    seeds: range
    part: str | None = None
    unbounded: bool = False

    def runs(self, seed: int) -> tuple[str, Callable[[int], parts.Figures]]:
        """Return the name of the part that runs a seed, and what runs it."""
        part = parts.named(self.part) if self.part else parts.part_of(seed, self.unbounded)
        run = part.unbounded if self.unbounded else part.run
        if run is None:
            raise ValueError(f"{part.name} has no schedules without an end of faults")
        return part.name, run


def one(sweep: Sweep, seed: int) -> Sums:
    """Run the schedule of a seed and return what it came to."""
    sums = Sums()
    name, run = sweep.runs(seed)
    began = time.process_time()
    try:
        with wire.wired(seed % wire.EVERY == 0):
            sums.figures.update(run(seed))
        sums.figures["with the seam at the wire"] += seed % wire.EVERY == 0
    except LawBroken as broken:
        sums.reds.append(Red(name, seed, str(broken)))
    sums.schedules[name] += 1
    sums.seconds[name] += time.process_time() - began  # type: ignore[assignment]
    return sums


def some(task: tuple[Sweep, Sequence[int]]) -> Sums:
    """Run the schedules of some seeds and return what they came to."""
    sweep, seeds = task
    sums = Sums()
    for seed in seeds:
        sums.add(one(sweep, seed))
    return sums


def chunks(sweep: Sweep, jobs: int) -> Iterator[Sums]:
    """Yield what each of many chunks of the seeds came to, as the processes are done with them."""
    seeds = sweep.seeds
    tasks = [(sweep, seeds[first : first + CHUNK]) for first in range(0, len(seeds), CHUNK)]
    # Worlds are big, live shortly, and are full of cycles: to look for these often is dear.
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        if jobs == 1:
            yield from map(some, tasks)
            return
        with get_context("fork").Pool(jobs) as pool:
            yield from pool.imap_unordered(some, tasks)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
