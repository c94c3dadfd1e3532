"""Entries of a subscription's history as Hypothesis invents them, and a store to put them in."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from shared.domain.apply import apply
from shared.domain.folding import Plan
from shared.domain.ports import Missing, Reading
from shared.domain.records import RECURRING_PAYMENT, Record
from shared.domain.recurring_payments import is_created
from shared.domain.timeline import Entry, View
from tests.fakes.memory_store import MemoryStore

NAME = (RECURRING_PAYMENT, "shop", "sub_1")
DAY = 86_400_000
_CARDS = {"pm_1": "2029-12", "pm_2": "2031-05"}


def terms(
    status: str = "active", amount: int | None = 1900, *, retries: bool = False, **more: Any
) -> dict[str, Any]:
    """Return a subscription's terms."""
    return {
        "status": status,
        "store_status": status,
        "amount": amount,
        "currency": "USD",
        "start_date": 0,
        "next_payment_date": 30 * DAY,
        "retries": retries,
        "payment_method": "pm_1",
        **more,
    }


def payment(
    status: str = "completed", date: int = 0, cycle: str | None = "cycle", **more: Any
) -> dict[str, Any]:
    """Return what an order says to its subscription."""
    return {
        "status": status,
        "date": date,
        "gross": 2280,
        "subtotal": 1900,
        "discount": 0,
        "tax": 380,
        "shipping": 0,
        "cycle": cycle,
        "cycle_paid": status != "declined" and cycle is not None,
        "next_attempt": date + 3 * DAY if status == "declined" else None,
        **more,
    }


TERMS = [
    terms("pending"),
    terms(),
    terms("payment_failed", retries=True),
    terms(amount=3800),
    terms("cancelled"),
]
_FACETS: dict[str, list[dict[str, Any]]] = {
    "terms": TERMS,
    "order:in_1": [payment(date=1), payment("declined", 1), payment("refunded", 1)],
    "order:in_2": [payment("declined", 2), payment(date=2), payment(date=2, cycle="update")],
    "order:in_3": [payment("declined", 3), payment(date=1, cycle="create", discount=100)],
    "customer": [{"email": "ada@example.com"}, {"email": "bob@example.com", "methods": _CARDS}],
    "discount": [{"percent": "20", "amount": None, "coupon": "X"}, {"coupon": None}],
    "schedule": [{"completed": True}],
}


def _said(names: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.sampled_from(_FACETS[name]) for name in names})


@st.composite
def histories(draw: st.DrawFn, most: int = 7) -> list[Entry]:
    """Invent a history; seconds, ranks and stated previous values collide as they may."""
    entries: list[Entry] = []
    for number in range(draw(st.integers(1, most))):
        if entries and draw(st.sampled_from((False, False, False, True))):
            twin = copy.deepcopy(draw(st.sampled_from(entries)))
            twin.event_id, twin.received_at = f"evt_{number}", number + 1
            twin.at = draw(st.integers(0, 2)) * 1_000
            entries.append(twin)
            continue
        names = draw(st.lists(st.sampled_from(sorted(_FACETS)), min_size=1, max_size=2))
        stated = draw(st.booleans()) and "terms" in names
        entries.append(
            Entry(
                at=draw(st.integers(0, 2)) * 1_000,
                rank=draw(st.sampled_from((0, 10, 10, 10, 26, 90))),
                event_id=f"evt_{number}",
                event_type="customer.subscription.updated",
                received_at=number + 1,
                said=draw(_said(sorted(set(names)))),
                before=draw(_said(["terms"])) if stated else {},
                turn=draw(st.sampled_from((0, 0, 0, 4))),
                creation=draw(st.sampled_from((False, False, False, True))),
            )
        )
    return entries


class OneRecord:
    """A record in a store: every entry is folded into what is stored, as an event would be."""

    def __init__(self, *, states_creation: bool = True) -> None:
        self.store = MemoryStore()
        self._born = is_created(states_creation)

    def add(self, entry: Entry, now: int = 1_000_000) -> None:
        """Fold one entry in, and commit."""

        def fold(reading: Reading) -> Plan:
            record = Record(NAME, reading, self._born, now)
            record.add(copy.deepcopy(entry))
            return Plan("applied", list(record.steps(0)))

        reading = Reading()
        reading.load(self.store, Missing([NAME]))
        apply(fold, reading, self.store)

    def add_all(self, entries: Sequence[Entry]) -> OneRecord:
        """Fold entries in as they come."""
        for entry in entries:
            self.add(entry)
        return self

    @property
    def head(self) -> dict[str, Any]:
        return self.store.documents[NAME]

    @property
    def view(self) -> View | None:
        reading = Reading()
        reading.load(self.store, Missing([NAME]))
        return Record(NAME, reading, self._born, 0).view

    def entries(self) -> list[Entry]:
        return sorted(self.store.history(NAME), key=lambda each: each.place)

    def transitions(self) -> dict[str, tuple[Any, ...]]:
        """Return what each event was recorded to have changed."""
        return {each.event_id: (each.kind, each.changes) for each in self.entries()}
