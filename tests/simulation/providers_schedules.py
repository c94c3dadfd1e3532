"""Schedules of what all providers tell: who posts what when, how APIs behave, what goes wrong.

As with `schedules`, everything follows from a seed, and single faults are put at every step at
which a kind means something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.simulation.faults import Plan, random_plan
from tests.simulation.providers_accounts import MANNERS
from tests.simulation.providers_stories import STORIES, Story, told
from tests.simulation.schedules import MEANT as MEANT_THERE

_WRITES = ("TransactWriteItems", "PutItem", "SendMessage", "Delete", "Poll", "Get")
_ALL = (*_WRITES, "BatchGetItem", "Query", "GetParameter")
# The calls at which a kind of fault means something; the other kinds do at all of them.
MEANT = {**MEANT_THERE, **dict.fromkeys(("crash_before", "crash_after", "lost_reply"), _WRITES)}
_STEPS_PER_EVENT = 10
_STORMY = ("crash_before", "crash_after", "lost_reply", "throttle", "conflict", "zombie")


@dataclass(frozen=True)
class ProvidersSchedule:
    """A story, when each of its notices is posted (its number, and ms), and what goes wrong.

    `manners` are those of every API towards its first requests. `forged` are the notices that a
    stranger posts as well.
    """

    name: str
    story: Story
    arrivals_ms: tuple[tuple[int, int], ...]
    plan: Plan = ()
    manners: tuple[str, ...] = ()
    forged: tuple[tuple[int, int], ...] = ()

    @property
    def ends_ms(self) -> int:
        """When the last notice is posted."""
        return max(after_ms for _, after_ms in self.arrivals_ms)


def in_order(story: Story, every_ms: int = 10_000) -> ProvidersSchedule:
    """Return the schedule without faults: each notice by itself, in the order of the story."""
    arrivals = tuple((number, number * every_ms) for number in range(len(story.notices)))
    return ProvidersSchedule(f"{story.name} in order", story, arrivals)


def at_once(story: Story) -> ProvidersSchedule:
    """Return the schedule in which all notices are posted within a moment."""
    return replace(in_order(story, 1), name=f"{story.name} at once")


def with_each_fault(
    base: ProvidersSchedule, kind: str, calls: Sequence[str]
) -> Iterator[ProvidersSchedule]:
    """Yield the schedule with one fault of a kind at each of its calls where it means something."""
    for step, call in enumerate(calls):
        if call.rpartition(".")[2] in MEANT.get(kind, _ALL):
            fault = (step, kind, 1)
            yield replace(base, name=f"{base.name} with {fault} at {call}", plan=[fault])


def random_schedule(seed: int) -> ProvidersSchedule:
    """Return the schedule of a seed."""
    dice = Random(f"providers/{seed}")
    # Long stories are told now and then: short ones meet as much in less time.
    some = [told(dice.randrange(STORIES)) for _ in range(dice.choice((1, 3, 3)))]
    story = min(some, key=lambda each: len(each.notices))
    spread_ms = dice.choice((500, 5_000, 120_000))
    lateness, repeats = dice.choice((0, 0.1, 0.5)), dice.choice((0, 0.1, 0.3))
    arrivals = []
    for number in range(len(story.notices)):
        after_ms = number * 10 + dice.randrange(spread_ms)
        if dice.random() < lateness:
            after_ms += some_time(dice)
        arrivals.append((number, after_ms))
        if dice.random() < repeats:
            arrivals.append((number, after_ms + some_time(dice)))
    steps = _STEPS_PER_EVENT * len(story.notices)
    plan = [*random_plan(seed, steps, dice.choice((2, 6, 12))), *weather(dice, steps)]
    doored = [n for n, notice in enumerate(story.notices) if notice.provider != "api"]
    forged = tuple((each, dice.randrange(spread_ms)) for each in doored if dice.random() < 0.1)
    return ProvidersSchedule(
        f"providers of seed {seed}: {story.name}",
        story,
        tuple(arrivals),
        plan,
        manners(dice),
        forged,
    )


def manners(dice: Random) -> tuple[str, ...]:
    """Return how APIs treat their first requests: most well, some as badly as they ever do."""
    count = dice.choice((0, 0, 1, 3, 8))
    return tuple(dice.choice((*MANNERS, "ok")) for _ in range(count))


def weather(dice: Random, steps: int) -> Plan:
    """Return faults that come in numbers: a drizzle over all the run, or a storm in its midst."""
    kinds = dice.sample(_STORMY, dice.choice((1, 1, 2)))
    storm = (dice.randrange(steps), dice.randrange(steps, steps + 200), 1.0)
    begins, ends, density = dice.choice(
        ((0, 0, 0.0), (0, 0, 0.0), (0, 2 * steps, 0.03), (0, 2 * steps, 0.1), storm)
    )
    return [
        (step, dice.choice(kinds), 1) for step in range(begins, ends) if dice.random() < density
    ]


def some_time(dice: Random) -> int:
    """Return between a tenth of a second and three days, short and long times alike."""
    return int(100 * 10 ** (dice.random() * 6.4))
