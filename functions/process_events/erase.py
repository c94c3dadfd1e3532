"""Erasing somebody, a page at a time: their records first, then whatever else the table holds.

Each thing is its own commit and what is done already changes nothing, so a page may be repeated,
interrupted and done twice at once. The job remembers how far it has come; a page that comes again
after a crash only sends the next one on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from functions.process_events.erase_items import Bodies, EraseItems
from shared.domain import erase_job, erase_marks
from shared.domain.apply import apply
from shared.domain.erase_job import Job
from shared.domain.erase_marks import Ledger
from shared.domain.erasing import Person
from shared.domain.ports import Document, Name, Reading, Store, Write

# Pages of a megabyte in one invocation: far less than its time.
_PAGES = 4


class Walk(Protocol):
    """The whole table."""

    def page(self, cursor: str | None) -> tuple[Sequence[tuple[Name, Document]], str | None]:
        """Return a page of documents by name, and the cursor of the next, None at the end."""


class Erase:
    """Carries out pages of erasures; `send` puts a message on the history queue."""

    def __init__(
        self,
        *,
        store: Store,
        walk: Walk,
        bodies: Bodies,
        ledger: Ledger,
        send: Callable[[Mapping[str, object], int], None],
        wait_seconds: int = erase_job.SWEEP_AFTER_SECONDS,
    ) -> None:
        """`wait_seconds` is how long those may go on who have read before the erasure."""
        self._store = store
        self._walk = walk
        self._bodies = bodies
        self._ledger = ledger
        self._send = send
        self._wait_seconds = wait_seconds

    def carry_out(self, message: Mapping[str, Any], now: int) -> str:
        """Do a page unless it is done, and send the next one on; return the outcome's name."""
        job = self._job(message, now)
        if job["state"] in erase_job.ENDED:
            return "ignored"
        page, outcome = message["page"], "unchanged"
        if job["page"] == page:
            job, outcome = self._page(job, now), "applied"
        # Done before this message, the worker may have died before it sent the next one.
        if job["page"] == page + 1 and job["state"] not in erase_job.ENDED:
            wait = self._wait_seconds if erase_job.is_delayed(job) else 0
            self._send(erase_job.message(job), wait)
        return outcome

    def _job(self, message: Mapping[str, Any], now: int) -> Document:
        """Return the job as it is, begun where a restored table does not know of it."""
        name = erase_job.name_of(message["job_id"])
        held = self._store.read([name])[name]
        if held is not None:
            return held
        fresh = erase_job.begun_by(message, now)
        whole = partial(erase_marks.noted_whole, job=fresh, ledger=self._ledger)
        apply(lambda reading: erase_marks.begun(fresh, reading), Reading(), self._store, whole)
        return self._store.read([name])[name] or fresh

    def _page(self, job: Document, now: int) -> Job:
        person = Person(erase_job.erasure_of(job), frozenset(job["ids"]))
        page = EraseItems(person, store=self._store, bodies=self._bodies)
        cursor: str | None = None
        if job["phase"] == erase_job.RECORDS:
            if job["contact_id"] is not None:
                names, cursor = self._store.of_contact(job["contact_id"], job["cursor"])
                for name in names:
                    page.record(name)
        else:
            cursor = job["cursor"]
            for _ in range(_PAGES):
                found, cursor = self._walk.page(cursor)
                for name, document in found:
                    page.item(name, document)
                if cursor is None:
                    break
        for each in page.more:
            # A restored table and the change log know a contact by nothing but the ledger.
            erase_marks.noted(erase_job.erasure_of(each), self._ledger)
            self._send(each, 0)
        following = erase_job.advanced(
            job,
            cursor=cursor,
            looked_at=page.looked_at,
            erased=page.erased,
            ids=page.ids,
            again=page.again,
            now=now,
        )
        self._store.commit([Write(erase_job.name_of(job["job_id"]), following, job["version"])])
        return following
