"""What the parts of one fold share: what was read, what will be written, what will be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shared.domain import erase_job, orders, personal
from shared.domain.customers import shown
from shared.domain.due import due
from shared.domain.envelope import receipt_of
from shared.domain.ports import Check, Document, Name, Reading, Write
from shared.domain.records import ORDER, Record
from shared.domain.recurring_payments import is_created

if TYPE_CHECKING:
    from shared.domain.late_words import Erased

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came off the queue: who sent it, when it was first received, and its bytes.

    `body_key` says where the bytes lie already, if they are too large for a document. A `bare` one
    is of somebody erased: its bytes are not to be kept.
    """

    provider: str
    connection_id: str
    received_at: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = "live"
    subject: str | None = None
    quarantine_id: str | None = None
    body_key: str | None = None
    bare: bool = False

    def archived(self) -> dict[str, Any]:
        """Return what a document keeps of the bytes: themselves, or the key they lie under.

        Of somebody erased only by what the queue knew them, for whoever counts what was received.
        """
        if self.bare:
            return {"receipt": self.receipt}
        return {"body_key": self.body_key} if self.body_key else {"body": self.body}

    @property
    def receipt(self) -> str:
        """What the door has logged the event by: the beginning of its de-duplication id."""
        return receipt_of(self.connection_id, self.headers, self.body)

    def without_body(self) -> Arrival:
        """Return the event as one whose bytes are not to be kept, nor an address it goes by."""
        subject = None if personal.is_address(self.subject) else self.subject
        return replace(self, bare=True, subject=subject)


@dataclass(frozen=True, slots=True)
class Habits:
    """What folding has to know of a provider's ways."""

    states_creation: bool
    fetchable: frozenset[str]
    confirms: bool = False


@dataclass(slots=True)
class Plan:
    """What one event or job comes to: the steps of its transaction, and the messages after it."""

    outcome: str
    steps: list[Write | Check] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


class Folding:
    """One fold at work: a layer of changes over a Reading, for one connection."""

    def __init__(
        self,
        reading: Reading,
        connection: Document,
        habits: Habits,
        arrival: Arrival,
        now: int,
        new_id: Callable[[], str],
    ) -> None:
        self.connection = connection
        self.connection_id: str = arrival.connection_id
        self.habits = habits
        self.arrival = arrival
        self.now = now
        self.new_id = new_id
        self.reading = reading
        self.records: dict[Name, Record] = {}
        self.messages: list[Message] = []
        self.historical = arrival.source == "history"
        # Whether whatever is told anew by this fold is to set nothing off.
        self.silent = False
        # Who was erased, of whom the event is.
        self.erased: Erased | None = None
        # The addresses the event itself states, which nobody has forgotten by that.
        self.said: frozenset[str] = frozenset()
        self._staged: dict[Name, dict[str, Any] | None] = {}
        self._due: list[Write] = []
        self._kept: dict[Name, Write] = {}
        self._relied_on: set[Name] = set()

    def want(self, names: Iterable[Name]) -> None:
        """Raise Missing unless all these names were read or made by this fold."""
        self.reading.want(name for name in names if name not in self._staged)

    def get(self, name: Name) -> Document | None:
        """Return a document as this fold has left it so far. Raise Missing if it was not read."""
        return self._staged[name] if name in self._staged else self.reading.get(name)

    def home(self, name: Name) -> Name:
        """Return the name a record goes by: an order may yield its own to a stronger one.

        What led to it may have been read before that, and is then not what holds now.
        """
        while (head := self.get(name)) and head.get("merged_into"):
            name = (*name[:2], head["merged_into"])
        return name

    def put(self, name: Name, document: Mapping[str, Any]) -> None:
        """Have a document written with the event, if nobody writes it in between."""
        version = self._version(name)
        self._staged[name] = {**document, "version": version + 1}

    def keep(self, name: Name, document: Mapping[str, Any]) -> None:
        """Have a document written with the event whatever stands there: nobody changes such."""
        self._kept[name] = Write(name, document, None)

    def drop(self, name: Name) -> None:
        """Have a document that is there deleted with the event, if nobody writes it in between."""
        self._staged[name] = None

    def rely_on(self, name: Name) -> None:
        """Have the event refused, and folded anew, if this document changes in between."""
        self._relied_on.add(name)

    def version_after(self, name: Name) -> int:
        """Return the version a document will have once the event is through."""
        return self._version(name) + (name in self._staged)

    def record(self, kind: str, identity: str) -> Record:
        """Return a record as this fold has left it so far. Raise Missing if it was not read."""
        name = (kind, self.connection_id, identity)
        if name not in self.records:
            states_creation = self.habits.states_creation
            born = orders.is_created if kind == ORDER else is_created(states_creation)
            self.records[name] = Record(name, self.reading, born, self.now)
        return self.records[name]

    def forget(self, customers: Iterable[str]) -> None:
        """Have stores' customers of somebody erased known for it, of whom nothing else is known.

        Records that were told before then of a customer nobody had named are theirs as well.
        """
        for customer_id in customers if self.erased else ():
            name: Name = ("customer", self.connection_id, customer_id)
            held = self.get(name)
            known = held is not None and (held.get("erased") or shown(held).get("email"))
            if self.erased is None or known or "@" in customer_id:
                continue
            told = {"said": []} if held is None else held
            self.put(name, {**told, "erased": [self.erased.until, self.erased.contact_id]})
            if held is not None:
                self.send_job("refresh_customer", customer_id=customer_id)
                self.erase_as_well(self.erased, customer_id)

    def erase_as_well(self, erased: Erased, customer_id: str) -> None:
        """Have what was kept under a customer's id alone erased too: it was theirs, it turns out.

        Asked twice of one customer is asked once.
        """
        name: Name = ("customer", self.connection_id, customer_id)
        self._send("jobs", **erase_job.found(erased, name))

    def bare_new(self) -> None:
        """Have the records of somebody erased know it, those that this fold has made."""
        for record in self.records.values() if self.erased else ():
            told = record.standing.erased_until is not None
            if record.touched and (told or not record.version) and self.erased is not None:
                record.standing.erase(*self.erased.over(record))

    def ask(self, wanted: str, identity: str, **about: str) -> None:
        """Have `call_providers` fetch an object, where the connection has an API key for it.

        `about` travels with the call, for its answer.
        """
        if self.can_ask(wanted) and not (self.arrival.bare and wanted in personal.PEOPLE):
            provider = self.arrival.provider
            if self.historical:
                about = {"source": self.arrival.source, **about}
            self._send("calls", provider=provider, object=wanted, id=identity, **about)

    def can_ask(self, wanted: str) -> bool:
        """Tell whether the connection's API can be asked for such objects."""
        return bool(self.connection.get("has_api")) and wanted in self.habits.fetchable

    def ask_at(self, when: int, wanted: str, identity: str) -> None:
        """Have an object fetched as soon as it is `when` (ms), where there is an API key for it.

        Asked twice for one moment is asked once.
        """
        if self.can_ask(wanted):
            call = {
                "to": "calls",
                "connection_id": self.connection_id,
                "subject": self.arrival.subject,
                "provider": self.arrival.provider,
                "object": wanted,
                "id": identity,
            }
            self._due.append(due(when, "call", f"{self.connection_id}/{wanted}/{identity}", call))

    def send_job(self, job: str, **about: str) -> None:
        """Have a paged job follow this event through the queue, behind its own subject."""
        self._send("jobs", job=job, **about)

    def steps(self) -> list[Write | Check]:
        """Return the writes and checks of everything but the records."""
        writes = [
            Write(name, document, self._version(name)) for name, document in self._staged.items()
        ]
        checks = [
            Check(name, self._version(name))
            for name in sorted(self._relied_on)
            if name not in self._staged
        ]
        return [*writes, *checks, *self._due, *self._kept.values()]

    def _version(self, name: Name) -> int:
        stored = self.reading.get(name) if name not in self._made_here(name) else None
        return stored["version"] if stored else 0

    def _made_here(self, name: Name) -> set[Name]:
        # A contact is made under a fresh id: nobody else can have it, so it need not be read.
        return {name} if name[0] == "contact" and not self.reading.has(name) else set()

    def _send(self, to: str, **about: Any) -> None:
        message = {
            "to": to,
            "connection_id": self.connection_id,
            "subject": self.arrival.subject,
            **about,
        }
        if message not in self.messages:
            self.messages.append(message)
