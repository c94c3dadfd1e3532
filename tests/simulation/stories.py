"""What the simulated Stripe has to tell: the lives of a few customers, some of whom are one person.

Two customers of one store may share an email: their events come in different message groups but
move one contact's sums, which is where workers meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from infra.samples import stripe as story
from tests.simulation.excerpt_truth import revenue_in, statuses_in
from tests.simulation.observer import addresses_in

ONE_PERSON = "ada@example.com"
STARTS_AT_MS = story.STARTS_AT * 1000
STORIES = 24


@dataclass(frozen=True, eq=False)
class Story:
    """Events in the order in which they happened, and what the story itself says of the end.

    `revenue` and `statuses` are None where it says nothing of them.
    """

    name: str
    events: tuple[story.Event, ...]
    revenue: Mapping[str, Decimal] | None = None  # net, by currency
    refused: frozenset[tuple[str, str]] = frozenset()  # id and type of what must be quarantined
    statuses: Mapping[str, str] | None = None  # by subscription

    @property
    def times_ms(self) -> list[int]:
        """When each event happened, in ms since the story began."""
        return [int(event.created) * 1000 - STARTS_AT_MS for event in self.events]


@cache
def addresses_of(told: Story) -> tuple[str, ...]:
    """Return the addresses that a story's events name."""
    return addresses_in(event.body for event in told.events)


@cache
def told(number: int) -> Story:
    """Return one of the stories: one or two customers, a handful of deeds each."""
    dice = Random(f"story/{number}")
    person = ONE_PERSON if dice.random() < 0.5 else None
    events: list[story.Event] = []
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    statuses: dict[str, str] = {}
    for customer in range(dice.choice((1, 1, 2))):
        seed = f"{number}/{customer}"
        shape: story.Shape = dice.choice(("new", "old"))
        life = story.random_life(seed, shape, dice.randrange(1, 3))
        _live_on(life, dice)
        email = f"life{seed}@example.com"
        events += [_of_person(each, email, person or email) for each in life.world.events]
        for currency, text in life.world.truth.revenue_text().items():
            revenue[currency] += Decimal(text)
        known = life.world.truth.subscriptions.values()
        statuses |= {each.id: str(each.status) for each in known}
    noise = [_changed(dice.choice(events), turn, livemode=False) for turn in range(2)]
    unknown = _changed(dice.choice(events), 2, type=story.UNKNOWN)
    events = sorted([*events, *noise, unknown], key=lambda event: int(event.created))
    refused = frozenset((event.id, event.type) for event in noise)
    return Story(f"story {number}", tuple(events), revenue, refused, statuses)


def _changed(event: story.Event, turn: int, **changed: object) -> story.Event:
    """Return what comes by mistake: an event of test mode, or of a type nobody asked for."""
    return replace(event, content={**event.content, "id": f"evt_mistake{turn}", **changed})


def _live_on(life: story.Life, dice: Random) -> None:
    """Have a customer do what sets off jobs: move to another address or email, buy once more."""
    world, customer = life.world, life.subscription.customer
    book = story.add_price(world, story.add_product(world, "The book of tea"), 900, interval=None)
    for turn in range(dice.randrange(3)):
        world.advance(minutes=dice.randrange(1, 3_000))
        deed = dice.choice(("buy", "buy", "change_email", "move"))
        if deed == "buy":
            story.one_time(world, book, customer)
        elif deed == "change_email":
            story.change_email(world, customer, f"{turn}.{customer.id[-4:]}@example.com")
        else:
            home = story.Address(f"{turn} Lake Street", "Chicago", "60601", "US", "IL")
            story.move(world, customer, home)


@cache
def excerpt(number: int, first: int, count: int) -> Story:
    """Return some events in a row of one of the stories: what came before is never told.

    What it says of the end is what these events say by themselves.
    """
    whole = told(number)
    events = whole.events[first : first + count]
    ids = {event.id for event in events}
    refused = frozenset(each for each in whole.refused if each[0] in ids)
    counted = [event for event in events if (event.id, event.type) not in refused]
    revenue, statuses = revenue_in(counted), statuses_in(counted)
    name = f"{whole.name}, {first} to {first + len(events)}"
    return Story(name, events, revenue, refused, statuses)


@cache
def checkout() -> Story:
    """Return the burst of one checkout: everything Stripe sends within two seconds."""
    world = story.Business("burst")
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    customer = story.add_customer(world, ONE_PERSON, "Ada Lovelace")
    before = len(world.events)
    story.checkout(world, customer, price)
    events = tuple(world.events[before - 1 :])
    return Story("checkout", events, revenue_in(events), statuses=statuses_in(events))


def _of_person(event: story.Event, email: str, person: str) -> story.Event:
    """Return the event with one email in place of another, wherever it stands."""
    if email == person:
        return event
    return replace(event, content=_exchanged(event.content, email, person))


def _exchanged(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _exchanged(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_exchanged(each, old, new) for each in value]
    return new if value == old else value


@cache
def moving_away() -> Story:
    """Return how one of two customers of one person changes the email: sums and dates move too."""
    world = story.Business("moving")
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    book = story.add_price(world, story.add_product(world, "The book of tea"), 900, interval=None)
    first = story.add_customer(world, ONE_PERSON, "Ada Lovelace")
    story.one_time(world, book, first)
    world.advance(days=1)
    second = story.add_customer(world, ONE_PERSON, "Ada Lovelace")
    story.checkout(world, second, price)
    world.advance(days=1)
    story.change_email(world, first, "lovelace@example.com")
    events = tuple(world.events)
    return Story("moving away", events, revenue_in(events), statuses=statuses_in(events))
