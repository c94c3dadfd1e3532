"""The processor at work on one connection, in memory: events in, records out, jobs done at once.

For tests of what events *mean*. Queues, faults and time are the simulator's subject, not ours.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from functions.process_events.fold_events import Work
from functions.process_events.messages import Messages
from functions.process_events.verify_page import Listing
from shared.domain import contacts, directory
from shared.domain.envelope import EventEnvelope
from shared.domain.folding import Arrival
from shared.domain.history_message import PageMessage, read_page
from shared.domain.observations import Parsed
from shared.domain.people import to_json
from shared.domain.ports import Missing, Reading, Write
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from tests.fakes.memory_store import MemoryStore

START = 1_790_000_000_000


class Outbox:
    """The queue as the processor sees it, kept in order."""

    def __init__(self) -> None:
        self.jobs: deque[Mapping[str, object]] = deque()
        self.calls: list[Mapping[str, object]] = []

    def open_event(self, envelope: EventEnvelope) -> EventEnvelope:
        return envelope

    def open_page(self, message: Mapping[str, Any]) -> PageMessage:
        return read_page(message)

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        self.jobs.append(job)

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        if url == "calls":
            self.calls.append(call)


class Shop:
    """One Stripe connection, `shop`, and everything its events have become."""

    def __init__(
        self,
        *,
        policy: str = "create",
        has_api: bool = False,
        store: Listing | None = None,
        connections: Mapping[str, Mapping[str, Any]] | None = None,
        provider: str = "stripe",
        outbox: Outbox | None = None,
    ) -> None:
        """`connections` are others beside `shop`, or what `shop` differs in, in a directory."""
        self.memory = store if isinstance(store, MemoryStore) else MemoryStore()
        self.store: Listing = store or self.memory
        self.provider = provider
        connection = {
            "connection_id": "shop",
            "provider": provider,
            "mode": "live",
            "contact_policy": policy,
            "has_api": has_api,
            "version": 1,
        }
        self._enter(connection, connections)
        self.outbox = outbox or Outbox()
        # Jobs usually run at once; a test of what happens meanwhile holds them back.
        self.holds_jobs = False
        self._ids = (f"contact-{number}" for number in itertools.count(1))
        self._now = START
        self.messages = Messages(
            store=self.store,
            queue=self.outbox,
            events_url="events",
            history_url="history",
            calls_url="calls",
            new_id=lambda: next(self._ids),
        )

    def _enter(
        self, connection: dict[str, Any], others: Mapping[str, Mapping[str, Any]] | None
    ) -> None:
        known = {"shop": connection}
        for name, about in (others or {}).items():
            known[name] = {**connection, "connection_id": name, **about}
        book: dict[str, Any] | None = None
        for each in known.values():
            self.store.commit([Write(("connection", each["connection_id"]), each, 0)])
            book = directory.entered(book, each)
        if others is not None:
            self.store.commit([Write(directory.NAME, book, 0)])

    def receive(
        self,
        body: bytes,
        subject: str | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = "live",
    ) -> str:
        """Process one event and all that follows from it; return its outcome."""
        self._now += 1
        envelope = EventEnvelope(
            provider=self.provider,
            connection_id="shop",
            received_at=self._now,
            body=body,
            subject=subject,
            headers=headers,
            source=source,
        )
        return self.process(envelope, self._now)

    def process(self, envelope: EventEnvelope, now: int) -> str:
        """Process an event as it comes off the queue at a time (ms), and all that follows."""
        self._now = now
        work = Work()
        self.messages.open(work, envelope.to_message())
        return self._carry_out(work)

    def hear(
        self,
        parsed: Parsed,
        *,
        source: str = "live",
        quarantine_id: str | None = None,
        connection_id: str = "shop",
    ) -> str:
        """Process what a parser has made of an event, for tests that speak no provider's tongue."""
        self._now += 1
        work = Work()
        work.parsed = parsed
        work.arrival = Arrival(
            provider=self.provider,
            connection_id=connection_id,
            received_at=self._now,
            body=parsed.event_id.encode(),
            source=source,
            quarantine_id=quarantine_id,
        )
        return self._carry_out(work)

    def hear_at(self, parsed: Parsed, now: int, connection_id: str = "shop") -> str:
        """Process what a parser has made of an event that comes at a time (ms)."""
        self._now = now - 1
        return self.hear(parsed, connection_id=connection_id)

    @property
    def now(self) -> int:
        """The time of the last event, in ms."""
        return self._now

    def hear_all(self, events: Iterable[Parsed]) -> list[str]:
        return [self.hear(parsed) for parsed in events]

    def _carry_out(self, work: Work) -> str:
        if work.parsed is not None:
            self.messages.read_ahead([work], self._now)
        outcome = self.messages.carry_out(work, self._now)
        if not self.holds_jobs:
            self.work_off()
        return outcome

    def receive_all(self, bodies: Iterable[bytes]) -> list[str]:
        return [self.receive(body) for body in bodies]

    def add_contact(self, email: str) -> str:
        """Have a person make a contact, as `PUT /v1/contacts` does; return its id."""
        contact_id = next(self._ids)
        contact = {**contacts.new(contact_id, email, self._now), "version": 1}
        claim = {"contact_id": contact_id, "version": 1}
        claims = Write(("email", email), claim, 0)
        self.store.commit([Write(("contact", contact_id), contact, 0), claims])
        self.outbox.jobs.append(
            {"job": "attach_contact", "connection_id": "shop", "email": email, "subject": None}
        )
        if not self.holds_jobs:
            self.work_off()
        return contact_id

    def work_off(self) -> None:
        """Do the jobs that are due."""
        while self.outbox.jobs:
            work = Work()
            work.job = dict(self.outbox.jobs.popleft())
            self.messages.carry_out(work, self._now)

    def head(self, kind: str, identity: str) -> dict[str, Any] | None:
        return self.memory.documents.get((kind, "shop", identity))

    def view(self, kind: str, identity: str) -> dict[str, Any] | None:
        name = (kind, "shop", identity)
        reading = Reading()
        reading.load(self.store, Missing([name]))
        view = Record(name, reading, lambda *_: False, 0).view
        return dict(view) if view is not None else None

    def _views(self, kind: str) -> dict[str, dict[str, Any]]:
        names = [name for name in self.memory.documents if name[0] == kind]
        views = {name[2]: self.view(kind, name[2]) for name in names}
        return {identity: view for identity, view in sorted(views.items()) if view is not None}

    def recurring_payments(self) -> dict[str, dict[str, Any]]:
        return self._views(RECURRING_PAYMENT)

    def orders(self) -> dict[str, dict[str, Any]]:
        return self._views(ORDER)

    def history(self, kind: str, identity: str) -> list[Any]:
        entries = self.store.history((kind, "shop", identity))
        return [entry for entry in sorted(entries, key=lambda e: e.place) if entry.kind]

    def contacts(self) -> dict[str, dict[str, Any]]:
        found = [d for n, d in self.memory.documents.items() if n[0] == "contact"]
        return {contact["email"]: to_json(contact) for contact in found}

    def quarantined(self) -> list[dict[str, Any]]:
        return [d for n, d in self.memory.documents.items() if n[0] == "quarantine"]
