"""Importing a connection's history: starting it, or having it go on where it stopped.

The import itself goes on page by page through the queues; here is only its beginning. Asking twice
does no harm: a page is done once, however often it is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from functions.manage.contention import settled
from shared.domain import contact_import, history_import
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Document, Name, Reads, Write, Writes


class Store(Reads, Writes, Protocol):
    """Where connections and jobs lie."""


class Importing(Protocol):
    """The way to the job that imports."""

    def import_history(self, job: Document) -> None:
        """Have the next page of an import asked for."""


def start_history(
    connection_id: str,
    *,
    store: Store,
    jobs: Importing,
    now: int,
    new_id: Callable[[], str],
) -> history_import.Job:
    """Start the import of a connection's history; return its job's id and state.

    One that is under way or has failed goes on where it stopped; one that is done begins anew.
    Raise NotFound, Conflict where there is nothing to import or no way to ask for it.
    """
    name: Name = ("connection", connection_id)

    def write() -> Document:
        connection = store.read([name])[name]
        if connection is None:
            raise NotFound("There is no such connection.")
        _check(connection)
        held = _job_of(connection, store)
        if held is not None and held["state"] in ("queued", "running"):
            return held
        if held is not None and held["state"] == "failed":
            job = history_import.resumed(held, now)
        else:
            job = history_import.new(new_id(), connection, now)
        store.commit(_steps(job, connection))
        return job

    job = settled(write)
    jobs.import_history(job)
    return {"job_id": job["job_id"], "state": job["state"]}


def _check(connection: Document) -> None:
    if connection["provider"] not in history_import.PAGES:
        able = ", ".join(history_import.PAGES)
        raise Conflict(f"History can be imported from {able} only.")
    if not connection["has_api"]:
        raise Conflict("The connection has no API credentials: PUT its `api` first.")


def _steps(job: history_import.Job, connection: Document) -> list[Write]:
    """Return the writes by which an import is on its way."""
    told = {
        **connection,
        "history": history_import.history_of(job),
        "version": connection["version"] + 1,
    }
    return [
        Write(contact_import.name_of(job["job_id"]), job, job["version"] - 1),
        Write(("connection", connection["connection_id"]), told, connection["version"]),
    ]


def _job_of(connection: Document, store: Reads) -> Document | None:
    job_id = connection["history"].get("job_id")
    if job_id is None:
        return None
    name = contact_import.name_of(job_id)
    return store.read([name])[name]
