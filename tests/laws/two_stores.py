"""Sales that two connections report, told by both in the domain's own words.

`shop` moves the money, `kick` sells through it. A sale is known to each under its own ids; what
links them is said by one side or the other, or by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from shared.domain.observations import OrderSaid, Parsed
from shared.domain.records import ORDER, RECURRING_PAYMENT
from tests.laws import words
from tests.support.shop import Shop

Told = tuple[str, Parsed]  # by which connection, what
Link = Literal["reference", "charge", "intent", "invoice", "metadata", "none"]
LINKS: tuple[Link, ...] = ("reference", "charge", "intent", "invoice", "metadata", "none")
KICK = {"provider": "paykickstart", "authority": 80}


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale; `name` is part of all its ids."""

    name: str
    minute: int
    link: Link
    status: str = "completed"
    subscribed: bool = False
    refunded: int = 0

    @property
    def subscription(self) -> str | None:
        """The part of the subscription's ids that both sides share, by chance of this test."""
        return f"sub_{self.name}" if self.subscribed else None


def told_by_shop(sale: Sale) -> list[Told]:
    """Return what the processor says: an invoice, its charge, how they belong together."""
    charge = words.charge(sale.name, sale.minute, status=sale.status)
    if sale.link == "metadata":
        charge = mentioning(charge, f"PK-{sale.name}")
    said = [charge]
    if sale.subscribed:
        paid = sale.status == "completed"
        state, refs = ("paid", ()) if paid else ("failed", (f"intent:pi_{sale.name}",))
        about = {"subscription": sale.subscription, "state": state}
        said += [
            words.subscription(sale.name, sale.minute, creation=True, started=sale.minute),
            words.invoice(sale.name, sale.minute, *refs, **about),
        ]
        said += [words.link(sale.name, sale.name, sale.minute)] if paid else []
    if sale.refunded and sale.status == "completed":
        said.append(words.refund(sale.name, sale.minute + 60, sale.refunded))
    return [("shop", each) for each in said]


def told_by_kick(sale: Sale) -> list[Told]:
    """Return what the seller says of the same money."""
    linked = {
        "charge": f"ch_{sale.name}",
        "intent": f"pi_{sale.name}",
        "invoice": f"in_{sale.name}" if sale.subscribed else f"ch_{sale.name}",
    }
    facet = {
        **words.payment(sale.name, sale.minute + 1, status=sale.status),
        "payment": f"record:PK-{sale.name}",
        "reference": f"ch_{sale.name}" if sale.link == "reference" else None,
        "subscription_id": f"kick_{sale.subscription}" if sale.subscribed else None,
    }
    order = OrderSaid((f"document:PK-{sale.name}",), 10, {f"payment:PK-{sale.name}": facet})
    sold = words.event(f"kick_{sale.name}", sale.minute + 1, orders=[order])
    if sale.link in linked:
        sold = mentioning(sold, linked[sale.link])
    said = [sold]
    if sale.subscribed:
        begun = words.subscription(sale.name, sale.minute, creation=True, started=sale.minute)
        (about,) = begun.subscriptions
        about = replace(about, subscription_id=f"kick_{sale.subscription}")
        said.append(replace(begun, event_id=f"kick_{begun.event_id}", subscriptions=(about,)))
    return [("kick", each) for each in said]


def mentioning(event: Parsed, *ids: str) -> Parsed:
    """Return the event with its order naming ids of other systems."""
    orders = tuple(replace(each, mentions=ids) for each in event.orders)
    return replace(event, orders=orders, digest=f"{event.digest}{ids}")


def people() -> list[Told]:
    """Return what both say of the buyer of all this."""
    ada = words.customer("1", 0, "ada@example.com")
    return [("shop", ada), ("kick", replace(ada, event_id="kick_cus_1"))]


def hear(shop: Shop, told: list[Told]) -> Shop:
    """Tell a shop of two connections, and return it."""
    for connection_id, event in told:
        shop.hear(event, connection_id=connection_id)
    return shop


def standings(shop: Shop) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """Return each record's twins and whose mirror it is."""
    return {
        (name[0], name[1], name[2]): (head.get("twins") or [], head.get("mirror_of"))
        for name, head in heads(shop).items()
    }


def heads(shop: Shop) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """Return the heads of all records there are."""
    return {
        name: head
        for name, head in shop.memory.documents.items()
        if name[0] in (ORDER, RECURRING_PAYMENT) and head.get("shown")
    }


def sums(shop: Shop) -> dict[str, tuple[int, bool, list[Any]]]:
    """Return what the contacts' sums say."""
    return {
        email: (contact["orders_count"], contact["customer"], contact["revenue"])
        for email, contact in shop.contacts().items()
    }
