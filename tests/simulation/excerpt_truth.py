"""What some events of Stripe's in a row say by themselves: who ends how, and what was earned.

A second, small reading of Stripe's objects, which knows nothing of the product. What is told of one
payment is one sale: its objects name each other, or else, where an invoice does not say by what it
was paid, are of the same customer, currency and amount. A sale counts for whoever is named by an
address in it, or in anything else that was told of its customer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.samples import stripe as story
from tests.simulation.observer import addresses_in

_STATUSES = {
    "active": "active",
    "trialing": "active",
    "past_due": "payment_failed",
    "unpaid": "payment_failed",
    "canceled": "cancelled",
    "incomplete": "pending",
    "incomplete_expired": "expired",
    "paused": "paused",
}
# Where Stripe's amounts have another number of digits than two.
_DIGITS = {"JPY": 0, "KWD": 3}
_TAKEN = ("refund", "dispute")
_LINKS = ("invoice", "payment_intent", "charge", "latest_charge")


@dataclass
class _Sale:
    """What is told of one payment; amounts are as Stripe writes them."""

    names: set[str]
    customer: str | None
    currency: str
    paid: int
    # What was given back or is disputed: by refund and dispute, or as a charge adds refunds up.
    taken: dict[str, int]
    refunded: int
    is_known: bool

    @property
    def net(self) -> Decimal:
        """What is left of it, in whole units."""
        disputed = sum(each for name, each in self.taken.items() if name.startswith("dp_"))
        refunded = sum(self.taken.values()) - disputed
        left = self.paid - max(self.refunded, refunded) - disputed
        return Decimal(left).scaleb(-_DIGITS.get(self.currency, 2))


def statuses_in(events: Iterable[story.Event]) -> dict[str, str]:
    """Return how the subscriptions end that were told of themselves."""
    found = {}
    for event in events:
        if event.type.startswith("customer.subscription."):
            told = event.object
            goes_on = told["status"] in ("active", "trialing")
            halted = bool(told.get("pause_collection")) and goes_on
            found[told["id"]] = "paused" if halted else _STATUSES[told["status"]]
    return found


def revenue_in(events: Iterable[story.Event]) -> dict[str, Decimal]:
    """Return what was earned, refunds and disputes taken off, by currency."""
    heard = list(events)
    known = {_customer(each) for each in heard if addresses_in([each.body])} - {None}
    sales: list[_Sale] = []
    for event in heard:
        sale = _sale(event, known)
        if sale is None:
            continue
        for each in [each for each in sales if _is_one(each, sale)]:
            sales.remove(each)
            sale = _joined(sale, each)
        sales.append(sale)
    earned: dict[str, Decimal] = defaultdict(Decimal)
    for sale in sales:
        if sale.paid and sale.is_known:
            earned[sale.currency] += sale.net
    return dict(earned)


def _sale(event: story.Event, known: set[str | None]) -> _Sale | None:
    """Return what an event tells of a payment, None where it tells of none."""
    told = event.object
    kind = told["object"]
    if kind not in _PAID or event.type == story.UNKNOWN or told.get("mode") == "subscription":
        return None
    names = {told["id"], *(told[each] for each in _LINKS if isinstance(told.get(each), str))}
    names |= {told["payment"]["payment_intent"]} if kind == "invoice_payment" else set()
    customer = _customer(event)
    return _Sale(
        names,
        customer,
        told["currency"].upper(),
        _paid(told),
        {told["id"]: told["amount"]} if kind in _TAKEN and told["status"] != "won" else {},
        told["amount_refunded"] if kind == "charge" else 0,
        customer in known or bool(addresses_in([event.body])),
    )


# Where an object says what was paid; what is None says nothing of it.
_PAID: Mapping[str, str | None] = {
    "charge": "amount_captured",
    "invoice": "amount_paid",
    "payment_intent": "amount_received",
    "checkout.session": "amount_total",
    "invoice_payment": "amount_paid",
    "refund": None,
    "dispute": None,
}


def _paid(told: Mapping[str, Any]) -> int:
    field = _PAID[told["object"]]
    return int(told[field]) if field is not None and told.get("payment_status") != "unpaid" else 0


def _customer(event: story.Event) -> str | None:
    told = event.object
    found = told["id"] if told["object"] == "customer" else told.get("customer")
    return found if isinstance(found, str) else None


def _is_one(one: _Sale, other: _Sale) -> bool:
    if one.names & other.names:
        return True
    alike = (one.customer, one.currency, one.paid) == (other.customer, other.currency, other.paid)
    return (
        alike and bool(one.paid) and _invoiced(one) != _invoiced(other) and not _linked(one, other)
    )


def _invoiced(sale: _Sale) -> bool:
    return any(name.startswith("in_") for name in sale.names)


def _linked(one: _Sale, other: _Sale) -> bool:
    """Tell whether the invoice of the two says by what it was paid."""
    invoice = one if _invoiced(one) else other
    return any(name.startswith(("pi_", "ch_")) for name in invoice.names)


def _joined(one: _Sale, other: _Sale) -> _Sale:
    return _Sale(
        one.names | other.names,
        one.customer or other.customer,
        one.currency,
        max(one.paid, other.paid),
        one.taken | other.taken,
        max(one.refunded, other.refunded),
        one.is_known or other.is_known,
    )
