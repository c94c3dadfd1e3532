"""The facets of an order: what was asked for, paid, given back and withheld, and for what.

Part of the vocabulary of `shared.domain.observations`, which explains facets and offers these names
to the parsers. Times are in ms, money is in minor units. Any of them may be marked `unconfirmed`:
told by an event that proves its body loosely, and not by the provider's API.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class Item(TypedDict, total=False):
    """A line of an order or subscription. Names the store keeps elsewhere are joined at reading."""

    category: str | None
    name: str | None
    sku: str | None
    brand: str | None
    tag: str | None
    store_primary_id: str | None
    price_id: str | None
    quantity: int
    amount: int | None


class Deleted(TypedDict):
    """The facet `deleted` of subscriptions and orders: their store has thrown them away, or not.

    What else was said of them stays. `date` None is the time of the event (or its receipt).
    """

    deleted: bool
    date: int | None


class Document(TypedDict, total=False):
    """The order facet `document`: the invoice, or the order as the store wrote it.

    `due` is what a payment is asked for, where that is less than `gross`; `attempted` the time of
    the last attempt, paid or failed. `cycle` says what it bills: the first cycle, a later one, a
    change in between, or nothing of a subscription's rhythm (None). It counts only where a
    subscription is named.
    """

    number: str | None
    state: Literal["draft", "open", "failed", "paid", "void", "uncollectible"]
    gross: int
    due: int
    subtotal: int
    discount: int
    tax: int
    shipping: int
    currency: str
    created: int | None
    paid_date: int | None
    attempted: int | None
    next_attempt: int | None
    cycle: Literal["create", "cycle", "update"] | None
    subscription_id: str | None
    customer_id: str | None
    email: str | None
    items: list[Item]


class Payment(TypedDict, total=False):
    """An order facet `payment:<source>`: one account of a payment.

    Several accounts may speak of one payment (a charge and its intent): those with the same
    `payment` are one, told by the account of the highest `weight`. An account of weight 0 is only a
    checkout: until it is paid it is no order. `first_told` says that `date` is only when this was
    told: while status and amount stay what they are, so does the date of the first such word.
    """

    payment: str
    weight: int
    amount: int
    currency: str
    status: Literal["completed", "declined", "pending", "cancelled"]
    date: int
    fee: int | None
    customer_id: str | None
    email: str | None
    reference: str | None
    description: str | None
    subscription_id: str | None
    first_told: bool


class Refund(TypedDict, total=False):
    """An order facet `refund:<id>`: money given back; only `completed` ones count.

    `first_told` as in Payment.
    """

    id: str
    amount: int
    date: int
    status: Literal["completed", "pending", "failed"]
    payment: str
    first_told: bool


class Refunded(TypedDict, total=False):
    """An order facet `refunded:<payment>`: how much of a payment its provider says is given back.

    It counts where the single refunds are not told, or tell less. A refund that fails withdraws
    the sum stated before it: `amount` is None. `first_told` as in Payment.
    """

    amount: int | None
    date: int
    payment: str
    first_told: bool


class Dispute(TypedDict, total=False):
    """An order facet `dispute:<id>`: money withheld while open, gone when lost, back when won."""

    id: str
    amount: int
    date: int
    status: Literal["open", "lost", "won"]
