"""Everything a shop has recorded that must not depend on the order in which events arrived."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from infra.samples.stripe import Event
from shared.domain import contacts, orders
from shared.domain.ports import Missing, Reading
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.recurring_payments import is_created
from tests.support.shop import Shop

# Whose id it is and when we first saw them is a matter of arrival.
_OF_ARRIVAL = ("contact_id", "created_date")


def told(events: Iterable[Event], **settings: Any) -> Shop:
    """Return a shop that was told these events in this order."""
    shop = Shop(**settings)
    shop.receive_all(event.body for event in events)
    return shop


def shuffled(events: Sequence[Event], seed: int, twice: int = 8) -> list[Event]:
    """Return the events in a random order, some of them twice as a redelivery states them."""
    dice = random.Random(seed)
    again = [event.redelivered() for event in dice.sample(events, min(twice, len(events)))]
    order = [*events, *again]
    dice.shuffle(order)
    return order


def recorded(shop: Shop) -> dict[str, Any]:
    """Return records, orders, histories, and contacts with what is theirs.

    A contact nobody's record belongs to any more is left out: a customer's former address has
    made one only if it was heard before the new one.
    """
    return {
        "recurring_payments": shop.recurring_payments(),
        "orders": shop.orders(),
        "history": {
            (kind, identity): history(shop, kind, identity)
            for kind, identity in [
                *((RECURRING_PAYMENT, each) for each in shop.recurring_payments()),
                *((ORDER, each) for each in shop.orders()),
            ]
        },
        "contacts": {
            email: {name: value for name, value in contact.items() if name not in _OF_ARRIVAL}
            for email, contact in shop.contacts().items()
            if contact["customer_since"] is not None
        },
        "owners": owners(shop),
    }


def history(shop: Shop, kind: str, identity: str) -> list[tuple[Any, ...]]:
    """Return a record's transitions: when, of what kind, what became of which field.

    Which of several events of one second that say the same is named for it is a matter of arrival.
    """
    return [
        (
            entry.at,
            entry.kind,
            [(change.field, change.before, change.after) for change in entry.changes],
        )
        for entry in shop.history(kind, identity)
    ]


def owners(shop: Shop) -> dict[tuple[str, str], str | None]:
    """Return the email of the contact each record belongs to."""
    emails = {each["contact_id"]: email for email, each in shop.contacts().items()}
    found = {}
    for kind, records in ((RECURRING_PAYMENT, shop.recurring_payments()), (ORDER, shop.orders())):
        for identity in records:
            head = shop.head(kind, identity) or {}
            found[kind, identity] = emails.get(head.get("contact_id"))
    return found


def drifted(shop: Shop) -> list[str]:
    """Return which contacts' sums and dates are not those of their records."""
    found = []
    for email, contact in shop.contacts().items():
        mine = [key for key, owner in owners(shop).items() if owner == email]
        views = [(kind, shop.view(kind, identity)) for kind, identity in mine]
        shares = [contacts.order_share(view) for kind, view in views if kind == ORDER]
        starts = [view["start_date"] for kind, view in views if view and kind != ORDER]
        money: dict[str, int] = {}
        for share in shares:
            if share.currency is not None:
                money[share.currency] = money.get(share.currency, 0) + share.net
        ordered = [share.ordered for share in shares if share.ordered is not None]
        since = [each for each in (*ordered, *starts) if each is not None]
        wanted = {
            "orders_count": sum(share.orders for share in shares),
            "customer": any(share.kept for share in shares),
            "revenue": [{"currency": code, "amount": money[code]} for code in sorted(money)],
            "first_order_date": min(ordered, default=None),
            "last_order_date": max(ordered, default=None),
            "customer_since": min(since, default=None),
        }
        found += [
            f"{email}.{name}: {contact[name]!r} is not {value!r}"
            for name, value in wanted.items()
            if contact[name] != value
        ]
    return found


def unlike(one: Any, other: Any, path: str = "") -> list[str]:
    """Return where two things that should be the same are not, for a failing test's message."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other}, key=str)
        return [
            each for key in keys for each in unlike(one.get(key), other.get(key), f"{path}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list):
        here, there = [e for e in one if e not in other], [e for e in other if e not in one]
        return [f"{path}: {here!r} against {there!r}"] if one != other else []
    return [] if one == other else [f"{path}: {one!r} against {other!r}"]


def misremembered(shop: Shop, *, states_creation: bool = True) -> list[str]:
    """Return the records whose head or recorded transitions are not what their entries add up to.

    Most events never read the history they extend; this says that they need not.
    """
    found = []
    for kind, identity in owners(shop):
        name = (kind, "shop", identity)
        reading = Reading()
        reading.load(shop.store, Missing([name], [name]))
        born = is_created(states_creation) if kind == RECURRING_PAYMENT else orders.is_created
        record = Record(name, reading, born, now=0)
        told = record.stored()
        if told[-1].state != record.state:
            found.append(f"{identity}: {unlike(told[-1].state, record.state)}")
        found += [
            f"{identity} at {step.entry.event_id}: {step.changes} is not {step.entry.changes}"
            for step in told
            if (step.kind, step.changes) != (step.entry.kind, step.entry.changes)
        ]
    return found
