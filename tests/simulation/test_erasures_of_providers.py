"""Somebody is erased in the midst of what each provider tells: nobody comes back, money stays."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Any

import pytest

from shared.adapters.documents import to_document
from shared.domain import naming, personal
from shared.domain.ports import Name
from tests.simulation import history_schedules, providers_run
from tests.simulation import history_stories as histories
from tests.simulation.history_run import HistoryStack
from tests.simulation.oracle import outcome
from tests.simulation.providers_run import addresses_of
from tests.simulation.providers_stack import ProvidersStack
from tests.simulation.providers_stories import Story, told
from tests.simulation.world import World
from tests.support.erasing import Eraser, canaries

# Of each provider a story told by its events alone, and one in which its API is asked as well.
STORIES = (8, 9, 34, 18, 20, 12, 5, 21, 15)
APART_MS = 1_000

# Some stores know a customer by the email; and when a record was last touched moves by itself.
_UNCOUNTED = personal.FIELDS | {"store_customer_id", "store_modified_date"}


class Telling:
    """A story told to a stack of its own."""

    def __init__(self, story: Story, stack: ProvidersStack | None = None) -> None:
        self.story = story
        if stack is None:
            world = World()
            world.clock.advance_to(story.begins_ms)
            stack = ProvidersStack(world, story.stores)
        self.stack = stack
        self.eraser = Eraser(self.stack)

    def tell(self, numbers: Iterable[int]) -> None:
        for place, number in enumerate(numbers):
            self.stack.deliver(self.story.notices[number], place * APART_MS)
        self.rest()

    def rest(self) -> None:
        with redirect_stdout(StringIO()), self.eraser.noting():
            providers_run.come_to_rest(self.stack.world)

    def documents(self, entity: str) -> list[Any]:
        items = self.stack.world.dynamodb.items()
        return [to_document(each) for each in items if each["sk"]["S"] == entity]

    def money(self) -> dict[Name, dict[str, Any]]:
        records = outcome(self.stack.world, addresses_of(self.story.notices)).records
        return {
            name: {key: value for key, value in view.items() if key not in _UNCOUNTED}
            for name, view in records.items()
        }

    def unmatched(self) -> list[Name]:
        names = list(outcome(self.stack.world, addresses_of(self.story.notices)).records)
        heads = self.stack.table.read(names)
        return [name for name in names if not (heads[name] or {}).get("contact_id")]


@cache
def whole(number: int) -> Telling:
    """Return a story told in order, with nobody erased."""
    telling = Telling(told(number))
    telling.tell(range(len(telling.story.notices)))
    return telling


def people(telling: Telling) -> list[str]:
    """Return the addresses of all the contacts there are."""
    found = [[each["email"], *each["aliases"]] for each in telling.documents("CONTACT")]
    return sorted({address for addresses in found for address in addresses})


def words_of(telling: Telling) -> list[str]:
    """Return what tells who somebody is, of everybody a story is about."""
    told = [each[name] for each in telling.documents("CONTACT") for name in ("last_name", "phone")]
    return sorted({*people(telling), *(each for each in told if each)})


@pytest.mark.parametrize("number", STORIES, ids=lambda number: told(number).name)
@pytest.mark.parametrize("share", [0, 2])
def test_nobody_who_was_erased_comes_back_and_money_stays(number: int, share: int) -> None:
    known = whole(number)
    count = len(known.story.notices)
    first = range(count * share // 3)
    telling = Telling(known.story)
    telling.tell(first)
    assert not first or canaries(telling.stack, words_of(known))

    for email in people(known):
        telling.eraser.erase(email)
    telling.rest()
    telling.tell([*range(count), *first])

    assert canaries(telling.stack, words_of(known)) == []
    assert telling.money() == known.money()
    assert telling.unmatched() == known.unmatched()
    assert people(telling) == []


def test_the_stories_tell_of_people_by_their_addresses() -> None:
    bodies = [each["body"] for each in whole(34).documents("EVENT")]

    named = {each for body in bodies for each in naming.addresses_in(naming.texts_of(body))}

    assert {*people(whole(34))} & named


@pytest.mark.parametrize("number", [0, 1, 2, 3], ids=lambda number: histories.told(number).name)
def test_neither_an_import_nor_a_repair_brings_anybody_back(number: int) -> None:
    history = histories.told(number)
    schedule = history_schedules.in_order(history)
    world = World()
    world.clock.advance_to(history.begins_ms)
    with redirect_stdout(StringIO()):
        stack = HistoryStack(world, schedule)
        for place, after_ms in schedule.arrivals_ms:
            stack.deliver(history.notices[place], after_ms)
        world.run(schedule.ends_ms)
        providers_run.come_to_rest(world)
        telling = Telling(told(8), stack)
        words, known, money = words_of(telling), people(telling), telling.money()
        assert canaries(stack, words)
        for email in known:
            telling.eraser.erase(email)
        telling.rest()
        for what in ("import", "verify", "repair"):
            stack.want(what)
            providers_run.come_to_rest(world)
            assert (stack.job(what) or {}).get("state") == "done"

    assert canaries(stack, words) == []
    assert (telling.money(), people(telling)) == (money, [])
