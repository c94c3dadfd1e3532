"""What PayPal says of subscriptions (v2) and billing agreements (v1), whose ids are the same.

Each event carries the whole thing and so states all terms anew, but for the plan: of v2 only its id
is there, unless the API was asked, so what the plan states is a part of the terms of its own. A
creation knows no payer, and `create_time` moves by seconds between events: the earliest is kept, as
facets `created:<ms>`.
"""

from __future__ import annotations

from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    Facet,
    Item,
    Status,
    SubscriptionSaid,
    Terms,
)
from shared.providers import paypal_people as people
from shared.providers import paypal_plans as plans
from shared.providers.json_shapes import Json, identity, mapping, rows, text
from shared.providers.paypal_shapes import Event, Said, amount, count, currency, moment, named, word

_STATUS: dict[str, Status] = {
    "APPROVAL_PENDING": "pending",
    "APPROVED": "pending",
    "ACTIVE": "active",
    "SUSPENDED": "paused",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
    # Version 1 alone; it spells CANCELED with one L as well.
    "PENDING": "pending",
    "CREATED": "pending",
    "REACTIVE": "active",
    "CANCELED": "cancelled",
    "COMPLETED": "expired",
}
_ENDED = ("cancelled", "expired")
_BILLED_WITHIN, _LONGEST_WAIT = times.HOUR, 30 * times.DAY


def subscription(event: Event) -> Said:
    """Read any event whose resource is a subscription of v2, or the API's answer."""
    thing = event.thing
    payer_id, person = people.subscriber(thing)
    quantity = _quantity(thing)
    facets: dict[str, Facet] = {"terms": _terms(event), "terms:bare": _unpriced(thing, quantity)}
    plan = mapping(thing, "plan")
    # An overridden plan comes without the id it began with.
    whole = {"id": thing.get("plan_id"), **plan} if "billing_cycles" in plan else None
    if whole:
        shipping = amount(thing, "shipping_amount") or 0
        by = _priced_by(thing, quantity)
        told = plans.terms(whole, quantity, shipping, event.at)
        facets["terms:plan"] = {**told, "priced_by": by}
    said = _said(event, facets, payer_id)
    overridden = thing.get("plan_overridden") is True
    catalogued = (plans.catalogued(whole),) if whole and not overridden else ()
    own = said.subscription_id
    return Said((said,), customers=people.customers(person, payer_id, own), catalogue=catalogued)


def agreement(event: Event) -> Said:
    """Read any event whose resource is an agreement of v1, which has its plan inline."""
    payer_id, person = people.payer_info(event.thing)
    said = _said(event, {"terms": _agreed(event)}, payer_id)
    return Said((said,), customers=people.customers(person, payer_id, said.subscription_id))


def _said(event: Event, facets: dict[str, Facet], payer_id: str | None) -> SubscriptionSaid:
    creation = event.type == "BILLING.SUBSCRIPTION.CREATED"
    created = facets["terms"].get("created_date")
    if created is not None:
        facets[f"created:{created}"] = {}
    rank = CREATED if creation else UPDATED
    return SubscriptionSaid(
        subscription_id=identity(event.thing.get("id"), "id"),
        rank=TERMINAL if facets["terms"]["status"] in _ENDED else rank,
        facets=facets,
        customer_id=payer_id,
        creation=creation,
        again_at=_again_at(event, facets["terms"]),
    )


def _again_at(event: Event, terms: Facet) -> int | None:
    """Return when a subscription on trial is worth asking for again: no event tells of its end.

    That is some time after the next payment. Right after the start PayPal names none, and corrects
    itself silently: then it is asked after an hour, and each time after as long as it has been.
    """
    if not terms["is_trial"]:
        return None
    due = terms["next_payment_date"]
    if due is not None and due > event.at:
        return int(due) + _BILLED_WITHIN
    lasted = event.at - (terms["start_date"] or event.at)
    return event.at + max(_BILLED_WITHIN, min(lasted, _LONGEST_WAIT))


def _status(raw: str, failures: int) -> Status:
    status = _STATUS.get(raw)
    if status is None:
        raise Quarantined("bad_field", "status is not one a subscription can have")
    return "payment_failed" if status == "paused" and failures else status


def _terms(event: Event) -> Terms:
    thing = event.thing
    billing, raw = mapping(thing, "billing_info"), word(thing, "status")
    status = _status(raw, count(billing, "failed_payments_count") or 0)
    executions = rows(billing, "cycle_executions")
    regular = next((e for e in executions if word(e, "tenure_type") == "REGULAR"), {})
    is_trial = status == "active" and _is_trial(executions, regular)
    changed = moment(thing, "status_update_time") or event.at
    return {
        "status": status,
        "store_status": raw,
        **_only_told("currency", _currency(thing, billing)),
        "shipping_amount": amount(thing, "shipping_amount"),
        "observed_amount": None if is_trial else amount(mapping(billing, "last_payment"), "amount"),
        "priced_by": _priced_by(thing, _quantity(thing)),
        "created_date": moment(thing, "create_time"),
        "start_date": moment(thing, "start_time"),
        "anchor_date": moment(thing, "start_time"),
        **_payments(event, billing, status, is_trial=is_trial),
        "cancelled_date": changed if status == "cancelled" else None,
        "ended_date": changed if status in _ENDED else None,
        "cancel_at_period_end": False,  # a cancellation is immediate
        "is_trial": is_trial,
        **_only_told("total_cycles", count(regular, "total_cycles")),
        "cycles_completed": count(regular, "cycles_completed"),
        "note": text(thing, "status_change_note"),
        "external_id": text(thing, "custom_id"),
        "inferred": [],
    }


def _is_trial(executions: list[Json], regular: Json) -> bool:
    waiting = any(
        word(each, "tenure_type") == "TRIAL" and (count(each, "cycles_remaining") or 0) > 0
        for each in executions
    )
    return waiting and not count(regular, "cycles_completed")


def _currency(thing: Json, billing: Json) -> str | None:
    told = (
        mapping(billing, "outstanding_balance"),
        mapping(mapping(billing, "last_payment"), "amount"),
        mapping(thing, "shipping_amount"),
    )
    return next((code for each in told if (code := currency(each)) is not None), None)


def _quantity(thing: Json) -> int:
    told = count(thing, "quantity")
    return 1 if told is None else told


def _priced_by(thing: Json, quantity: int) -> str | None:
    plan_id = named(thing, "plan_id")
    return None if plan_id is None else f"{plan_id}/{quantity}"


def _unpriced(thing: Json, quantity: int) -> Facet:
    """Return the part of the terms that stands until somebody tells the plan."""
    plan_id = named(thing, "plan_id")
    item: Item = {"name": None, "price_id": plan_id, "quantity": quantity, "amount": None}
    return {
        "items": [] if plan_id is None else [item],
        "inferred": ["billing_interval", "payment_amount"],
    }


def _only_told(name: str, value: Any) -> Any:
    """Return a term only where it is told, so that it hides nothing the plan says."""
    return {} if value is None else {name: value}


def _payments(event: Event, billing: Json, status: Status, *, is_trial: bool) -> Terms:
    """Return when was paid last, or failed, and when is asked next."""
    failed = mapping(billing, "last_failed_payment")
    failed_at = moment(failed, "time")
    paid_at = moment(mapping(billing, "last_payment"), "time")
    declined = failed_at is not None and failed_at > (paid_at or 0)
    due = moment(billing, "next_billing_time")
    if is_trial and due is not None and due <= event.at + 60_000:
        due = None  # right after the start of a free trial PayPal says "now"
    # The specification and the simulator have different names for it.
    again = moment(failed, "next_payment_retry_time") or moment(failed, "next_payment_retry_date")
    if declined and again is not None and again > event.at:
        due = again
    last = failed_at if declined else paid_at
    return {
        "next_payment_date": None if status in (*_ENDED, "paused") else due,
        "last_payment_status": "declined" if declined else None if last is None else "completed",
        "last_payment_date": last,
    }


def _agreed(event: Event) -> Terms:
    thing = event.thing
    plan, details = mapping(thing, "plan"), mapping(thing, "agreement_details")
    balance, raw = mapping(details, "outstanding_balance"), word(thing, "state")
    code = currency({"currency": text(plan, "curr_code")}) or currency(balance)
    status = _status(raw, count(details, "failed_payment_count") or 0)
    cycle: Any = plans.definition(plan, code)
    price, extra = cycle["amount"], plans.charges(plan, code)
    paid_at, due = moment(details, "last_payment_date"), moment(details, "next_billing_date")
    return {
        "name": text(thing, "description") or text(plan, "name"),
        "status": status,
        "store_status": text(thing, "state") or raw,
        "billing_interval": cycle["billing_interval"],
        "billing_interval_count": cycle["billing_interval_count"],
        "total_cycles": cycle["total_cycles"],
        "amount": price,
        "currency": cycle["currency"] or code,
        "tax_amount": extra.get("TAX"),
        "shipping_amount": extra.get("SHIPPING"),
        "payment_amount": None if price is None else price + sum(extra.values()),
        "observed_amount": amount(details, "last_payment_amount", code),
        "items": [],
        "created_date": moment(thing, "create_time"),
        "start_date": moment(thing, "start_date"),
        "anchor_date": moment(thing, "start_date"),
        "next_payment_date": None if status in (*_ENDED, "paused") else due,
        "last_payment_status": None if paid_at is None else "completed",
        "last_payment_date": paid_at,
        "cancelled_date": event.at if status == "cancelled" else None,
        "ended_date": event.at if status in _ENDED else None,
        "cancel_at_period_end": False,
        "is_trial": False,
        "note": None,
        "external_id": None,
        "inferred": [],
    }
