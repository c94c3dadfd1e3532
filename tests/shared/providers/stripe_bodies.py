"""Small Stripe objects for the parser's tests: only what matters, so that a test says the rest.

Written by hand from Stripe's field names and not from the generator of samples, so that the parser
is not tested against its neighbour's idea of Stripe alone.
"""

from __future__ import annotations

import json
from typing import Any

from shared.domain.observations import Parsed
from shared.providers import stripe

Json = dict[str, Any]

NOW = 1_790_000_000
DAY = 86_400


def event(kind: str, thing: Json, previous: Json | None = None, **envelope: object) -> Json:
    """Return an event around an object."""
    data: Json = {"object": thing}
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": NOW,
        "data": data,
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": None},
        "type": kind,
        **envelope,
    }


def parse(kind: str, thing: Json, previous: Json | None = None, **envelope: object) -> Parsed:
    """Parse an event around an object."""
    return stripe.parse(json.dumps(event(kind, thing, previous, **envelope)).encode(), {})


def price(amount: int | None = 1900, **other: object) -> Json:
    """Return a monthly price."""
    return {
        "id": "price_1",
        "object": "price",
        "currency": "usd",
        "nickname": None,
        "lookup_key": None,
        "product": "prod_1",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "unit_amount": amount,
        "unit_amount_decimal": None if amount is None else str(amount),
        **other,
    }


def item(of: Json | None = None, quantity: int | None = 1, **other: object) -> Json:
    """Return a subscription item of the newer shape."""
    return {
        "id": "si_1",
        "object": "subscription_item",
        "current_period_start": NOW,
        "current_period_end": NOW + 30 * DAY,
        "price": of if of is not None else price(),
        "quantity": quantity,
        **other,
    }


def listed(*rows: Json) -> Json:
    """Return one of Stripe's list objects."""
    return {"object": "list", "data": list(rows), "has_more": False, "total_count": len(rows)}


def subscription(*items: Json, **other: object) -> Json:
    """Return an active subscription of the newer shape."""
    return {
        "id": "sub_1",
        "object": "subscription",
        "billing_cycle_anchor": NOW,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "created": NOW - 10,
        "currency": "usd",
        "customer": "cus_1",
        "default_payment_method": None,
        "default_source": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": listed(*(items or (item(),))),
        "latest_invoice": "in_1",
        "metadata": {},
        "pause_collection": None,
        "start_date": NOW - 10,
        "status": "active",
        "trial_end": None,
        **other,
    }


def old_subscription(**other: object) -> Json:
    """Return the same subscription as it was rendered before 2025."""
    old_item = {key: value for key, value in item().items() if not key.startswith("current")}
    thing = subscription(old_item, current_period_end=NOW + 30 * DAY, discount=None)
    del thing["currency"], thing["discounts"]
    return {**thing, **other}


def invoice(**other: object) -> Json:
    """Return a paid invoice of the newer shape."""
    return {
        "id": "in_1",
        "object": "invoice",
        "amount_due": 1900,
        "amount_paid": 1900,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "billing_reason": "subscription_cycle",
        "created": NOW - 3600,
        "currency": "usd",
        "customer": "cus_1",
        "customer_address": None,
        "customer_email": "Ada@Example.com",
        "customer_name": "Ada Lovelace",
        "customer_phone": None,
        "customer_shipping": None,
        "lines": listed(line()),
        "next_payment_attempt": None,
        "number": "A-0001",
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"metadata": {}, "subscription": "sub_1"},
        },
        "shipping_cost": None,
        "status": "paid",
        "status_transitions": {"paid_at": NOW - 60},
        "subtotal": 1900,
        "total": 1900,
        "total_discount_amounts": [],
        "total_taxes": [],
        **other,
    }


def old_invoice(**other: object) -> Json:
    """Return the same invoice as it was rendered before 2025, with its links."""
    thing = invoice(
        charge="ch_1",
        discount=None,
        lines=listed({**line(), "price": price(), "pricing": None}),
        paid=True,
        payment_intent="pi_1",
        subscription="sub_1",
        tax=None,
        total_tax_amounts=[],
    )
    del thing["parent"], thing["total_taxes"]
    return {**thing, **other}


def line(**other: object) -> Json:
    """Return a line of the newer shape."""
    return {
        "id": "il_1",
        "object": "line_item",
        "amount": 1900,
        "currency": "usd",
        "description": "1 x Tea box",
        "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}},
        "quantity": 1,
        **other,
    }


def charge(**other: object) -> Json:
    """Return a captured charge of the newer shape."""
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 1900,
        "amount_captured": 1900,
        "amount_refunded": 0,
        "balance_transaction": "txn_1",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": True,
        "created": NOW - 5,
        "currency": "usd",
        "customer": "cus_1",
        "description": None,
        "paid": True,
        "payment_intent": "pi_1",
        "receipt_email": None,
        "refunded": False,
        "status": "succeeded",
        **other,
    }


def intent(**other: object) -> Json:
    """Return a payment intent that succeeded."""
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 1900,
        "amount_received": 1900,
        "currency": "usd",
        "customer": "cus_1",
        "description": None,
        "last_payment_error": None,
        "latest_charge": "ch_1",
        "receipt_email": None,
        "status": "succeeded",
        **other,
    }


def session(**other: object) -> Json:
    """Return a paid checkout of something sold once."""
    return {
        "id": "cs_1",
        "object": "checkout.session",
        "amount_total": 1900,
        "currency": "usd",
        "customer": None,
        "customer_details": {"email": "guest@example.com", "name": "Grace Hopper", "phone": None},
        "customer_email": None,
        "invoice": None,
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
        **other,
    }


def refund(**other: object) -> Json:
    """Return a refund of part of a charge."""
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "charge": "ch_1",
        "created": NOW - 2,
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "succeeded",
        **other,
    }


def dispute(**other: object) -> Json:
    """Return a dispute that waits for an answer."""
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 1900,
        "charge": "ch_1",
        "created": NOW - 2,
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "needs_response",
        **other,
    }


def customer(**other: object) -> Json:
    """Return a customer with an address."""
    return {
        "id": "cus_1",
        "object": "customer",
        "address": {
            "city": "London",
            "country": "GB",
            "line1": "12 St James's Square",
            "line2": None,
            "postal_code": "SW1Y 4JH",
            "state": None,
        },
        "default_source": None,
        "email": " Ada@Example.com ",
        "invoice_settings": {"default_payment_method": "pm_1"},
        "name": "Ada King Lovelace",
        "phone": "+44 20 7946 0000",
        "shipping": None,
        **other,
    }
