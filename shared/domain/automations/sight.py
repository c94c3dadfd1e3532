"""Whom a change is about, for segments and for bodies: the contact, and its record.

Read only when somebody asks, and once for all automations a change may set off. Segments look at
a record that was updated as it was right after the change, replayed from its history; at one that
was created as it is now, merged from its first burst of events. Relative dates count from the
change. What is sent out shows the record as it is now.
"""

from __future__ import annotations

from typing import Any, Protocol

from shared.domain import changes, orders, recurring_payments, rendering
from shared.domain.automations.configuration import Known
from shared.domain.automations.happening import Happening
from shared.domain.ports import Document, Name, Reads
from shared.domain.rendering import Json
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Entry, Rules, View, replay

# How a recurring payment's history is told.
RULES = Rules(
    recurring_payments.show,
    recurring_payments.compact,
    changes.difference,
    lambda *_: False,
    chained=True,
)
Held = tuple[Name, Document, View]


class Records(Reads, Protocol):
    """Where records lie."""

    def history(self, record: Name) -> list[Entry]:
        """Return all entries of a record."""


class Sight:
    """What there is to see around one change; asking for the subject is calling it."""

    def __init__(
        self,
        happening: Happening,
        contact: Document,
        head: Document | None,
        *,
        store: Records,
        known: Known,
    ) -> None:
        self.happening = happening
        self.contact = contact
        self.head = head
        self._store = store
        self._known = known
        self._subject: Subject | None = None
        self._found: tuple[Held | None, Held | None] | None = None

    def __call__(self) -> Subject:
        """Return the subject of segments."""
        if self._subject is None:
            entry, settings = self.happening.entry, self._known.settings
            self._subject = Subject(
                Moment(entry.at, self._known.zone, settings["currency"]),
                dict(self.contact),
                at_hand=self._at_hand(),
                changes=entry.changes,
            )
        return self._subject

    def printed(self) -> tuple[Json, Json | None, Json | None]:
        """Return contact, recurring payment and order as the API prints them."""
        order, payment = self._records()
        return (
            rendering.contact(self.contact),
            self._print(payment, rendering.recurring_payment),
            self._print(order, rendering.order),
        )

    def _print(self, held: Held | None, printing: Any) -> Json | None:
        return printing(*held, self._goods(held)) if held is not None else None

    def _at_hand(self) -> dict[str, Any] | None:
        _, payment = self._records()
        if payment is None:
            return None
        name, head, view = payment
        if name == self.happening.record and self.happening.entry.kind == "updated":
            view = self._as_of_the_change(name) or view
        return rendering.joined(name, head, view, self._goods((name, head, view)))

    def _records(self) -> tuple[Held | None, Held | None]:
        """Return the order and the recurring payment a change is about, as they are now."""
        if self._found is None:
            record, head = self.happening.record, self.head
            if self.happening.kind != "order":
                self._found = None, _held(record, head)
                return self._found
            if head is not None and head.get("merged_into"):
                record = (*record[:2], head["merged_into"])
                head = self._store.read([record])[record]
            order = _held(record, head)
            belongs = order[2]["recurring_payment_id"] if order else None
            name: Name = ("recurring_payment", record[1], str(belongs))
            payment = _held(name, self._store.read([name])[name]) if belongs else None
            self._found = order, payment
        return self._found

    def _goods(self, held: Held) -> rendering.Goods:
        wanted = rendering.goods_of(held[0][1], held[2])
        return self._store.read(wanted) if wanted else {}

    def _as_of_the_change(self, name: Name) -> View | None:
        told = replay(self._store.history(name), RULES).told
        place = self.happening.entry.place
        return next((each.view for each in told if each.entry.place == place), None)


def _held(name: Name, head: Document | None) -> Held | None:
    if head is None or head.get("merged_into"):
        return None
    show = orders.show if name[0] == "order" else recurring_payments.show
    view = show(head["facets"])
    return (name, head, view) if view is not None else None
