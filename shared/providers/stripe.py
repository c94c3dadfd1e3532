"""Stripe's meaning: what each of its events says, in the domain's vocabulary of observations.

`MEANING` names a reader for every event type that matters. Old and new API shapes are told apart
by what is there, never by `api_version`: an endpoint keeps its version, events keep theirs, and
neither proves what a field holds. Nothing here may do I/O, read a clock or guess at money: a body
that cannot be read for certain raises Quarantined, and nothing else is ever raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import stripe_catalogue as catalogue
from shared.providers import stripe_customers as customers
from shared.providers import stripe_discounts as discounts
from shared.providers import stripe_invoice_payments as invoice_payments
from shared.providers import stripe_invoices as invoices
from shared.providers import stripe_payments as payments
from shared.providers import stripe_refunds as refunds
from shared.providers import stripe_subscriptions as subscriptions
from shared.providers.json_shapes import Json, identity
from shared.providers.stripe_shapes import Event, Said, moment

Reader = Callable[[Event], Said]


def _nothing(event: Event) -> Said:
    """Read an event that is expected, and says nothing that other events do not say better."""
    del event
    return Said()


MEANING: dict[str, Reader] = {
    "customer.subscription.created": subscriptions.subscription,  # perhaps `incomplete` still
    "customer.subscription.updated": subscriptions.subscription,
    "customer.subscription.deleted": subscriptions.subscription,  # has ended, not been asked to
    "customer.subscription.paused": subscriptions.subscription,  # never for `pause_collection`
    "customer.subscription.resumed": subscriptions.subscription,
    "customer.subscription.trial_will_end": subscriptions.subscription,  # or has just ended
    "customer.subscription.pending_update_applied": subscriptions.subscription,
    "customer.subscription.pending_update_expired": subscriptions.subscription,  # had no effect
    "subscription_schedule.completed": subscriptions.schedule,  # ends as expired, not cancelled
    "subscription_schedule.aborted": _nothing,  # the others plan; the subscription tells what came
    "subscription_schedule.canceled": _nothing,
    "subscription_schedule.created": _nothing,
    "subscription_schedule.expiring": _nothing,
    "subscription_schedule.released": _nothing,
    "subscription_schedule.updated": _nothing,
    "customer.discount.created": discounts.discount,
    "customer.discount.updated": discounts.discount,
    "customer.discount.deleted": discounts.discount,
    "customer.created": customers.customer,
    "customer.updated": customers.customer,
    "customer.deleted": customers.customer,
    "payment_method.attached": customers.method,
    "payment_method.automatically_updated": customers.method,  # by the card's network
    "payment_method.detached": customers.method,
    "payment_method.updated": customers.method,
    "customer.source.created": customers.method,  # cards and sources of before payment methods
    "customer.source.deleted": customers.method,
    "customer.source.expiring": customers.method,
    "customer.source.updated": customers.method,
    "invoice.created": invoices.invoice,
    "invoice.deleted": invoices.invoice,  # only drafts can be
    "invoice.finalization_failed": invoices.invoice,
    "invoice.finalized": invoices.invoice,
    "invoice.marked_uncollectible": invoices.invoice,
    "invoice.overdue": invoices.invoice,
    "invoice.overpaid": invoices.invoice,
    "invoice.paid": invoices.invoice,  # also when marked paid out of band, and for $0
    "invoice.payment_action_required": invoices.invoice,  # waits for the card's owner
    "invoice.payment_attempt_required": invoices.invoice,
    "invoice.payment_failed": invoices.invoice,
    "invoice.payment_succeeded": invoices.invoice,  # the same money as invoice.paid
    "invoice.sent": invoices.invoice,
    "invoice.updated": invoices.invoice,
    "invoice.voided": invoices.invoice,
    "invoice.will_be_due": invoices.invoice,
    "invoice.upcoming": invoices.upcoming,  # a preview without an id
    "invoice_payment.paid": invoice_payments.invoice_payment,
    "charge.captured": payments.charge,
    "charge.expired": payments.charge,  # authorised, never captured
    "charge.failed": payments.charge,
    "charge.pending": payments.charge,
    "charge.refunded": payments.charge,  # in part, too: `refunded` is false then
    "charge.succeeded": payments.charge,  # uncaptured authorisations as well
    "charge.updated": payments.charge,
    "charge.refund.updated": refunds.refund,  # the object is the refund
    "refund.created": refunds.refund,
    "refund.failed": refunds.refund,
    "refund.updated": refunds.refund,
    "charge.dispute.closed": refunds.dispute,
    "charge.dispute.created": refunds.dispute,
    "charge.dispute.funds_reinstated": refunds.dispute,
    "charge.dispute.funds_withdrawn": refunds.dispute,
    "charge.dispute.updated": refunds.dispute,
    "payment_intent.amount_capturable_updated": payments.intent,
    "payment_intent.canceled": payments.intent,
    "payment_intent.created": payments.intent,
    "payment_intent.partially_funded": payments.intent,
    "payment_intent.payment_failed": payments.intent,
    "payment_intent.processing": payments.intent,
    "payment_intent.requires_action": payments.intent,
    "payment_intent.succeeded": payments.intent,
    "checkout.session.async_payment_failed": payments.session,
    "checkout.session.async_payment_succeeded": payments.session,
    "checkout.session.completed": payments.session,  # perhaps unpaid still
    "checkout.session.expired": payments.session,
    "price.created": catalogue.price,
    "price.deleted": catalogue.price,
    "price.updated": catalogue.price,
    "plan.created": catalogue.price,  # a plan is a price under its older name
    "plan.deleted": catalogue.price,
    "plan.updated": catalogue.price,
    "product.created": catalogue.product,
    "product.deleted": catalogue.product,
    "product.updated": catalogue.product,
    "coupon.created": catalogue.coupon,
    "coupon.deleted": catalogue.coupon,
    "coupon.updated": catalogue.coupon,
    "promotion_code.created": catalogue.promotion_code,
    "promotion_code.updated": catalogue.promotion_code,
    # Answers of Stripe's API, put on the queue by call_providers: what history is made of.
    "fetched.charge": payments.charge,
    "fetched.customer": customers.customer,
    "fetched.dispute": refunds.dispute,
    "fetched.invoice": invoices.listed,
    "fetched.invoice_payments": invoice_payments.invoice_payments,
    "fetched.price": catalogue.price,
    "fetched.product": catalogue.product,
    "fetched.refund": refunds.refund,
    "fetched.subscription": subscriptions.subscription,
    "fetched.subscription_schedule": subscriptions.schedule,
}

# What one and the same event may hold differently at each delivery.
_BY_DELIVERY = ("pending_webhooks", "request")
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def webhook_events() -> list[str]:
    """Return the event types a webhook endpoint has to be given: those that say something."""
    return sorted(
        name
        for name, reader in MEANING.items()
        if reader is not _nothing and not name.startswith("fetched.")
    )


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return what a Stripe event says. Raise Quarantined for one that can never be accepted."""
    del headers  # Stripe's carry only the signature, which the door has checked
    try:
        return _parsed(_loaded(body))
    except RecursionError as error:
        raise Quarantined("bad_field", "the event is nested too deeply") from error


def _loaded(body: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(body.decode(), parse_constant=_refuse_constant)
    except ValueError as error:
        raise Quarantined("bad_field", "the event is not JSON") from error
    if not isinstance(loaded, dict):
        raise Quarantined("bad_field", "the event is not an object")
    return loaded


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _parsed(event: dict[str, Any]) -> Parsed:
    _refuse_other_kinds(event)
    event_id, event_type = identity(event.get("id"), "id"), identity(event.get("type"), "type")
    at, live = moment(event, "created"), event.get("livemode")
    if at is None:
        raise Quarantined("bad_field", "created is missing")
    if live is not None and not isinstance(live, bool):
        raise Quarantined("bad_field", "livemode is neither true nor false")
    reader = MEANING.get(event_type)
    said = Said() if reader is None else reader(_event(event, event_type, at))
    return Parsed(
        event_id=event_id,
        event_type=event_type,
        digest=_digest(event),
        occurred_at=at,
        live=live,
        known=reader is not None,
        **said._asdict(),
    )


def _refuse_other_kinds(event: Json) -> None:
    kind = event.get("object", "event")
    if kind == "v2.core.event":
        raise Quarantined(
            "thin_event", "a thin event carries no object; register a snapshot destination"
        )
    if kind != "event":
        raise Quarantined("bad_field", "object is not event")


def _event(event: Json, event_type: str, at: int) -> Event:
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(thing, dict):
        raise Quarantined("bad_field", "data.object is missing or not an object")
    previous = data.get("previous_attributes")
    return Event(event_type, at, thing, previous if isinstance(previous, dict) else None)


def _digest(event: dict[str, Any]) -> str:
    kept = {key: value for key, value in event.items() if key not in _BY_DELIVERY}
    return hashlib.sha256(_canonical(kept).encode()).hexdigest()
