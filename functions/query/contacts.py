"""One contact with everything that lies around them: records, orders, and what happened when.

The timeline is put together from the records' own entries. Each head says when its record last
changed, so records are opened from the most recently changed on, and no further than needed.
"""

from __future__ import annotations

from typing import Any

from functions.query.records import Shown, goods_of, shown
from shared.domain import activity, emails, fields, preferences, rendering
from shared.domain.errors import NotFound
from shared.domain.ports import Document, Library, Name, Reads
from shared.domain.rendering import Goods, Json
from shared.domain.timeline import Entry

RECORDS_MAX = 100
TIMELINE_MAX = 50


def read_contact(wanted: str, *, store: Library, local: bool) -> Json:
    """Return the contact of an email, alias or id. Raise NotFound where there is none."""
    contact = find_contact(wanted, store=store)
    contact_id = contact["contact_id"]
    did = [activity.name_of(email) for email in (contact["email"], *contact["aliases"])]
    found = store.read([preferences.NAME, *did])
    settings = preferences.effective(found[preferences.NAME], local=local)
    payments, orders = (
        shown(store.newest_of_contact(contact_id, kind, RECORDS_MAX), store=store)
        for kind in ("recurring_payment", "order")
    )
    goods = goods_of([*payments, *orders], store=store)
    return {
        **rendering.contact(contact),
        "recurring_payments": [_payment(each, goods, settings["widget"]) for each in payments],
        "orders": [rendering.order(each.name, each.head, each.view, goods) for each in orders],
        "timeline": _told(
            _timeline([*payments, *orders], store=store),
            [each for name in did for each in (found[name] or {"items": ()})["items"]],
        ),
    }


def find_contact(wanted: str, *, store: Reads) -> Document:
    """Return the contact of an email, alias or id. Raise NotFound where there is none."""
    contact_id: str | None = wanted
    if "@" in wanted:
        email = emails.normalise(wanted)
        claim: Name = ("email", email or "")
        held = store.read([claim])[claim] if email else None
        contact_id = held["contact_id"] if held else None
    name: Name = ("contact", contact_id or "")
    contact = store.read([name])[name] if contact_id else None
    if contact is None:
        raise NotFound("There is no such contact.")
    return contact


def _payment(record: Shown, goods: Goods, widget: list[str]) -> Json:
    told: dict[str, Any] = rendering.recurring_payment(record.name, record.head, record.view, goods)
    listed = fields.labelled(told, widget)
    return {**told, "fields": listed, "widget": listed[: fields.WIDGET_SIZE]}


def _told(changed: list[tuple[Name, Entry]], did: list[Json]) -> list[Json]:
    """Return what changed and what was done as one timeline, the newest first."""
    moments = [(entry.at, rendering.moment(name, entry)) for name, entry in changed]
    moments += [(each["occurred_date"], rendering.deed(each)) for each in did]
    moments.sort(key=lambda each: each[0], reverse=True)
    return [told for _, told in moments[:TIMELINE_MAX]]


def _timeline(records: list[Shown], *, store: Library) -> list[tuple[Name, Entry]]:
    """Return the newest changes of all records, the newest first."""
    found: list[tuple[Name, Entry]] = []
    for record in sorted(records, key=lambda each: each.newest, reverse=True):
        if len(found) == TIMELINE_MAX and found[-1][1].at > record.newest:
            break
        entries = store.latest(record.name, TIMELINE_MAX)
        found += [(record.name, entry) for entry in entries if entry.kind]
        found.sort(key=lambda each: (each[1].place, each[0]), reverse=True)
        del found[TIMELINE_MAX:]
    return found
