"""PayPal's meaning: what each of its events says, in the domain's vocabulary of observations.

One event type comes in several shapes, so a reader is found by type, kind of resource and version.
PayPal's simulator repeats ids over types, sends impossible dates and turns signs around; what
cannot be read for certain raises Quarantined, and nothing else is ever raised. Nothing here may do
I/O, read a clock or guess at money.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import paypal_payments as payments
from shared.providers import paypal_plans as plans
from shared.providers import paypal_returns as returns
from shared.providers import paypal_rows as rows
from shared.providers import paypal_subscriptions as subscriptions
from shared.providers.json_shapes import identity
from shared.providers.paypal_shapes import Event, Said, moment, named

Reader = Callable[[Event], Said]
# By kind of resource in small letters and major version; None takes any.
Shapes = dict[tuple[str, str] | None, Reader]

_SUBSCRIPTION: Shapes = {
    ("subscription", "2"): subscriptions.subscription,
    ("agreement", "1"): subscriptions.agreement,
}
_SALE: Shapes = {("sale", "1"): payments.sale}
_CAPTURE: Shapes = {("capture", "1"): payments.capture, ("capture", "2"): payments.capture}
_RETURN: Shapes = {
    (kind, version): returns.refund
    for kind in ("sale", "capture", "refund")
    for version in ("1", "2")
}
_PLAN: Shapes = {("plan", "1"): plans.plan, ("plan", "2"): plans.plan}
_DISPUTE: Shapes = {("dispute", "1"): returns.dispute, ("dispute", "2"): returns.dispute}
_CHECKOUT: Shapes = {("checkout-order", "2"): payments.checkout}

MEANING: dict[str, Shapes] = {
    "BILLING.SUBSCRIPTION.CREATED": _SUBSCRIPTION,  # of v2 without a payer
    "BILLING.SUBSCRIPTION.ACTIVATED": _SUBSCRIPTION,  # on resuming, too
    "BILLING.SUBSCRIPTION.UPDATED": _SUBSCRIPTION,
    "BILLING.SUBSCRIPTION.EXPIRED": _SUBSCRIPTION,
    "BILLING.SUBSCRIPTION.CANCELLED": _SUBSCRIPTION,
    "BILLING.SUBSCRIPTION.SUSPENDED": _SUBSCRIPTION,
    "BILLING.SUBSCRIPTION.RE-ACTIVATED": _SUBSCRIPTION,  # seen of v1 alone
    "BILLING.SUBSCRIPTION.PAYMENT.FAILED": _SUBSCRIPTION,  # the status stays ACTIVE
    "PAYMENT.SALE.COMPLETED": _SALE,  # a subscription's money, of v2 as well
    "PAYMENT.SALE.PENDING": _SALE,
    "PAYMENT.SALE.DENIED": _SALE,
    "PAYMENT.SALE.REFUNDED": _RETURN,
    "PAYMENT.SALE.REVERSED": _RETURN,
    "PAYMENT.CAPTURE.COMPLETED": _CAPTURE,
    "PAYMENT.CAPTURE.PENDING": _CAPTURE,
    "PAYMENT.CAPTURE.DECLINED": _CAPTURE,
    "PAYMENT.CAPTURE.DENIED": _CAPTURE,
    "PAYMENT.CAPTURE.REFUNDED": _RETURN,
    "PAYMENT.CAPTURE.REVERSED": _RETURN,
    "CHECKOUT.ORDER.APPROVED": _CHECKOUT,  # is not paid
    "CHECKOUT.ORDER.COMPLETED": _CHECKOUT,
    "BILLING.PLAN.CREATED": _PLAN,
    "BILLING.PLAN.UPDATED": _PLAN,
    "BILLING.PLAN.ACTIVATED": _PLAN,
    "BILLING.PLAN.DEACTIVATED": _PLAN,
    "BILLING.PLAN.PRICING-CHANGE.ACTIVATED": _PLAN,
    "CATALOG.PRODUCT.CREATED": {None: plans.product},
    "CATALOG.PRODUCT.UPDATED": {None: plans.product},
    "CUSTOMER.DISPUTE.CREATED": _DISPUTE,
    "CUSTOMER.DISPUTE.UPDATED": _DISPUTE,
    "CUSTOMER.DISPUTE.RESOLVED": _DISPUTE,
    "RISK.DISPUTE.CREATED": {("dispute", "1"): returns.risk_dispute},
    # Answers of PayPal's API, put on the queue by call_providers.
    "FETCHED.SUBSCRIPTION": {None: subscriptions.subscription},
    "FETCHED.PLAN": {None: plans.plan},
    "FETCHED.PRODUCT": {None: plans.product},
    "FETCHED.TRANSACTION": {None: rows.transaction},
    "FETCHED.PURCHASE": {None: rows.purchase},
    "FETCHED.RETURN": {None: rows.money_back},
    "FETCHED.DISPUTE": {None: returns.dispute},
}

# What one and the same event may hold differently: its export has its deliveries in it.
_BY_DELIVERY = ("links", "status", "transmissions")
_TRANSMISSION = "paypal-transmission-id"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def webhook_events() -> list[str]:
    """Return the event types a webhook has to be given."""
    return sorted(name for name in MEANING if not name.startswith("FETCHED."))


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return what a PayPal event says. Raise Quarantined for one that can never be accepted."""
    try:
        return _parsed(_loaded(body), headers.get(_TRANSMISSION))
    except RecursionError as error:
        raise Quarantined("bad_field", "the event is nested too deeply") from error


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        # A fraction stays the text it was: no float ever holds money.
        loaded = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=str)
    except ValueError as error:
        raise Quarantined("bad_field", "the event is not JSON") from error
    if not isinstance(loaded, dict):
        raise Quarantined("bad_field", "the event is not an object")
    return loaded


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _parsed(event: dict[str, Any], transmission: str | None) -> Parsed:
    event_id = identity(event.get("id"), "id")
    event_type = identity(event.get("event_type"), "event_type")
    at = moment(event, "create_time")
    if at is None:
        raise Quarantined("bad_field", "create_time is missing")
    shapes = MEANING.get(event_type.upper())
    said = Said() if shapes is None else _read(shapes, event, event_type.upper(), at)
    return Parsed(
        event_id=event_id,
        event_type=event_type,
        digest=_digest(event),
        occurred_at=at,
        live=None,  # PayPal does not say; the certificate's host did, at the door
        known=shapes is not None,
        once=None if transmission is None else f"{_TRANSMISSION}:{transmission}",
        **said._asdict(),
    )


def _read(shapes: Shapes, event: dict[str, Any], event_type: str, at: int) -> Said:
    kind = (named(event, "resource_type") or "").lower()
    version = (named(event, "resource_version") or "1.0").partition(".")[0]
    reader = shapes.get((kind, version)) or shapes.get(None)
    if reader is None:
        raise Quarantined("unknown_shape", "no such resource of this event type is known")
    thing = event.get("resource")
    if not isinstance(thing, dict):
        raise Quarantined("bad_field", "resource is missing or not an object")
    return reader(Event(event_type, at, thing))


def _digest(event: dict[str, Any]) -> str:
    kept = {key: value for key, value in event.items() if key not in _BY_DELIVERY}
    return hashlib.sha256(_canonical(kept).encode()).hexdigest()
