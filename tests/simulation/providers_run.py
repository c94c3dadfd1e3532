"""A run of what the other providers tell: faults as planned, then calm, then the dead letters.

What a run comes to is asked of the API. The table is read for what that does not show: which events
were recorded, with their outcomes; and, of each story's run in order, a view in memory that lends
itself to the laws that stories have of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Any

from shared.adapters.documents import to_document
from shared.adapters.table_keys import entry_name_of, event_name_of, logged_name_of
from shared.domain.ports import Name
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.judging import LawBroken
from tests.simulation.laws import BOUND_MS, FAULTY_MS, REDRIVES_MAX
from tests.simulation.observer import addresses_in
from tests.simulation.oracle import Outcome, Sums, outcome
from tests.simulation.providers_schedules import ProvidersSchedule, in_order
from tests.simulation.providers_stack import ProvidersStack
from tests.simulation.providers_stories import Notice, Story
from tests.simulation.world import World
from tests.support.shop import Shop


@dataclass
class ProvidersRun:
    """What a schedule has come to; `said` is everything the Lambdas wrote to their logs."""

    schedule: ProvidersSchedule
    stack: ProvidersStack
    dead: int
    found: Outcome
    events: dict[Name, Mapping[str, Any]]
    said: str

    @property
    def world(self) -> World:
        """The world it ran in."""
        return self.stack.world

    @property
    def calls(self) -> list[str]:
        """The calls that were made, by name, step by step."""
        return [line.split()[2] for line in self.world.steps.trace if line.split()[2:]]


@cache
def expected(story: Story) -> ProvidersRun:
    """Return the run of a story in order, without a fault. Raise LawBroken where it is not true."""
    done = run(in_order(story), watched=False)
    found = story.check(view(done.world.dynamodb))
    if found:
        raise LawBroken(f"{story.name} in order is not what the story says: {found}")
    return done


def run(schedule: ProvidersSchedule, *, watched: bool = True) -> ProvidersRun:
    """Run a schedule to its end, redrives included. Raise LawBroken where it comes to none."""
    world, story = World(plan=schedule.plan), schedule.story
    world.clock.advance_to(story.begins_ms)
    said = StringIO()
    with redirect_stdout(said):
        stores = {store.provider: schedule.manners for store in story.stores}
        stack = ProvidersStack(world, story.stores, stores)
        if watched and len(story.stores) == 1:
            # What two stores report may count twice until both have been heard.
            world.watch(Sums(world.dynamodb).check)
        for number, after_ms in schedule.arrivals_ms:
            stack.deliver(story.notices[number], after_ms)
        for number, after_ms in schedule.forged:
            stack.forge(story.notices[number], after_ms)
        try:
            world.run(schedule.ends_ms + FAULTY_MS)
            dead = come_to_rest(world)
        except AssertionError as error:
            raise LawBroken(f"{schedule.name}: {error}") from error
    found, events = outcome(world, addresses_of(story.notices)), recorded(world.dynamodb)
    return ProvidersRun(schedule, stack, dead, found, events, said.getvalue())


@cache
def addresses_of(notices: tuple[Notice, ...]) -> tuple[str, ...]:
    """Return the addresses that notices name."""
    return addresses_in(
        json.dumps(each.event).encode() if each.provider == "api" else each.event.body
        for each in notices
    )


def come_to_rest(world: World) -> int:
    """Let nothing go wrong any more, work off what is there, then redrive.

    Return how many letters there have been. Raise NotDrained where any of that takes too long.
    """
    world.drain(BOUND_MS)
    for _ in range(REDRIVES_MAX):
        if world.person.redrive():
            world.drain(BOUND_MS)
    return len(world.person.letters)


def recorded(dynamodb: FakeDynamoDB) -> dict[Name, Mapping[str, Any]]:
    """Return all events that were recorded, by connection, id and type."""
    found: dict[Name, Mapping[str, Any]] = {}
    for item in dynamodb.items():
        name = event_name_of(item["pk"]["S"], item["sk"]["S"])
        if name is not None:
            found[name] = to_document(item)
    return found


def view(dynamodb: FakeDynamoDB) -> Shop:
    """Return a shop in memory that knows what the table has: records, histories and contacts."""
    shop = Shop()
    shop.memory.documents.clear()
    for item in dynamodb.items():
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        name: Name | None = ("quarantine", sk) if pk == "QUARANTINE" else logged_name_of(pk, sk)
        name = name or (entry_name_of(pk, sk) if sk.startswith("AT#") else None)
        if name is not None:
            shop.memory.documents[name] = to_document(item)
    return shop
