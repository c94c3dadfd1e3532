"""A shop's books as a clerk would keep them: sales, plans and people, read event by event.

This is the reports' other opinion, so it shares nothing with them: no SQL, no rows of the change
log, no `states` of a head. It replays every record's own entries and looks at each view.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.domain import orders
from shared.domain.changes import difference
from shared.domain.ports import Name
from shared.domain.recurring_payments import compact, is_created, show
from shared.domain.timeline import Rules, View, replay
from tests.fakes.memory_store import MemoryStore

_ORDERS = Rules(orders.show, dict, difference, orders.is_created, chained=False)
_PLANS = Rules(show, compact, difference, is_created(True), chained=True)


@dataclass
class Sale:
    """One order; `back` is what was given back or withheld: when, how much, and which of both."""

    id: str
    at: int
    status: str
    currency: str
    gross: int
    contact: str | None
    plan: str | None
    back: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def paid(self) -> bool:
        """Say whether it ever brought money."""
        return self.status in ("completed", "partially_refunded", "refunded", "disputed")


@dataclass
class Plan:
    """One recurring payment: what it was after each of its events."""

    id: str
    currency: str
    contact: str | None
    started: int | None
    steps: list[tuple[int, View]]


@dataclass
class Books:
    """Everything of one shop; `since` is when each contact became a customer."""

    sales: list[Sale]
    plans: list[Plan]
    since: dict[str, int]


def books_of(store: MemoryStore) -> Books:
    """Read a shop's records into books."""
    sales, plans = [], []
    for name, head in store.documents.items():
        if head.get("merged_into") or name[0] not in ("order", "recurring_payment"):
            continue
        if name[0] == "order":
            sales += _sale(store, name, head)
        else:
            plans += _plan(store, name, head)
    return Books(sales, plans, _since(sales, plans))


def _sale(store: MemoryStore, name: Name, head: Any) -> list[Sale]:
    told = replay(store.history(name), _ORDERS)
    view = orders.show(told.state)
    if view is None:
        return []
    sale = Sale(
        id=name[2],
        at=view["occurred_date"],
        status=view["status"],
        currency=view["currency"],
        gross=view["gross"],
        contact=head["contact_id"],
        plan=view["recurring_payment_id"],
    )
    if sale.paid:
        _give_back(sale, told.state, view)
    return [sale]


def _give_back(sale: Sale, state: Any, view: View) -> None:
    """Date what went back: single refunds first, what the provider states beyond, then disputes."""
    done = sorted((f["date"], f["id"], f["amount"]) for f in view["refunds"] if _done(f))
    beyond = [facet["date"] for name, facet in state.items() if name.startswith("refunded:")]
    left = view["refunded"]
    for date, _, amount in done:
        part = min(left, amount)
        left -= part
        if part:
            sale.back.append((date, part, "refund"))
    if left:
        sale.back.append((max(beyond), left, "refund"))
    left = view["withheld"]
    held = sorted((f["date"], f["id"], f["amount"]) for f in view["disputes"] if _held(f))
    for date, _, amount in held:
        part = min(left, amount)
        left -= part
        if part:
            sale.back.append((date, part, "dispute"))


def _done(refund: Any) -> bool:
    return bool(refund["status"] == "completed")


def _held(dispute: Any) -> bool:
    return dispute["status"] in ("open", "lost")


def _plan(store: MemoryStore, name: Name, head: Any) -> list[Plan]:
    told = replay(store.history(name), _PLANS).told
    steps = [(step.entry.at, step.view) for step in told if step.view is not None]
    if not steps:
        return []
    last = steps[-1][1]
    started = last["start_date"]
    # What began before anybody told us of it was that from its beginning on.
    first = min(steps[0][0], started) if started is not None else steps[0][0]
    steps[0] = (first, steps[0][1])
    return [Plan(name[2], last["currency"], head["contact_id"], started, steps)]


def _since(sales: list[Sale], plans: list[Plan]) -> dict[str, int]:
    found: dict[str, int] = {}
    beginnings = [(sale.contact, sale.at) for sale in sales if sale.paid]
    beginnings += [(plan.contact, plan.started) for plan in plans if plan.started is not None]
    for contact, at in beginnings:
        if contact is not None:
            found[contact] = min(at, found.get(contact, at))
    return found
