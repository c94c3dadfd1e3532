"""What PayPal says of money that went back: refunds, reversals, and disputes that withhold it.

Which payment it belongs to stands in a field of v1 (`sale_id`, `capture_id`) or in a link. What
names none (some reversals) has to be looked up by PayPal's API. The sign of the amount differs
between the shapes and says nothing.
"""

from __future__ import annotations

from typing import Any

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    Dispute,
    Facet,
    OrderSaid,
    Refund,
    Refunded,
)
from shared.providers.json_shapes import Json, identity, mapping, rows
from shared.providers.paypal_shapes import Event, Said, amount, linked, moment, named, sum_of, word

_REFUND = {
    "": "completed",
    "COMPLETED": "completed",
    "REFUNDED": "completed",
    "PARTIALLY_REFUNDED": "completed",
    "REVERSED": "completed",
    "PENDING": "pending",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
_RANKS = {"pending": CREATED, "completed": UPDATED, "failed": TERMINAL}
_PAYMENTS = ("sale", "sales", "capture", "captures")
# Who keeps the money in the end; a payout is PayPal's own, and leaves it with the seller.
_OUTCOME = {
    "RESOLVED_BUYER_FAVOUR": "lost",
    "ACCEPTED": "lost",
    "RESOLVED_SELLER_FAVOUR": "won",
    "RESOLVED_WITH_PAYOUT": "won",
    "CANCELED_BY_BUYER": "won",
    "DENIED": "won",
    "NONE": "won",
}


def refund(event: Event) -> Said:
    """Read a refund or a reversal of a sale or capture, in whichever shape."""
    thing = event.thing
    own, paid = identity(thing.get("id"), "id"), _payment(thing)
    if paid is None:
        return Said(needs=(("return", own),))
    status: Any = _REFUND.get(word(thing, "state") or word(thing, "status"))
    if status is None:
        raise Quarantined("bad_field", "state is not one a refund can have")
    value, code = sum_of(thing, "amount")
    at = moment(thing, "create_time")
    date = event.at if at is None or own == paid else at
    # A reversed sale may come as itself: what goes back then needs a name of its own.
    name = f"{own}-reversal" if own == paid else own
    payment = f"charge:{paid}"
    facet: Refund = {
        "id": name,
        "amount": value,
        "date": date,
        "status": status,
        "payment": payment,
    }
    facets: dict[str, Facet] = {f"refund:{name}": facet}
    stated = _stated(thing, code)
    if stated is not None and status == "completed":
        facets[f"refunded:{payment}"] = Refunded(amount=stated, date=date, payment=payment)
    return Said(orders=(OrderSaid((payment,), _RANKS[status], facets),))


def dispute(event: Event) -> Said:
    """Read a dispute with what it withholds of each payment it names."""
    thing = event.thing
    own = identity(thing.get("dispute_id"), "dispute_id")
    at = moment(thing, "create_time")
    status = "open"
    if word(thing, "status") == "RESOLVED":
        outcome = word(mapping(thing, "dispute_outcome"), "outcome_code")
        status = _OUTCOME.get(outcome, "")
        if not status:
            raise Quarantined("bad_field", "dispute_outcome is not one a dispute can have")
    orders = []
    for paid, value in _disputed(thing):
        facet: Dispute = {
            "id": own,
            "amount": value,
            "date": event.at if at is None else at,
            "status": _fate(status),
        }
        rank = UPDATED if status == "open" else TERMINAL
        orders.append(OrderSaid((f"charge:{paid}",), rank, {f"dispute:{own}": facet}))
    return Said(orders=tuple(orders))


def risk_dispute(event: Event) -> Said:
    """Read a dispute in the words of PayPal's older risk events."""
    thing = event.thing
    own = identity(thing.get("dispute_id"), "dispute_id")
    paid, (value, _) = named(thing, "seller_payment_id"), sum_of(thing, "dispute_amount")
    if paid is None:
        raise Quarantined("unlinked", "the dispute names no payment")
    at = thing.get("dispute_creation_date")
    plain = type(at) is int and 0 < at <= times.LATEST
    facet: Dispute = {
        "id": own,
        "amount": value,
        "date": at if plain and isinstance(at, int) else event.at,
        "status": "open",
    }
    return Said(orders=(OrderSaid((f"charge:{paid}",), UPDATED, {f"dispute:{own}": facet}),))


def _fate(status: str) -> Any:
    return status


def _disputed(thing: Json) -> list[tuple[str, int]]:
    """Return the payments a dispute is about, each with what is disputed of it."""
    named_ones = rows(thing, "disputed_transactions")
    told = [(named(each, "seller_transaction_id"), each) for each in named_ones]
    known = [(paid, each) for paid, each in told if paid is not None]
    if not known:
        raise Quarantined("unlinked", "the dispute names no payment")
    if len(known) == 1:
        return [(known[0][0], sum_of(thing, "dispute_amount")[0])]
    return [(paid, sum_of(each, "gross_amount")[0]) for paid, each in known]


def _payment(thing: Json) -> str | None:
    """Return the sale or capture that money went back of, None where none is told."""
    stated = named(thing, "sale_id") or named(thing, "capture_id")
    if stated is not None:
        return stated
    for rel in ("sale", "capture", "up", "self"):
        link = linked(thing, rel)
        if link is not None and link[0] in _PAYMENTS:
            return link[1]
    return None


def _stated(thing: Json, code: str) -> int | None:
    """Return how much of the payment has gone back altogether, where that is told."""
    total = amount(thing, "total_refunded_amount", code)
    if total is not None:
        return total
    return amount(mapping(thing, "seller_payable_breakdown"), "total_refunded_amount", code)
