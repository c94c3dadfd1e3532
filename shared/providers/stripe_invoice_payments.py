"""What pays Stripe's invoices: the links between an invoice and its payments, one by one.

In newer shapes neither an invoice nor a charge names the other; their `invoice_payment` names both,
in an event of its own, in a list asked for by payment, or expanded in the invoice.
"""

from __future__ import annotations

from shared.domain.observations import TERMINAL, UPDATED, Facet, OrderSaid, Payment
from shared.providers.json_shapes import Json, identity, mapping
from shared.providers.stripe_shapes import Event, Said, amount, currency, linked, moment, rows

_STATUS = {"paid": "completed", "open": "pending", "canceled": "cancelled"}


def invoice_payment(event: Event) -> Said:
    """Read the link between an invoice and one payment of it."""
    return Said(orders=_linking(event, event.thing))


def invoice_payments(event: Event) -> Said:
    """Read the answer to "which invoices does this payment pay", a list that may be empty."""
    listed = rows(event.thing, "data")
    return Said(orders=tuple(said for each in listed for said in _linking(event, each)))


def _linking(event: Event, thing: Json) -> tuple[OrderSaid, ...]:
    document = linked(thing, "invoice")
    found = payment_refs(mapping(thing, "payment"))
    refs = ([f"document:{document}"] if document else []) + found
    facets = account(thing, event.at)
    rank = TERMINAL if thing.get("status") == "paid" else UPDATED
    return (OrderSaid(tuple(refs), rank, facets),) if refs else ()


def account(thing: Json, at: int) -> dict[str, Facet]:
    """Return what an invoice payment says of the money itself; nothing while that is not told."""
    own = identity(thing.get("id"), "id")
    found = payment_refs(mapping(thing, "payment"))
    status = _STATUS.get(str(thing.get("status")))
    code = currency(thing)
    moved = amount(thing, "amount_paid", code)
    asked = amount(thing, "amount_requested", code)
    value = moved if moved is not None else asked
    if status is None or value is None:
        return {}
    facet = Payment(
        # A payment outside Stripe has neither intent nor charge, and is told here alone.
        payment=found[0] if found else f"record:{own}",
        weight=1,
        amount=value,
        currency=code,
        status=status,  # type: ignore[typeddict-item]  # a value of the table above
        date=_settled(thing, at),
        fee=None,
        customer_id=None,
        email=None,
        reference=None,
        description=None,
    )
    return {f"payment:{own}": facet}


def payment_refs(holder: Json) -> list[str]:
    """Return the names by which an order is found of the payment that `holder` names."""
    pairs = (("intent", linked(holder, "payment_intent")), ("charge", linked(holder, "charge")))
    return [f"{kind}:{name}" for kind, name in pairs if name is not None]


def _settled(thing: Json, at: int) -> int:
    transitions = mapping(thing, "status_transitions")
    for holder, key in ((transitions, "paid_at"), (transitions, "canceled_at"), (thing, "created")):
        when = moment(holder, key)
        if when is not None:
            return when
    return at
