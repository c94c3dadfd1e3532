"""A business as a clerk would keep it: sales, plans, people, and what was done and spent.

This is the reports' other opinion, so it shares nothing with them: no SQL and no rows of the change
log. Amounts are minor units, times ms. Only what counts stands here: nothing of mirrors, of
connections in test mode, or of orders that were merged into others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

View = Mapping[str, Any]


@dataclass(frozen=True)
class Sale:
    """One order; `back` is what was given back or withheld: when, how much, and which of both.

    `lines` are its products, each with the amount it stands for.
    """

    id: str
    at: int
    status: str
    currency: str
    gross: int
    contact: str | None
    plan: str | None
    back: tuple[tuple[int, int, str], ...] = ()
    lines: tuple[tuple[str | None, int], ...] = ()
    connection: str = "shop"

    @property
    def paid(self) -> bool:
        """Say whether it ever brought money."""
        return self.status in ("completed", "partially_refunded", "refunded", "disputed")

    @property
    def net(self) -> int:
        """Return what is left of it today."""
        return self.gross - sum(amount for _, amount, _ in self.back) if self.paid else 0


@dataclass(frozen=True)
class Plan:
    """One recurring payment: what it was after each of its events, by the time of that."""

    id: str
    currency: str
    contact: str | None
    started: int | None
    steps: tuple[tuple[int, View], ...]
    product: str | None = None
    country: str | None = None
    connection: str = "shop"


@dataclass(frozen=True)
class Person:
    """A contact: when it was made and became a customer, what it has, had, and came from.

    `ordered` is when it first ordered and `buys` whether an order of it was not refunded wholly:
    like `since` these are the contact's own, in whichever mode and connection that was. `labels`
    are tags and lists, now or formerly: which of both, its name, since when, and whether it still
    holds.
    """

    id: str
    addresses: frozenset[str]
    created: int
    since: int | None = None
    ordered: int | None = None
    buys: bool = False
    source: str | None = None
    campaign: str | None = None
    labels: tuple[tuple[str, str, int, bool], ...] = ()
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Act:
    """Something done at an address, by whom if that is known."""

    contact: str | None
    kind: str
    at: int
    subject: str | None = None
    campaign: str | None = None
    automation: str | None = None


@dataclass(frozen=True)
class Cost:
    """What was spent on a day."""

    day: date
    source: str
    campaign: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Firing:
    """One time an automation fired for somebody, and what became of its webhooks."""

    automation: str
    contact: str
    at: int
    states: tuple[str, ...] = ()
    connection: str = "shop"


@dataclass(frozen=True)
class Books:
    """Everything of one business."""

    sales: list[Sale] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)

    @property
    def since(self) -> dict[str, int]:
        """Return when each customer became one."""
        return {each.id: each.since for each in self.people if each.since is not None}

    def by_order(self) -> Books:
        """Return the books in which what went back did so when the order was made."""
        sales = [
            replace(each, back=tuple((each.at, amount, kind) for _, amount, kind in each.back))
            for each in self.sales
        ]
        return replace(self, sales=sales)

    def of(self, kept: set[str | None]) -> Books:
        """Return the books of some people alone; None among them is what belongs to nobody."""
        return replace(
            self,
            sales=[each for each in self.sales if each.contact in kept],
            plans=[each for each in self.plans if each.contact in kept],
            people=[each for each in self.people if each.id in kept],
            acts=[each for each in self.acts if each.contact in kept],
            firings=[each for each in self.firings if each.contact in kept],
        )

    def with_customers(self, sales: list[Sale], plans: list[Plan]) -> Books:
        """Return the books in which people are what these sales and plans have made of them."""
        since = since_of(sales, plans)
        ordered = since_of(sales, [])
        kept = {sale.contact for sale in sales if sale.paid and sale.status != "refunded"}
        people = [
            replace(
                each,
                since=since.get(each.id),
                ordered=ordered.get(each.id),
                buys=each.id in kept,
            )
            for each in self.people
        ]
        return replace(self, people=people)

    def where(self, wanted: Callable[[Sale | Plan], bool]) -> Books:
        """Return the books with some of the sales and plans."""
        return replace(
            self,
            sales=[each for each in self.sales if wanted(each)],
            plans=[each for each in self.plans if wanted(each)],
        )


def since_of(sales: Iterable[Sale], plans: Iterable[Plan]) -> dict[str, int]:
    """Return when each contact became a customer: by its first order or its first start."""
    found: dict[str, int] = {}
    beginnings = [(sale.contact, sale.at) for sale in sales if sale.paid]
    beginnings += [(plan.contact, plan.started) for plan in plans if plan.started is not None]
    for contact, at in beginnings:
        if contact is not None:
            found[contact] = min(at, found.get(contact, at))
    return found
