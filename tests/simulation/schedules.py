"""Schedules: which events are posted when, and what goes wrong meanwhile. All follows from a seed.

Providers deliver late, twice and in any order; workers die before and after each call; replies get
lost. A random schedule mixes all of that; the exhaustive ones put one fault after the other at
every single step, which finds for certain what luck may miss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.simulation.faults import Plan, random_plan
from tests.simulation.stories import STORIES, Story, excerpt, told

# About as many calls as an event and the jobs that follow it take.
STEPS_PER_EVENT = 8
# How often a story is told whole, and how many events an excerpt has.
WHOLE = 0.01
EXCERPTS = (1, 1, 1, 2, 2, 3, 5, 9)
# Stories go on for months; most schedules are in more of a hurry, so that events meet.
_HASTE = (1, 60, 5_000, 10**9)
_WRITES = ("TransactWriteItems", "PutItem", "SendMessage", "Delete", "Poll")
_ALL = (*_WRITES, "BatchGetItem", "Query", "GetParameter")
# The calls at which a kind of fault means something; the other kinds do at all of them.
MEANT = {
    "crash_before": _WRITES,
    "crash_after": _WRITES,
    "lost_reply": _WRITES,
    "resent": ("TransactWriteItems", "PutItem", "SendMessage"),
    "conflict": ("TransactWriteItems", "PutItem"),
    "stale": ("Query",),
    "delay": ("SendMessage",),
    "in_progress": ("TransactWriteItems",),
    "duplicate": ("Poll",),
    "garbled": ("Poll",),
    "blamed": ("Poll",),
    "redeploy": ("Poll",),
    "timeout": _WRITES,
    "pause": _WRITES,
    "switch": _WRITES,
    "deed": _WRITES,
}
# How often there is no weather, a drizzle, rain, a storm: one is as long as ten others.
_CLIMATE = (12, 6, 1, 1)
# How often the indexes follow the table so many seconds later, all the run long. Jobs that look
# into one again do so after half a minute: an index that is later than that is none.
LAGGING, LAGS_S = 0.1, (1, 5, 15)
_STORMY = (
    *("crash_before", "crash_after", "lost_reply", "throttle", "conflict", "zombie"),
    *("switch", "switch"),
)


@dataclass(frozen=True)
class Schedule:
    """A story, when each of its events is posted (its number, and ms), and what goes wrong.

    `poison` are the events that no release can read before a mended one, which comes by the calm.
    """

    name: str
    story: Story
    arrivals_ms: tuple[tuple[int, int], ...]
    plan: Plan = ()
    poison: frozenset[int] = frozenset()

    @property
    def ends_ms(self) -> int:
        """When the last event is posted."""
        return max(after_ms for _, after_ms in self.arrivals_ms)


def in_order(story: Story) -> Schedule:
    """Return the schedule without faults: each event by itself, in the order of the story."""
    arrivals = tuple((number, number * 10_000) for number in range(len(story.events)))
    return Schedule(f"{story.name} in order", story, arrivals)


def at_once(story: Story) -> Schedule:
    """Return the schedule in which all events are posted within a moment."""
    arrivals = tuple((number, number) for number in range(len(story.events)))
    return Schedule(f"{story.name} at once", story, arrivals)


def with_each_fault(
    base: Schedule, kind: str, calls: Sequence[str], first: int = 0
) -> Iterator[Schedule]:
    """Yield the schedule with one fault of a kind at each of its calls where it means something.

    Calls are named as in a trace. A crash around a read is left out: it is a crash before the
    write that follows, for nothing has happened in between.
    """
    for step, call in enumerate(calls):
        if step >= first and call.rpartition(".")[2] in MEANT.get(kind, _ALL):
            fault = (step, kind, 1)
            yield replace(base, name=f"{base.name} with {fault} at {call}", plan=[fault])


def random_schedule(seed: int) -> Schedule:
    """Return the schedule of a seed."""
    dice = Random(f"schedule/{seed}")
    story = _story(dice)
    haste = dice.choice(_HASTE)
    lateness, repeats = dice.choice((0, 0.05, 0.3)), dice.choice((0, 0.05, 0.3))
    arrivals = []
    for number, at_ms in enumerate(story.times_ms):
        arrival = at_ms // haste + number + dice.randrange(1_500)
        if dice.random() < lateness:
            arrival += _some_time(dice)
        arrivals.append((number, arrival))
        if dice.random() < repeats:
            arrivals.append((number, arrival + _some_time(dice)))
    steps = STEPS_PER_EVENT * len(story.events)
    plan = [*random_plan(seed, steps, dice.choice((1, 3, 8))), *_weather(dice, steps)]
    if dice.random() < LAGGING:
        seconds = dice.choice(LAGS_S)
        plan += [(step, "stale", seconds) for step in range(2 * steps)]
    count = min(dice.choice((0, 0, 0, 1, 2)), len(story.events))
    poison = frozenset(dice.sample(range(len(story.events)), count))
    return Schedule(f"seed {seed}: {story.name}", story, tuple(arrivals), plan, poison)


def _story(dice: Random) -> Story:
    """Return a few events of a story; one time in a hundred it is told whole.

    Of each story there are some excerpts, not all: what each comes to in order is found out once.
    """
    number = dice.randrange(STORIES)
    if dice.random() < WHOLE:
        return told(number)
    count, place = dice.choice(EXCERPTS), dice.choice((0, 0, 1))
    length = len(told(number).events)
    return excerpt(number, place * max(0, length - count) // 2, min(count, length))


def _weather(dice: Random, steps: int) -> Plan:
    """Return faults that come in numbers: a drizzle over all the run, or a storm in its midst.

    A storm is what sends messages to the dead letters: nothing works for longer than they last.
    """
    kinds = dice.sample(_STORMY, dice.choice((1, 1, 2)))
    storm = (dice.randrange(steps), dice.randrange(steps, steps + 200), 1.0)
    calm, drizzle, rain = (0, 0, 0.0), (0, 2 * steps, 0.03), (0, 2 * steps, 0.1)
    ((begins, ends, density),) = dice.choices((calm, drizzle, rain, storm), _CLIMATE)
    return [
        (step, dice.choice(kinds), 1) for step in range(begins, ends) if dice.random() < density
    ]


def _some_time(dice: Random) -> int:
    """Return between a tenth of a second and three days, short and long times alike."""
    return int(100 * 10 ** (dice.random() * 6.4))
