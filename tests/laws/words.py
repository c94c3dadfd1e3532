"""Events in the domain's own words, for tests that speak no provider's tongue.

Times are minutes after a fixed moment; a number names the event as well as what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from shared.domain import times
from shared.domain.observations import (
    CREATED,
    TERMINAL,
    UPDATED,
    CatalogueSaid,
    CustomerSaid,
    Facet,
    OrderSaid,
    Parsed,
    SubscriptionSaid,
)

OPENING = 1_790_000_000_000 - 1_790_000_000_000 % times.DAY


def at(minutes: float) -> int:
    """Return a moment in ms."""
    return OPENING + round(minutes * times.MINUTE)


def event(
    name: str,
    minutes: float | None,
    *,
    subscriptions: Iterable[SubscriptionSaid] = (),
    orders: Iterable[OrderSaid] = (),
    customers: Iterable[CustomerSaid] = (),
    catalogue: Iterable[CatalogueSaid] = (),
) -> Parsed:
    """Return an event that says these things; its digest is that of all it says."""
    told = Parsed(
        event_id=f"evt_{name}",
        event_type="told",
        digest="",
        occurred_at=None if minutes is None else at(minutes),
        live=True,
        subscriptions=tuple(subscriptions),
        orders=tuple(orders),
        customers=tuple(customers),
        catalogue=tuple(catalogue),
    )
    return replace(told, digest=sha256(repr(told).encode()).hexdigest())


def document(
    minutes: float,
    *,
    amount: int = 1900,
    state: str = "paid",
    customer: str | None = "cus_1",
    subscription: str | None = "sub_1",
    **more: Any,
) -> dict[str, Any]:
    """Return an invoice."""
    return {
        "state": state,
        "gross": amount,
        "due": amount,
        "subtotal": amount,
        "discount": 0,
        "tax": 0,
        "shipping": 0,
        "currency": "USD",
        "created": at(minutes),
        "paid_date": at(minutes) if state == "paid" else None,
        "next_attempt": None,
        "cycle": "cycle" if subscription else None,
        "subscription_id": subscription,
        "customer_id": customer,
        "items": [],
        **more,
    }


def invoice(
    name: str, minutes: float, *refs: str, event_name: str | None = None, **about: Any
) -> Parsed:
    """Return the event of an invoice, `in_<name>`, with whatever else it names."""
    told = document(minutes, **about)
    ended = told["state"] in ("paid", "void", "uncollectible")
    facets: dict[str, Facet] = {"document": told}
    if told["state"] == "failed":
        facets["attempt"] = {"date": at(minutes)}
    said = OrderSaid((f"document:in_{name}", *refs), TERMINAL if ended else UPDATED, facets)
    return event(event_name or f"in_{name}", minutes, orders=[said])


def payment(
    name: str,
    minutes: float,
    *,
    weight: int = 3,
    amount: int = 1900,
    status: str = "completed",
    customer: str | None = "cus_1",
    currency: str = "USD",
    **more: Any,
) -> dict[str, Any]:
    """Return one account of the payment `pi_<name>`."""
    return {
        "payment": f"intent:pi_{name}",
        "weight": weight,
        "amount": amount,
        "currency": currency,
        "status": status,
        "date": at(minutes),
        "fee": None,
        "customer_id": customer,
        "email": None,
        "reference": f"ch_{name}",
        **more,
    }


def charge(
    name: str, minutes: float, *refs: str, event_name: str | None = None, **about: Any
) -> Parsed:
    """Return the event of a charge, `ch_<name>` of the intent `pi_<name>`."""
    facets: dict[str, Facet] = {f"payment:ch_{name}": payment(name, minutes, **about)}
    said = OrderSaid((*refs, f"intent:pi_{name}", f"charge:ch_{name}"), UPDATED, facets)
    return event(event_name or f"ch_{name}", minutes, orders=[said])


def link(document_name: str, payment_name: str, minutes: float, amount: int = 1900) -> Parsed:
    """Return the event that says which payment pays which invoice."""
    facet = payment(payment_name, minutes, weight=1, amount=amount, customer=None)
    refs = (f"document:in_{document_name}", f"intent:pi_{payment_name}")
    name = f"inpay_{document_name}_{payment_name}"
    said = OrderSaid(refs, TERMINAL, {f"payment:{name}": facet})
    return event(name, minutes, orders=[said])


def refund(
    name: str, minutes: float, amount: int, *, status: str = "completed", number: int = 1
) -> Parsed:
    """Return the event of a refund of the payment `pi_<name>`."""
    own = f"re_{name}_{number}"
    facets: dict[str, Facet] = {
        f"refund:{own}": {
            "id": own,
            "amount": amount,
            "date": at(minutes),
            "status": status,
            "payment": f"intent:pi_{name}",
        }
    }
    if status == "failed":
        facets[f"refunded:intent:pi_{name}"] = {
            "amount": None,
            "date": at(minutes),
            "payment": f"intent:pi_{name}",
        }
    rank = TERMINAL if status == "failed" else UPDATED
    said = OrderSaid((f"intent:pi_{name}",), rank, facets)
    return event(f"{own}_{status}", minutes, orders=[said])


def refunded(name: str, minutes: float, amount: int) -> Parsed:
    """Return the event that states how much of `pi_<name>` has gone back in all."""
    facet = {"amount": amount, "date": at(minutes), "payment": f"intent:pi_{name}"}
    said = OrderSaid((f"intent:pi_{name}",), UPDATED, {f"refunded:intent:pi_{name}": facet})
    return event(f"refunded_{name}_{minutes}", minutes, orders=[said])


def dispute(name: str, minutes: float, amount: int, status: str = "open") -> Parsed:
    """Return the event of a dispute about the payment `pi_<name>`."""
    facet = {"id": f"dp_{name}", "amount": amount, "date": at(minutes), "status": status}
    said = OrderSaid((f"intent:pi_{name}",), UPDATED, {f"dispute:dp_{name}": facet})
    return event(f"dp_{name}_{status}", minutes, orders=[said])


def customer(
    name: str,
    minutes: float,
    email: str | None,
    *,
    rank: int = CREATED,
    event_name: str | None = None,
    before: Mapping[str, Facet] | None = None,
    **more: Any,
) -> Parsed:
    """Return the event of the customer `cus_<name>`."""
    said = CustomerSaid(f"cus_{name}", rank, {"customer": {"email": email, **more}}, before)
    return event(event_name or f"cus_{name}_{minutes}", minutes, customers=[said])


def card(name: str, minutes: float, method: str, expires: str | None) -> Parsed:
    """Return the event of a card that `cus_<name>` has, or has no more."""
    rank = UPDATED if expires else TERMINAL
    said = CustomerSaid(f"cus_{name}", rank, {f"method:{method}": {"expires": expires}})
    return event(f"{method}_{minutes}", minutes, customers=[said])


def terms(status: str = "active", *, started: float = 0, **more: Any) -> dict[str, Any]:
    """Return a subscription's terms."""
    return {
        "name": "Tea box",
        "status": status,
        "store_status": status,
        "billing_interval": "monthly",
        "billing_interval_count": 1,
        "currency": "USD",
        "amount": 1900,
        "items": [],
        "start_date": at(started),
        "next_payment_date": at(started) + 30 * times.DAY,
        **more,
    }


def subscription(
    name: str,
    minutes: float,
    status: str = "active",
    *,
    was: str | None = None,
    creation: bool = False,
    customer: str | None = "cus_1",
    event_name: str | None = None,
    rank: int | None = None,
    **more: Any,
) -> Parsed:
    """Return the event of the subscription `sub_<name>`; `was` states its previous status."""
    ended = status in ("cancelled", "expired")
    usual = CREATED if creation else TERMINAL if ended else UPDATED
    said = SubscriptionSaid(
        f"sub_{name}",
        usual if rank is None else rank,
        {"terms": terms(status, **more)},
        customer,
        {"terms": terms(was, **more)} if was else None,
        creation,
    )
    return event(event_name or f"sub_{name}_{minutes}_{status}", minutes, subscriptions=[said])


def product(name: str, minutes: float, title: str, rank: int = UPDATED) -> Parsed:
    """Return the event of the product `prod_<name>`."""
    said = CatalogueSaid("product", f"prod_{name}", {"name": title}, rank)
    return event(f"prod_{name}_{minutes}", minutes, catalogue=[said])
