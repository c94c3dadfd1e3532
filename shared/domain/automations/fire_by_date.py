"""A date has come: the automations it sets off, looked at afresh and fired once.

The message names the automation, the record and the date it was put for. Whatever has become of
them since decides: a date that was moved, a record that went into another one or is nobody's, an
automation that was edited or disabled fires nothing, and neither does what comes early or is a day
late. What has fired before that is sent all the same. The rest is as with a change: the segment is
asked, and the firing committed before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import deliveries
from shared.domain.automations import bus_events
from shared.domain.automations.configuration import Configuration, Known
from shared.domain.automations.dates import firing_id, is_in_time
from shared.domain.automations.definition import Automation
from shared.domain.automations.due_dates import Due, dates_of, due_of
from shared.domain.automations.fire import Bus, Store
from shared.domain.automations.firings import Firings, Queue, firing_of
from shared.domain.automations.happening import Happening
from shared.domain.automations.sight import Sight
from shared.domain.automations.subscribers import Subscribers
from shared.domain.automations.trigger import judge
from shared.domain.ports import Document, Name
from shared.domain.timeline import Entry


class FireByDate:
    """Fires what dates set off; one for all messages of a warm Lambda."""

    def __init__(
        self, *, store: Store, queue: Queue, bus: Bus, configuration: Configuration, url: str
    ) -> None:
        """`url` is the queue of automations."""
        self._store = store
        self._bus = bus
        self._configuration = configuration
        self._firings = Firings(store=store, queue=queue, url=url)
        self._subscribers = Subscribers(store=store, queue=queue, url=url)

    def come(self, message: Mapping[str, Any], now: int) -> str | None:
        """Fire what a date sets off; return the firing's id, None where it sets off nothing.

        `message` is what `due_dates.Due` sends. Raise Retryable where it has to be tried again.
        """
        kind, connection_id, record_id = message["record"]
        known = self._configuration.naming(message["automation_id"], now, connection_id)
        record, head = self._record((kind, connection_id, record_id))
        automation = known.dated(message["automation_id"])
        fired = None
        if automation is not None and head is not None:
            due = due_of(automation, record, message["date"], known.zone)
            value = dates_of(head).get(str(automation.trigger.field))
            in_time = due is not None and is_in_time(due.when, now, deliveries.EARLY)
            if due is not None and in_time and value == due.value:
                fired = self._fired(due, head, known, now)
        return fired or self._before(message, record, head, known, now)

    def _record(self, record: Name) -> tuple[Name, Document | None]:
        """Return a record as it is now, or the one it has gone into."""
        head = self._store.read([record])[record]
        if head is not None and head.get("merged_into"):
            record = (*record[:2], head["merged_into"])
            head = self._store.read([record])[record]
        return record, head

    def _fired(self, due: Due, head: Document, known: Known, now: int) -> str | None:
        sight = self._sight(due, head, known, now)
        decision = judge(due.automation, sight) if sight is not None else None
        if sight is None or decision is None or not decision.fires:
            return None
        connection = known.connections.get(due.record[1])
        happening = sight.happening
        firing = firing_of(due.automation, happening, sight.contact, connection, decision, now)
        said = told_of(due.automation, due.record, due.value)
        held = self._firings.keep({**firing, **said}, due.automation)
        if held is None:
            return None
        return self._tell(held, due.automation, sight, known, now)

    def _before(
        self,
        message: Mapping[str, Any],
        record: Name,
        head: Document | None,
        known: Known,
        now: int,
    ) -> str | None:
        """Have run what a date has set off before its automation became another; return its id.

        A crash may have come between the firing and its message, and the edit since.
        """
        automation = known.automation(message["automation_id"])
        if automation is None or not known.in_doubt(automation, now):
            return None
        due = Due(automation, record, message["date"], now)
        identity = firing_id(automation, record, due.value)
        held = self._firings.again({automation.automation_id: identity})
        if not held:
            return None
        sight = self._sight(due, head, known, now) if head is not None else None
        return self._tell(held[0], automation, sight, known, now)

    def _tell(
        self, held: Document, automation: Automation, sight: Sight | None, known: Known, now: int
    ) -> str:
        if sight is not None:
            self._subscribers.fired([(held, automation)], sight, known, now)
        self._bus.put([bus_events.fired(held)])
        return str(held["firing_id"])

    def _sight(self, due: Due, head: Document, known: Known, now: int) -> Sight | None:
        """Return whom a date is about, None where nobody may be told of it."""
        connection = known.connections.get(due.record[1])
        mirrors = connection is not None and connection.get("role") == "mirror"
        if mirrors or head.get("mirror_of") or not head.get("contact_id"):
            return None
        name: Name = ("contact", head["contact_id"])
        contact = self._store.read([name])[name]
        if contact is None:
            return None
        happening = happening_of(due, contact, now)
        return Sight(happening, contact, head, store=self._store, known=known)


def happening_of(due: Due, contact: Document, now: int) -> Happening:
    """Return a date that came as what triggers look at: it is no change, and nobody's event."""
    entry = Entry(
        at=due.when,
        rank=0,
        event_id="",
        event_type=due.automation.trigger.type,
        received_at=now,
        said={},
        kind="date",
        recorded_at=now,
        contact_id=contact["contact_id"],
        contact_version=contact["version"],
    )
    return Happening(("entry", *due.record, ""), entry, None, now)


def told_of(automation: Automation, record: Name, value: int) -> dict[str, Any]:
    """Return what a firing says of its date: its identity, and which date it was."""
    return {
        "firing_id": firing_id(automation, record, value),
        "date": {"field": automation.trigger.field, "value": value},
    }
