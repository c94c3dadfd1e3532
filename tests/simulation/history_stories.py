"""Lives that are being lived while their history is imported or verified, with every provider.

What has happened by a moment, the provider's API tells from that moment on; notices of it come then
or later. A story ends with the end of a subscription, so that there is something to be missed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from typing_extensions import override

from infra.samples import paykickstart, paypal_world, stripe
from infra.samples.woocommerce_shop import Shop
from shared.domain import times
from tests.simulation import providers_accounts as accounts
from tests.simulation.providers_accounts import Account
from tests.simulation.providers_stories import SHOP, Notice, Store

STORIES = 40
# The lists of the last two take many pages, and their stories many notices.
_SHORT = ("paykickstart", "woocommerce")
_KINDS = (*_SHORT, "stripe", *_SHORT, "paypal", *_SHORT)


@dataclass(frozen=True, eq=False)
class History:
    """A store, and what it says in the order in which it happened.

    `ends` are the notices of ends of subscriptions, by their numbers. `since_ms` is where an import
    has to begin to miss nothing, None where that makes no difference. `vague` are the fields that
    a store's API and its notices tell differently.
    """

    name: str
    store: Store
    notices: tuple[Notice, ...]
    ends: frozenset[int]
    since_ms: int | None = None
    vague: tuple[str, ...] = ()

    @property
    def begins_ms(self) -> int:
        """When the first thing happens."""
        return self.notices[0].at_ms


@cache
def told(number: int) -> History:
    """Return one of the stories."""
    kind = _KINDS[number % len(_KINDS)]
    return _TELLERS[kind](f"{kind} history {number}", number, Random(f"history/{number}"))


def _paykickstart(name: str, number: int, dice: Random) -> History:
    vendor = paykickstart.Vendor(number, now=stripe.STARTS_AT)
    sold = vendor.subscribe(paykickstart.BUYERS[0], paykickstart.OFFERS[0])
    for _ in range(dice.randrange(1, 4)):
        deed = dice.choice(("renew", "fail", "buy", "refund"))
        if deed == "fail":
            vendor.fail(sold)
            vendor.recover(sold)
        elif deed == "buy":
            vendor.buy(paykickstart.BUYERS[3])
        elif deed == "refund":
            vendor.refund(vendor.renew(sold))
        else:
            vendor.renew(sold)
    vendor.cancel(sold)
    dated = [(int(dict(each.fields)["transaction_time"]), each) for each in vendor.events]
    ends = {n for n, each in enumerate(vendor.events) if each.type == "subscription-cancelled"}
    # Notices leave the interval to be guessed; the purchase tells it.
    return _history(name, "paykickstart", dated, accounts.of_paykickstart, ends, ("inferred",))


def _woocommerce(name: str, number: int, dice: Random) -> History:
    shop = Shop(f"history/{number}", starts_at=stripe.STARTS_AT)
    sub = shop.subscribe(shop.person())
    for _ in range(dice.randrange(1, 3)):
        deed = dice.choice(("renew", "fail", "buy", "refund"))
        if deed == "fail":
            shop.retry(shop.renew(sub, paid=False), sub, paid=True)
        elif deed == "buy":
            shop.buy(sub.person, 1_900)
        elif deed == "refund":
            shop.refund(shop.renew(sub), 1_000)
        else:
            shop.renew(sub)
    shop.end(sub)
    dated = [(each.sent_at, each) for each in shop.events]
    return _history(name, "woocommerce", dated, accounts.of_woocommerce, {len(dated) - 1})


def _history(
    name: str,
    provider: str,
    dated: Sequence[tuple[int, Any]],
    account_of: Callable[[Sequence[Any]], Account],
    ends: set[int],
    vague: tuple[str, ...] = (),
) -> History:
    """Return the story of a store whose API is made of what it has posted."""
    events = [event for _, event in dated]
    states = [
        (at * times.SECOND, account_of(events[: number + 1]))
        for number, (at, _) in enumerate(dated)
    ]
    states.insert(0, (0, account_of([])))
    return History(
        name,
        Store(SHOP, provider, account=accounts.lived(states)),
        _notices(provider, dated),
        frozenset(ends),
        vague=vague,
    )


def _notices(
    provider: str, dated: Sequence[tuple[int, Any]], after_ms: int = 0
) -> tuple[Notice, ...]:
    return tuple(Notice(SHOP, provider, event, at * times.SECOND + after_ms) for at, event in dated)


class _Business(stripe.Business):
    """A business that remembers how it stood after each event."""

    def __init__(self, seed: str) -> None:
        self.states: list[tuple[int, Account]] = []
        super().__init__(seed)
        self.states.append((0, accounts.of_stripe(stripe.Business(seed))))

    def remember(self, at: int) -> None:
        """Keep how it stands now, as from the Unix second `at` on."""
        states, self.states = self.states, []
        standing = accounts.of_stripe(copy.deepcopy(self))
        self.states = [*states, (at * times.SECOND, standing)]

    @override
    def _record(self, event: stripe.Event) -> stripe.Event:
        self.remember(self.now)
        return super()._record(event)


def _stripe(name: str, number: int, dice: Random) -> History:
    world = _Business(f"history/{number}")
    price = stripe.add_price(world, stripe.add_product(world, "Tea box"), 1_900)
    customer = stripe.add_customer(world, "ada@example.com", "Ada Lovelace")
    world.advance(minutes=5)
    subscription = stripe.checkout(world, customer, price)
    world.remember(world.now)
    world.advance(minutes=dice.randrange(2, 90))
    if dice.random() < 0.5:
        book = stripe.add_price(world, stripe.add_product(world, "Tea book"), 900, interval=None)
        newcomer = stripe.add_customer(world, "grace@example.com", "Grace Hopper")
        stripe.one_time(world, book, newcomer)
        world.remember(world.now)
        world.advance(minutes=dice.randrange(2, 90))
    stripe.cancel_now(world, subscription)
    world.remember(world.now)
    dated = [(int(each.created), each) for each in world.events]
    ended = "customer.subscription.deleted"
    return History(
        name,
        Store(SHOP, "stripe", account=accounts.lived(world.states)),
        _notices("stripe", dated),
        frozenset(n for n, (_, each) in enumerate(dated) if each.type == ended),
    )


class _World(paypal_world.World):
    """PayPal's made-up world, remembering how it stood after each event."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed, starts_at=stripe.STARTS_AT)
        self.states: list[tuple[int, Account]] = [(0, accounts.of_paypal(paypal_world.World(seed)))]

    @override
    def _say(self, *said: Any) -> None:
        super()._say(*said)
        states, self.states = self.states, []
        standing = accounts.of_paypal(copy.deepcopy(self))
        self.states = [*states, (self.now * times.SECOND, standing)]


def _paypal(name: str, number: int, dice: Random) -> History:
    world = _World(f"history/{number}")
    sold = world.subscribe(world.buyer(), world.plan(1_900, "DAY", 10))
    world.activate(sold)
    if dice.random() < 0.5:
        world.refund(world.renew(sold), 500)
    else:
        world.buy(sold.buyer, 4_500)
    world.cancel(sold)
    dated = list(zip(world.moments, world.events, strict=True))
    return History(
        name,
        Store(SHOP, "paypal", account=accounts.lived(world.states)),
        # PayPal dates what it says a little after what it tells of.
        _notices("paypal", dated, 200),
        frozenset(n for n, (_, each) in enumerate(dated) if each.type.endswith(".CANCELLED")),
        since_ms=(world.moments[0] - 86_400) * times.SECOND,
        vague=("store_created_date",),
    )


_TELLERS: Mapping[str, Callable[[str, int, Random], History]] = {
    "paykickstart": _paykickstart,
    "woocommerce": _woocommerce,
    "stripe": _stripe,
    "paypal": _paypal,
}
