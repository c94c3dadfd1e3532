"""One page of an erasure: each document looked at, and whoever is erased taken out of it.

A document that somebody else writes meanwhile is read again and looked at anew. What a record leads
to (its customer, the events that made it) is seen to with it, so that most of somebody is gone
long before the table has been gone through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from shared.domain import contacts, erase_job, erasing, erasing_records, naming, personal
from shared.domain.envelope import unpack
from shared.domain.erasing import Keep, Person
from shared.domain.errors import Contended, Quarantined
from shared.domain.ports import Document, Name, Store, Write
from shared.domain.records import ORDER, RECURRING_PAYMENT

# What a rule leaves of a document, None for nothing of it. Raise Keep where it is untouched.
Rule = Callable[[Document], Document | None]
_RIVALS = 5
_BATCH = 100
_KEPT_WHOLE = frozenset({"event", "quarantine"})


class Bodies(Protocol):
    """Where bodies lie that are too large for a document."""

    def body(self, key: str) -> bytes | None:
        """Return what lies under `key`, None where nothing does."""

    def forget(self, key: str) -> None:
        """Remove what lies under `key`, if anything does."""


class EraseItems:
    """A page at work: what it has looked at and erased, and what it has found out."""

    def __init__(self, person: Person, *, store: Store, bodies: Bodies) -> None:
        self._person = person
        self._store = store
        self._bodies = bodies
        self._done: set[Name] = set()
        self.looked_at = 0
        self.erased = 0
        # What stores call them, as it has turned up.
        self.ids: dict[str, None] = {}
        # Whether something is left that only a later look can tell to be theirs.
        self.again = False
        # Erasures that have to follow, as messages.
        self.more: list[dict[str, Any]] = []

    def item(self, name: Name, document: Document) -> None:
        """Look at one document. Raise Contended where others never rest."""
        self.looked_at += 1
        kind = name[0]
        if kind in (RECURRING_PAYMENT, ORDER):
            if erasing_records.is_theirs(self._person, name, document):
                self.record(name)
        elif kind == "entry":
            if erasing_records.is_of_theirs(self._person, document["entry"]):
                self.record(name[1:4])
        elif kind in _KEPT_WHOLE:
            self._event(name, document)
        elif kind == "waits":
            self._waits(name, document)
        elif kind == "email" and self._person.has(name[1]):
            self._claim(name, document)
        else:
            self._other(name, document)

    def record(self, name: Name) -> None:
        """Take the person out of a record, its customer and its events."""
        if name in self._done:
            return
        self._done.add(name)
        head = self._bared(name)
        if head is None or not erasing_records.owns(self._person, head):
            return
        self.ids |= dict.fromkeys(erasing_records.ids_of(name, head))
        entries = self._store.history(name)
        events = erasing_records.events_of(name, entries, self._person.until)
        self._events(list(dict.fromkeys(events)))
        if head.get("customer_id"):
            customer: Name = ("customer", name[1], str(head["customer_id"]))
            held = self._store.read([customer])[customer]
            if held is not None:
                self._rewrite(customer, held, lambda each: self._of_customer(customer, each))

    def _bared(self, name: Name) -> Document | None:
        """Leave a record without the person; return its head as it was, None where it is gone."""
        for attempt in range(_RIVALS):
            head = self._store.read([name])[name]
            if head is None or head.get("merged_into"):
                return None
            entries = self._store.history(name)
            try:
                for steps in erasing_records.bared(self._person, name, head, entries):
                    self._store.commit(steps)
                    self.erased += sum(isinstance(step, Write) for step in steps)
            except Contended:
                if attempt == _RIVALS - 1:
                    raise
                continue
            return head
        return None

    def _events(self, names: list[Name]) -> None:
        """Drop the bodies of events that have told of a record of theirs."""
        for start in range(0, len(names), _BATCH):
            found = self._store.read(names[start : start + _BATCH])
            for name, event in found.items():
                if event is not None and erasing.is_old(self._person, event):
                    self._drop(name, event, self._body(event))

    def _event(self, name: Name, event: Document) -> None:
        """Drop the body of an event that names them, whatever it was about."""
        if not erasing.is_old(self._person, event):
            return
        body = self._body(event)
        if self._person.is_named(body, event.get("messages"), event.get("subject")):
            self._drop(name, event, body)

    def _body(self, event: Document) -> bytes:
        key = event.get("body_key")
        if key is None:
            return bytes(event["body"])
        packed = self._bodies.body(key)
        try:
            return b"" if packed is None else unpack(packed)
        except Quarantined:  # nobody can read it, us included
            return b""

    def _drop(self, name: Name, event: Document, body: bytes) -> None:
        """Keep an event without its bytes; those in the bucket go first, for they have no key."""
        if event.get("body_key"):
            self._bodies.forget(event["body_key"])
        connection_id = name[1] if name[0] == "event" else event["connection_id"]
        self._rewrite(name, event, lambda each: erasing.bare_event(each, connection_id, body))

    def _claim(self, name: Name, claim: Document) -> None:
        """Have a contact erased as well that somebody was making meanwhile, of what was old.

        One that was made since says so, or nothing that is old has made it.
        """
        person: Name = ("contact", claim["contact_id"])
        contact = self._store.read([person])[person]
        until = self._person.until
        if contact is None:
            self._rewrite(name, claim, lambda _: None)
        elif contact.get(contacts.ERASED, 0) < until and self._is_of_old(contact):
            self.more.append(erase_job.straggler(self._person.erasure, claim["contact_id"]))

    def _is_of_old(self, contact: Document) -> bool:
        """Tell whether a contact was there by the erasure, or has a record that was.

        Between the asking and its commit a worker that knew of no erasure may have made one: it is
        younger than the erasure then, and what made it is not.
        """
        until = self._person.until
        if contact["created_date"] <= until:
            return True
        cursor: str | None = None
        while True:
            names, cursor = self._store.of_contact(contact["contact_id"], cursor)
            entries = (each for name in names for each in self._store.history(name))
            if any(personal.moment(each) <= until for each in entries):
                return True
            if cursor is None:
                return False

    def _waits(self, name: Name, document: Document) -> None:
        """Forget that something waits for an address, unless something newer does."""
        if not self._person.has(name[1]):
            return
        activity: Name = ("activity", name[1])
        waiting, _ = self._store.waiting(name[1], None)
        if waiting or self._store.read([activity])[activity] is not None:
            self.again = True
        else:
            self._rewrite(name, document, lambda _: None)

    def _other(self, name: Name, document: Document) -> None:
        self._rewrite(name, document, lambda each: erasing.erased(self._person, name, each))
        if name[0] == "customer" and self._is_new(name, document):
            self.ids |= dict.fromkeys([name[2]])

    def _is_new(self, name: Name, customer: Document) -> bool:
        """Tell whether a customer has turned out to be theirs, by an id that tells of no other."""
        email = erasing.email_of(customer)
        # One that was found to be theirs by what came late of them.
        late = (customer.get("erased") or (None,))[0] == self._person.until
        theirs = late or (email is not None and self._person.has(email))
        return naming.is_telling(name[2]) and theirs

    def _of_customer(self, name: Name, customer: Document) -> Document | None:
        left = erasing.bare_customer(self._person, name[2], customer)
        if left == customer:
            raise Keep
        return None if left is None else {**left, "version": customer["version"] + 1}

    def _rewrite(self, name: Name, document: Document, rule: Rule) -> None:
        """Write what a rule leaves of a document, read anew while others write it."""
        held: Document | None = document
        for attempt in range(_RIVALS):
            if held is None:
                return
            try:
                left = rule(held)
                self._store.commit([Write(name, left, held["version"])])
            except Keep:
                return
            except Contended:
                if attempt == _RIVALS - 1:
                    raise
                held = self._store.read([name])[name]
                continue
            self.erased += 1
            return
