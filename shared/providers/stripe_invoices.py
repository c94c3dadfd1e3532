"""What Stripe's invoices say: the order they are, whom it names, and which payments pay it.

Older shapes name the subscription, charge and payment intent outright. Newer ones tell the
subscription in `parent` and leave the payments to `stripe_invoice_payments`, which link both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    CustomerSaid,
    Document,
    Facet,
    Item,
    OrderSaid,
    SubscriptionSaid,
)
from shared.providers import stripe_prices as prices
from shared.providers.json_shapes import Json, email, identity, mapping, text
from shared.providers.stripe_customers import payer
from shared.providers.stripe_invoice_payments import account, payment_refs
from shared.providers.stripe_shapes import (
    Event,
    Said,
    amount,
    count,
    currency,
    linked,
    mentions,
    moment,
    rows,
)

_STATES = frozenset({"draft", "open", "paid", "void", "uncollectible"})
# Finalised and tried may fall into one second: open comes before failed.
_RANKS = {"draft": CREATED, "open": UPDATED, "failed": UPDATED + 2}
_CREATION = "subscription_create"
_CYCLES = {
    _CREATION: "create",
    "subscription_cycle": "cycle",
    "subscription": "cycle",  # before 2018 first and later cycles were told alike
    "subscription_update": "update",
    "subscription_threshold": "update",
}
# The update that a failure causes shares its second but cannot tell what it was.
_FAILURE = UPDATED + 5


def invoice(event: Event) -> Said:
    """Read an invoice that exists, in whatever state."""
    thing = event.thing
    state = _state(event)
    document = _document(event, state)
    facets: dict[str, Facet] = {"document": document}
    rank = _RANKS.get(state, TERMINAL)
    if event.type == "invoice.payment_failed":
        facets["attempt"] = {"date": event.at}
        rank = max(rank, _FAILURE)
    elif event.type == "invoice.payment_action_required":
        facets["attempt"] = {"date": event.at, "action_required": True}
    order = OrderSaid(_refs(thing), rank, facets, mentions(thing))
    return Said(orders=(order,), customers=_payer(event, document["customer_id"], rank))


def listed(event: Event) -> Said:
    """Read an invoice as the API holds it: with the payments that paid it, and what it began.

    The order a subscription began with is told by its creation alone, which history has not.
    """
    said = invoice(event)
    (order,) = said.orders
    paid: dict[str, Facet] = {}
    for each in rows(event.thing, "payments"):
        if each.get("status") == "paid":
            paid |= account(each, event.at)
    return said._replace(
        orders=(replace(order, facets={**order.facets, **paid}),),
        subscriptions=_begun(event.thing),
    )


def upcoming(event: Event) -> Said:
    """Read the preview of a renewal; it has no id yet, and is no order."""
    thing = event.thing
    name = _subscription(thing)
    if name is None:
        return Said()
    facet = {
        "date": moment(thing, "next_payment_attempt") or moment(thing, "period_end"),
        "amount": amount(thing, "amount_due", currency(thing)),
    }
    said = SubscriptionSaid(name, UPDATED, {"upcoming": facet}, linked(thing, "customer"))
    return Said(subscriptions=(said,))


def _state(event: Event) -> Any:
    """Return the invoice's state; `failed` is an open one whose payment was tried in vain.

    An attempt under way (a bank debit takes days, a card may ask its owner) looks like a failed
    one, but for a failed one Stripe has planned the next attempt or given up collecting.
    """
    thing, status = event.thing, event.thing.get("status")
    if event.type == "invoice.deleted":
        return "void"
    if status is None:
        status = _state_of_old(thing)
    if not isinstance(status, str) or status not in _STATES:
        raise Quarantined("bad_field", "status is not one an invoice can have")
    if status != "open" or event.type == "invoice.payment_action_required":
        return status
    tried = thing.get("attempted") is True and count(thing, "attempt_count", 1) > 0
    planned = thing.get("next_payment_attempt") is not None or thing.get("auto_advance") is False
    return "failed" if event.type == "invoice.payment_failed" or (tried and planned) else "open"


def _state_of_old(thing: Json) -> str:
    """Return the state of an invoice from before 2018, when it was told in single flags."""
    if thing.get("paid") is True:
        return "paid"
    if thing.get("forgiven") is True:
        return "uncollectible"
    return "void" if thing.get("closed") is True else "open"


def _document(event: Event, state: Any) -> Document:
    thing = event.thing
    code = currency(thing)
    created = moment(thing, "created") or moment(thing, "date")
    paid = moment(mapping(thing, "status_transitions"), "paid_at") or created
    due = amount(thing, "amount_due", code)
    total = _total(thing, code, due)
    subtotal = amount(thing, "subtotal", code, signed=True)
    tax = _tax(thing, code)
    shipping = _shipping(thing, code)
    failed = event.type == "invoice.payment_failed"
    subscription = _subscription(thing)
    return {
        "number": text(thing, "number"),
        "state": state,
        "gross": total,
        "due": total if due is None else due,
        "subtotal": total if subtotal is None else subtotal,
        "discount": _discount(thing, code, total - tax - shipping),
        "tax": tax,
        "shipping": shipping,
        "currency": code,
        "created": created,
        "paid_date": paid if state == "paid" else None,
        "attempted": paid if state == "paid" else event.at if failed else None,
        "next_attempt": moment(thing, "next_payment_attempt"),
        "cycle": _cycle(thing, subscription),
        "subscription_id": subscription,
        "customer_id": linked(thing, "customer"),
        "email": email(thing, "customer_email"),
        "items": [_item(line, code) for line in rows(thing, "lines")],
    }


def _total(thing: Json, code: str, due: int | None) -> int:
    """Return what was billed; a credit (below zero, nothing due) bills nothing."""
    total = amount(thing, "total", code, signed=True)
    paid = amount(thing, "amount_paid", code)
    if total is None:
        raise Quarantined("bad_field", "total is missing")
    if total < 0 and (due or paid):
        raise Quarantined("bad_amount", "total is below zero although money was asked for")
    return max(total, 0)


def _tax(thing: Json, code: str) -> int:
    for key in ("total_taxes", "total_tax_amounts"):
        if isinstance(thing.get(key), list):
            return _sum(rows(thing, key), code)
    return amount(thing, "tax", code, signed=True) or 0


def _shipping(thing: Json, code: str) -> int:
    stated = amount(mapping(thing, "shipping_cost"), "amount_total", code)
    return stated if stated is not None else amount(thing, "amount_shipping", code) or 0


def _discount(thing: Json, code: str, net: int) -> int:
    """Return what was taken off: stated, or before 2020 what the subtotal lost on the way."""
    if isinstance(thing.get("total_discount_amounts"), list):
        return _sum(rows(thing, "total_discount_amounts"), code)
    if not mapping(thing, "discount"):
        return 0
    return max(0, (amount(thing, "subtotal", code, signed=True) or 0) - net)


def _sum(parts: list[Json], code: str) -> int:
    return sum(amount(part, "amount", code, signed=True) or 0 for part in parts)


def _cycle(thing: Json, subscription: str | None) -> Any:
    if subscription is None:
        return None
    reason = thing.get("billing_reason")
    if reason is None:
        return "cycle"  # not told before 2018
    return _CYCLES.get(reason) if isinstance(reason, str) else None


def _subscription(thing: Json) -> str | None:
    parent = mapping(thing, "parent")
    if parent.get("type", "subscription_details") == "subscription_details":
        name = linked(mapping(parent, "subscription_details"), "subscription")
        if name is not None:
            return name
    return linked(thing, "subscription")


def _refs(thing: Json) -> tuple[str, ...]:
    found = [f"document:{identity(thing.get('id'), 'id')}"]
    payments = [mapping(each, "payment") for each in rows(thing, "payments")]
    for holder in (thing, *payments):
        found += payment_refs(holder)
    return tuple(dict.fromkeys(found))


def _item(line: Json, code: str) -> Item:
    """Return a line; the newer shape has only ids of its price and product."""
    price = prices.price_of(line)
    details = mapping(mapping(line, "pricing"), "price_details")
    labels = prices.labels(mapping(price, "product"))
    return {
        "name": text(price, "nickname") or text(line, "description"),
        "category": labels["category"],
        "sku": labels["sku"] or text(price, "lookup_key"),
        "brand": labels["brand"],
        "tag": labels["tag"],
        "store_primary_id": linked(details, "product") or linked(price, "product"),
        "price_id": linked(details, "price") or linked({"price": price}, "price"),
        "quantity": count(line, "quantity", 1),
        "amount": amount(line, "amount", code, signed=True),
    }


def _payer(event: Event, customer_id: str | None, rank: int) -> tuple[CustomerSaid, ...]:
    """Return whom an invoice names: it keeps the address it was finalised with."""
    thing = event.thing
    finalized = moment(mapping(thing, "status_transitions"), "finalized_at")
    at = (finalized or moment(thing, "created")) if event.is_fetched else None
    who = {key: thing.get(f"customer_{key}") for key in ("email", "name", "phone")}
    shipping = mapping(thing, "customer_shipping") or mapping(thing, "shipping_details")
    return payer(customer_id, who, mapping(thing, "customer_address"), shipping, rank, at)


def _begun(thing: Json) -> tuple[SubscriptionSaid, ...]:
    """Return which subscription began with this invoice, if one did."""
    name = _subscription(thing)
    if name is None or thing.get("billing_reason") != _CREATION:
        return ()
    origin = {"origin": {"order_id": identity(thing.get("id"), "id")}}
    return (SubscriptionSaid(name, UPDATED, origin, linked(thing, "customer")),)
