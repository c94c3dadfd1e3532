"""Verifying a connection: having all its provider holds compared with what is stored.

The pages go the way of an import of history; here is only the beginning. Asking again while a
verification is under way, or has just failed, has that one go on.
"""

from __future__ import annotations

from collections.abc import Callable

from functions.manage.bodies import VerifyBody
from functions.manage.contention import settled
from functions.manage.history import Importing, Store, check
from shared.domain import times, verify
from shared.domain.errors import Conflict, NotFound
from shared.domain.history_import import Job
from shared.domain.ports import Document, Name
from shared.providers.catalogue import PROVIDERS

# What was compared longer ago may be otherwise by now: then all is compared again.
_GOES_ON = 2 * times.HOUR


def start_verification(
    connection_id: str,
    body: VerifyBody,
    *,
    store: Store,
    jobs: Importing,
    now: int,
    new_id: Callable[[], str],
) -> Job:
    """Start verifying a connection; return the job's id and state.

    Raise NotFound, and Conflict where there is nothing to compare with or no way to ask for it.
    """
    name: Name = ("connection", connection_id)

    def write() -> Document:
        connection = store.read([name])[name]
        if connection is None:
            raise NotFound("There is no such connection.")
        check(connection)
        _check(connection)
        last = verify.job_of(connection)
        held = None if last is None else store.read([last])[last]
        if held is not None and now - held["updated_date"] > _GOES_ON:
            held = None
        job = verify.begun(connection, held, now, new_id(), repair=body.repair)
        store.commit(verify.steps(job, connection))
        return job

    job = settled(write)
    jobs.import_history(job)
    return {"job_id": job["job_id"], "state": job["state"]}


def _check(connection: Document) -> None:
    if not PROVIDERS[connection["provider"]].verifiable:
        raise Conflict(
            "It tells of people and not of payments: `./paysignal sync` reads them anew."
        )
