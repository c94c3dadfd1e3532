"""The books of a shop whose events were folded, read event by event from what its records heard.

It replays every record's own entries and looks at each view; no `states` of a head, no sums of a
contact are believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from shared.domain import orders
from shared.domain.changes import difference
from shared.domain.ports import Document, Name
from shared.domain.recurring_payments import compact, is_created, show
from shared.domain.timeline import Rules, View, replay
from tests.fakes.memory_store import MemoryStore
from tests.reference.books import Act, Books, Cost, Firing, Person, Plan, Sale

_ORDERS = Rules(orders.show, dict, difference, orders.is_created, chained=False)
_PLANS = Rules(show, compact, difference, is_created(True), chained=True)
Documents = Mapping[Name, Document]
Back = tuple[int, int, str]


def books_of(store: MemoryStore) -> Books:
    """Read a shop's records, and all else it has heard of its people, into books."""
    sales, plans = [], []
    for name, head in store.documents.items():
        if head.get("merged_into") or name[0] not in ("order", "recurring_payment"):
            continue
        if name[0] == "order":
            sales += _sale(store, name, head)
        else:
            plans += _plan(store, name, head)
    told = told_of_people(store.documents).with_customers(sales, plans)
    return replace(told, sales=sales, plans=plans)


def told_of_people(documents: Documents) -> Books:
    """Read what documents tell of people, what was done and spent, and what fired."""
    people = [_person(each) for name, each in documents.items() if name[0] == "contact"]
    owners = {address: each.id for each in people for address in each.addresses}
    acts = [
        Act(
            owners.get(name[1]),
            each["kind"],
            each["occurred_date"],
            each["subject"],
            each["campaign"],
            each["automation_id"],
        )
        for name, each in documents.items()
        if name[0] == "act"
    ]
    costs = [
        Cost(date.fromisoformat(name[1]), name[2], name[3], name[4], each["amount"])
        for name, each in documents.items()
        if name[0] == "spend"
    ]
    return Books(people=people, acts=acts, costs=costs, firings=_firings(documents))


def _person(contact: Document) -> Person:
    labels = [
        (kind, each[kind], each["applied_date"], holds)
        for kind in ("tag", "list")
        for field, holds in ((f"{kind}s", True), (f"former_{kind}s", False))
        for each in contact.get(field) or ()
    ]
    return Person(
        id=contact["contact_id"],
        addresses=frozenset({contact["email"], *contact["aliases"]}),
        created=contact["created_date"],
        source=contact["source"]["first_source"],
        campaign=contact["source"]["campaign"],
        labels=tuple(labels),
        segments=frozenset(contact["segments"]),
    )


def _firings(documents: Documents) -> list[Firing]:
    states: dict[str, list[str]] = {}
    for name, each in documents.items():
        if name[0] == "delivery":
            states.setdefault(each["firing_id"], []).append(each["state"])
    return [
        Firing(
            name[1],
            each["contact"]["contact_id"],
            each["at"],
            tuple(states.get(name[2], ())),
            each["record"]["connection_id"],
        )
        for name, each in documents.items()
        if name[0] == "firing" and each["record"]["connection_id"] != "lab"
    ]


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
        lines=tuple((_product(each), each.get("amount") or 0) for each in view["line_items"]),
    )
    return [replace(sale, back=_gone_back(told.state, view)) if sale.paid else sale]


def _product(item: Mapping[str, Any]) -> str | None:
    return item.get("store_primary_id") or item.get("name") or None


def _gone_back(state: Any, view: View) -> tuple[Back, ...]:
    """Date what went back: single refunds first, what the provider states beyond, then disputes."""
    back: list[Back] = []
    done = sorted((f["date"], f["id"], f["amount"]) for f in view["refunds"] if _done(f))
    beyond = [facet["date"] for name, facet in state.items() if name.startswith("refunded:")]
    left = view["refunded"]
    for when, _, amount in done:
        part = min(left, amount)
        left -= part
        if part:
            back.append((when, part, "refund"))
    if left:
        back.append((max(beyond), left, "refund"))
    left = view["withheld"]
    held = sorted((f["date"], f["id"], f["amount"]) for f in view["disputes"] if _held(f))
    for when, _, amount in held:
        part = min(left, amount)
        left -= part
        if part:
            back.append((when, part, "dispute"))
    return tuple(back)


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
    items = last["line_items"]
    return [
        Plan(
            name[2],
            last["currency"],
            head["contact_id"],
            started,
            tuple(steps),
            product=_product(items[0]) if items else None,
            country=(last["billing_address"] or {}).get("country"),
        )
    ]
