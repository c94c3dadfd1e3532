"""What the other providers have to tell: lives at PayPal, PayKickstart, WooCommerce, in API stores.

And sales that two of them report, since a vendor sells at one through the other. All has happened
before it is told, so an API that is asked tells of the end. The story's own truth is held against
the run in order, once for each story; all other runs are held against that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from infra.samples import paykickstart, paypal, stripe, woocommerce
from infra.samples.paypal_world import Shape
from infra.samples.paypal_world import World as PayPalWorld
from infra.samples.woocommerce_shop import Shop as WooCommerceShop
from shared.domain import times
from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from tests.laws import test_paypal_lives as paypal_laws
from tests.laws import test_woocommerce_lives as woocommerce_laws
from tests.laws import truth
from tests.simulation import providers_accounts as accounts
from tests.simulation.providers_accounts import Account
from tests.support import store_items
from tests.support.shop import Shop

STORIES = 96
SHOP, KICK = "shop", "kick"
# How long after all has happened it is told.
LATER_MS = times.DAY
_KINDS = ("paypal", "paypal", "paykickstart", "woocommerce", "woocommerce", "stripe", "api", "both")

Check = Callable[[Shop], list[str]]


@dataclass(frozen=True, eq=False)
class Notice:
    """One thing a store says: by which connection, what, and when it happened (ms)."""

    connection_id: str
    provider: str
    event: Any
    at_ms: int


@dataclass(frozen=True, eq=False)
class Store:
    """A connection: whose, what else there is to it, and its API, where it has a key for one."""

    connection_id: str
    provider: str
    about: Mapping[str, Any] = field(default_factory=dict)
    account: Account | None = None


@dataclass(frozen=True, eq=False)
class Story:
    """Stores, and what they say in the order in which it happened; `check` knows the truth."""

    name: str
    stores: tuple[Store, ...]
    notices: tuple[Notice, ...]
    check: Check

    @property
    def begins_ms(self) -> int:
        """When all has happened, and the telling begins."""
        return max(notice.at_ms for notice in self.notices) + LATER_MS

    @property
    def asks(self) -> bool:
        """Whether some store's API can be asked."""
        return any(store.account is not None for store in self.stores)


@cache
def told(number: int) -> Story:
    """Return one of the stories."""
    dice = Random(f"providers/{number}")
    return _TELLERS[_KINDS[number % len(_KINDS)]](number, dice)


def _paypal(number: int, dice: Random) -> Story:
    """Return one event with all its story, or a whole life; with an API, every event is asked."""
    asks = dice.random() < 0.5
    # The API speaks version 2, in which it says more than agreements of version 1 ever do.
    shape: Shape = "v2" if asks or dice.random() < 0.5 else "v1"
    if dice.random() < 0.15:
        world = paypal.random_life(number, shape)
    else:
        kind = dice.choice(_PAYPAL_STORIES)
        # Agreements of version 1 keep their price when their plan's changes.
        shape = "v2" if "PRICING" in kind else shape
        world = PayPalWorld(f"simulated/{number}", shape)
        paypal.STORIES[kind](world)
    store = Store(SHOP, "paypal", account=accounts.of_paypal(world) if asks else None)

    def check(shop: Shop) -> list[str]:
        return paypal_laws.differences(shop, world.truth, shape=shape, priced=asks)

    dated = zip(world.moments, world.events, strict=True)
    return _story(f"paypal {number}", store, [(at, event) for at, event in dated], check)


def _paykickstart(number: int, dice: Random) -> Story:
    if dice.random() < 0.5:
        vendor = paykickstart.random_life(number)
    else:
        vendor = paykickstart.Vendor(number)
        paykickstart.STORIES[dice.choice(_PAYKICKSTART_STORIES)][1](vendor)
    events = vendor.events
    store = Store(
        SHOP,
        "paykickstart",
        account=accounts.of_paykickstart(events) if dice.random() < 0.5 else None,
    )
    dated = [(int(dict(each.fields).get("transaction_time", vendor.now)), each) for each in events]
    return _story(
        f"paykickstart {number}", store, dated, lambda shop: truth.differences(shop, vendor.truth)
    )


def _woocommerce(number: int, dice: Random) -> Story:
    if dice.random() < 0.2:
        shop = woocommerce.random_life(number)
    else:
        shop = WooCommerceShop(f"simulated/{number}")
        woocommerce.STORIES[dice.choice(_WOOCOMMERCE_STORIES)][1](shop)
    asks = dice.random() < 0.5
    account = accounts.of_woocommerce(shop.events) if asks else None
    dated = [(each.sent_at, each) for each in shop.events]
    return _story(
        f"woocommerce {number}",
        Store(SHOP, "woocommerce", account=account),
        dated,
        lambda view: woocommerce_laws.differences(view, shop.truth),
    )


def _stripe(number: int, dice: Random) -> Story:
    """Return a short life at Stripe; what its events leave out is asked of the API."""
    life = stripe.random_life(f"simulated/{number}", dice.choice(("old", "new")), dice.randrange(2))
    dated = [(int(each.created), each) for each in life.world.events]
    priced = [life.subscription.id] if life.subscription.tax_percent else []
    return _story(
        f"stripe {number}",
        Store(SHOP, "stripe", account=accounts.of_stripe(life.world)),
        dated,
        lambda shop: truth.differences(shop, life.world.truth, priced_by_invoice=priced),
    )


def _api(number: int, dice: Random) -> Story:
    """Return what an API store puts of a life, item by item."""
    items = store_items.life()[: dice.randrange(3, 10)]
    dated = [
        (times.from_text(item["store_modified_date"]) or 0, (kind, item)) for kind, item in items
    ]

    def check(shop: Shop) -> list[str]:
        kinds = {
            ORDER: shop.orders(),
            RECURRING_PAYMENT: shop.recurring_payments(),
        }
        wanted = {(kind, store_items.identity_of(kind, item)): item for kind, item in items}
        return [
            f"{kind} {identity} is not {item['status']}"
            for (kind, identity), item in wanted.items()
            if not kinds[kind][identity]["status"].endswith(_status(item))
        ]

    stated = [(at / times.SECOND, each) for at, each in dated]
    return _story(f"api store {number}", Store(SHOP, "api"), stated, check)


def _status(item: Mapping[str, Any]) -> str:
    """Return how an item ends up: what was given back in part is no item's own word."""
    return "refunded" if item.get("refunded") else str(item["status"]).lower()


def _both(number: int, dice: Random) -> Story:
    """Return sales that a vendor makes at PayKickstart through Stripe, and that both report."""
    business = stripe.Business(f"both/{number}")
    price = stripe.add_price(
        business, stripe.add_product(business, "The Lantern Atlas"), 4_950, interval=None
    )
    buyer = paykickstart.BUYERS[3]
    customer = stripe.add_customer(business, buyer.email, "Ada Byron")
    vendor = paykickstart.Vendor(number)
    sales = dice.randrange(1, 3)
    for _ in range(sales):
        business.advance(minutes=dice.randrange(5, 3_000))
        stripe.one_time(business, price, customer)
        (*_, charge) = (e.object["id"] for e in business.events if e.type == "charge.succeeded")
        vendor.now = business.now - 3_600
        vendor.buy(buyer, custom_stripe=charge)
    notices = [Notice(SHOP, "stripe", e, int(e.created) * times.SECOND) for e in business.events]
    notices += [
        Notice(KICK, "paykickstart", e, int(dict(e.fields)["transaction_time"]) * times.SECOND)
        for e in vendor.events
    ]
    stores = (
        Store(SHOP, "stripe"),
        Store(KICK, "paykickstart", {"authority": dice.choice((20, 80))}),
    )

    def check(shop: Shop) -> list[str]:
        (contact,) = shop.contacts().values()
        wanted = (sales, [{"currency": "USD", "amount": 4_950 * sales}])
        found = (contact["orders_count"], contact["revenue"])
        return [] if found == wanted else [f"sums are {found}, not {wanted}"]

    ordered = tuple(sorted(notices, key=lambda notice: notice.at_ms))
    return Story(f"both {number}", stores, ordered, check)


def _story(name: str, store: Store, dated: Sequence[tuple[float, Any]], check: Check) -> Story:
    """Return the story of one store; times are Unix seconds."""
    notices = [
        Notice(store.connection_id, store.provider, event, int(at * times.SECOND))
        for at, event in dated
    ]
    return Story(name, (store,), tuple(sorted(notices, key=lambda notice: notice.at_ms)), check)


_PAYPAL_STORIES = sorted(paypal.STORIES)
_PAYKICKSTART_STORIES = sorted(set(paykickstart.STORIES) - {paykickstart.UNKNOWN})
# What is thrown away has no time but that of its receipt, so no two runs tell it alike.
_WOOCOMMERCE_STORIES = sorted(each for each in woocommerce.STORIES if "deleted" not in each)
_TELLERS: Mapping[str, Callable[[int, Random], Story]] = {
    "paypal": _paypal,
    "paykickstart": _paykickstart,
    "woocommerce": _woocommerce,
    "stripe": _stripe,
    "api": _api,
    "both": _both,
}
