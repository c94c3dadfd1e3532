"""What PayPal's lists say of money: a subscription's transactions, and rows of its search.

They tell less than the events of the same payments and in other words; what they tell becomes the
same orders, payments and refunds, so that a history and the events of the same life agree.
"""

from __future__ import annotations

from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import (
    UPDATED,
    Document,
    Facet,
    Item,
    OrderSaid,
    Payment,
    Refund,
)
from shared.providers import paypal_people as people
from shared.providers import paypal_returns as returns
from shared.providers.json_shapes import Json, email, identity, mapping, rows, split_name, text
from shared.providers.paypal_payments import RANKS, STATUS, billed
from shared.providers.paypal_shapes import Event, Said, amount, count, moment, named, sum_of, word

# What a row of the search says of itself; what was reversed had succeeded before.
_STATUS = {"S": "completed", "V": "completed", "P": "pending", "D": "declined"}


def transaction(event: Event) -> Said:
    """Read a payment of a subscription, as the subscription's own list tells it."""
    thing = event.thing
    own, subscription = identity(thing.get("id"), "id"), named(thing, "subscription_id")
    told = mapping(thing, "amount_with_breakdown")
    value, code = sum_of(told, "gross_amount")
    at = moment(thing, "time")
    paid: Payment = {
        "payment": f"charge:{own}",
        "weight": 1,
        "amount": value,
        "currency": code,
        "status": _known(STATUS, word(thing, "status")),
        "date": event.at if at is None else at,
        "fee": amount(told, "fee_amount", code),
        "customer_id": subscription,
        "email": email(thing, "payer_email"),
        "reference": own,
        "description": None,
        "subscription_id": subscription,
    }
    subtotal = amount(told, "total_item_amount", code)
    parts = {
        "number": None,
        "subtotal": value if subtotal is None else subtotal,
        "tax": amount(told, "tax_amount", code) or 0,
        "shipping": amount(told, "shipping_amount", code) or 0,
    }
    return billed(paid, parts)


def purchase(event: Event) -> Said:
    """Read a row of the search that is a purchase, with its payer and what was in the cart."""
    info = mapping(event.thing, "transaction_info")
    own = identity(info.get("transaction_id"), "transaction_id")
    payer_id, who = _payer(mapping(event.thing, "payer_info"))
    value, code = sum_of(info, "transaction_amount")
    at = moment(info, "transaction_initiation_date")
    date = event.at if at is None else at
    status = _known(_STATUS, word(info, "transaction_status"))
    paid: Payment = {
        "payment": f"charge:{own}",
        "weight": 1,
        "amount": value,
        "currency": code,
        "status": status,
        "date": date,
        "fee": amount(info, "fee_amount", code),
        "customer_id": None,
        "reference": own,
        "description": None,
        "subscription_id": None,
    }
    goods = rows(mapping(event.thing, "cart_info"), "item_details")
    document: Document = {
        **_sums(info, value, code),
        "created": date,
        "customer_id": payer_id,
        "email": who.get("email"),
        "items": [_item(each, code) for each in goods],
    }
    facets: dict[str, Facet] = {f"payment:{own}": paid, "document": document}
    said = OrderSaid((f"charge:{own}",), RANKS[status], facets)
    return Said(orders=(said,), customers=people.customers(who, payer_id, facet="payer"))


def _sums(info: Json, value: int, code: str) -> Document:
    """Return what a purchase came to, as far as the search tells it."""
    tax, shipping = amount(info, "sales_tax_amount", code), amount(info, "shipping_amount", code)
    return {
        "number": text(info, "invoice_id"),
        "state": "draft",  # what counts is the payment
        "gross": value,
        "due": value,
        "subtotal": value - (tax or 0) - (shipping or 0),
        "discount": amount(info, "discount_amount", code) or 0,
        "tax": tax or 0,
        "shipping": shipping or 0,
        "currency": code,
        "paid_date": None,
        "cycle": None,
        "subscription_id": None,
    }


def money_back(event: Event) -> Said:
    """Read a refund or reversal: a row of the search, or the refund itself where it was fetched."""
    info = event.thing
    if "paypal_reference_id" not in info:
        return returns.refund(event)
    own = identity(info.get("id"), "id")
    paid = identity(info.get("paypal_reference_id"), "paypal_reference_id")
    status = _known(_STATUS, word(info, "transaction_status"))
    at = moment(info, "transaction_initiation_date")
    refund: Refund = {
        "id": own,
        "amount": sum_of(info, "transaction_amount")[0],
        "date": event.at if at is None else at,
        "status": _known({"completed": "completed", "pending": "pending"}, status, "failed"),
        "payment": f"charge:{paid}",
    }
    return Said(orders=(OrderSaid((f"charge:{paid}",), UPDATED, {f"refund:{own}": refund}),))


def _payer(told: Json) -> tuple[str | None, Any]:
    name = mapping(told, "payer_name")
    first, last = split_name(text(name, "alternate_full_name"))
    person = {
        "email": email(told, "email_address"),
        "first_name": text(name, "given_name") or first,
        "last_name": text(name, "surname") or last,
    }
    return named(told, "account_id"), person


def _item(thing: Json, code: str) -> Item:
    number = count(thing, "item_quantity")
    return {
        "name": text(thing, "item_name"),
        "category": None,
        "sku": text(thing, "item_code"),
        "quantity": 1 if number is None else number,
        "amount": amount(thing, "item_amount", code),
    }


def _known(words: dict[str, str], said: str, default: str | None = None) -> Any:
    """Return what a word of PayPal's means. Raise Quarantined for one that means nothing."""
    meaning = words.get(said, default)
    if meaning is None:
        raise Quarantined("bad_field", "status is not one a payment can have")
    return meaning
