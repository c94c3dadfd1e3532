"""The events a stack has kept with their raw bodies, and the records that have entries of them.

Read with the operator's own rights: a stretch of time by a scan of the table, one record by its own
entries. Bodies are read when they are due, those above the limit of a document from the bucket.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from infra.aws import Aws
from infra.cli.command import CliError
from infra.cli.rebuild_log import as_streamed
from shared.adapters.documents import Item
from shared.adapters.table import change_of, event_of
from shared.domain.envelope import unpack
from shared.domain.folding import Arrival
from shared.domain.ports import Check, Document, Name, Store, Write
from shared.domain.records import ORDER

_DERIVED = "order:"


class Bodies(Protocol):
    """Where bodies lie that are too large for a document."""

    def get(self, key: str) -> bytes:
        """Return what lies under `key`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which events are meant: received from `since` on and before `until` (ms), by a connection."""

    since: int
    until: int
    connection_id: str | None = None

    def has(self, name: Name, document: Document) -> bool:
        """Tell whether an event is meant."""
        mine = self.connection_id in (None, name[1])
        return mine and self.since <= document["received_at"] < self.until


@dataclass(slots=True)
class Kept:
    """Events by name with when they came, and the records that have entries of each."""

    came: dict[Name, tuple[int, int]] = field(default_factory=dict)
    held_by: dict[Name, set[Name]] = field(default_factory=dict)

    def in_order(self) -> list[Name]:
        """Return the events in the order in which they came and were folded."""
        return sorted(self.came, key=lambda name: (*self.came[name], name))

    def holders(self, event: Name) -> list[Name]:
        """Return the records that have entries of an event."""
        return sorted(self.held_by.get(event, ()))

    def keep(self, name: Name, document: Document) -> None:
        """Take an event."""
        self.came[name] = (document["received_at"], document["recorded_at"])

    def follow(self, steps: Iterable[Write | Check]) -> None:
        """Note where entries have gone by a commit: orders fall apart and join anew."""
        for step in steps:
            if isinstance(step, Write) and step.name[0] == "entry" and step.document is not None:
                entry = step.document["entry"]
                self.holds(step.name[1:4], entry.event_id, entry.event_type)

    def holds(self, record: Name, event_id: str, event_type: str) -> None:
        """Note that a record has an entry of an event."""
        event = ("event", record[1], event_id, event_type)
        self.held_by.setdefault(event, set()).add(record)


def scanned(aws: Aws, table: str, stretch: Stretch) -> Kept:
    """Return the events of a stretch of time, and all records that have entries of them."""
    kept = Kept()
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            _take(kept, as_streamed(item), stretch)
    kept.held_by = {event: held for event, held in kept.held_by.items() if event in kept.came}
    return kept


def of_record(store: Store, record: Name, stretch: Stretch) -> Kept:
    """Return the events that have made a record what it is. Raise CliError where there is none."""
    kept = Kept()
    for entry in store.history(record):
        kept.holds(record, entry.event_id, entry.event_type)
        event = ("event", record[1], entry.event_id, entry.event_type)
        kept.held_by[event] |= {
            (ORDER, record[1], each.removeprefix(_DERIVED))
            for each in entry.said
            if each.startswith(_DERIVED)
        }
    if not kept.held_by:
        raise CliError(f"There is no record {record[0]} {record[2]} of the connection {record[1]}.")
    for name, document in store.read(kept.held_by).items():
        if document is not None and stretch.has(name, document):
            kept.keep(name, document)
    return kept


def is_bare(document: Document) -> bool:
    """Tell whether an event is kept without its body: its person was erased, so nobody reads it."""
    return "body" not in document and "body_key" not in document


def arrival_of(name: Name, document: Document, bodies: Bodies) -> Arrival:
    """Return a kept event, one that is not bare, as it arrived.

    Raise Quarantined where its body cannot be read.
    """
    key = document.get("body_key")
    return Arrival(
        provider=document["provider"],
        connection_id=name[1],
        received_at=document["received_at"],
        body=unpack(bodies.get(key)) if key else document["body"],
        headers=document["headers"],
        source=document["source"],
        body_key=key,
    )


def _take(kept: Kept, item: Item, stretch: Stretch) -> None:
    told = event_of(item)
    if told is not None:
        if stretch.has(*told):
            kept.keep(*told)
        return
    changed = change_of(item)
    if changed is not None and stretch.connection_id in (None, changed[0][2]):
        name, entry = changed
        kept.holds(name[1:4], entry.event_id, entry.event_type)
