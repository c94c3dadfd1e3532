"""The vocabulary every provider's parser speaks: what one event says, in the domain's own words.

An event says things about up to four kinds of subject: subscriptions, orders, customers and the
catalogue. Each thing said is a **facet**: a small dict of normalised values that replaces the
facet's older value as a whole. A parser that is not told something leaves the facet out, so that
silence never erases; a value that was withdrawn is stated as None. Facets are plain dicts of JSON
values because they are stored, compared and merged far more often than they are read by name.

The vocabulary has to hold for providers that state no event time (`occurred_at` None: the time of
first receipt stands in), no previous value (`before` None), no email, or bodies built late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from shared.domain.heard import Heard
from shared.domain.order_facets import Deleted as Deleted
from shared.domain.order_facets import Dispute as Dispute
from shared.domain.order_facets import Document as Document
from shared.domain.order_facets import Item as Item
from shared.domain.order_facets import Payment as Payment
from shared.domain.order_facets import Refund as Refund
from shared.domain.order_facets import Refunded as Refunded

Facet = Mapping[str, Any]

# How observations of one second are put in order: a creation comes before changes, and what has
# ended comes last.
CREATED, UPDATED, TERMINAL = 0, 10, 90

# What the type of an event ends in that must set nothing off, by its sender's wish. It is part of
# the type so that the wish stays with the event, its changes and the change log, for all to see.
SUPPRESSED = ".suppressed"
# What the type of an event ends in that a verification has found at the provider, long after it
# should have come: what it tells is late, and is not told again should it come after all.
VERIFIED = ".verified"


def derived(rank: int) -> int:
    """Return the rank, among a subscription's observations, of what one of its orders says.

    It lies after the subscription's own changes and before its end, and keeps the orders' order.
    """
    return 20 + rank * 2 // 3


Status = Literal["active", "cancelled", "expired", "payment_failed", "paused", "pending"]
Interval = Literal["daily", "weekly", "monthly", "yearly"]


class Address(TypedDict, total=False):
    """A postal address; the country is the two-letter code where the provider gives one."""

    first_name: str | None
    last_name: str | None
    address_1: str | None
    address_2: str | None
    address_3: str | None
    city: str | None
    province: str | None
    country: str | None
    postal: str | None
    phone: str | None
    company: str | None
    email: str | None


class Terms(TypedDict, total=False):
    """The facet `terms`: a subscription as its store states it; times in ms, money in minor units.

    `amount` is what a cycle costs by price and quantity, before discounts and taxes that only an
    invoice knows; where the store states a cycle's parts (Woo, PayPal) they are given as well.
    `tax_percent` is what is added on top of the discounted amount, where the store states rates.
    `retries` says that while payment has failed the next date is the next attempt's. `held` is when
    the store last said that it keeps the subscription on hold, without telling why: if its last
    order was unpaid then, its payment has failed. `email` is the subscription's own, whatever its
    customer's is. `priced_by` names the plan and quantity that price it: a part of the terms with
    another one is out of date. `observed_amount` is what was last paid, where nobody states what is
    asked.
    """

    name: str | None
    email: str | None
    status: Status
    held: int | None
    store_status: str
    billing_interval: Interval | None
    billing_interval_count: int | None
    currency: str | None
    amount: int | None
    payment_amount: int | None
    priced_by: str | None
    observed_amount: int | None
    discount_amount: int | None
    discount_percent: str | None
    tax_percent: str | None
    tax_amount: int | None
    shipping_amount: int | None
    items: list[Item]
    created_date: int | None
    start_date: int | None
    anchor_date: int | None
    next_payment_date: int | None
    retries: bool
    cancelled_date: int | None
    ended_date: int | None
    cancel_at_period_end: bool
    is_trial: bool
    total_cycles: int
    cycles_completed: int | None
    last_payment_status: str | None
    last_payment_date: int | None
    note: str | None
    external_id: str | None
    payment_method: str | None
    billing_address: Address | None
    shipping_address: Address | None
    inferred: list[str]


class Person(TypedDict, total=False):
    """The customer facets `customer` (the store's record) and `payer` (as an order names them).

    What an order says stands only where the store's own record says nothing: an invoice keeps the
    address it was finalised with, however old.
    """

    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    company: str | None
    billing_address: Address | None
    shipping_address: Address | None
    payment_method: str | None
    deleted: bool


class Method(TypedDict):
    """The customer facet `method:<id>`: a card's last month as `YYYY-MM`, None once removed."""

    expires: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionSaid:
    """What an event says of one subscription.

    `facets`: `terms` (where events tell parts of them alone, as `terms:<part>`, see
    `recurring_payments.show`), `origin {order_id}`, `schedule {completed}`, `discount {amount,
    percent, coupon}` (where only the coupon's id is told, the catalogue knows the rest), `upcoming
    {date, amount}`, `deleted`, `created:<ms>` (a time of creation that moves: the earliest counts).
    `before` holds the previous value of facets, where the provider states it. `creation` marks a
    provider-stated creation. `again_at` (ms) is when the subscription has to be asked for again,
    because it will have changed and no event will say so.
    """

    subscription_id: str
    rank: int
    facets: Mapping[str, Facet]
    customer_id: str | None = None
    before: Mapping[str, Facet] | None = None
    creation: bool = False
    again_at: int | None = None


@dataclass(frozen=True, slots=True)
class OrderSaid:
    """What an event says of one order; `refs` are all its names the event knows and so links.

    A ref is `<kind>:<id>` with a kind of `REF_KINDS`. Refunds and disputes name the payment they
    belong to by the same refs. The facet `attempt {date, action_required}` is when collecting a
    document last failed, for later accounts of the document that show the failure but not its
    time; or, with `action_required`, when it began to wait for the payer.

    `mentions` are ids of other systems the event names beside the order (metadata, custom fields,
    transaction ids): by them the sale is found again where another connection reports it too.
    """

    refs: tuple[str, ...]
    rank: int
    facets: Mapping[str, Facet]
    mentions: tuple[str, ...] = ()


# From the strongest name of an order to the weakest: its id is the id of the strongest one known.
REF_KINDS = ("document", "intent", "charge", "session")


@dataclass(frozen=True, slots=True)
class CustomerSaid:
    """What an event says of a store's customer: `customer`, `payer` and `method:<id>` facets.

    `before` holds the previous value of facets, where the provider states it. `at` (ms) is when a
    payer was named so, where an event tells of it much later: of several the newest counts.
    """

    customer_id: str
    rank: int
    facets: Mapping[str, Facet]
    before: Mapping[str, Facet] | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class CatalogueSaid:
    """What an event says of a price, product or coupon: joined at reading, never fanned out."""

    kind: Literal["price", "product", "coupon"]
    item_id: str
    values: Facet
    rank: int = UPDATED


@dataclass(frozen=True, slots=True)
class Parsed:
    """One provider event in the domain's words.

    `occurred_at` in ms, or None where the provider states no time. `live` tells test events from
    live ones, None where the provider does not say. `known` is False for types paysignal has no
    use for: they are counted and acknowledged. `digest` identifies the body without the fields that
    vary by delivery. `once` is a token that may bring one event only, where the signature binds the
    body loosely. `needs` are objects, by kind and id, that the provider has to be asked for before
    the event means anything; where it cannot be asked, the event is refused. `began_at` (ms) is
    when the subscription began that it tells of, where its facets do not say so.
    """

    event_id: str
    event_type: str
    digest: str
    occurred_at: int | None
    live: bool | None
    known: bool = True
    subscriptions: tuple[SubscriptionSaid, ...] = ()
    orders: tuple[OrderSaid, ...] = ()
    customers: tuple[CustomerSaid, ...] = ()
    catalogue: tuple[CatalogueSaid, ...] = ()
    once: str | None = None
    needs: tuple[tuple[str, str], ...] = ()
    heard: Heard | None = None
    began_at: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
