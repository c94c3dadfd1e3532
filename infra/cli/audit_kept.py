"""What the table holds of events and firings, and what the queues hold, for an audit to compare.

Read with the operator's own rights, in one scan. What the doors knew an event by is worked out
anew from its kept headers and body, so that nothing has to be stored for it; only of an event whose
body was erased it stands in the table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

from infra.aws import Aws
from infra.cli.audit_balance import APPLIED, IGNORED, IN_FLIGHT, QUARANTINED, STALE, Held, Waiting
from infra.cli.audit_firings import Delivery, Fired, Firing, Run, doubtful
from infra.cli.dead_letters import DeadLetter, DeadLetters
from infra.cli.rebuild_log import as_streamed
from infra.cli.running import Running
from shared.adapters.aws import AwsError
from shared.adapters.documents import to_document
from shared.adapters.table_keys import audited_name_of
from shared.domain import times
from shared.domain.envelope import EventEnvelope, read_message, receipt_of, unpack
from shared.domain.errors import Quarantined
from shared.domain.ports import Document, Name

# What came through a door, be it for a second time; all else was asked for or told over the API.
_THROUGH_DOORS = ("live", "retry", "redrive")
_API_STORE = "api"
_OUTCOMES = {"applied": APPLIED, "ignored": IGNORED, "unconfirmed": IN_FLIGHT}
_HIDDEN_SECONDS = 60
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
    fired: Fired = field(default_factory=lambda: Fired([], {}, {}))
    # By event: whether one of its entries changed anything.
    _told: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _types: dict[int, str] = field(default_factory=dict)

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
            self.fired.firings.append(_firing(document))
        elif kind == "run":
            self.fired.runs[name[1]] = Run.of(document)
        elif kind == "delivery":
            self.fired.deliveries[name[1]] = Delivery.of(document)

    def settle(self) -> None:
        """Tell what was applied from what told nothing new. All entries must have been taken."""
        for place, event_type in self._types.items():
            event = self.events[place]
            told = self._told.get((event.connection_id, event.event_id or "", event_type), True)
            if event.outcome == APPLIED and not told:
                event.outcome = STALE

    def _event(self, name: Name, document: Document, receipts: Receipts) -> None:
        _, connection_id, event_id, event_type = name
        through_door = document["source"] in _THROUGH_DOORS or "confirmed" in document
        if not through_door or document["provider"] == _API_STORE:
            source = _API_STORE if document["provider"] == _API_STORE else document["source"]
            self.apart.setdefault(connection_id, Counter())[source] += 1
            return
        self._types[len(self.events)] = event_type
        self.events.append(
            Held(
                received_at=document["received_at"],
                provider=document["provider"],
                connection_id=connection_id,
                event_id=event_id,
                receipt=receipts.of(connection_id, event_id, document, document["received_at"]),
                outcome=_OUTCOMES.get(document["outcome"], APPLIED),
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


def scanned(aws: Aws, table: str, receipts: Receipts) -> Kept:
    """Return everything an audit asks of the table, as of now."""
    kept = Kept()
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            name = audited_name_of(item["pk"]["S"], item["sk"]["S"])
            if name is not None:
                kept.take(name, to_document(as_streamed(item)), receipts)
    kept.settle()
    return kept


def read_again(fired: Fired, store: Reads) -> None:
    """Look once more for what a scan has not met: it goes on while the stack works."""
    for firing in list(doubtful(fired)):
        name: Name = ("run", firing.firing_id)
        run = store.read([name])[name]
        if run is None:
            continue
        fired.runs[firing.firing_id] = read = Run.of(run)
        names: list[Name] = [("delivery", each) for each in read.sent]
        for told, document in store.read(names).items():
            if document is not None:
                fired.deliveries[told[1]] = Delivery.of(document)


def events_waiting(
    running: Running, receipts: Receipts, now: int, unsettled_from: int | None
) -> Waiting:
    """Return what the queue of events and its dead letters hold; those stay where they are."""
    count = _count(running, "EventsQueueUrl")
    known = (receipts.of_message(each.body) for each in _dead(running, "EventsDlqUrl", now))
    return Waiting(count, frozenset(each for each in known if each is not None), unsettled_from)


def firings_waiting(running: Running, now: int) -> Waiting:
    """Return what the queue of automations holds, and of which firings and deliveries are dead."""
    count = _count(running, "AutomationsQueueUrl")
    dead = (_named(each.body) for each in _dead(running, "AutomationsDlqUrl", now))
    return Waiting(count, frozenset(chain.from_iterable(dead)))


def _count(running: Running, output: str) -> int:
    names: Any = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    url = running.outputs[output]
    told = running.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(map(int, told["Attributes"].values()))


def _dead(running: Running, output: str, now: int) -> Iterator[DeadLetter]:
    letters = DeadLetters(running.aws.sqs, running.outputs[output])
    if not letters.count():
        return
    try:
        yield from letters.take(before=now, limit=None, seconds=_HIDDEN_SECONDS)
    finally:
        letters.let_go()


def _named(body: str) -> Iterator[str]:
    """Yield the ids of the firing and the delivery that a message is about."""
    try:
        said = json.loads(body)
    except ValueError:
        return
    if isinstance(said, dict):
        yield from (str(said[key]) for key in ("firing_id", "delivery_id") if said.get(key))


def _firing(document: Document) -> Firing:
    return Firing(
        firing_id=document["firing_id"],
        automation_id=document["automation_id"],
        connection_id=document["record"]["connection_id"],
        at=document["recorded_at"],
        state=document["state"],
    )
