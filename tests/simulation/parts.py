"""The parts of the product that are simulated, in one table, from which the runner mixes by weight.

To register a part, write a function that runs the schedule of a seed and raises LawBroken where a
law is broken, and add a line to PARTS. What it returns is added up and printed: `World.figures()`
of its world, and whatever else is worth counting, under words that read well after a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from tests.simulation import (
    automation_laws,
    automation_run,
    automation_schedules,
    directed,
    erasure_laws,
    history_laws,
    history_run,
    history_schedules,
    laws,
    log_laws,
    log_schedules,
    providers_laws,
    providers_run,
    providers_schedules,
    schedules,
    unbounded,
)
from tests.simulation.providers_accounts import Api

Figures = Counter[str]


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, its share of the mix, and what runs the schedule of a seed.

    `run` returns what is to be counted, and raises LawBroken. `unbounded`, where there is one, does
    the same with faults that never end, and holds the run to safety alone.
    """

    name: str
    weight: int
    run: Callable[[int], Figures]
    unbounded: Callable[[int], Figures] | None = None


def payments(seed: int) -> Figures:
    """Run what is received and kept. Raise LawBroken."""
    schedule = schedules.random_schedule(seed)
    done = laws.judge(laws.run(schedule))
    figures = done.world.figures()
    figures["events"] += len(schedule.story.events)
    figures["dead letters"] += len(done.dead)
    return figures


def automations(seed: int) -> Figures:
    """Run what fires and is delivered. Raise LawBroken."""
    schedule = automation_schedules.random_schedule(seed)
    done = automation_laws.judge(automation_run.run(schedule))
    figures = done.world.figures()
    figures["events"] += len(schedule.tale.story.events)
    figures["firings"] += len(done.firings())
    figures["webhooks"] += len(done.requests)
    figures["held"] += len(done.held)
    figures["dead letters"] += done.dead
    figures["given up by the stream"] += done.given_up
    return figures


def change_log(seed: int) -> Figures:
    """Run what reports are made of; one time in a hundred by DuckDB itself. Raise LawBroken."""
    schedule = log_schedules.random_schedule(seed, real=seed % 100 == 99)
    done = log_laws.judge(log_laws.run(schedule))
    figures = done.world.figures()
    figures["rows of the table"] += len(schedule.life.records)
    figures["tails"] += len(done.deployment.bucket.tails)
    figures["compactions"] += done.deployment.compact.invocations
    figures["answers in the middle"] += done.reads
    figures["erasures"] += done.erased
    figures["given up by the stream"] += done.deployment.redriven
    return figures


def providers(seed: int) -> Figures:
    """Run what all providers' doors, APIs and API stores tell. Raise LawBroken."""
    schedule = providers_schedules.random_schedule(seed)
    done = providers_laws.judge(providers_run.run(schedule))
    figures = done.world.figures()
    figures["events"] += len(schedule.story.notices)
    figures["strangers refused"] += len(done.stack.strangers)
    figures["dead letters"] += done.dead
    figures.update(_asked(done.stack.apis.values()))
    return figures


def history(seed: int) -> Figures:
    """Run imports and verifications amid live events. Raise LawBroken."""
    schedule = history_schedules.random_schedule(seed)
    done = history_laws.judge(history_run.run(schedule))
    figures = done.world.figures()
    figures["events"] += len(schedule.history.notices)
    figures["firings"] += len(done.rows)
    figures["dead letters"] += done.dead
    figures[f"asked to {schedule.asks[0][0]}"] += 1
    figures.update(_asked(done.stack.apis.values()))
    return figures


def erased(seed: int) -> Figures:
    """Run what is received while somebody is erased in its midst. Raise LawBroken."""
    done = erasure_laws.random_run(seed)
    figures = done.world.figures()
    figures["events"] += len(done.schedule.story.events)
    figures["erasures"] += len(done.erasures)
    return figures


def _asked(apis: Iterable[Api]) -> Figures:
    """Return how often providers' APIs were asked, and how they behaved."""
    figures: Figures = Counter()
    for api in apis:
        figures["requests to providers"] += api.asked
        figures.update(f"APIs {manner}" for manner in api.met)
    return figures


PARTS: tuple[Part, ...] = (
    Part("payments", 16, payments, unbounded.payments),
    Part("automations", 10, automations, unbounded.automations),
    Part("change log", 1, change_log),
    Part("providers", 2, providers),
    Part("history", 1, history),
    # Swept by name: its schedules are those of the payments, with somebody erased in their midst.
    Part("erasures", 0, erased),
)


def part_of(seed: int, unbounded: bool = False) -> Part:
    """Return the part that runs the schedule of a seed in the mix."""
    mixed = [part for part in PARTS if part.unbounded or not unbounded]
    return Random(f"part/{seed}").choices(mixed, [part.weight for part in mixed])[0]


# Every two faults close together: run whole, and in no mix.
PAIRS = Part(directed.NAME, 0, directed.run)


def named(name: str) -> Part:
    """Return the part of a name. Raise KeyError for a name that no part has."""
    return {part.name: part for part in (*PARTS, PAIRS)}[name]
