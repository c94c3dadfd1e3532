"""Lives that set automations off, and what each of them is known to have gone through.

The passages are the story's own truth (`infra.samples`): nobody has read them out of an event, let
alone out of a record. Only customers and subscriptions are told of; invoices and payments are the
other half's matter (`stories`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

from infra.samples import stripe as story
from tests.simulation.stories import ONE_PERSON, Story

TALES = 16
SHORT_TALES = 64
_TOLD = ("customer.created", "customer.subscription.")


@dataclass(frozen=True, slots=True)
class Life:
    """One subscription: whose it was, and every status it passed through, in order."""

    subscription: str
    email: str
    statuses: tuple[str, ...]

    @property
    def passages(self) -> list[tuple[str, str]]:
        """From what to what its status went, in order."""
        return list(pairwise(self.statuses))


@dataclass(frozen=True, eq=False)
class Tale:
    """A story and the lives it tells of."""

    story: Story
    lives: tuple[Life, ...]


@cache
def failing_renewal() -> Tale:
    """Return a small life: a subscription, a renewal that fails, recovers, and fails again."""
    world, subscription = _begun("failing", ONE_PERSON)
    _fail(world, subscription)
    _recover(world, subscription)
    _fail(world, subscription)
    return _tale("failing renewal", [(ONE_PERSON, world)])


@cache
def two_shops_of_one_person() -> Tale:
    """Return two subscriptions of one person that fail in the same moment.

    Their changes lie in two shards of the stream: two workers meet at the person.
    """
    told = []
    for seed in ("second", "third"):
        world, subscription = _begun(seed, ONE_PERSON)
        _fail(world, subscription)
        told.append((ONE_PERSON, world))
    return _tale("two of one person", told)


@cache
def given_up() -> Tale:
    """Return a subscription that fails, and ends for that."""
    world, subscription = _begun("given up", ONE_PERSON)
    _fail(world, subscription)
    story.give_up(world, subscription)
    return _tale("given up", [(ONE_PERSON, world)])


@cache
def many(count: int) -> Tale:
    """Return as many people, each with a renewal that fails."""
    told = []
    for number in range(count):
        email = f"person{number}@example.com"
        world, subscription = _begun(f"many/{number}", email)
        _fail(world, subscription)
        told.append((email, world))
    return _tale(f"{count} people", told)


@cache
def tale(number: int) -> Tale:
    """Return one of the tales: one to three subscriptions, of one person or of several."""
    return _lived(f"tale/{number}", f"life{number}", (1, 2, 3), 6)


@cache
def short_tale(number: int) -> Tale:
    """Return one of the short tales: a subscription or two that go through something once."""
    return _lived(f"short/{number}", f"short{number}", (1, 1, 1, 2), 3)


def _lived(seed: str, email: str, customers: Sequence[int], deeds: int) -> Tale:
    """Return a tale of as many customers as the dice say, with fewer deeds each than `deeds`."""
    dice = Random(seed)
    person = ONE_PERSON if dice.random() < 0.5 else None
    told = []
    for customer in range(dice.choice(customers)):
        address = person or f"{email}.{customer}@example.com"
        world, subscription = _begun(f"{seed}/{customer}", address)
        for _ in range(dice.randrange(1, deeds)):
            world.advance(minutes=dice.randrange(1, 3_000))
            if not _go_on(world, subscription, dice):
                break
        told.append((address, world))
    return _tale(seed.replace("/", " "), told)


def _begun(seed: str, email: str) -> tuple[story.Business, story.Subscription]:
    world = story.Business(seed)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    customer = story.add_customer(world, email, "Ada Lovelace")
    world.advance(minutes=5)
    return world, story.checkout(world, customer, price)


def _go_on(world: story.Business, subscription: story.Subscription, dice: Random) -> bool:
    """Let a subscription live on; tell whether it is still alive."""
    if subscription.status == "past_due":
        deeds: tuple[Callable[[], object], ...] = (
            lambda: _recover(world, subscription),
            lambda: _recover(world, subscription),
            lambda: _fail(world, subscription),
            lambda: story.give_up(world, subscription),
        )
    else:
        deeds = (
            lambda: story.renew(world, subscription),
            lambda: _fail(world, subscription),
            lambda: _fail(world, subscription),
            lambda: story.cancel_now(world, subscription),
        )
    dice.choices(deeds, (4, 4, 4, 1))[0]()
    return subscription.ended_at is None


def _fail(world: story.Business, subscription: story.Subscription) -> None:
    story.fail_renewal(world, subscription)
    world.advance(hours=7)


def _recover(world: story.Business, subscription: story.Subscription) -> None:
    story.recover(world, subscription)
    world.advance(hours=9)


def _tale(name: str, told: Iterable[tuple[str, story.Business]]) -> Tale:
    events: list[story.Event] = []
    lives: list[Life] = []
    for email, world in told:
        events += [each for each in world.events if each.type.startswith(_TOLD)]
        for each in world.truth.subscriptions.values():
            lives.append(Life(each.id, email, tuple(each.statuses)))
    events.sort(key=lambda event: int(event.created))
    return Tale(Story(name, tuple(events)), tuple(lives))
