"""Somebody is erased in the middle of a schedule: I-19, whatever goes wrong meanwhile.

Every event names its person by words of its own, so that what is left of one that occurred before
the erasure is told from what was said anew since. What the same events come to without an erasure
is what must be left of records and money with it.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from io import StringIO
from random import Random
from typing import Any

from infra.samples import stripe as story
from shared.adapters.aws import AwsError
from shared.domain import naming
from shared.domain.erasure import Erasure, read_object
from shared.domain.errors import Retryable
from tests.simulation import laws, schedules
from tests.simulation.excerpt_truth import revenue_in
from tests.simulation.judging import LawBroken
from tests.simulation.laws import FAULTY_MS
from tests.simulation.observer import addresses_in
from tests.simulation.oracle import Outcome, Sums, outcome
from tests.simulation.processor import Deployment
from tests.simulation.schedules import Schedule
from tests.simulation.stories import STARTS_AT_MS, Story, addresses_of
from tests.simulation.world import World
from tests.support.erasing import Eraser

_AGAIN_MS = 30_000
# No function of ours may run for longer; what the last look at the table relies on is more still.
_LIFETIME_MS = 190_000
_NAMED = ("email", "address", "phone")
NEIGHBOUR = "neighbour@example.com"
_NEIGHBOURLY = 0.5


@dataclass
class Done:
    """What a schedule with an erasure in it has come to."""

    schedule: Schedule
    deployment: Deployment
    email: str
    erasures: list[Erasure] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.deployment.world

    @property
    def found(self) -> Outcome:
        """What is left of records and contacts."""
        return outcome(self.world, addresses_of(self.schedule.story))


@cache
def told_apart(told: Story) -> Story:
    """Return a story whose every event names its person by words that no other event has."""
    events = [
        replace(each, content=_marked(each.content, f"canary{number}x"))
        for number, each in enumerate(told.events)
    ]
    return replace(told, events=tuple(events))


@cache
def with_neighbour(told: Story) -> Story:
    """Return a story that is followed by that of somebody else, who buys once."""
    world = story.Business("neighbour")
    book = story.add_price(world, story.add_product(world, "Tea pot"), 900, interval=None)
    story.one_time(world, book, story.add_customer(world, NEIGHBOUR, "Grace Hopper"))
    bought = tuple(each for each in world.events if addresses_in([each.body]))
    revenue = told.revenue
    if revenue is not None:
        earned = revenue_in(bought)
        sums = {each: revenue.get(each, 0) + earned.get(each, Decimal()) for each in earned}
        revenue = {**revenue, **sums}
    name = f"{told.name}, a neighbour"
    return replace(told, name=name, events=(*told.events, *bought), revenue=revenue)


def _marked(value: Any, word: str) -> Any:
    if isinstance(value, list):
        return [_marked(each, word) for each in value]
    if not isinstance(value, dict):
        return value
    person = any(name in value for name in _NAMED)
    return {
        name: word
        if isinstance(each, str) and (name in ("line1", "customer_name") or _is_name(name, person))
        else _marked(each, word)
        for name, each in value.items()
    }


def _is_name(name: str, person: bool) -> bool:
    return name == "name" and person


def addresses(told: Story) -> list[str]:
    """Return whom a story is about."""
    return sorted({each for event in told.events for each in named_in(event)})


def run(schedule: Schedule, email: str, after_ms: int) -> Done:
    """Run a schedule with an erasure `after_ms` from its beginning, and to its end.

    The plan may have more of them, in the middle of any call. Raise LawBroken.
    """
    world = World(plan=schedule.plan)
    world.clock.advance_to(STARTS_AT_MS)
    deployment = Deployment(world)
    eraser = Eraser(deployment)
    world.steps.lifetime_ms = _LIFETIME_MS
    world.watch(Sums(world.dynamodb).check)
    world.deeds["somebody is erased"] = lambda: eraser.erase(email)

    def ask() -> None:
        try:
            asked = world.request(eraser.erase_through, email)
        except (AwsError, Retryable):  # the API answers 503
            asked = None
        if asked is None:
            world.schedule(_AGAIN_MS, ask)

    world.schedule(after_ms, ask)
    for number, at_ms in schedule.arrivals_ms:
        deployment.deliver(schedule.story.events[number], at_ms)
    try:
        with redirect_stdout(StringIO()), laws.poisoned(schedule, world), eraser.noting():
            world.run(schedule.ends_ms + FAULTY_MS)
            laws.come_to_rest(world)
    except AssertionError as error:
        raise LawBroken(f"{schedule.name}: {laws.law_of(error)}: {error}") from error
    done = Done(schedule, deployment, email)
    done.erasures = [read_object(held[0]) for held in eraser.ledger.objects.values()]
    return done


def random_schedule(seed: int) -> tuple[Schedule, str, int]:
    """Return the schedule of a seed, whom to erase in its midst, and when (ms)."""
    dice = Random(f"erasure/{seed}")
    schedule = schedules.random_schedule(seed)
    if dice.random() < _NEIGHBOURLY:
        schedule = _beside(schedule, dice)
    told = told_apart(schedule.story)
    schedule = replace(schedule, story=told)
    known = addresses(told) or ["nobody@example.com"]
    after_ms = dice.randrange(schedule.ends_ms + 2) if dice.random() < 0.8 else 0
    return schedule, dice.choice(known), after_ms


def _beside(schedule: Schedule, dice: Random) -> Schedule:
    """Return a schedule in the midst of which a neighbour buys something."""
    told = with_neighbour(schedule.story)
    after_ms, before = dice.randrange(schedule.ends_ms + 1), len(schedule.story.events)
    bought = [(number, after_ms + number) for number in range(before, len(told.events))]
    return replace(schedule, story=told, arrivals_ms=(*schedule.arrivals_ms, *bought))


def named_in(event: story.Event) -> set[str]:
    """Return the addresses an event names."""
    return {each for each in naming.texts_of(event.body) if "@" in each}
