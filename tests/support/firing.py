"""Firing in memory: a store with a stream, a queue and a bus that remember, and automations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.fire_triggers.read_stream import Stream
from shared.adapters.table import change_of
from shared.domain import contacts
from shared.domain.automations.bus_events import BusEvent
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.fire import Fire
from shared.domain.automations.happening import Happening
from shared.domain.automations.parse import definition_of
from shared.domain.timeline import Change, Entry
from tests.support.stream import StreamingStore

NOW = 1_790_000_000_000
RECORD = ("recurring_payment", "shop", "sub_1")
PLACE = "place-1"
FAILED = ("status", "active", "payment_failed")
ON_STATUS = {"type": "recurring_payment_updated", "field": "status"}
ON_FAILURE = {**ON_STATUS, "to": "payment_failed"}
TAGGED = {
    "match": "all",
    "conditions": [{"field": "contact.tags", "operator": "is", "value": "VIP"}],
}


class MemoryQueue:
    """The queue of automations, never emptied."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], int]] = []

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        self.sent.append((dict(call), delay_seconds))

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [message for message, _ in self.sent if message["kind"] == kind]


class MemoryBus:
    """The event bus."""

    def __init__(self) -> None:
        self.events: list[BusEvent] = []

    def put(self, events: Sequence[BusEvent]) -> None:
        self.events += events

    def of_type(self, detail_type: str) -> list[Mapping[str, Any]]:
        return [each.detail for each in self.events if each.detail_type == detail_type]


class Desk:
    """Whatever firing needs, in memory; a new `Fire` per `fire` call is a cold start."""

    def __init__(self, store: StreamingStore | None = None) -> None:
        self.store = store or StreamingStore()
        self.queue = MemoryQueue()
        self.bus = MemoryBus()
        self.lines: list[dict[str, Any]] = []
        self.counted: list[str] = []
        if ("connection", "shop") not in self.store.documents:
            self.put(("connection", "shop"), connection())

    def put(self, name: tuple[str, ...], document: Mapping[str, Any]) -> None:
        self.store.documents[name] = {"version": 1, **document}

    def automate(self, trigger: Mapping[str, Any], automation_id: str = "rescue") -> None:
        self.put(("automation", automation_id), automation(trigger, automation_id))

    def befriend(self, contact_id: str = "c-1", **fields: Any) -> None:
        fresh = contacts.new(contact_id, f"{contact_id}@example.com", NOW - 1_000_000)
        self.put(("contact", contact_id), {**fresh, **fields})

    def log(self, event: str, **fields: object) -> None:
        self.lines.append({"event": event, **fields})

    def count(self, metric: str, **fields: object) -> None:
        self.counted.append(metric)

    def fire(self, **replaced: Any) -> Fire:
        configuration = Configuration(self.store, 60, local=True, log=self.log)
        parts: dict[str, Any] = {"store": self.store, "queue": self.queue, "bus": self.bus}
        return Fire(**{**parts, **replaced}, configuration=configuration, url="automations")

    def stream(self, fire: Any = None) -> Stream:
        return Stream(fire=fire or self.fire(), read=change_of, log=self.log, count=self.count)

    def firings(self) -> list[dict[str, Any]]:
        found = [each for name, each in self.store.documents.items() if name[0] == "firing"]
        return sorted(found, key=lambda each: str(each["firing_id"]))


def connection(**fields: Any) -> dict[str, Any]:
    return {
        "connection_id": "shop",
        "provider": "stripe",
        "mode": "live",
        "contact_policy": "create",
        **fields,
    }


def automation(trigger: Mapping[str, Any], automation_id: str = "rescue") -> dict[str, Any]:
    """Return a stored automation, checked as one that is put."""
    return {
        **definition_of({"name": automation_id.title(), "trigger": trigger}),
        "automation_id": automation_id,
        "revision": 1,
        "version": 1,
        "created_date": NOW - 2_000_000,
    }


def updated(*changes: tuple[str, Any, Any], **fields: Any) -> Entry:
    """Return an entry that says these fields have changed."""
    values: dict[str, Any] = {
        "at": NOW,
        "rank": 1,
        "event_id": "evt_1",
        "event_type": "customer.subscription.updated",
        "received_at": NOW + 1,
        "said": {},
        "kind": "updated",
        "changes": [Change(*each) for each in changes],
        "recorded_at": NOW + 2,
        "contact_id": "c-1",
        "contact_version": 1,
        **fields,
    }
    return Entry(**values)


def created(**fields: Any) -> Entry:
    """Return an entry that is the creation of its record."""
    return updated(kind="created", event_type="customer.subscription.created", **fields)


def happening(
    entry: Entry, before: Entry | None = None, *, kind: str = RECORD[0], **fields: Any
) -> Happening:
    """Return what the stream tells of an entry."""
    name = ("entry", kind, *RECORD[1:], PLACE)
    return Happening(name, entry, before, fields.get("written_at", NOW + 500))
