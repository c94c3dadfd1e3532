"""What the table holds of events and firings, for an audit to compare.

Read with the operator's own rights, in one scan. What the doors knew an event by is worked out
anew from its kept headers and body, so that nothing has to be stored for it; only of an event whose
body was erased it stands in the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from infra.aws import Aws
from infra.cli.audit_balance import (
    APPLIED,
    IGNORED,
    IN_FLIGHT,
    MISSING,
    QUARANTINED,
    STALE,
    Excuses,
    Held,
    Waiting,
)
from infra.cli.audit_firings import UNWANTED, Fired, Firing, Run, Sending, doubtful, overdue
from infra.cli.rebuild_log import as_streamed
from shared.adapters.aws import AwsError
from shared.adapters.documents import to_document
from shared.adapters.table_keys import audited_name_of
from shared.domain import times, trust
from shared.domain.envelope import EventEnvelope, read_message, receipt_of, unpack
from shared.domain.errors import Quarantined
from shared.domain.ports import Document, Name

# What came through a door, be it for a second time; all else was asked for or told over the API.
_THROUGH_DOORS = ("live", "retry", "redrive")
_API_STORE = "api"
_OUTCOMES = {"applied": APPLIED, "ignored": IGNORED, trust.UNCONFIRMED: IN_FLIGHT}
# Twelve tries at a provider's API take hours; then the call is a dead letter.
_CONFIRMED_WITHIN = times.DAY
_NOT_FOUND = 404


class Bodies(Protocol):
    """Where bodies lie that are too large for a document."""

    def get(self, key: str) -> bytes:
        """Return what lies under `key`."""


class Reads(Protocol):
    """The table, read by names."""

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document, None for those that do not exist."""


@dataclass(slots=True)
class Kept:
    """Events that came through doors, how many came otherwise by connection, and firings."""

    events: list[Held] = field(default_factory=list)
    apart: dict[str, Counter[str]] = field(default_factory=dict)
    fired: Fired = field(default_factory=Fired)
    # By event: whether one of its entries changed anything.
    _told: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _types: dict[int, str] = field(default_factory=dict)
    # Since when (ms) an event has waited for its provider's confirmation.
    _unconfirmed: dict[int, int] = field(default_factory=dict)

    def take(self, name: Name, document: Document, receipts: Receipts) -> None:
        """Take one document of the table."""
        kind = name[0]
        if kind == "event":
            self._event(name, document, receipts)
        elif kind == "quarantine":
            self._quarantined(document, receipts)
        elif kind == "entry":
            entry = document["entry"]
            key = name[2], entry.event_id, entry.event_type
            self._told[key] = self._told.get(key, False) or entry.kind is not None
        elif kind == "firing":
            firing = _firing(document)
            self.fired.firings.append(firing)
            self.fired.rows[firing.firing_id] = firing.connection_id
        elif kind == "run":
            self.fired.runs[name[1]] = Run.of(document)
        elif kind == "delivery":
            self.fired.sent[name] = Sending.of(document)
        elif kind == "mail":
            self.fired.sent[name] = Sending.of_mail(document)

    def settle(self, now: int, asked: Waiting) -> None:
        """Tell what was applied from what told nothing new, as of now (ms).

        All documents must have been taken. `asked.dead` are the ids of events whose confirmation is
        still asked for: a dead letter of the calls to providers is about them.
        """
        excuses = Excuses(asked, now)
        for place, event_type in self._types.items():
            event = self.events[place]
            told = self._told.get((event.connection_id, event.event_id or "", event_type), True)
            if event.outcome == APPLIED and not told:
                event.outcome = STALE
        for place, since in self._unconfirmed.items():
            event = self.events[place]
            late = now - since > _CONFIRMED_WITHIN and event.event_id not in asked.dead
            if late and not excuses.cover(since):
                event.outcome = MISSING
                event.reason = "its provider never confirmed it, and is asked no more"

    def _event(self, name: Name, document: Document, receipts: Receipts) -> None:
        _, connection_id, event_id, event_type = name
        confirmed = "confirmed" in document
        asked = document["source"] not in _THROUGH_DOORS and not confirmed
        if asked or document["provider"] == _API_STORE:
            source = _API_STORE if document["provider"] == _API_STORE else document["source"]
            self.apart.setdefault(connection_id, Counter())[source] += 1
            if not receipts.is_asked(connection_id, event_id):
                return
        place, at = len(self.events), document["received_at"]
        self._types[place] = event_type
        if document["outcome"] == trust.UNCONFIRMED:
            self._unconfirmed[place] = document["recorded_at"]
        self.events.append(
            Held(
                received_at=at,
                provider=document["provider"],
                connection_id=connection_id,
                event_id=event_id,
                receipt=None if asked else receipts.of(connection_id, event_id, document, at),
                outcome=_OUTCOMES.get(document["outcome"], APPLIED),
                way="asked" if asked else "confirmed" if confirmed else "door",
            )
        )

    def _quarantined(self, row: Document, receipts: Receipts) -> None:
        if not row["provider"] or row["source"] not in _THROUGH_DOORS:
            return
        connection_id, event_id, at = row["connection_id"], row["event_id"], row["received_date"]
        receipt = receipts.of(connection_id, event_id, row, at)
        held = Held(at, row["provider"], connection_id, event_id, receipt, QUARANTINED)
        self.events.append(held)


class Receipts:
    """Works receipts out; bodies in the bucket are fetched only where they may be asked for."""

    def __init__(
        self, bodies: Bodies, since: int, asked: Collection[tuple[str, str | None]]
    ) -> None:
        """`asked` are connections and ids of events that doors have logged."""
        self._bodies = bodies
        self._since = since - times.HOUR
        self._asked = asked

    def is_asked(self, connection_id: str, event_id: str) -> bool:
        """Tell whether a door has logged an event of this id."""
        return (connection_id, event_id) in self._asked

    def of_message(self, body: str) -> str | None:
        """Return the receipt of an event's message, None for what is no event of a door's."""
        try:
            envelope = read_message(body)
            if not isinstance(envelope, EventEnvelope):
                return None
            raw = self._fetched(envelope.body_key) if envelope.body_key else envelope.body()
        except Quarantined:
            return None
        return None if raw is None else receipt_of(envelope.connection_id, envelope.headers, raw)

    def of(
        self, connection_id: str, event_id: str | None, document: Document, received_at: int
    ) -> str | None:
        """Return the receipt of a kept event, None where its body is gone or is not asked for."""
        if stored := document.get("receipt"):
            return str(stored)
        body: bytes | None = document.get("body")
        key = document.get("body_key")
        if key and (received_at >= self._since or (connection_id, event_id) in self._asked):
            body = self._fetched(key)
        return None if body is None else receipt_of(connection_id, document["headers"], body)

    def _fetched(self, key: str) -> bytes | None:
        try:
            return unpack(self._bodies.get(key))
        except Quarantined:
            return None
        except AwsError as error:
            if error.status == _NOT_FOUND:
                return None
            raise


def scanned(aws: Aws, table: str, receipts: Receipts, say: Callable[[str], None]) -> Kept:
    """Return everything an audit asks of the table; `say` is told how far it is."""
    kept, seen = Kept(), 0
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            name = audited_name_of(item["pk"]["S"], item["sk"]["S"])
            if name is not None:
                kept.take(name, to_document(as_streamed(item)), receipts)
        seen += len(page["Items"])
        say(f"reading the table: {seen:,} documents")
    return kept


def made_at(aws: Aws, table: str) -> int:
    """Return when (ms) a table was made."""
    told = aws.dynamodb.describe_table(TableName=table)["Table"]["CreationDateTime"]
    return int(told.timestamp() * times.SECOND)


def read_again(fired: Fired, store: Reads, now: int) -> None:
    """Look once more for what a scan has not met: it goes on while the stack works.

    An email whose contact is gone went with it. What is late and about to be woken is asleep.
    """
    for firing in list(doubtful(fired)):
        name: Name = ("run", firing.firing_id)
        stored = store.read([name])[name]
        if stored is None:
            continue
        fired.runs[firing.firing_id] = run = Run.of(stored)
        contact: Name = ("contact", run.contact_id)
        found = store.read([*run.sent, contact])
        for each in run.sent:
            document = found[each]
            if document is not None:
                of = Sending.of_mail if each[0] == "mail" else Sending.of
                fired.sent[each] = of(document)
            elif each[0] == "mail" and found[contact] is None:
                fired.sent[each] = Sending(UNWANTED)
    entries = store.read(overdue(fired, now))
    fired.asleep = frozenset(name[3] for name, entry in entries.items() if entry is not None)


def _firing(document: Document) -> Firing:
    return Firing(
        firing_id=document["firing_id"],
        automation_id=document["automation_id"],
        connection_id=document["record"]["connection_id"],
        at=document["recorded_at"],
        state=document["state"],
    )
