"""A contact: who a person is, and what their orders add up to.

Pure. The sums are kept on the contact, moved by each order's old and new contribution in the same
transaction that changes the order, so they can be neither missed nor counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.domain import orders
from shared.domain.observations import Facet
from shared.domain.timeline import View

Contact = dict[str, Any]

# Up to when (ms) what is told of a contact's address is of somebody who was erased.
ERASED = "erased_at"
_PERSON = ("first_name", "last_name", "phone", "company")


@dataclass(frozen=True, slots=True)
class Share:
    """What one record adds to its contact: money, and the dates that make a customer."""

    orders: int = 0
    kept: int = 0
    currency: str | None = None
    net: int = 0
    ordered: int | None = None
    started: int | None = None


def order_share(view: View | None) -> Share:
    """Return what an order adds to its contact; one that brought no money adds nothing."""
    if view is None or view["status"] not in orders.BROUGHT_MONEY:
        return Share()
    return Share(
        orders=1,
        kept=int(view["status"] != "refunded"),
        currency=view["currency"],
        net=orders.net(view),
        ordered=view["occurred_date"],
    )


def subscription_share(view: View | None) -> Share:
    """Return what a recurring payment adds to its contact: the day it made them a customer."""
    return Share(started=view["start_date"]) if view is not None else Share()


def new(contact_id: str, email: str, now: int) -> Contact:
    """Return a contact nobody has described yet."""
    return {
        "contact_id": contact_id,
        "email": email,
        "aliases": [],
        "first_name": None,
        "last_name": None,
        "phone": None,
        "company": None,
        "tags": [],
        "lists": [],
        "segments": [],
        "source": {"first_source": None, "campaign": None, "landing_page": None},
        "created_date": now,
        "orders_count": 0,
        "kept_orders": 0,
        "revenue": {},
        "first_order_date": None,
        "last_order_date": None,
        "first_start_date": None,
    }


def fill(contact: Contact, person: Facet | None) -> None:
    """Fill what is still blank from what a provider says; people's own words are never replaced."""
    for name in _PERSON if person else ():
        if not contact.get(name) and person and person.get(name):
            contact[name] = person[name]


def move(contact: Contact, old: Share, new_share: Share) -> bool:
    """Exchange a record's old share for its new one; True if the dates must be counted again.

    A date can be lowered here, but taking the earliest away needs all the others.
    """
    contact["orders_count"] += new_share.orders - old.orders
    contact["kept_orders"] += new_share.kept - old.kept
    _add(contact["revenue"], old, -1)
    _add(contact["revenue"], new_share, 1)
    if contact["orders_count"] <= new_share.orders:
        # The only order there is, or none at all: nothing has to be counted again.
        contact["first_order_date"] = contact["last_order_date"] = new_share.ordered
        old = replace(old, ordered=None)
    gone = (
        _took(contact["first_order_date"], old.ordered, new_share.ordered, min)
        or _took(contact["last_order_date"], old.ordered, new_share.ordered, max)
        or _took(contact["first_start_date"], old.started, new_share.started, min)
    )
    for name, value, choose in (
        ("first_order_date", new_share.ordered, min),
        ("last_order_date", new_share.ordered, max),
        ("first_start_date", new_share.started, min),
    ):
        if value is not None:
            held = contact[name]
            contact[name] = value if held is None else choose(held, value)
    return gone


def customer_since(contact: Mapping[str, Any]) -> int | None:
    """Return when the contact became a customer: the first paid order or subscription start."""
    dates = [contact["first_order_date"], contact["first_start_date"]]
    return min((date for date in dates if date is not None), default=None)


def _add(revenue: dict[str, dict[str, int]], share: Share, sign: int) -> None:
    if share.currency is None:
        return
    held = revenue.setdefault(share.currency, {"orders": 0, "net": 0})
    held["orders"] += sign * share.orders
    held["net"] += sign * share.net
    if not held["orders"]:
        del revenue[share.currency]


def _took(held: int | None, old: int | None, new_date: int | None, choose: Any) -> bool:
    """Tell whether the date that was held is withdrawn and its successor unknown."""
    return (
        old is not None
        and old == held
        and new_date != old
        and (new_date is None or choose(new_date, old) != new_date)
    )
