"""What the use cases need from outside: stored documents by name, and one atomic commit.

A **name** says what is wanted in the domain's words, such as `("order", "shop", "in_1")`; how it
becomes a key is the table's affair alone. A **document** is a plain dict with its `version`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.timeline import Entry

Name = tuple[str, ...]
Document = Mapping[str, Any]
Page = tuple[list[Name], str | None]


@dataclass(frozen=True, slots=True)
class Write:
    """One document of a commit: put, or deleted where `document` is None.

    `expected` is the version it must still have: 0 for "must not exist", None for "whatever".
    """

    name: Name
    document: Document | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """A document that must still have the version it was read at, 0 for "still absent"."""

    name: Name
    expected: int


class Store(Protocol):
    """Where documents live."""

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document, None for those that do not exist."""

    def history(self, record: Name) -> list[Entry]:
        """Return all entries of a record."""

    def commit(self, steps: Sequence[Write | Check]) -> None:
        """Apply all steps or none. Raise Contended when a version is not the expected one."""

    def waiting(self, email: str, cursor: str | None) -> Page:
        """Return records of a known email that no contact has claimed, page by page."""

    def of_customer(self, connection_id: str, customer_id: str, cursor: str | None) -> Page:
        """Return the records of a store's customer, page by page."""

    def of_contact(self, contact_id: str, cursor: str | None) -> Page:
        """Return the records of a contact, page by page."""


class Reads(Protocol):
    """Point reads."""

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document, None for those that do not exist."""


class Writes(Protocol):
    """Atomic writes."""

    def commit(self, steps: Sequence[Write | Check]) -> None:
        """Apply all steps or none. Raise Contended when a version is not the expected one."""


class Library(Reads, Protocol):
    """What the HTTP API reads: single documents, lists of them, and what lies around a contact."""

    def history(self, record: Name) -> list[Entry]:
        """Return all entries of a record, in the order of their places."""

    def latest(self, record: Name, limit: int) -> list[Entry]:
        """Return the last entries of a record, the newest first."""

    def newest_of_contact(self, contact_id: str, kind: str, limit: int) -> list[Name]:
        """Return a contact's records of one kind, the newest first."""

    def listed(
        self, kind: str, limit: int, cursor: str | None, of: str = ""
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind, of acts those `of` an address.

        Raise BadRequest for a bad cursor.
        """


class DueIndex(Writes, Protocol):
    """What has to be woken, by the time at which."""

    def due(self, shard: int, until: int, limit: int) -> list[tuple[Name, Document]]:
        """Return what one part of the index has up to `until` (ms), the oldest first."""


class Missing(Exception):
    """Folding needs documents that have not been read yet."""

    def __init__(self, names: Iterable[Name] = (), histories: Iterable[Name] = ()) -> None:
        super().__init__("more has to be read")
        self.names = tuple(names)
        self.histories = tuple(histories)


class Reading:
    """What has been read so far; folding asks it and is told what is missing.

    Folding is pure over a Reading, so it can be tried, told to read more, and tried again, and a
    batch of events can read all it needs together. `commit` keeps it true to what was written.
    """

    def __init__(self) -> None:
        self._documents: dict[Name, Document | None] = {}
        self._histories: dict[Name, list[Entry]] = {}

    def has(self, name: Name) -> bool:
        """Tell whether a document was read, found or not."""
        return name in self._documents

    def want(self, names: Iterable[Name]) -> None:
        """Raise Missing unless all these names were read."""
        missing = [name for name in names if name not in self._documents]
        if missing:
            raise Missing(missing)

    def get(self, name: Name) -> Document | None:
        """Return the document of that name, None where there is none. Raise Missing if not read."""
        if name not in self._documents:
            raise Missing([name])
        return self._documents[name]

    def history(self, record: Name) -> list[Entry]:
        """Return a record's entries. Raise Missing if they were not read."""
        if record not in self._histories:
            raise Missing(histories=[record])
        return self._histories[record]

    def load(self, store: Store, missing: Missing) -> None:
        """Read what was missing; documents in one call, however many."""
        names = [name for name in dict.fromkeys(missing.names) if name not in self._documents]
        if names:
            self._documents.update(store.read(names))
        for record in dict.fromkeys(missing.histories):
            if record not in self._histories:
                self._histories[record] = store.history(record)

    def only(self, names: Iterable[Name]) -> Reading:
        """Return a reading that knows of these alone, as far as they were read."""
        kept = Reading()
        kept._documents = {n: self._documents[n] for n in names if n in self._documents}
        return kept

    def forget(self) -> None:
        """Drop everything: somebody else has written in between."""
        self._documents.clear()
        self._histories.clear()

    def wrote(self, steps: Sequence[Write | Check]) -> None:
        """Take over what a commit has just written."""
        for step in steps:
            if isinstance(step, Write):
                self._documents[step.name] = step.document
                if step.name[0] == "entry":
                    self._histories.pop(step.name[1:4], None)
