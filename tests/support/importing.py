"""An import in memory: its job, its file, a history queue, and workers that die where told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.process_events.import_contacts import ContactImport
from shared.domain import contact_import
from shared.domain.ports import Check, Name, Write
from tests.fakes.memory_store import MemoryStore
from tests.support.uploads import MemoryUploads

NOW = 1_790_000_000_000
JOB = "job-1"
HEADER = "email,first_name,tags\n"


class Died(BaseException):
    """The worker's end, which nothing of the product may catch."""


class _Store(MemoryStore):
    """A table whose every commit is a step of the import."""

    def __init__(self, step: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self._step = step
        self.largest = 0

    def commit(self, steps: Sequence[Write | Check]) -> None:
        self.largest = max(self.largest, len(steps))
        self._step(lambda: super(_Store, self).commit(steps))


class Importing:
    """One file on its way; `before(n)` is called as step n of all commits and sends is due."""

    def __init__(self, content: bytes | str, file_format: str = "csv") -> None:
        raw = content.encode() if isinstance(content, str) else content
        self.steps = 0
        self.dies_at: tuple[int, bool] | None = None
        self.before: Callable[[int], None] = lambda step: None
        self.store = _Store(self._step)
        self.files = MemoryUploads()
        self.pages: list[Mapping[str, Any]] = []
        self.attached: list[tuple[str, int]] = []
        self._ids = itertools.count(1)
        job = contact_import.new(JOB, file_format, len(raw), NOW)
        self.files.put(contact_import.key_of(JOB), raw)
        self.store.documents[contact_import.name_of(JOB)] = job
        self.pages.append(contact_import.message(job))

    def _step(self, effect: Callable[[], None]) -> None:
        self.steps += 1
        step = self.steps
        if self.dies_at == (step, False):
            raise Died
        self.before(step)
        effect()
        if self.dies_at == (step, True):
            raise Died

    def _send(self, messages: Sequence[tuple[Mapping[str, object], int]]) -> None:
        assert 0 < len(messages) <= 10

        def effect() -> None:
            for message, delay in messages:
                if message["job"] == contact_import.KIND:
                    self.pages.append(dict(message))
                else:
                    self.attached.append((str(message["email"]), delay))

        self._step(effect)

    def worker(self) -> ContactImport:
        return ContactImport(
            store=self.store,
            files=self.files,
            send=self._send,
            new_id=lambda: f"contact-{next(self._ids)}",
        )

    def run(self) -> dict[str, Any]:
        """Handle messages until there are none; one that dies comes again."""
        while self.pages:
            message = self.pages.pop(0)
            try:
                self.worker().carry_out(message, NOW)
            except Died:
                self.pages.append(message)
        return self.job()

    def job(self) -> dict[str, Any]:
        return contact_import.answer(self.store.documents[contact_import.name_of(JOB)])

    def contact(self, email: str) -> dict[str, Any]:
        claim = self.store.documents["email", email]
        return self.store.documents["contact", claim["contact_id"]]

    def contacts(self) -> dict[Name, dict[str, Any]]:
        """Return all contacts and claims, whatever ids they were given."""
        kept: dict[Name, dict[str, Any]] = {}
        for name, document in self.store.documents.items():
            if name[0] == "contact":
                kept["contact", document["email"]] = {**document, "contact_id": ""}
            elif name[0] == "email":
                kept[name] = {}
        return kept


def rows(count: int, start: int = 0) -> str:
    """Return so many rows below the header, from the one of this number on."""
    return "".join(f"c{n}@example.com,Name {n},VIP\n" for n in range(start, start + count))


def result(job: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return an import's counts: created, updated, unchanged, rejected."""
    told = job["result"]
    return told["created"], told["updated"], told["unchanged"], told["rejected"]
