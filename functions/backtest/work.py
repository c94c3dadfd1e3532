"""One backtest: its job read, the log asked, its progress and its end written.

What a person can mend ends the job with a sentence. What may pass is raised, so that Lambda begins
it again; and before the Lambda's own time is over the job says that it was too much for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from shared.adapters.change_log import Snapshot
from shared.adapters.log_chronicle import LogChronicle
from shared.domain import directory, erasure, preferences, times
from shared.domain.backtest import job as jobs
from shared.domain.backtest.past import Present
from shared.domain.backtest.run import Scene, run
from shared.domain.errors import Invalid
from shared.domain.ports import Document, Write, Writes

_PAGE = 200
# How often the progress is written at most.
_EVERY = 2 * times.SECOND
# How long before the log shows it somebody's erasure may have been asked for, at the most.
_NOTING = times.HOUR
_TOO_LONG = "There is too much to look at for one backtest. Ask for fewer days."


class Store(Present, Writes, Protocol):
    """The table."""

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind."""


class Log(Protocol):
    """The change log."""

    def snapshot(self) -> Snapshot:
        """Return the log as it is now. Raise Retryable where it cannot be read just now."""


class _TooLong(Exception):
    """The time is over."""


class Work:
    """Does backtests; one for all of a warm Lambda."""

    def __init__(self, *, store: Store, log: Log, clock: Callable[[], int], local: bool) -> None:
        """`clock` returns the time in ms."""
        self._store = store
        self._log = log
        self._clock = clock
        self._local = local

    def do(self, job_id: str, deadline: int) -> str | None:
        """Do a job, and return the state it ended in; None where there is nothing to do.

        From `deadline` (ms) on it gives up. Raise Retryable where it has to be begun again.
        """
        name = jobs.name_of(job_id)
        job = self._store.read([name])[name]
        if job is None or job["kind"] != jobs.KIND or job["state"] in jobs.ENDED:
            return None
        writer = _Writer(self._store, job, self._clock, deadline)
        try:
            firings = run(
                job["automation"],
                jobs.window_of(job),
                self._scene(),
                log=LogChronicle(self._log.snapshot().session),
                present=self._store,
                progress=writer.progress,
            )
        except Invalid as error:
            path, message = error.errors[0] if error.errors else ("", error.detail)
            writer.write(jobs.failed(writer.job, message, self._clock(), path))
        except _TooLong:
            writer.write(jobs.failed(writer.job, _TOO_LONG, self._clock()))
        else:
            left = self._left(firings, job)
            writer.write(jobs.ended(writer.job, left, self._clock()))
        return str(writer.job["state"])

    def _left(self, firings: list[Document], job: Document) -> list[Document]:
        """Return the firings of those who were not erased while they were looked for.

        What is written after this, whoever erases somebody later will find.
        """
        book = self._store.read([directory.NAME])[directory.NAME]
        newest = directory.erased_at(book)
        if newest is None or newest < job["created_date"] - _NOTING:
            return firings
        emails = {each["contact"]["email"] for each in firings}
        marks = {each: erasure.name_of(erasure.hash_of(each)) for each in emails if each}
        found = self._store.read(marks.values())
        until = {email: (found[name] or {}).get("erased_at", -1) for email, name in marks.items()}
        return [each for each in firings if each["at"] > until.get(each["contact"]["email"], -1)]

    def _scene(self) -> Scene:
        settings = self._store.read([preferences.NAME])[preferences.NAME]
        return Scene(self._all("connection"), self._all("segment"), settings, local=self._local)

    def _all(self, kind: str) -> list[Document]:
        documents, cursor = self._store.listed(kind, _PAGE, None)
        while cursor is not None:
            page, cursor = self._store.listed(kind, _PAGE, cursor)
            documents += page
        return documents


class _Writer:
    """Writes how far a job is, now and then."""

    def __init__(
        self, store: Store, job: Document, clock: Callable[[], int], deadline: int
    ) -> None:
        self.job: dict[str, Any] = dict(job)
        self._store = store
        self._clock = clock
        self._deadline = deadline
        self._written = 0

    def progress(self, done: int, total: int) -> None:
        """Take in that so much was looked at. Raise _TooLong where the time is over."""
        now = self._clock()
        if now >= self._deadline:
            raise _TooLong
        if now - self._written >= _EVERY:
            self.write(jobs.advanced(self.job, done, total, now))
            self._written = now

    def write(self, job: dict[str, Any]) -> None:
        """Write the job, whoever else works on it: what it comes to is the same."""
        self._store.commit([Write(jobs.name_of(job["job_id"]), job, None)])
        self.job = job
