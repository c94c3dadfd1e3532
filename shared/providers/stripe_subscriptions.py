"""What Stripe's subscriptions and their schedules say.

A subscription's events carry the whole object, so each one states all terms anew; the object
with `previous_attributes` applied states what they were. Both API shapes are read by shape: the
period lies on the subscription or on its items, prices are plans, the currency is the prices' own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from shared.domain import money
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    Facet,
    Interval,
    Item,
    Status,
    SubscriptionSaid,
    Terms,
)
from shared.providers import stripe_prices as prices
from shared.providers.json_shapes import Json, identity, mapping, text
from shared.providers.stripe_customers import expanded_people
from shared.providers.stripe_discounts import applied_discounts, withdrawn
from shared.providers.stripe_shapes import Event, Said, count, linked, moment, rolled_back, rows

_STATUS: dict[object, Status] = {
    "active": "active",
    "trialing": "active",
    "incomplete": "pending",  # created, but its first payment is not done
    "incomplete_expired": "expired",
    "past_due": "payment_failed",
    "unpaid": "payment_failed",
    "paused": "paused",
    "canceled": "cancelled",
}
_ENDED = frozenset({"canceled", "incomplete_expired"})


class _Line(NamedTuple):
    """A subscription item with what it bills: units of a price, every cycle."""

    item: Json
    price: Json
    quantity: int
    cycle: tuple[Interval | None, int | None]


def subscription(event: Event) -> Said:
    """Read any event whose object is a subscription."""
    thing = event.thing
    deleted = event.type == "customer.subscription.deleted"
    created = event.type == "customer.subscription.created"
    facets: dict[str, Facet] = {"terms": terms(thing, deleted=deleted)}
    before: dict[str, Facet] | None = None
    if event.type == "customer.subscription.updated" and event.previous:
        before = {"terms": terms(rolled_back(thing, event.previous))}
    if event.is_fetched:
        facets |= withdrawn(thing)
    invoice = linked(thing, "latest_invoice")
    if created and invoice is not None:
        facets["origin"] = {"order_id": invoice}
    rank = CREATED if created else UPDATED
    said = SubscriptionSaid(
        subscription_id=identity(thing.get("id"), "id"),
        rank=TERMINAL if deleted or thing["status"] in _ENDED else rank,
        facets=facets,
        customer_id=linked(thing, "customer"),
        before=before,
        creation=created,
    )
    return Said(subscriptions=(said,), customers=expanded_people(thing))


def schedule(event: Event) -> Said:
    """Read the end of a subscription schedule: a subscription that ends by it has expired."""
    if event.is_fetched and event.thing.get("status") != "completed":
        return Said()
    name = linked(event.thing, "subscription") or linked(event.thing, "released_subscription")
    if name is None:
        return Said()
    facets: dict[str, Facet] = {"schedule": {"completed": True}}
    # The subscription's end, told in the same second, must find its explanation.
    return Said(subscriptions=(SubscriptionSaid(name, UPDATED, facets),))


def terms(thing: Json, *, deleted: bool = False) -> Terms:
    """Return what the subscription's object states; `deleted` settles a status left behind.

    With items of several intervals, the interval is the shortest one and the amount what every
    shortest cycle bills: the longer ones fall due too rarely to be part of it. Usage and tiers are
    unknown before the cycle ends. `inferred` names the amount wherever something was left out.
    """
    raw = thing.get("status")
    status = _status(thing, raw, deleted=deleted)
    lines = _lines(thing)
    code = _currency(thing, lines)
    billed = _billed_together(lines)
    interval, interval_count = billed[0].cycle if billed else (None, None)
    scheduled = status not in ("cancelled", "expired") and _is_asked_to_end(thing)
    return {
        "name": _name(lines),
        "status": status,
        "store_status": _store_status(thing, raw),
        "billing_interval": interval,
        "billing_interval_count": interval_count,
        "currency": code,
        **_sums(billed, lines, code, thing),
        **applied_discounts(thing, code),
        "tax_percent": prices.tax_percent(thing),
        "items": [_item(line, code) for line in lines],
        "created_date": moment(thing, "created"),
        "start_date": moment(thing, "start_date") or moment(thing, "start"),
        "anchor_date": moment(thing, "billing_cycle_anchor"),
        "next_payment_date": None if scheduled else _next_payment(thing, status, lines),
        "retries": raw == "past_due",
        "cancelled_date": moment(thing, "canceled_at"),
        "ended_date": moment(thing, "ended_at"),
        "cancel_at_period_end": scheduled,
        "is_trial": raw == "trialing",
        "total_cycles": 0,  # Stripe's subscriptions have no number of cycles
        "note": _note(thing),
        "external_id": text(mapping(thing, "metadata"), "external_id"),
        "payment_method": linked(thing, "default_payment_method")
        or linked(thing, "default_source"),
    }


def _status(thing: Json, raw: object, *, deleted: bool) -> Status:
    status = _STATUS.get(raw) if isinstance(raw, str) else None
    if status is None:
        raise Quarantined("bad_field", "status is not one a subscription can have")
    if raw in _ENDED:
        return status
    if deleted:
        return "cancelled"
    return "paused" if thing.get("pause_collection") else status


def _is_asked_to_end(thing: Json) -> bool:
    """Tell whether an end is scheduled: the portal sets only a date, others only the flag."""
    return thing.get("cancel_at_period_end") is True or moment(thing, "cancel_at") is not None


def _store_status(thing: Json, raw: object) -> str:
    behavior = text(mapping(thing, "pause_collection"), "behavior")
    return f"{raw}:{behavior}" if behavior else str(raw)


def _lines(thing: Json) -> list[_Line]:
    """Return the items; the oldest shape has one plan and a quantity instead."""
    items = rows(thing, "items") or ([thing] if isinstance(thing.get("plan"), dict) else [])
    found = []
    for item in items:
        price = prices.price_of(item)
        found.append(_Line(item, price, count(item, "quantity", 1), prices.cycle(price)))
    return found


def _currency(thing: Json, lines: list[_Line]) -> str | None:
    """Return the currency; before 2022 only the prices told it."""
    told = (each.get("currency") for each in (thing, *(line.price for line in lines)))
    code = next((code for code in told if code is not None), None)
    return None if code is None else money.currency(code)


def _billed_together(lines: list[_Line]) -> list[_Line]:
    """Return the items that share the shortest cycle."""
    lengths = [length for line in lines if (length := prices.days(line.cycle)) is not None]
    shortest = min(lengths, default=None)
    return [line for line in lines if prices.days(line.cycle) == shortest]


def _sums(billed: list[_Line], lines: list[_Line], code: str | None, thing: Json) -> Terms:
    fixed = [line for line in billed if not prices.is_metered(line.price)]
    whole = len(fixed) == len(lines) and mapping(thing, "items").get("has_more") is not True
    total: int | Decimal | None = 0 if fixed and code else None
    for line in fixed if code else ():
        cost = _cost(line, code or "")
        total = None if cost is None or total is None else total + cost
    return {
        "amount": None if total is None else prices.in_money(total, code or ""),
        "inferred": [] if whole or total is None else ["payment_amount"],
    }


def _cost(line: _Line, code: str) -> int | Decimal | None:
    unit = prices.unit_amount(line.price, code)
    return None if unit is None else unit * prices.packages(line.price, line.quantity)


def _item(line: _Line, code: str | None) -> Item:
    product = mapping(line.price, "product")
    known = code is not None and not prices.is_metered(line.price)
    cost = _cost(line, code or "") if known else None
    labels = prices.labels(product)
    return {
        "name": text(line.price, "nickname") or text(product, "name"),
        "category": labels["category"],
        "sku": labels["sku"] or text(line.price, "lookup_key"),
        "brand": labels["brand"],
        "tag": labels["tag"],
        "store_primary_id": linked(line.price, "product"),
        "price_id": linked({"price": line.price}, "price"),
        "quantity": line.quantity,
        "amount": None if cost is None else prices.in_money(cost, code or ""),
    }


def _name(lines: list[_Line]) -> str | None:
    if not lines:
        return None
    price = lines[0].price
    # Plans of 2017 and before had their own name.
    own = text(price, "nickname") or text(price, "name")
    return own or text(mapping(price, "product"), "name")


def _next_payment(thing: Json, status: Status, lines: list[_Line]) -> int | None:
    """Return when the next payment is due; None for a subscription that asks for none."""
    if status in ("cancelled", "expired", "paused"):
        return None
    ends = [end for line in lines if (end := moment(line.item, "current_period_end")) is not None]
    due = min(ends) if ends else moment(thing, "current_period_end")
    if thing.get("status") == "trialing":
        return moment(thing, "trial_end") or due
    return due


def _note(thing: Json) -> str | None:
    """Return the description, else what the customer said on leaving.

    Stripe's own reason for the end is left out: only newer shapes have it, and the status says it.
    """
    details = mapping(thing, "cancellation_details")
    return text(thing, "description") or text(details, "comment") or text(details, "feedback")
