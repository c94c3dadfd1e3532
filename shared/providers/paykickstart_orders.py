"""What PayKickstart's notifications say of money: each charge is an order of its own.

A purchase (`invoice_id`) is charged once or for years, and every charge has a transaction id: that
is the order's name. The purchase is the name of its first order alone, so that a refund that has a
transaction id of its own still finds a first charge. What failed states no document: were its id
one of a charge that went through, it must not unsay that.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Literal

from shared.domain import times
from shared.domain.mentions import ids_among
from shared.domain.observations import (
    UPDATED,
    Document,
    Facet,
    Item,
    OrderSaid,
    Payment,
    Refund,
)
from shared.providers.paykickstart_form import (
    Form,
    amount,
    asked,
    currency,
    email,
    identity,
    moment,
    needed,
    quantity,
)

# Ids as Stripe writes them: what a checkout keeps of its processor in a field of its own.
_PROCESSORS_ID = re.compile(r"(ch|py|pi|in|cs)_[A-Za-z0-9_]{8,90}")
_OWN_IDS = ("transaction_id", "tax_transaction_id")


def paid(form: Form, at: int) -> OrderSaid | None:
    """Read a charge that went through; one of nothing (a free trial) is no order."""
    code = currency(form)
    gross = asked(form, code)
    if not gross:
        return None
    charge = needed(form, "transaction_id")
    recurs = form["event"] != "sales" or moment(form, "next_billing_date") is not None
    subscription = needed(form, "invoice_id") if recurs else None
    tax = amount(form, "tax_amount", code) or 0
    taken_off = discount(form, gross - tax, code)
    document: Document = {
        "number": identity(form, "invoice_id"),
        "state": "paid",
        "gross": gross,
        "due": gross,
        "subtotal": gross - tax + taken_off,
        "discount": taken_off,
        "tax": tax,
        "shipping": 0,
        "currency": code,
        "created": at,
        "paid_date": at,
        "attempted": at,
        "next_attempt": None,
        "cycle": _cycle(form) if recurs else None,
        "subscription_id": subscription,
        "email": email(form),
        "items": [item(form, gross)],
    }
    payment = _payment(form, at, "completed", subscription)
    facets: dict[str, Facet] = {"document": document, "payment:charge": payment}
    return OrderSaid((f"document:{charge}", *_purchase(form)), UPDATED, facets, mentions(form))


def declined(form: Form, at: int) -> OrderSaid:
    """Read a charge that failed: an order of its own, unless its id comes again and is paid."""
    subscription = needed(form, "invoice_id")
    charge = identity(form, "transaction_id") or f"{subscription}@{at // times.SECOND}"
    facets = {"payment:attempt": _payment(form, at, "declined", subscription)}
    return OrderSaid((f"document:{charge}",), UPDATED, facets, mentions(form))


def refunded(form: Form, at: int) -> OrderSaid:
    """Read money given back of a charge, in part or in whole."""
    code = currency(form)
    charge = needed(form, "transaction_id")
    # One charge may be given back in parts, and nothing says that each has an id of its own.
    own = f"{charge}@{at // times.SECOND}"
    facet: Refund = {
        "id": own,
        "amount": asked(form, code),
        "date": at,
        "status": "completed",
        "payment": f"charge:{charge}",
    }
    refs = (f"document:{charge}", *(_purchase(form) if form.get("is_rebill") == "0" else ()))
    return OrderSaid(refs, UPDATED, {f"refund:{own}": facet})


def item(form: Form, price: int | None) -> Item:
    """Return the one line of an order or subscription."""
    return {
        "category": form.get("campaign_name"),
        "name": form.get("product_name"),
        "store_primary_id": identity(form, "product_id"),
        "quantity": quantity(form),
        "amount": price,
    }


def discount(form: Form, net: int, code: str) -> int:
    """Return what a coupon took off, where `net` is what was left of the price before tax.

    A rate that is no amount and no percentage below a hundred says nothing, and takes nothing off:
    what was paid does not hang on it.
    """
    rate, kind = form.get("coupon_rate"), form.get("coupon_type", "").lower()
    if rate is None:
        return 0
    if "percent" not in kind and kind != "%":
        return amount(form, "coupon_rate", code) or 0
    try:
        percent = Decimal(rate.removesuffix("%"))
    except InvalidOperation:
        return 0
    if not percent.is_finite() or not 0 < percent < 100:
        return 0
    share = Decimal(net) * percent / (100 - percent)
    return int(share.to_integral_value(rounding=ROUND_HALF_EVEN))


def mentions(form: Form) -> tuple[str, ...]:
    """Return the ids of other systems: the processor's, and what the checkout was given."""
    return ids_among(value for name, value in sorted(form.items()) if _is_foreign(name))


def _payment(
    form: Form, at: int, status: Literal["completed", "declined"], subscription: str | None
) -> Payment:
    code = currency(form)
    charge = identity(form, "transaction_id") or f"{subscription}@{at // times.SECOND}"
    return {
        "payment": f"charge:{charge}",
        "weight": 1,
        "amount": asked(form, code),
        "currency": code,
        "status": status,
        "date": at,
        "customer_id": email(form),
        "email": email(form),
        "reference": _reference(form) or charge,
        "description": form.get("product_name"),
        "subscription_id": subscription,
    }


def _cycle(form: Form) -> Literal["create", "cycle"]:
    return "create" if form["event"] == "sales" or form.get("is_rebill") == "0" else "cycle"


def _purchase(form: Form) -> tuple[str, ...]:
    """Return the purchase as a name of its first order; what is sold on top has none of it."""
    invoice = identity(form, "invoice_id")
    is_first = form["event"] in ("sales", "refund")
    is_primary = form.get("transaction_type", "primary") == "primary"
    return (f"session:{invoice}",) if invoice and is_first and is_primary else ()


def _is_foreign(name: str) -> bool:
    return name.startswith("custom") or (name.endswith("transaction_id") and name not in _OWN_IDS)


def _reference(form: Form) -> str | None:
    """Return the processor's own id of the charge, where any field names it."""
    named = [(name, form[name]) for name in sorted(form) if _is_foreign(name)]
    told = [value for name, value in named if name.endswith("transaction_id")]
    guessed = [value for _, value in named if _PROCESSORS_ID.fullmatch(value)]
    return next(iter([*told, *guessed]), None)
