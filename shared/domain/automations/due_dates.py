"""Dates that will set an automation off, put where they wait: the due-index, or the queue itself.

Two look for them. The watch over the dates looks two hours ahead, every hour, through the change
log's newest rows. What changes in between is seen as it changes: then only what is due before the
watch looks again is put, so that an ordinary event costs nothing. Both may put the same one; it
lies under one name, and fires once in any case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, NamedTuple, Protocol

from shared.domain import deliveries, recurring_payments, times
from shared.domain.automations.configuration import Known
from shared.domain.automations.dates import HORIZON, MISSED, due_moment, firing_id
from shared.domain.automations.definition import Automation
from shared.domain.automations.happening import Happening
from shared.domain.ports import Document, Name, Reads, Write, Writes

_RECORD = "recurring_payment"
# The log that the watch reads lags behind: what it may have missed is put as it changes.
NEAR = HORIZON + 30 * times.MINUTE


class Store(Reads, Writes, Protocol):
    """Where records and the due-index lie."""


class Queue(Protocol):
    """The queue of automations."""

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Put a message on the queue, to be seen after `delay_seconds`."""


class Due(NamedTuple):
    """A date of a record that sets an automation off at `when` (ms)."""

    automation: Automation
    record: Name
    value: int
    when: int

    def message(self) -> dict[str, Any]:
        """Return what the queue of automations is told then."""
        return {
            "kind": "date",
            "automation_id": self.automation.automation_id,
            "record": list(self.record),
            "date": self.value,
        }

    def write(self) -> Write:
        """Return the entry of the due-index, the same however often it is put."""
        said = "\0".join(
            [self.automation.automation_id, firing_id(self.automation, self.record, self.value)]
        )
        identity = hashlib.sha256(said.encode()).hexdigest()[:32]
        return deliveries.due(self.when, "date", identity, self.message())


def due_of(automation: Automation, record: Name, value: int | None, zone: tzinfo) -> Due | None:
    """Return when a date of a record sets an automation off, None where it never does."""
    when = due_moment(automation.trigger, value, zone)
    return None if value is None or when is None else Due(automation, record, value, when)


class NearDates:
    """Puts what a change brings near; one for all changes of a warm Lambda."""

    def __init__(self, *, store: Store, queue: Queue, url: str) -> None:
        """`url` is the queue of automations."""
        self._store = store
        self._queue = queue
        self._url = url

    def seen(self, happening: Happening, known: Known, now: int) -> None:
        """Put the dates of a changed record that are due before the watch looks again."""
        if not known.by_date or happening.kind != _RECORD:
            return
        fields = {str(each.trigger.field) for each in known.by_date}
        dates = self._dates(happening, fields)
        entry = happening.entry
        oldest = now if entry.historical or entry.suppressed else now - MISSED
        for automation in known.by_date:
            value = dates.get(str(automation.trigger.field))
            due = due_of(automation, happening.record, value, known.zone)
            if due is not None and oldest <= due.when <= now + NEAR:
                self._put(due, now)

    def _dates(self, happening: Happening, fields: set[str]) -> dict[str, int]:
        """Return the dates a change has brought, all there are where it begins something."""
        entry = happening.entry
        told = {each.field: each.after for each in entry.changes if each.field in fields}
        if entry.changes and not happening.retells:
            return {field: times.from_text(each) for field, each in told.items() if each}
        head = self._store.read([happening.record])[happening.record]
        view = dates_of(head)
        return {field: view[field] for field in fields if view.get(field) is not None}

    def _put(self, due: Due, now: int) -> None:
        wait = due.when - now
        if wait <= deliveries.DELAY_MAX:
            self._queue.send_call(self._url, due.message(), max(0, -(-wait // times.SECOND)))
        else:
            self._store.commit([due.write()])


def dates_of(head: Document | None) -> Mapping[str, Any]:
    """Return a recurring payment's fields, none where there is nothing to show."""
    if head is None or head.get("merged_into"):
        return {}
    return recurring_payments.show(head["facets"]) or {}
