"""Generated businesses to hold the reports against: zones, currencies, refunds, late matches.

Some are lives and purchases in one shop, told to the processor in random order with repetitions;
the rest are written down (`written`). One seed is one business.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from infra.samples import stripe as story
from infra.samples.stripe import Event, Shape
from tests.laws.recorded import shuffled
from tests.reference.asking import Told
from tests.reference.books import Books
from tests.reference.kept import books_of
from tests.reference.late import amended
from tests.reference.lively import enliven
from tests.reference.written import days_of, written
from tests.support.shop import Shop

ZONES = tuple(
    """UTC Europe/Paris America/New_York America/Sao_Paulo Asia/Kolkata Australia/Lord_Howe
    Pacific/Kiritimati Pacific/Apia America/St_Johns""".split()
)
_CURRENCIES = ("usd", "eur", "jpy", "kwd")


@dataclass(frozen=True)
class Business:
    """A business to be asked, and the zone its owner lives in."""

    told: Told
    zone: ZoneInfo


def written_business(seed: int) -> Business:
    """Return a business that was written down."""
    zone = _zone(random.Random(f"zone/{seed}"))
    held = written(seed, zone)
    return Business(Told(f"written {seed}", held.books, held.tests, held.store, held.rows), zone)


def amended_business(seed: int) -> Business:
    """Return a business that was written down, and to which news came late."""
    first = written_business(seed)
    later = amended(written(seed, first.zone), seed)
    news = Told(f"later {seed}", later.books, later.tests, later.store, later.rows)
    return Business(replace(first.told, later=news), first.zone)


def folded_business(seed: int) -> Business:
    """Return a business that the processor was told of."""
    dice = random.Random(f"business/{seed}")
    events = events_of(seed)
    policy = dice.choice(("create", "create", "match_only"))
    shop = Shop(policy=policy)
    everybody = [f"life{seed}/{turn}@example.com" for turn in range(3)]
    # Under `match_only` a payment waits for its contact; some never come.
    known = [each for each in everybody if policy == "match_only" and dice.random() < 0.6]
    arriving = shuffled(events, seed, twice=4)
    added = {email: dice.randrange(len(arriving)) for email in known}
    for turn, event in enumerate(arriving):
        for email in (each for each, moment in added.items() if moment == turn):
            shop.add_contact(email)
        shop.receive(event.body)
    return told_by(shop, _zone(dice), seed)


def told_by(shop: Shop, zone: ZoneInfo, seed: int) -> Business:
    """Return the business a shop has heard of, its people leading the lives of a seed."""
    enliven(shop.memory, days_of(random.Random(f"lively/{seed}"), zone))
    books = books_of(shop.memory)
    return Business(Told(f"folded {seed}", books, Books(), shop.memory), zone)


def events_of(seed: int) -> list[Event]:
    """Return everything that happens in the folded business of a seed, in order."""
    dice = random.Random(f"events/{seed}")
    shape: Shape = dice.choice(("old", "new"))
    events: list[Event] = []
    for turn in range(dice.choice((1, 1, 2))):
        events += story.random_life(f"{seed}/{turn}", shape, dice.randrange(3, 9)).world.events
    return sorted([*events, *_purchases(seed, shape)], key=lambda event: int(event.created))


def _zone(dice: random.Random) -> ZoneInfo:
    return ZoneInfo(dice.choice(ZONES))


def _purchases(seed: int, shape: Shape) -> list[Event]:
    """Sell some single things; one customer is also somebody's subscriber."""
    dice = random.Random(f"purchases/{seed}")
    world = story.Business(f"{seed}/shop", shape)
    currency = dice.choice(_CURRENCIES)
    price = story.add_price(
        world,
        story.add_product(world, "Book"),
        story.amount_of("24", currency),
        currency,
        interval=None,
    )
    for turn in range(dice.randrange(4)):
        world.advance(minutes=dice.randrange(60, 20_000))
        guest = dice.choice((f"life{seed}/0@example.com", f"guest{turn}@example.com"))
        payment = story.one_time(world, price, guest=guest, quantity=dice.randrange(1, 4))
        if dice.random() < 0.4:
            world.advance(minutes=dice.randrange(10, 9_000))
            story.refund(world, payment, dice.choice((None, story.amount_of("7", currency))))
    return world.events
