"""What WooCommerce's subscriptions say, in all their topics.

A body is the whole subscription as it was when the message was built, perhaps long after what it
announces, so each one states all terms anew, whatever its topic. Only a deletion is told by the id
alone: the subscription has then ended, and all else stays known.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    Deleted,
    Facet,
    Interval,
    OrderSaid,
    Payment,
    Status,
    SubscriptionSaid,
    Terms,
)
from shared.providers.json_shapes import Json, text
from shared.providers.woocommerce_shapes import (
    Event,
    Said,
    address,
    amount,
    count,
    currency,
    customer_id,
    email,
    items,
    linked,
    moment,
    payer,
)

# An answer of the API is the last word on its second, but no end is undone by it.
_FETCHED = 85

_STATUS: dict[str, Status] = {
    "pending": "pending",
    "active": "active",
    "on-hold": "paused",
    "pending-cancel": "active",  # paid for until its end; ActiveCampaign says payment failed
    "cancelled": "cancelled",
    "switched": "cancelled",
    "trash": "cancelled",
    "expired": "expired",
}
_DRAFTS = frozenset({"draft", "auto-draft", "checkout-draft", "new"})
_INTERVALS: dict[str, Interval] = {
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "year": "yearly",
}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
# The end date of a subscription that was cancelled is not the one it was sold with.
_WITH_THEIR_END = frozenset({"pending", "active", "on-hold", "expired"})


def subscription(event: Event) -> Said:
    """Read any message whose object is a subscription."""
    thing = event.thing
    if "billing_period" not in thing:
        raise Quarantined("wrong_object", "the body of a subscription topic is no subscription")
    raw = status_of(thing)
    if raw in _DRAFTS:
        return Said()
    parent = linked(thing.get("parent_id"), "parent_id")
    facets: dict[str, Facet] = {
        "terms": _terms(thing, raw, event.at),
        "deleted": Deleted(deleted=False, date=None),
    }
    if parent is not None:
        facets["origin"] = {"order_id": parent}
    rank = _rank(event, facets["terms"]["status"])
    said = SubscriptionSaid(
        subscription_id=event.id,
        rank=rank,
        facets=facets,
        customer_id=customer_id(thing),
        creation=event.topic == "subscription.created",
    )
    orders = (_first_order(event, parent),) if parent is not None else ()
    return Said((said,), orders, payer(thing, UPDATED))


def deleted(event: Event) -> Said:
    """Read the end of a subscription that was thrown away; nothing but its id is told."""
    facets = {"deleted": Deleted(deleted=True, date=None)}
    return Said((SubscriptionSaid(event.id, TERMINAL, facets),))


def status_of(thing: Json) -> str:
    """Return the store's status without the prefix it is stored with."""
    return (text(thing, "status") or "").removeprefix("wc-")


def _rank(event: Event, status: Status) -> int:
    if status in ("cancelled", "expired"):
        return TERMINAL
    if event.fetched:
        return _FETCHED
    return CREATED if event.topic == "subscription.created" else UPDATED


def _terms(thing: Json, raw: str, at: int) -> Terms:
    status = _STATUS.get(raw)
    if status is None:
        raise Quarantined("bad_field", "status is not one a subscription can have")
    code = currency(thing)
    retry = moment(thing, "payment_retry_date_gmt") if raw == "on-hold" else None
    start = moment(thing, "start_date_gmt") or moment(thing, "date_created_gmt")
    trial_end = moment(thing, "trial_end_date_gmt")
    ended = status in ("cancelled", "expired")
    leaving = raw == "pending-cancel"
    lines = items(thing, code)
    return {
        "name": lines[0].get("name") if lines else None,
        "email": email(thing),
        "status": "payment_failed" if retry is not None else status,
        "held": at if raw == "on-hold" else None,
        "store_status": raw,
        **_cycle(thing, raw, trial_end or start),
        "currency": code,
        **_sums(thing, code),
        "items": lines,
        "created_date": moment(thing, "date_created_gmt"),
        "start_date": start,
        "anchor_date": start,
        "next_payment_date": _next_payment(thing, retry, asks=not ended and not leaving),
        "cancelled_date": moment(thing, "cancelled_date_gmt"),
        "ended_date": moment(thing, "end_date_gmt") if ended else None,
        "cancel_at_period_end": leaving,
        "is_trial": trial_end is not None and trial_end > at and not ended,
        "note": text(thing, "customer_note"),
        "external_id": None,
        "billing_address": address(thing, "billing"),
        "shipping_address": address(thing, "shipping"),
    }


def _next_payment(thing: Json, retry: int | None, *, asks: bool) -> int | None:
    """Return when the next payment is due: the next attempt's time while payment has failed."""
    return (retry or moment(thing, "next_payment_date_gmt")) if asks else None


def _sums(thing: Json, code: str) -> Terms:
    """Return what a cycle costs; `total` holds tax and shipping, the discount is already off."""
    total, tax = amount(thing, "total", code), amount(thing, "total_tax", code)
    shipping, discount = (
        amount(thing, "shipping_total", code),
        amount(thing, "discount_total", code),
    )
    return {
        "amount": total - tax - shipping + discount,
        "payment_amount": total,
        "discount_amount": discount,
        "tax_amount": tax,
        "shipping_amount": shipping,
    }


def _cycle(thing: Json, raw: str, first: int | None) -> Terms:
    period = text(thing, "billing_period") or ""
    if period not in _INTERVALS:
        raise Quarantined("bad_field", "billing_period is not day, week, month or year")
    every = count(thing, "billing_interval", 1)
    if every == 0:
        raise Quarantined("bad_field", "billing_interval is not a number of periods")
    end = moment(thing, "end_date_gmt") if raw in _WITH_THEIR_END else None
    return {
        "billing_interval": _INTERVALS[period],
        "billing_interval_count": every,
        "total_cycles": _cycles_between(first, end, period) // every,
        "inferred": ["total_cycles"] if end is not None else [],
    }


def _cycles_between(first: int | None, end: int | None, period: str) -> int:
    """Return how many whole periods lie between two times; 0 where one is not told."""
    if first is None or end is None or end <= first:
        return 0
    if period in _DAYS:
        return (end - first) // (_DAYS[period] * times.DAY)
    start, stop = _date(first), _date(end)
    months = (stop.year - start.year) * 12 + stop.month - start.month
    # What began on the 31st ends on the last day of a shorter month.
    if stop.day < start.day and _date(end + times.DAY).month == stop.month:
        months -= 1
    return months // _MONTHS[period]


def _date(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // times.SECOND, UTC)


def _first_order(event: Event, parent: str) -> OrderSaid:
    """Say whose first order the parent is, which the order itself does not tell.

    An account of no weight and no amount: all else about its money is for the order to tell. It is
    the same whoever tells it, so that of two words in one second the first stays the one that did.
    """
    thing: Any = event.thing
    facet = Payment(
        payment=f"document:{parent}",
        weight=0,
        amount=0,
        currency=currency(thing),
        status="pending",
        date=moment(thing, "date_created_gmt") or 0,
        subscription_id=event.id,
    )
    return OrderSaid((f"document:{parent}",), UPDATED, {f"payment:of-{event.id}": facet})
