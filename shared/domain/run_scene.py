"""What a step of a run sees: its contact and its record, read afresh whenever the run goes on.

Printed as everywhere else (`rendering`), so that a webhook, a tag and an API answer agree. The
contact is the one the run has changed so far. Asking for what was not read yet raises Missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain import orders, preferences, recurring_payments, rendering
from shared.domain.automations import tags
from shared.domain.automations.dates import moment_of
from shared.domain.automations.definition import Offset
from shared.domain.ports import Document, Name, Reading
from shared.domain.rendering import Goods, Json
from shared.domain.segments.moments import Moment
from shared.domain.segments.subject import Subject
from shared.domain.timeline import Change, View

_PAYMENT, _ORDER = "recurring_payment", "order"
Held = tuple[Name, Document, View]
# Tells how values are written, by a locale's language tag and a time zone's name.
ReaderOf = Callable[[str, str], tags.Local]


class Scene:
    """The contact and the record of one firing, as they are now."""

    def __init__(
        self,
        firing: Document,
        reading: Reading,
        *,
        now: int,
        local: bool,
        reader_of: ReaderOf | None = None,
    ) -> None:
        """Read who and what it is about. Raise Missing for more reading.

        `reader_of` tells how values are written in a locale and a zone.
        """
        self.firing = firing
        self._reading = reading
        self._now = now
        self._reader_of = reader_of
        record = firing["record"]
        at: Name = (record["kind"], record["connection_id"], record["id"])
        self.contact_name: Name = ("contact", firing["contact"]["contact_id"])
        reading.want([at, self.contact_name, preferences.NAME])
        self.contact: Document | None = reading.get(self.contact_name)
        self._settings = preferences.effective(reading.get(preferences.NAME), local=local)
        self._order = self._held(at) if at[0] == _ORDER else None
        self._payment = self._held(at) if at[0] == _PAYMENT else self._of_order(at[1])

    def moment(self, field: str, offset: Offset) -> int | None:
        """Return what lies so far from a date of the recurring payment, None where it is blank."""
        value = self._facts().get(field) if self._payment else None
        if not isinstance(value, int):
            return None
        return moment_of(field, value, offset, ZoneInfo(self._settings["timezone"]))

    @property
    def sender(self) -> Mapping[str, Any] | None:
        """Who emails are from, None while that is not configured."""
        configured: Mapping[str, Any] | None = self._settings["email"]
        return configured

    def printed(self) -> dict[str, Json | None]:
        """Return contact, recurring payment and order as the API prints them."""
        return {
            "contact": rendering.contact(self.contact) if self.contact else None,
            _PAYMENT: self._printed(self._payment),
            _ORDER: self._printed(self._order),
        }

    def filled(self, template: Any, escape: Callable[[str], str] = str) -> Any:
        """Return a text, or what holds texts, with its personalization tags filled."""
        reader = None
        if self._reader_of is not None:
            reader = self._reader_of(self._settings["locale"], self._settings["timezone"])
        return tags.fill(template, self.printed(), local=reader, escape=escape)

    def subject(self) -> Subject:
        """Return whom a branch asks about."""
        zone = ZoneInfo(self._settings["timezone"])
        moment = Moment(self._now, zone, self._settings["currency"])
        told = [Change(*row) for row in self.firing["change"]["changes"]]
        contact = dict(self.contact) if self.contact else None
        return Subject(moment, contact, at_hand=self._facts() or None, changes=told)

    def _of_order(self, connection_id: str) -> Held | None:
        """Return the recurring payment an order was paid for."""
        identity = self._order[2].get("recurring_payment_id") if self._order else None
        return self._held((_PAYMENT, connection_id, str(identity))) if identity else None

    def _held(self, name: Name) -> Held | None:
        head = self._reading.get(name)
        if head is not None and head.get("merged_into"):
            name = (*name[:2], head["merged_into"])
            head = self._reading.get(name)
        if head is None or head.get("merged_into"):
            return None
        show = orders.show if name[0] == _ORDER else recurring_payments.show
        view = show(head["facets"])
        return (name, head, view) if view is not None else None

    def _goods(self, held: Held) -> Goods:
        names = rendering.goods_of(held[0][1], held[2])
        self._reading.want(names)
        return {name: self._reading.get(name) for name in names}

    def _printed(self, held: Held | None) -> Json | None:
        if held is None:
            return None
        printing = rendering.order if held[0][0] == _ORDER else rendering.recurring_payment
        return printing(*held, self._goods(held))

    def _facts(self) -> dict[str, Any]:
        """Return the recurring payment as segments look at it: internal values, names joined."""
        if self._payment is None:
            return {}
        return rendering.joined(*self._payment, self._goods(self._payment))
