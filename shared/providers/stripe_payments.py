"""What Stripe's charges, payment intents and checkout sessions say of one and the same money.

Each is an account of a payment: the charge knows best, the intent next, the session least. All
three name the payment by its intent where there is one, so that the domain counts it once.
"""

from __future__ import annotations

from typing import Any

from shared.domain.errors import Quarantined
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    CustomerSaid,
    Facet,
    OrderSaid,
    Payment,
    Refunded,
)
from shared.providers.json_shapes import Json, email, identity, mapping, text
from shared.providers.stripe_customers import payer
from shared.providers.stripe_refunds import refund_facet
from shared.providers.stripe_shapes import (
    Event,
    Said,
    amount,
    currency,
    linked,
    mentions,
    moment,
    rows,
)

_INTENT = {
    "succeeded": "completed",
    "canceled": "cancelled",
    "processing": "pending",
    "requires_action": "pending",
    "requires_capture": "pending",
}
_RANKS = {"pending": CREATED, "declined": UPDATED, "completed": TERMINAL, "cancelled": TERMINAL}


def charge(event: Event) -> Said:
    """Read a charge with its refunds, as far as it carries them."""
    thing = event.thing
    own, intent = identity(thing.get("id"), "id"), linked(thing, "payment_intent")
    billing, code = mapping(thing, "billing_details"), currency(thing)
    payment = f"intent:{intent}" if intent else f"charge:{own}"
    status = _charge_status(event)
    customer_id = linked(thing, "customer")
    facets: dict[str, Facet] = {
        f"payment:{own}": Payment(
            payment=payment,
            weight=3,
            amount=_charged(thing, code),
            currency=code,
            status=status,
            date=_since(thing, event.at),
            fee=_fee(thing, code),
            customer_id=customer_id,
            email=email(billing, "email") or email(thing, "receipt_email"),
            reference=own,
            description=text(thing, "description"),
            subscription_id=None,
        )
    }
    facets |= _given_back(event, payment, code)
    refs = _refs(_invoice_of(thing), intent, own)
    rank = CREATED if status == "pending" else UPDATED
    people = payer(
        customer_id,
        {**billing, "email": billing.get("email") or thing.get("receipt_email")},
        mapping(billing, "address"),
        mapping(thing, "shipping"),
        rank,
        moment(thing, "created") if event.is_fetched else None,
    )
    order = OrderSaid(refs, rank, facets, mentions(thing))
    return Said(orders=(order,), customers=people)


def intent(event: Event) -> Said:
    """Read a payment intent; one that nobody has tried to pay yet only links its names."""
    thing = event.thing
    own, code = identity(thing.get("id"), "id"), currency(thing)
    status = _intent_status(event)
    charges = rows(thing, "charges")
    tried = linked(thing, "latest_charge") or (linked({"c": charges[0]}, "c") if charges else None)
    refs = _refs(_invoice_of(thing), own, tried)
    if status is None:
        linking = OrderSaid(refs, CREATED, {}, mentions(thing))
        return Said(orders=(linking,) if len(refs) > 1 else ())
    asked = amount(thing, "amount", code)
    received = amount(thing, "amount_received", code) if status == "completed" else None
    value = received or asked
    if value is None:
        raise Quarantined("bad_field", "amount is missing")
    told = mapping(charges[0], "billing_details") if charges else {}
    facet = Payment(
        payment=f"intent:{own}",
        weight=2,
        amount=value,
        currency=code,
        status=status,
        date=event.at,
        fee=None,
        customer_id=linked(thing, "customer"),
        email=email(thing, "receipt_email") or email(told, "email"),
        reference=tried,
        description=text(thing, "description"),
        subscription_id=None,
    )
    order = OrderSaid(refs, _RANKS[status], {f"payment:{own}": facet}, mentions(thing))
    return Said(orders=(order,))


def session(event: Event) -> Said:
    """Read a checkout: what it sold at once, or only whom it names and which invoice it began."""
    thing = event.thing
    own, intent_id = identity(thing.get("id"), "id"), linked(thing, "payment_intent")
    refs = (*_refs(linked(thing, "invoice"), intent_id, None), f"session:{own}")
    sells = thing.get("mode") == "payment"
    status = _session_status(event) if sells else None
    rank = TERMINAL if status in ("completed", "declined", "cancelled") else UPDATED
    facets = _session_payment(event, own, intent_id, status) if status else {}
    worth = bool(facets) or len(refs) > 1
    return Said(
        orders=(OrderSaid(refs, rank, facets, mentions(thing)),) if worth else (),
        customers=_session_payer(thing, rank),
    )


def _refs(invoice: str | None, intent_id: str | None, charge_id: str | None) -> tuple[str, ...]:
    named = (("document", invoice), ("intent", intent_id), ("charge", charge_id))
    return tuple(f"{kind}:{name}" for kind, name in named if name is not None)


def _invoice_of(thing: Json) -> str | None:
    """Return the invoice a payment is for, which only old shapes say.

    Newer ones have `payment_details.order_reference`, but Stripe cuts it off at 25 characters on
    some payments, and half an id would split an order from its own invoice.
    """
    return linked(thing, "invoice") or linked(mapping(thing, "payment_intent"), "invoice")


def _charge_status(event: Event) -> Any:
    thing, status = event.thing, event.thing.get("status")
    if event.type == "charge.expired":
        return "cancelled"
    if status is None:  # before 2015
        status = "succeeded" if thing.get("paid") is True else "failed"
    if status == "succeeded":
        if thing.get("captured") is not False:
            return "completed"
        # Given up before it was captured, an authorisation counts as refunded.
        return "cancelled" if thing.get("refunded") is True else "pending"
    if status in ("failed", "pending"):
        return "declined" if status == "failed" else "pending"
    raise Quarantined("bad_field", "status is not one a charge can have")


def _charged(thing: Json, code: str) -> int:
    """Return what was charged; what was authorised but not captured mostly counts as refunded."""
    whole = amount(thing, "amount", code)
    if whole is None:
        raise Quarantined("bad_field", "amount is missing")
    captured = amount(thing, "amount_captured", code)
    returned = amount(thing, "amount_refunded", code) or 0
    if thing.get("captured") is not True or not captured or whole - captured <= returned:
        return whole
    return captured


def _given_back(event: Event, payment: str, code: str) -> dict[str, Facet]:
    """Return the refunds a charge lists, and their sum at the moment it changed.

    The sum has no date of its own, so an event that changed something else must not restate it;
    but the sum beside a refund that failed is one that has taken the failure in.
    """
    thing = event.thing
    told: dict[str, Facet] = {}
    for each in rows(mapping(thing, "refunds"), "data"):
        facet = refund_facet(each, code, event.at, payment)
        told[f"refund:{facet['id']}"] = facet
    total = amount(thing, "amount_refunded", code)
    changed = event.type == "charge.refunded" or "amount_refunded" in (event.previous or {})
    failed = any(facet["status"] == "failed" for facet in told.values())
    if total is not None and (changed or failed) and thing.get("captured") is not False:
        told[f"refunded:{payment}"] = Refunded(amount=total, date=event.at, payment=payment)
    return told


def _fee(thing: Json, code: str) -> int | None:
    """Return Stripe's fee where the balance transaction is expanded and of the same currency."""
    balance = mapping(thing, "balance_transaction")
    if str(balance.get("currency")).upper() != code:
        return None
    return amount(balance, "fee", code, signed=True)


def _since(thing: Json, at: int) -> int:
    created = moment(thing, "created")
    return at if created is None else created


def _intent_status(event: Event) -> Any:
    status = event.thing.get("status")
    failed = event.type == "payment_intent.payment_failed"
    # The oldest intents called the state after a failed try `requires_source`.
    if status in ("requires_payment_method", "requires_source"):
        return "declined" if failed or mapping(event.thing, "last_payment_error") else None
    known = _INTENT.get(status) if isinstance(status, str) else None
    return "declined" if failed and known is None else known


def _session_status(event: Event) -> Any:
    kind = event.type.rpartition(".")[2]
    told = event.thing.get("payment_status")
    if told == "no_payment_required":
        return None
    if kind in ("async_payment_failed", "expired"):
        return "declined" if kind == "async_payment_failed" else "cancelled"
    if kind == "async_payment_succeeded" or told == "paid":
        return "completed"
    return "pending" if told == "unpaid" else None


def _session_payment(
    event: Event, own: str, intent_id: str | None, status: Any
) -> dict[str, Facet]:
    thing = event.thing
    if thing.get("amount_total") is None:
        return {}
    code = currency(thing)
    facet = Payment(
        payment=f"intent:{intent_id}" if intent_id else f"session:{own}",
        weight=0,
        amount=amount(thing, "amount_total", code) or 0,
        currency=code,
        status=status,
        date=event.at,
        fee=None,
        customer_id=linked(thing, "customer"),
        email=_session_email(thing),
        reference=intent_id,
        description=None,
        subscription_id=None,
    )
    return {f"payment:{own}": facet}


def _session_email(thing: Json) -> str | None:
    return email(mapping(thing, "customer_details"), "email") or email(thing, "customer_email")


def _session_payer(thing: Json, rank: int) -> tuple[CustomerSaid, ...]:
    details = mapping(thing, "customer_details")
    collected = mapping(mapping(thing, "collected_information"), "shipping_details")
    shipping = collected or mapping(thing, "shipping_details") or mapping(thing, "shipping")
    who = {**details, "email": _session_email(thing)}
    return payer(linked(thing, "customer"), who, mapping(details, "address"), shipping, rank)
