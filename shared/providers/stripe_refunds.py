"""What Stripe says of money that went back: refunds, and disputes that withhold it.

Both belong to a payment, named by its intent where there is one and else by its charge, the same
way the payment names itself.
"""

from __future__ import annotations

from typing import Any

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
from shared.providers.json_shapes import Json, identity, mapping
from shared.providers.stripe_shapes import Event, Said, amount, currency, linked, moment

_REFUND = {
    None: "completed",  # before 2016 a refund was done once it existed
    "succeeded": "completed",
    "pending": "pending",
    "requires_action": "pending",
    "failed": "failed",
    "canceled": "failed",
}
# A refund that was done can still fail, in the same second too.
_RANKS = {"pending": CREATED, "completed": UPDATED, "failed": TERMINAL}
_SETTLED = {"won": "won", "lost": "lost", "charge_refunded": "won"}


def refund(event: Event) -> Said:
    """Read a single refund; one of no payment (a balance paid out) concerns no order."""
    intent, charge = _payment(event.thing)
    payment = f"intent:{intent}" if intent else f"charge:{charge}"
    if intent is None and charge is None:
        return Said()
    facet = refund_facet(event.thing, currency(event.thing), event.at, payment)
    facets: dict[str, Facet] = {f"refund:{facet['id']}": facet}
    if facet["status"] == "failed":
        facets[f"refunded:{payment}"] = Refunded(amount=None, date=event.at, payment=payment)
    rank = _RANKS[facet["status"]]
    return Said(orders=(OrderSaid(_refs(intent, charge), rank, facets),))


def refund_facet(thing: Json, code: str, at: int, payment: str) -> Refund:
    """Return one refund of a payment; `at` stands in where it has no time of its own."""
    value = amount(thing, "amount", code)
    status: Any = _REFUND.get(thing.get("status")) if _is_name(thing.get("status")) else None
    if value is None or status is None:
        raise Quarantined("bad_field", "a refund has no amount or no known status")
    created = moment(thing, "created")
    return {
        "id": identity(thing.get("id"), "id"),
        "amount": value,
        "date": at if created is None else created,
        "status": status,
        "payment": payment,
    }


def dispute(event: Event) -> Said:
    """Read a dispute; an inquiry or a prevented one withholds nothing and says nothing."""
    thing = event.thing
    told = str(thing.get("status"))
    intent, charge = _payment(thing)
    if told.startswith("warning_") or told == "prevented" or not (intent or charge):
        return Said()
    code = currency(thing)
    value = amount(thing, "amount", code)
    if value is None:
        raise Quarantined("bad_field", "amount is missing")
    created = moment(thing, "created")
    # Disputes of 2014 and before had no id; there was one per charge.
    own = identity(thing.get("id"), "id") if "id" in thing else str(charge or intent)
    status: Any = _SETTLED.get(told, "open")
    facet: Dispute = {
        "id": own,
        "amount": value,
        "date": event.at if created is None else created,
        "status": status,
    }
    rank = UPDATED if status == "open" else TERMINAL
    return Said(orders=(OrderSaid(_refs(intent, charge), rank, {f"dispute:{own}": facet}),))


def _payment(thing: Json) -> tuple[str | None, str | None]:
    """Return the payment's intent and charge; an expanded charge knows its intent."""
    intent = linked(thing, "payment_intent") or linked(mapping(thing, "charge"), "payment_intent")
    return intent, linked(thing, "charge")


def _refs(intent: str | None, charge: str | None) -> tuple[str, ...]:
    named = (("intent", intent), ("charge", charge))
    return tuple(f"{kind}:{name}" for kind, name in named if name is not None)


def _is_name(value: object) -> bool:
    return value is None or isinstance(value, str)
