"""What PayKickstart's notifications say of a subscription: each a part, none the whole.

The parts: `terms` is its state, `terms:about` what it is and `terms:price` what a cycle costs,
`terms:next` its next billing date, `terms:interval` how often it bills (inferred from that date,
or told by the API: the newest word counts), `terms:start` or else `terms:first` when it began, and
`terms:assumed` the state of one whose first notification states none.
"""

from __future__ import annotations

from typing import Any

from shared.domain.observations import CREATED, TERMINAL, UPDATED, Facet, SubscriptionSaid
from shared.providers import paykickstart_rhythm as rhythm
from shared.providers.paykickstart_form import (
    Form,
    address,
    amount,
    asked,
    currency,
    email,
    moment,
    needed,
)
from shared.providers.paykickstart_orders import discount, item

ANY_RANK = UPDATED
RANKS = {"sales": CREATED, "subscription-cancelled": TERMINAL}


def sold(form: Form, at: int) -> SubscriptionSaid | None:
    """Read a sale: with a next billing date it is a subscription's first charge, else one-time."""
    if moment(form, "next_billing_date") is None:
        return None
    is_trial = not asked(form, currency(form))
    state = _state(form, "active", is_trial=is_trial, inferred=["is_trial"] if is_trial else [])
    start = {"start_date": at, "created_date": at}
    facets = {"terms": state, "terms:start": start, **_billed(form, at), **_about(form)}
    return _said(form, facets, creation=True)


def billed(form: Form, at: int) -> SubscriptionSaid:
    """Read a renewal, or a first charge that PayKickstart does not call a sale."""
    facets = {"terms": _state(form, "active"), **_billed(form, at), **_about(form)}
    if form.get("is_rebill") == "0":
        facets["terms:first"] = {"start_date": at, "created_date": at}
    return _said(form, facets)


def failed(form: Form, at: int) -> SubscriptionSaid:
    """Read a charge that failed; when it is tried again is not told."""
    del at
    facets = {"terms": _state(form, "payment_failed"), **_price(form), **_next(form)}
    return _said(form, facets | _about(form))


def trial_ended(form: Form, at: int) -> SubscriptionSaid:
    """Read the end of a trial: what is charged then has a notification of its own."""
    del at
    return _said(form, {"terms": _state(form, "active"), **_next(form), **_about(form)})


def cancelled(form: Form, at: int) -> SubscriptionSaid:
    """Read a cancellation: PayKickstart sends it when it takes effect."""
    return _said(form, {"terms": ending(email(form), at), **_about(form)})


def ending(address: str | None, at: int) -> Facet:
    """Return the state of a buyer's subscription that was cancelled at a time (ms)."""
    ended = {"cancelled_date": at, "ended_date": at, "next_payment_date": None}
    return _of(address, "cancelled", **ended)


def updated(form: Form) -> SubscriptionSaid:
    """Read a change: it states the price and product, and neither the state nor any date."""
    state = {"status": "active", "store_status": "active", "inferred": ["status"]}
    return _said(form, {"terms:assumed": state, **_price(form), **_about(form)})


def _said(form: Form, facets: dict[str, Facet], *, creation: bool = False) -> SubscriptionSaid:
    return SubscriptionSaid(
        needed(form, "invoice_id"),
        RANKS.get(form["event"], ANY_RANK),
        facets,
        customer_id=email(form),
        creation=creation,
    )


def _state(form: Form, status: str, **more: Any) -> Facet:
    return _of(email(form), status, **more)


def _of(address: str | None, status: str, **more: Any) -> Facet:
    return {
        "status": status,
        "store_status": status.replace("_", "-"),
        "email": address,
        "is_trial": False,
        **more,
    }


def _billed(form: Form, at: int) -> dict[str, Facet]:
    """Return what a charge that went through tells of the cycle it begins."""
    told = {**_price(form), **_next(form)}
    following = moment(form, "next_billing_date")
    # A free trial is as long as it is: how often will be billed does not follow from that.
    if following is None or not asked(form, currency(form)):
        return told
    found = rhythm.between(at, following)
    if found is not None:
        interval, count = found
        told["terms:interval"] = {
            "billing_interval": interval,
            "billing_interval_count": count,
            "inferred": ["billing_interval"],
        }
    return told


def _price(form: Form) -> dict[str, Facet]:
    """Return what a cycle costs; of nothing paid nothing follows but the currency."""
    code = currency(form)
    gross = amount(form, "amount", code)
    if not gross:
        return {}
    tax = amount(form, "tax_amount", code) or 0
    taken_off = discount(form, gross - tax, code)
    price = {
        "currency": code,
        "amount": gross - tax + taken_off,
        "payment_amount": gross,
        "discount_amount": taken_off,
        "tax_amount": tax,
        "items": [item(form, gross)],
    }
    return {"terms:price": price}


def _next(form: Form) -> dict[str, Facet]:
    following = moment(form, "next_billing_date")
    return {} if following is None else {"terms:next": {"next_payment_date": following}}


def _about(form: Form) -> dict[str, Facet]:
    """Return what every notification repeats: the product, the addresses, the checkout's own id."""
    own = sorted(name for name in form if name.startswith("custom"))
    told: dict[str, Any] = {
        "name": form.get("product_name"),
        "items": [item(form, None)],
        "external_id": form[own[0]] if own else None,
    }
    for kind in ("billing_address", "shipping_address"):
        told[kind] = address(form, kind.removesuffix("_address"))
    return {"terms:about": told}
