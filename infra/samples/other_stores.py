"""Three small stores beside Stripe's: a few subscribers each at PayPal, PayKickstart, WooCommerce.

Each store is told by the made-up world of its provider and delivered as badly as webhooks are: in
no order, and some of them twice. Its books are that world's own truth, in the words of the API and
without a look at any event or answer. The same name and day give the same stores on every machine.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from infra.samples import paykickstart, paypal_state, paypal_world, woocommerce_shop
from infra.samples.stripe_money import DAY, text_of
from infra.samples.woocommerce_render import Person

# All lives begin and end within the month that Stripe's is, so who is new there is new in it.
_DAYS = 25
_TWICE = 3
_PAID = ("completed", "partially_refunded", "refunded")
# An order as the API words it: status, gross and refunds.
Order = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Store:
    """A store's deliveries as they arrive, and its books by the store's own ids."""

    provider: str
    name: str
    connection: str
    deliveries: Sequence[Any]
    repeated: int
    emails: list[str]
    subscriptions: dict[str, str]
    orders: dict[str, Order]
    # By address: what its orders brought, refunds taken off, as decimal text by currency.
    revenue: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class _Sold:
    """An order in the books; money in minor units."""

    email: str
    status: str
    gross: int
    refunded: int
    currency: str


def other_stores(name: str, until: int) -> tuple[Store, ...]:
    """Return the stores of a name; all that happens in them does so before the Unix second."""
    starts_at = until - _DAYS * DAY
    return (
        _paypal(name, starts_at),
        _paykickstart(name, starts_at),
        _woocommerce(name, starts_at),
    )


def _paypal(name: str, starts_at: int) -> Store:
    world = paypal_world.World(f"demo/{name}", starts_at=starts_at)
    plan = world.plan(1_900, "WEEK")
    buyers = [
        paypal_state.Buyer(world.ids.new(length=13), _email(first, "paypal", name), first, last)
        for first, last in (("Ada", "Okafor"), ("Grace", "Tanaka"), ("Alan", "Novak"))
    ]
    ada, grace, alan = (world.subscribe(buyer, plan) for buyer in buyers)
    world.activate(ada)
    world.renew(ada)
    world.refund(world.renew(ada, pending=True), 500)
    world.now = starts_at + DAY
    world.activate(grace)
    world.renew(grace)
    world.fail(grace)
    world.suspend(grace)
    world.now = starts_at + 2 * DAY
    world.activate(alan)
    world.cancel(alan)
    sold = {
        key: _Sold(str(it.email), _paypal_status(it), it.amount, it.returned, "USD")
        for key, it in world.truth.payments.items()
    }
    statuses = {key: it.statuses[-1] for key, it in world.truth.subscriptions.items()}
    emails = [each.email for each in buyers]
    return _store("paypal", "PayPal", name, world.events, emails, statuses, sold)


def _paypal_status(it: paypal_state.Payment) -> str:
    if not it.returned:
        return it.status
    return "refunded" if it.returned >= it.amount else "partially_refunded"


def _paykickstart(name: str, starts_at: int) -> Store:
    vendor = paykickstart.Vendor(int(name.replace("-", "")), now=starts_at)
    zoe, joerg, lukasz = (
        replace(each, email=_email(first, "paykickstart", name))
        for first, each in zip(("zoe", "joerg", "lukasz"), paykickstart.BUYERS[:3], strict=True)
    )
    monthly, _, quarterly = paykickstart.OFFERS
    kept = vendor.subscribe(zoe, monthly, trial_days=7)
    vendor.end_trial(kept)
    vendor.recover(kept, days=1)
    vendor.buy(zoe)
    vendor.now = starts_at + DAY
    left = vendor.subscribe(joerg, quarterly)
    vendor.cancel(left)
    vendor.now = starts_at + 2 * DAY
    vendor.buy(lukasz)
    failed = vendor.subscribe(lukasz, monthly, trial_days=7)
    vendor.end_trial(failed)
    vendor.fail(failed)
    sold = {
        key: _Sold(str(it.email), it.status, it.gross, it.refunded, it.currency)
        for key, it in vendor.truth.orders.items()
    }
    statuses: dict[str, str] = {key: it.status for key, it in vendor.truth.subscriptions.items()}
    emails = [each.email for each in (zoe, joerg, lukasz)]
    return _store("paykickstart", "PayKickstart", name, vendor.events, emails, statuses, sold)


def _woocommerce(name: str, starts_at: int) -> Store:
    shop = woocommerce_shop.Shop(f"demo/{name}", starts_at=starts_at)
    mary, tom, ines, sven = (
        Person(shop.new_id(), first, last, _email(first, "woocommerce", name))
        for first, last in (
            ("Mary", "Brown"),
            ("Tom", "Olsen"),
            ("Ines", "Rossi"),
            ("Sven", "Kaya"),
        )
    )
    guest = replace(sven, customer_id=0)
    kept = shop.subscribe(mary, period="week")
    shop.renew(kept)
    shop.refund(shop.renew(kept), 1_000)
    shop.now = starts_at + DAY + 60
    failed = shop.subscribe(tom, 4_500, "week")
    shop.renew(failed)
    shop.renew(failed, paid=False)
    shop.now = starts_at + 2 * DAY + 120
    left = shop.subscribe(ines, period="week")
    shop.ask_to_cancel(left)
    shop.end(left)
    shop.buy(guest, 4_900)
    sold = {
        key: _Sold(it.email, it.status, it.gross, it.refunded, "AUD")
        for key, it in shop.truth.orders.items()
    }
    statuses = {key: it.status for key, it in shop.truth.subscriptions.items()}
    emails = [each.email for each in (mary, tom, ines, guest)]
    return _store("woocommerce", "WooCommerce", name, shop.events, emails, statuses, sold)


def _email(first: str, provider: str, name: str) -> str:
    """Return an address that no other store's and no other day's subscriber has."""
    return f"{first.lower()}.{provider}.{name[4:]}@example.com"


def _store(
    provider: str,
    title: str,
    name: str,
    events: Sequence[Any],
    emails: list[str],
    statuses: dict[str, str],
    sold: dict[str, _Sold],
) -> Store:
    """Return the store with its deliveries in no order, and what it wrote down as text."""
    connection = f"{provider}-{name}"
    dice = random.Random(connection)  # noqa: S311  # a story, not a secret
    deliveries = [*events, *dice.sample(list(events), _TWICE)]
    dice.shuffle(deliveries)
    brought: dict[str, dict[str, int]] = {email: defaultdict(int) for email in emails}
    for each in sold.values():
        if each.status in _PAID:
            brought[each.email][each.currency] += each.gross - each.refunded
    return Store(
        provider=provider,
        name=title,
        connection=connection,
        deliveries=deliveries,
        repeated=_TWICE,
        emails=emails,
        subscriptions=statuses,
        orders={
            key: (it.status, text_of(it.gross, it.currency), text_of(it.refunded, it.currency))
            for key, it in sold.items()
        },
        revenue={
            email: {currency: text_of(minor, currency) for currency, minor in sums.items()}
            for email, sums in brought.items()
        },
    )
