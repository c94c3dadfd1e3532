"""What PayPal says of money that came: sales of subscriptions, captures and checkouts of one-offs.

A sale names its subscription by `billing_agreement_id` and no person. A capture may name its
checkout, which knows the payer and the goods but is no payment: an approval is not money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.mentions import ids_among
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    Document,
    Facet,
    Item,
    OrderSaid,
    Payment,
)
from shared.providers import paypal_people as people
from shared.providers.json_shapes import Json, identity, mapping, rows, text
from shared.providers.paypal_shapes import Event, Said, amount, count, moment, named, sum_of, word

# What a sale (v1) or a capture says of itself; what went back of it is told by refunds.
STATUS = {
    "COMPLETED": "completed",
    "PARTIALLY_REFUNDED": "completed",
    "REFUNDED": "completed",
    "REVERSED": "completed",
    "PENDING": "pending",
    "DENIED": "declined",
    "DECLINED": "declined",
    "FAILED": "declined",
}
RANKS = {"pending": CREATED, "declined": UPDATED, "completed": TERMINAL}
_STATES = {"completed": "paid", "pending": "open", "declined": "failed"}


def sale(event: Event) -> Said:
    """Read a sale of v1: the payment of a subscription's cycle, or a purchase."""
    thing = event.thing
    own, subscription = identity(thing.get("id"), "id"), named(thing, "billing_agreement_id")
    facets = _payment(event, thing, own, subscription)
    paid = facets[f"payment:{own}"]
    details = mapping(mapping(thing, "amount"), "details")
    code = paid["currency"]
    parts = {
        "number": text(thing, "invoice_number"),
        "subtotal": _part(details, "subtotal", code, paid["amount"]),
        "tax": _part(details, "tax", code, 0),
        "shipping": _part(details, "shipping", code, 0),
    }
    mentions = ids_among([thing.get("custom"), thing.get("invoice_number")])
    return billed(paid, parts, mentions)


def billed(paid: Facet, parts: Mapping[str, Any], mentions: tuple[str, ...] = ()) -> Said:
    """Return a payment as the order it is: what it bills is itself, and its `parts` are told."""
    document: Document = {
        "number": parts["number"],
        "state": _states(paid["status"]),
        "gross": paid["amount"],
        "due": paid["amount"],
        "subtotal": parts["subtotal"],
        "discount": 0,
        "tax": parts["tax"],
        "shipping": parts["shipping"],
        "currency": paid["currency"],
        "created": paid["date"],
        "paid_date": paid["date"] if paid["status"] == "completed" else None,
        "cycle": "cycle" if paid["subscription_id"] else None,
        "subscription_id": paid["subscription_id"],
        "items": [],
    }
    facets = {f"payment:{paid['reference']}": paid, "document": document}
    said = OrderSaid((str(paid["payment"]),), RANKS[paid["status"]], facets, mentions)
    return Said(orders=(said,))


def capture(event: Event) -> Said:
    """Read a capture of v1 or v2: a one-off payment."""
    thing = event.thing
    own = identity(thing.get("id"), "id")
    facets = _payment(event, thing, own, None)
    related = mapping(mapping(thing, "supplementary_data"), "related_ids")
    checkout = named(related, "order_id")
    refs = (f"charge:{own}", *((f"session:{checkout}",) if checkout else ()))
    rank = RANKS[facets[f"payment:{own}"]["status"]]
    mentions = ids_among([thing.get("custom_id"), thing.get("invoice_id")])
    return Said(orders=(OrderSaid(refs, rank, facets, mentions),))


def checkout(event: Event) -> Said:
    """Read a checkout: whose it is and what of; only captures inside it are money."""
    thing = event.thing
    own = identity(thing.get("id"), "id")
    payer_id, person = people.payer(thing)
    units = rows(thing, "purchase_units")
    captures = [each for unit in units for each in rows(mapping(unit, "payments"), "captures")]
    facets: dict[str, Facet] = {"document": _asked(event, units, payer_id, person.get("email"))}
    refs = [f"session:{own}"]
    for each in captures:
        name = identity(each.get("id"), "captures.id")
        refs.append(f"charge:{name}")
        facets |= _payment(event, each, name, None)
    mentions = ids_among(unit.get(key) for unit in units for key in ("custom_id", "invoice_id"))
    said = OrderSaid(tuple(refs), UPDATED, facets, mentions)
    return Said(orders=(said,), customers=people.customers(person, payer_id, facet="payer"))


def _payment(event: Event, thing: Json, own: str, subscription: str | None) -> dict[str, Facet]:
    status: Any = STATUS.get(word(thing, "state") or word(thing, "status"))
    if status is None:
        raise Quarantined("bad_field", "state is not one a payment can have")
    value, code = sum_of(thing, "amount")
    at = moment(thing, "create_time")
    breakdown = mapping(thing, "seller_receivable_breakdown")
    fee = amount(breakdown, "paypal_fee", code)
    facet: Payment = {
        "payment": f"charge:{own}",
        # Not more: PayPal's payments are never guessed to be a document's.
        "weight": 1,
        "amount": value,
        "currency": code,
        "status": status,
        "date": event.at if at is None else at,
        "fee": amount(thing, "transaction_fee", code) if fee is None else fee,
        # A sale knows no person; the subscription's id stands for its payer.
        "customer_id": subscription,
        "reference": own,
        "description": None,
        "subscription_id": subscription,
    }
    return {f"payment:{own}": facet}


def _asked(event: Event, units: list[Json], payer_id: str | None, email: str | None) -> Document:
    """Return what a checkout asks for; a draft until it is paid, so that it is no order."""
    sums = [sum_of(unit, "amount") for unit in units]
    codes = {code for _, code in sums}
    if len(codes) != 1:
        raise Quarantined("bad_field", "a checkout asks for no currency, or for several")
    (code,) = codes
    gross = sum(value for value, _ in sums)
    parts = [mapping(mapping(unit, "amount"), "breakdown") for unit in units]

    def part(*keys: str) -> int:
        return sum(amount(each, key, code) or 0 for each in parts for key in keys)

    at = moment(event.thing, "create_time")
    return {
        "number": next((n for unit in units if (n := text(unit, "invoice_id"))), None),
        "state": "draft",
        "gross": gross,
        "due": gross,
        "subtotal": part("item_total") or gross,
        "discount": part("discount", "shipping_discount"),
        "tax": part("tax_total"),
        "shipping": part("shipping"),
        "currency": code,
        "created": event.at if at is None else at,
        "paid_date": None,
        "cycle": None,
        "subscription_id": None,
        "customer_id": payer_id,
        "email": email,
        "items": [_item(each, code) for unit in units for each in rows(unit, "items")],
    }


def _item(thing: Json, code: str) -> Item:
    unit, quantity = amount(thing, "unit_amount", code), count(thing, "quantity")
    number = 1 if quantity is None else quantity
    return {
        "name": text(thing, "name"),
        "category": text(thing, "category"),
        "sku": text(thing, "sku"),
        "quantity": number,
        "amount": None if unit is None else unit * number,
    }


def _part(details: Json, key: str, code: str, default: int) -> int:
    """Return a part of a sum of v1, which stands there as bare text."""
    value = amount({key: {"total": details.get(key)}}, key, code)
    return default if value is None else value


def _states(status: str) -> Any:
    return _STATES[status]
