"""A store over another that takes commits and keeps them to itself: for trying what would be done.

What is read is what lies below, and above it what was committed here. Nothing reaches the store
below. Lists come from below alone: a record that exists only here is in none.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from shared.domain.errors import Contended
from shared.domain.ports import Check, Document, Name, Page, Store, Write
from shared.domain.timeline import Entry


class Overlay:
    """What a store would hold; `documents` are those that were written here, None if deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.documents: dict[Name, Document | None] = {}
        self._entries: dict[Name, dict[str, Entry | None]] = {}

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document, None for those that would not exist."""
        wanted = list(names)
        below = self._store.read([name for name in wanted if name not in self.documents])
        return {
            name: copy.deepcopy(self.documents[name]) if name in self.documents else below[name]
            for name in wanted
        }

    def history(self, record: Name) -> list[Entry]:
        """Return all entries of a record."""
        entries: dict[str, Entry | None] = {e.key: e for e in self._store.history(record)}
        entries |= self._entries.get(record, {})
        return [copy.deepcopy(each) for each in entries.values() if each is not None]

    def commit(self, steps: Sequence[Write | Check]) -> None:
        """Take all steps or none. Raise Contended when a version is not the expected one."""
        held = self.read([step.name for step in steps])
        for step in steps:
            found = held[step.name]
            version = found["version"] if found is not None else 0
            if step.expected is not None and version != step.expected:
                raise Contended(f"{step.name[0]} has changed")
        writes = [step for step in steps if isinstance(step, Write)]
        for name, document in ((step.name, step.document) for step in writes):
            self.documents[name] = document
            if name[0] == "entry":
                entry = None if document is None else document["entry"]
                self._entries.setdefault(name[1:4], {})[name[4]] = copy.deepcopy(entry)

    def waiting(self, email: str, cursor: str | None) -> Page:
        """Return records of a known email that no contact has claimed, page by page."""
        return self._store.waiting(email, cursor)

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        """Return the records of a store's customer, page by page."""
        return self._store.of_customer(connection_id, customer_id, cursor)

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        """Return the records of a contact, page by page."""
        return self._store.of_contact(contact_id, cursor)
