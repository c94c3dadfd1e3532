"""Schedules of the change log: what is written, read, rebuilt and erased when, and what fails."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from shared.domain import times
from tests.simulation.faults import Plan, random_plan
from tests.simulation.log_stories import LIVES, Life, life

# About as many calls as the writing and tidying of a life's records takes.
STEPS = 260
# How long lies between two writes: most in one batch, or hours apart.
_PAUSES = (0, 0, times.SECOND, times.MINUTE, 20 * times.MINUTE)
_KINDS = ("crash_before", "crash_after", "lost_reply", "resent", "throttle", "switch", "timeout")


@dataclass(frozen=True)
class LogSchedule:
    """A life, when (ms) each of its records is told, and when others do what they do.

    `real` has DuckDB make the files and the product's own reader read them.
    """

    name: str
    life: Life
    told_ms: tuple[int, ...]
    reads_ms: tuple[int, ...] = ()
    asked_ms: tuple[int, ...] = ()
    rebuilt_ms: int | None = None
    plan: Plan = ()
    real: bool = False

    @property
    def erased_ms(self) -> int | None:
        """When the person is erased, if at all: just before their documents are removed."""
        if self.life.contact_id is None:
            return None
        return self.told_ms[self.life.erased_before] - 1

    @property
    def ends_ms(self) -> int:
        """When the last of it begins."""
        others = [*self.reads_ms, *self.asked_ms, self.rebuilt_ms or 0]
        return max(*self.told_ms, *others)


def in_order(number: int = 1, every_ms: int = times.MINUTE, *, real: bool = False) -> LogSchedule:
    """Return the schedule of a life without faults."""
    told = life(number)
    moments = tuple(1 + place * every_ms for place in range(len(told.records)))
    return LogSchedule(f"{told.name} in order", told, moments, real=real)


def random_schedule(seed: int, *, real: bool = False) -> LogSchedule:
    """Return the schedule of a seed."""
    dice = Random(f"log/{seed}")
    told = life(dice.randrange(LIVES))
    at, moments = 1, []
    pauses = dice.sample(_PAUSES, 3)
    for _ in told.records:
        at += dice.choice(pauses)
        moments.append(at)

    def some(most: int) -> tuple[int, ...]:
        return tuple(sorted(dice.randrange(at + times.HOUR) for _ in range(dice.randint(0, most))))

    asked = some(2)
    plan = [*random_plan(seed, STEPS, dice.choice((2, 6, 12))), *_weather(dice)]
    if dice.random() < 0.3:
        # Compactors while batches are written, and several at once, all in each other's way.
        busy = dice.sample(moments, 6)
        asked += tuple(sorted(each + dice.randrange(2_000) for each in busy for _ in range(2)))
        plan += [
            (step, dice.choice(("switch", "pause")), dice.randrange(1, 5))
            for step in range(2 * STEPS)
            if dice.random() < 0.3
        ]
    rebuilt = dice.randrange(at + times.HOUR) if dice.random() < 0.25 else None
    name = f"seed {seed}: {told.name}"
    return LogSchedule(name, told, tuple(moments), some(3), asked, rebuilt, plan, real)


def _weather(dice: Random) -> Plan:
    """Return faults that come in numbers, now and then such that the stream gives up."""
    kinds = dice.sample(_KINDS, dice.choice((1, 2)))
    first = dice.randrange(STEPS)
    density, last = dice.choice(((0.0, 0), (0.05, STEPS), (0.2, STEPS), (1.0, first + 120)))
    return [(step, dice.choice(kinds), 1) for step in range(first, last) if dice.random() < density]
