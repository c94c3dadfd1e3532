"""What WooCommerce's orders say: first orders, renewals, one-time purchases and their refunds.

An order is invoice and payment in one. A renewal names its subscription in its metadata; that a
first order began one only the subscription tells. What a refund's or a failure's body says of its
time is when the order was modified, and each later body says that anew: the first word counts.
"""

from __future__ import annotations

import re
from typing import Literal

from shared.domain import money
from shared.domain.errors import Quarantined
from shared.domain.mentions import ids_among
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    Deleted,
    Document,
    Facet,
    OrderSaid,
    Payment,
    Refund,
    Refunded,
)
from shared.providers.json_shapes import Json, rows, text
from shared.providers.woocommerce_shapes import (
    Event,
    Said,
    amount,
    currency,
    customer_id,
    email,
    identity,
    items,
    linked,
    metadata,
    moment,
    payer,
)
from shared.providers.woocommerce_subscriptions import status_of

State = Literal["draft", "open", "failed", "paid", "void"]
PaymentStatus = Literal["completed", "declined", "pending", "cancelled"]

_STATE: dict[str, State] = {
    "auto-draft": "draft",
    "draft": "draft",
    "checkout-draft": "draft",
    "pending": "open",
    "on-hold": "open",  # waits for a transfer
    "processing": "paid",
    "completed": "paid",
    "refunded": "paid",
    "failed": "failed",
    "cancelled": "void",
    "trash": "void",
}
_PAYMENT: dict[State, PaymentStatus] = {
    "open": "pending",
    "failed": "declined",
    "paid": "completed",
    "void": "cancelled",
}
# Within one second an order is asked for, fails, is paid, and is given back.
_RANKS: dict[State, int] = {"draft": CREATED, "open": CREATED, "failed": UPDATED, "paid": 50}
# Which subscription an order bills, and what of it. An order that resubscribes names the former
# subscription, and is the first order of another.
_BILLS: tuple[tuple[str, Literal["cycle", "update"]], ...] = (
    ("_subscription_renewal", "cycle"),
    ("_subscription_switch", "update"),
)
# The keys under which payment plugins keep the names a payment has at its processor.
_PROCESSORS_NAME = re.compile("transaction|intent|charge|capture|sale_id|paypal|payment_id")


def order(event: Event) -> Said:
    """Read any message whose object is an order."""
    thing = event.thing
    if "billing_period" in thing or "line_items" not in thing:
        raise Quarantined("wrong_object", "the body of an order topic is no order")
    state, code = _state(thing), currency(thing)
    facets: dict[str, Facet] = {
        "document": _document(thing, state, code),
        "deleted": Deleted(deleted=False, date=None),
    }
    if state != "draft":
        facets[f"payment:{event.id}"] = _payment(event, _PAYMENT[state], code)
    if state == "paid":
        facets |= _given_back(event, code)
    said = OrderSaid(
        (f"document:{event.id}",),
        TERMINAL if state == "void" or status_of(thing) == "refunded" else _RANKS[state],
        facets,
        mentions=_mentions(thing),
    )
    return Said(orders=(said,), customers=payer(thing, UPDATED))


def deleted(event: Event) -> Said:
    """Read that an order was thrown away, which takes no money back; nothing but its id is told."""
    facets = {"deleted": Deleted(deleted=True, date=None)}
    return Said(orders=(OrderSaid((f"document:{event.id}",), TERMINAL, facets),))


def _state(thing: Json) -> State:
    """Return the order's state; shops add statuses of their own, which only a payment tells."""
    known = _STATE.get(status_of(thing))
    if known is not None:
        return known
    return "open" if moment(thing, "date_paid_gmt") is None else "paid"


def _document(thing: Json, state: State, code: str) -> Document:
    total, tax = amount(thing, "total", code), amount(thing, "total_tax", code)
    shipping, discount = (
        amount(thing, "shipping_total", code),
        amount(thing, "discount_total", code),
    )
    subscription, cycle = _billed(thing)
    # No customer: amount and time would be compared with payments from elsewhere, and there are
    # none. The payment names them.
    return {
        "number": text(thing, "number"),
        "state": state,
        "gross": total,
        "subtotal": total - tax - shipping + discount,
        "discount": discount,
        "tax": tax,
        "shipping": shipping,
        "currency": code,
        "created": moment(thing, "date_created_gmt"),
        "paid_date": _paid_date(thing) if state == "paid" else None,
        "cycle": cycle,
        "subscription_id": subscription,
        "email": email(thing),
        "items": items(thing, code),
    }


def _billed(thing: Json) -> tuple[str | None, Literal["create", "cycle", "update"]]:
    """Return the subscription an order names, and what it bills if it bills one."""
    for key, cycle in _BILLS:
        for value in metadata(thing, key):
            if isinstance(value, str | int) and (named := linked(value, key)) is not None:
                return named, cycle
    return None, "create"


def _paid_date(thing: Json) -> int | None:
    # An order completed by hand has no date of payment.
    return moment(thing, "date_paid_gmt") or moment(thing, "date_completed_gmt")


def _payment(event: Event, status: PaymentStatus, code: str) -> Payment:
    thing = event.thing
    paid = _paid_date(thing) if status == "completed" else None
    asked = moment(thing, "date_created_gmt") if status == "pending" else None
    known = paid if paid is not None else asked
    return {
        "payment": f"document:{event.id}",
        "weight": 1,
        "amount": amount(thing, "total", code),
        "currency": code,
        "status": status,
        "date": event.at if known is None else known,
        "first_told": known is None,
        "customer_id": customer_id(thing),
        "email": email(thing),
        "reference": text(thing, "transaction_id"),
        "description": text(thing, "payment_method_title"),
        "subscription_id": None,
    }


def _given_back(event: Event, code: str) -> dict[str, Facet]:
    """Return the refunds the order lists, and the whole where it only says that it is refunded."""
    thing, payment = event.thing, f"document:{event.id}"
    told: dict[str, Facet] = {}
    for each in rows(thing, "refunds"):
        own = identity(each.get("id"), "refunds.id")
        stated = moment(each, "date_created_gmt")  # only history asks the shop for it
        told[f"refund:{own}"] = Refund(
            id=own,
            amount=_returned(each, code),
            date=event.at if stated is None else stated,
            status="completed",
            payment=payment,
            first_told=stated is None,
        )
    whole = amount(thing, "total", code) if status_of(thing) == "refunded" else None
    told[f"refunded:{payment}"] = Refunded(
        amount=whole, date=event.at, payment=payment, first_told=True
    )
    return told


def _returned(refund: Json, code: str) -> int:
    """Return what a refund gave back: orders list it below zero."""
    total = refund.get("total")
    if not isinstance(total, str):
        raise Quarantined("bad_amount", "refunds.total is not a decimal in text")
    return abs(money.from_text(total, code))


def _mentions(thing: Json) -> tuple[str, ...]:
    """Return the names the payment has elsewhere: at Stripe or PayPal, mostly."""
    values = [thing.get("transaction_id")]
    values += [
        each.get("value")
        for each in rows(thing, "meta_data")
        if _PROCESSORS_NAME.search(text(each, "key") or "")
    ]
    return ids_among(values)
