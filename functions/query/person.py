"""Everything that is held about one person, for whoever has to hand it out or look it through.

The contact, their records with all that happened to them, what they did, what automations did for
them, what was sent about them, what stores know of them, and the provider's events behind it as
they came. What one answer cannot hold is left out and named, never left out in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from functions.query.adapters import Bodies, Shelf
from functions.query.contacts import find_contact
from functions.query.records import Shown, goods_of, shown
from shared.domain import customers, deliveries, mails, rendering, times
from shared.domain import rendering_automations as doings
from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import told_id
from shared.domain.envelope import unpack
from shared.domain.ports import Document, Name
from shared.domain.rendering import Json
from shared.domain.timeline import Entry

# More than a person has; an answer must be there before the gateway gives up.
RECORDS_MAX = 1_000
ITEMS_MAX = 5_000
_PAGE = 100
_MAIL = ("mail_id", "state", "to", "from", "subject", "text", "html", "automation_id")
_ACT = ("kind", "subject", "campaign", "source", "automation_id")


class Person:
    """One contact, and the reading of what lies around them."""

    def __init__(self, contact: Document, *, store: Shelf, bodies: Bodies) -> None:
        self._contact = contact
        self._store = store
        self._bodies = bodies
        self._left_out: list[str] = []

    def told(self, now: int) -> Json:
        """Return all of it as the API shows it; `now` in ms."""
        records = shown(self._records(), store=self._store)
        histories = {each.name: self._store.history(each.name) for each in records}
        ran = self._all(self._runs_page, "runs")
        firings = self._read(("firing", each["automation_id"], each["run_id"]) for each in ran)
        known = self._customers(records)
        hidden = self._hidden(known, records)
        return {
            "exported_date": times.to_text(now),
            "contact": rendering.contact(self._contact),
            "recurring_payments": self._payments(records, histories),
            "orders": self._orders(records, histories),
            "activity": list(self._activity()),
            "firings": [doings.firing(each) for each in firings],
            "runs": [doings.run(each) for each in ran],
            "deliveries": self._deliveries(ran, histories),
            "emails": [_mail(each) for each in self._read(_names(ran, "mail_id", mails.name_of))],
            "customers": [_customer(name, each) for name, each in known],
            "events": self._events({**histories, **hidden}, known),
            "left_out": self._left_out,
        }

    def _records(self) -> list[Name]:
        found: list[Name] = []
        for kind in ("recurring_payment", "order"):
            names = self._store.newest_of_contact(
                self._contact["contact_id"], kind, RECORDS_MAX + 1
            )
            found += self._within(f"{kind}s", names, RECORDS_MAX)
        return found

    def _runs_page(self, cursor: str | None) -> tuple[list[Document], str | None]:
        log: Name = ("runs_of_contact", self._contact["contact_id"])
        return self._store.newest(log, _PAGE, cursor)

    def _payments(self, records: Sequence[Shown], told: Mapping[Name, list[Entry]]) -> list[Json]:
        goods = goods_of(records, store=self._store)
        return [
            {
                **rendering.recurring_payment(each.name, each.head, each.view, goods),
                "history": rendering.history(told[each.name]),
            }
            for each in records
            if each.name[0] == "recurring_payment"
        ]

    def _orders(self, records: Sequence[Shown], told: Mapping[Name, list[Entry]]) -> list[Json]:
        goods = goods_of(records, store=self._store)
        return [
            {
                **rendering.order(each.name, each.head, each.view, goods),
                "history": rendering.history(told[each.name]),
            }
            for each in records
            if each.name[0] == "order"
        ]

    def _activity(self) -> Iterator[Json]:
        for email in (self._contact["email"], *self._contact["aliases"]):

            def page(cursor: str | None, of: str = email) -> tuple[list[Document], str | None]:
                return self._store.listed("act", _PAGE, cursor, of)

            for each in self._all(page, "activity"):
                yield {
                    "email": email,
                    "date": times.to_text(each["occurred_date"]),
                    **{field: each[field] for field in _ACT},
                    "connection_id": each["connection_id"],
                }

    def _deliveries(self, ran: Iterable[Document], told: Mapping[Name, list[Entry]]) -> list[Json]:
        """Return the webhooks of steps, and those to endpoints that hear of changes or firings."""
        names = list(_names(ran, "delivery_id", deliveries.name_of))
        causes = [
            *(each["run_id"] for each in ran),
            *(
                told_id(Happening(("entry", *name, each.key), each, None, 0))
                for name, entries in told.items()
                for each in entries
                if each.kind
            ),
        ]
        for endpoint in self._all(lambda at: self._store.listed("endpoint", _PAGE, at), "endpoint"):
            way = f"endpoint {endpoint['endpoint_id']}"
            if endpoint["events"]:
                names += [deliveries.name_of(deliveries.id_of(cause, way)) for cause in causes]
        found = self._read(self._within("deliveries", names, ITEMS_MAX))
        return [doings.delivery_with_payload(each) for each in found]

    def _customers(self, records: Iterable[Shown]) -> list[tuple[Name, Document]]:
        names = {
            ("customer", each.name[1], str(each.head["customer_id"]))
            for each in records
            if each.head.get("customer_id")
        }
        found = self._store.read(sorted(names)) if names else {}
        return [(name, each) for name, each in found.items() if each is not None]

    def _hidden(
        self, known: Iterable[tuple[Name, Document]], records: Iterable[Shown]
    ) -> dict[Name, list[Entry]]:
        """Return the histories of customers' records that show nothing, such as free invoices."""
        seen = {each.name for each in records}
        found: list[Name] = []
        for (_, connection_id, customer_id), _ in known:
            cursor: str | None = None
            while len(found) <= RECORDS_MAX:
                names, cursor = self._store.of_customer(connection_id, customer_id, cursor)
                found += [name for name in names if name not in seen]
                if cursor is None:
                    break
        heads = self._store.read(found) if found else {}
        mine = {None, self._contact["contact_id"]}
        theirs = [name for name in found if (head := heads[name]) and head["contact_id"] in mine]
        kept = self._within("records that show nothing", theirs, RECORDS_MAX)
        return {name: self._store.history(name) for name in kept}

    def _events(
        self, told: Mapping[Name, list[Entry]], known: Iterable[tuple[Name, Document]]
    ) -> list[Json]:
        """Return the events that the records and the store's customers have come of."""
        names: set[Name] = {
            ("event", name[1], each.event_id, each.event_type)
            for name, entries in told.items()
            for each in entries
        }
        names |= {
            ("event", name[1], *row["place"][3:5]) for name, it in known for row in it["said"]
        }
        wanted = self._within("events", sorted(names), ITEMS_MAX)
        found = self._store.read(wanted) if wanted else {}
        kept = [(name, each) for name, each in found.items() if each is not None]
        kept.sort(key=lambda each: (each[1]["received_at"], each[0]))
        return [self._event(name, each) for name, each in kept]

    def _event(self, name: Name, event: Document) -> Json:
        return {
            "connection_id": name[1],
            "event_id": name[2],
            "event_type": name[3],
            "provider": event["provider"],
            "received_date": times.to_text(event["received_at"]),
            "body": _content(self._body(event)),
        }

    def _body(self, event: Document) -> bytes | None:
        key = event.get("body_key")
        return unpack(self._bodies.get(key)) if key else event.get("body")

    def _all(
        self, page: Callable[[str | None], tuple[list[Document], str | None]], what: str
    ) -> list[Document]:
        """Return all pages of a list, up to the most that an answer holds."""
        found: list[Document] = []
        cursor: str | None = None
        while len(found) < ITEMS_MAX:
            rows, cursor = page(cursor)
            found += rows
            if cursor is None:
                return found
        self._left_out.append(what)
        return found

    def _within(self, what: str, names: Sequence[Name], most: int) -> list[Name]:
        if len(names) > most:
            self._left_out.append(what)
        return list(names[:most])

    def _read(self, names: Iterable[Name]) -> list[Document]:
        wanted = list(dict.fromkeys(names))
        found = self._store.read(wanted) if wanted else {}
        return [each for name in wanted if (each := found[name]) is not None]


def export_person(wanted: str, *, store: Shelf, bodies: Bodies, now: int) -> Json:
    """Return everything held about the contact of an email, alias or id. Raise NotFound."""
    return Person(find_contact(wanted, store=store), store=store, bodies=bodies).told(now)


def _names(ran: Iterable[Document], field: str, name_of: Callable[[str], Name]) -> Iterator[Name]:
    for run in ran:
        for step in run["taken"]:
            if field in step:
                yield name_of(step[field])


def _mail(mail: Document) -> Json:
    return {
        **{field: mail.get(field) for field in _MAIL},
        "date": times.to_text(mail["created"]),
    }


def _customer(name: Name, customer: Document) -> Json:
    person = customers.shown(customer)
    return {
        "connection_id": name[1],
        "store_customer_id": name[2],
        "known": {field: value for field, value in person.items() if field != "methods"},
    }


def _content(body: bytes | None) -> Any:
    """Return a body as the JSON it is, else as text; None where it is kept no longer."""
    if body is None:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
