"""Importing a connection's history: starting it, or having it go on where it stopped.

The import itself goes on page by page through the queues; here is only its beginning. Asking twice
does no harm: of each page one copy is taken, however often it is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from functions.manage.bodies import HistoryBody
from functions.manage.contention import settled
from shared.domain import history_import, history_progress, times
from shared.domain.errors import Conflict, Invalid, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes
from shared.providers.catalogue import PROVIDERS


class Store(Reads, Writes, Protocol):
    """Where connections and jobs lie."""


class Importing(Protocol):
    """The way to the job that imports."""

    def import_history(self, job: Document) -> None:
        """Have the pages an import waits for asked for."""


def start_history(
    connection_id: str,
    body: HistoryBody,
    *,
    store: Store,
    jobs: Importing,
    now: int,
    new_id: Callable[[], str],
) -> history_import.Job:
    """Start the import of a connection's history; return its job's id and state.

    One that is under way or has failed goes on where it stopped; one that is done, or that failed
    and began elsewhere, begins anew. Raise NotFound, Invalid for a date to come, and Conflict
    where there is nothing to import, no way to ask for it, or another import under way.
    """
    name: Name = ("connection", connection_id)
    since = _since(body, now)

    def write() -> Document:
        connection = store.read([name])[name]
        if connection is None:
            raise NotFound("There is no such connection.")
        check(connection)
        held = _job_of(connection, store)
        job = _gone_on(held, body, since, now)
        if held is None or job is None:
            job = history_import.new(new_id(), connection, now, since=since)
        store.commit(_steps(job, connection))
        return job

    job = settled(write)
    jobs.import_history(job)
    return {"job_id": job["job_id"], "state": job["state"]}


def _gone_on(
    held: Document | None, body: HistoryBody, since: int | None, now: int
) -> history_import.Job | None:
    """Return the job that goes on, None where one has to begin. Raise Conflict."""
    if held is None or held["state"] == "done":
        return None
    other = body.since is not None and held["since"] != since
    if other and held["state"] != "failed":
        raise Conflict(
            "An import that begins at another date is under way: wait until it is ready, or leave"
            " out `from` to have it go on."
        )
    return None if other else history_import.resumed(held, now)


def _since(body: HistoryBody, now: int) -> int | None:
    if body.since is None:
        return None
    since = times.from_text(body.since)
    if not 0 <= since <= now:
        raise Invalid("No import can begin then.", (("from", "lies in the future or before 1970"),))
    return since


def check(connection: Document) -> None:
    """Raise Conflict for a connection whose provider cannot be asked for all it holds."""
    if not PROVIDERS[connection["provider"]].tells_history:
        raise Conflict("It has no API to be asked: `./paysignal sync --csv` imports a file.")
    if not connection["has_api"]:
        raise Conflict("The connection has no API credentials: PUT its `api` first.")


def _steps(job: history_import.Job, connection: Document) -> list[Write]:
    """Return the writes by which an import is on its way."""
    told = history_progress.told(connection, job)
    return [
        Write(history_import.name_of(job["job_id"]), job, job["version"] - 1),
        Write(("connection", connection["connection_id"]), told, connection["version"]),
    ]


def _job_of(connection: Document, store: Reads) -> Document | None:
    job_id = connection["history"].get("job_id")
    if job_id is None:
        return None
    name = history_import.name_of(job_id)
    return store.read([name])[name]
