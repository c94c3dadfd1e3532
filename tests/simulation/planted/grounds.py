"""Where bugs are hunted: random schedules by seed, and single faults at every step of a story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count

from tests.simulation import (
    automation_laws,
    automation_run,
    automation_schedules,
    erasure_laws,
    erasures,
    laws,
    schedules,
)
from tests.simulation.automation_schedules import AutomationSchedule
from tests.simulation.automation_stories import Tale, given_up
from tests.simulation.automations import Setup
from tests.simulation.judging import LawBroken
from tests.simulation.parts import named
from tests.simulation.planted.bug import Attempt, Ground
from tests.simulation.schedules import Schedule
from tests.simulation.stories import ONE_PERSON, checkout, moving_away

PAYMENTS, AUTOMATIONS, ERASURES = "payments", "automations", "erasures"
# A post that hangs may take this long; more is the fault of whoever lets the others wait.
_DELAY_MAX_MS = 10_000
_STEPS = 1_000
# An erasure comes so long after the last event; the jobs of that one take about so many steps.
_QUIET_MS = 60_000
_QUIET_STEPS = 10


def _payments(schedule: Schedule) -> Attempt:
    return Attempt(
        schedule.name,
        lambda: laws.judge(laws.run(schedule)),
        lambda: laws.expected(schedule.story),
    )


def _automations(schedule: AutomationSchedule) -> Attempt:
    return Attempt(schedule.name, lambda: automation_laws.judge(automation_run.run(schedule)))


def _seeds(part: str) -> Iterator[Attempt]:
    """Yield the schedules of a part as the sweep runs them; each without the bug first."""
    run = named(part).run
    for seed in count():
        yield Attempt(f"seed {seed}", partial(run, seed), partial(run, seed))


def _moved() -> Iterator[Attempt]:
    """Yield one crash after each write of the jobs that move records to another contact."""
    story = schedules.in_order(moving_away())
    calls = laws.run(story).calls
    before = laws.run(Schedule(story.name, story.story, story.arrivals_ms[:-1])).calls
    yield from map(_payments, schedules.with_each_fault(story, "crash_after", calls, len(before)))


def _burst(kind: str) -> Iterator[Attempt]:
    """Yield one fault at each step of a burst in which two customers are one person."""
    story = schedules.at_once(moving_away())
    calls = laws.run(story).calls
    yield from map(_payments, schedules.with_each_fault(story, kind, calls))


def _lagging() -> Iterator[Attempt]:
    """Yield runs in which the indexes follow the table some seconds later all the while."""
    for base in (schedules.in_order(moving_away()), schedules.at_once(moving_away())):
        for seconds in schedules.LAGS_S:
            plan = [(step, "stale", seconds) for step in range(_STEPS)]
            name = f"{base.name} with indexes {seconds} s late"
            yield _payments(replace(base, name=name, plan=plan))


def _erased_by_seed() -> Iterator[Attempt]:
    for seed in count():
        run = partial(erasure_laws.random_run, seed)
        yield Attempt(f"seed {seed}", run, run)


def _erased() -> Iterator[Attempt]:
    """Yield one crash after each write of an erasure that comes when all is told."""
    base = schedules.in_order(erasures.told_apart(checkout()))

    def run(schedule: Schedule) -> erasures.Done:
        return erasures.run(schedule, ONE_PERSON, base.ends_ms + _QUIET_MS)

    calls = run(base).world.steps.names
    before = laws.run(base).world.steps.count
    for schedule in schedules.with_each_fault(base, "crash_after", calls, before - _QUIET_STEPS):
        name = f"{schedule.name}, somebody erased"
        yield Attempt(name, lambda each=schedule: erasure_laws.judge(run(each)))  # type: ignore[misc]


def _disturbed(tell: Callable[[], Tale], kind: str) -> Iterator[Attempt]:
    base = automation_schedules.at_once(tell())
    calls = automation_run.run(base).calls
    yield from map(_automations, automation_schedules.with_each_fault(base, kind, calls))


def _early_end() -> Iterator[Attempt]:
    well = automation_schedules.WELL
    setup = Setup(automation_schedules.MANY, {"crm": well, "erp": well})
    yield _automations(automation_schedules.with_an_early_end(given_up(), setup))


def _crowd() -> Iterator[Attempt]:
    yield Attempt("one endpoint that hangs, another that does not", others_are_not_delayed)


def others_are_not_delayed() -> None:
    """I-21: an endpoint that hangs delays what another one is sent by no more than its own posts.

    Raise LawBroken.
    """
    calm, rude = (
        automation_run.run(automation_schedules.crowded(manner)) for manner in ("ok", "hanging")
    )
    delay = max(automation_laws.delays(calm, rude, "erp.example.com"))
    if delay > _DELAY_MAX_MS:
        name = others_are_not_delayed.__name__
        raise LawBroken(f"{rude.schedule.name}: {name}: by {delay} ms")


payments_by_seed = Ground(
    PAYMENTS, lambda: (_payments(schedules.random_schedule(seed)) for seed in count())
)
payments_moved = Ground(PAYMENTS, _moved)
erased = Ground(ERASURES, _erased)
erased_by_seed = Ground(ERASURES, _erased_by_seed)
lagging = Ground(PAYMENTS, _lagging)
automations_by_seed = Ground(
    AUTOMATIONS,
    lambda: (_automations(automation_schedules.random_schedule(seed)) for seed in count()),
)
early_end = Ground(AUTOMATIONS, _early_end)
crowd = Ground(AUTOMATIONS, _crowd)


def seeds_of(part: str) -> Ground:
    """Return the ground of a part's random schedules."""
    return Ground(part, partial(_seeds, part))


def burst(kind: str) -> Ground:
    """Return the ground of one fault of a kind at every step of a burst of one person's events."""
    return Ground(PAYMENTS, partial(_burst, kind))


def disturbed(tell: Callable[[], Tale], kind: str) -> Ground:
    """Return the ground of one fault of a kind at every step at which it means something."""
    return Ground(AUTOMATIONS, partial(_disturbed, tell, kind))
