"""Some contacts as one transaction will leave them: read through, staged, and written together.

Rows of one file may name the same person. Each is edited on what those before it have staged, and
each document is written once, on the version it was read at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shared.api.contact_body import ContactBody
from shared.domain import directory, erasure
from shared.domain.errors import Quarantined
from shared.domain.ports import Document, Name, Reads, Write


class Draft:
    """The documents of one transaction, of at most `writes_max` writes."""

    def __init__(self, store: Reads, writes_max: int) -> None:
        self._store = store
        self._writes_max = writes_max
        self._read: dict[Name, Document | None] = {}
        self._staged: dict[Name, Write] = {}

    @property
    def steps(self) -> list[Write]:
        """Return what has been staged, each document once."""
        return list(self._staged.values())

    def read_ahead(self, bodies: Sequence[ContactBody]) -> None:
        """Read together what these contacts' edits will ask for one after the other."""
        emails = {email: None for body in bodies for email in (body.email, *body.add_aliases)}
        try:
            claims = self.read([*(("email", email) for email in emails), directory.NAME])
        except Quarantined:  # one of them is no key: its own row is told so
            return
        erasure.last_of(emails, claims[directory.NAME], self)
        owners = [claim for name, claim in claims.items() if claim and name != directory.NAME]
        self.read([("contact", claim["contact_id"]) for claim in owners])

    def read(self, names: Iterable[Name]) -> dict[Name, Document | None]:
        """Return every named document as it will be; None for those that will not exist."""
        wanted = list(names)
        missing = [name for name in wanted if name not in self._read]
        if missing:
            self._read |= self._store.read(missing)
        return {
            name: self._staged[name].document if name in self._staged else self._read[name]
            for name in wanted
        }

    def stage(self, steps: Sequence[Write]) -> bool:
        """Take an edit's writes over; False, and none of them, where they are too many."""
        if len({*self._staged, *(step.name for step in steps)}) > self._writes_max:
            return False
        for step in steps:
            held = self._staged.get(step.name)
            expected = held.expected if held else step.expected
            document = {**(step.document or {}), "version": (expected or 0) + 1}
            self._staged[step.name] = replace(step, document=document, expected=expected)
        return True
