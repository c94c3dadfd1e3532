"""Erasing a person: noted outside the table first, then forgotten, then left to a job.

The ledger comes before everything else: a table that is restored from before the erasure is told
again by it. The job is queued before the commit, too, and holds all it needs: should we end in
between, it begins by itself. From the commit on, nothing that had occurred by then brings the
person back. Nobody is told whether there was such a person.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from functions.manage.contention import settled
from shared.domain import emails, erase_job, erase_marks
from shared.domain.apply import apply
from shared.domain.erase_marks import Ledger
from shared.domain.erasure import Erasure, hash_of, name_of
from shared.domain.ports import Document, Name, Reading, Store, Write


class Erasing(Protocol):
    """The way to the job that erases."""

    def erase(self, job: Document) -> None:
        """Have the first page of an erasure done. Raise AwsError."""


def erase(
    wanted: str,
    *,
    store: Store,
    ledger: Ledger,
    jobs: Erasing,
    now: int,
    new_id: Callable[[], str],
) -> str:
    """Erase the person of an address or an id, whether or not there is one; return the job's id."""

    def write() -> str:
        told = _erasure(wanted, store, now)
        if told.contact_id is None and not told.email_hashes:
            return _nobody(store, now, new_id())
        erase_marks.noted(told, ledger)
        job = erase_job.new(new_id(), told, now)
        # Before the commit, after which nobody could tell any more whose the address was.
        jobs.erase(job)
        whole = partial(erase_marks.noted_whole, job=job, ledger=ledger)
        apply(lambda reading: erase_marks.begun(job, reading), Reading(), store, whole)
        return str(job["job_id"])

    return settled(write)


def _erasure(wanted: str, store: Store, now: int) -> Erasure:
    """Return whose address or id it is, with all their addresses; or whose it was once."""
    email = emails.normalise(wanted)
    if email is None:
        contact = _contact(wanted, store)
        return Erasure.of(wanted if contact else None, _addresses(contact), now)
    claim: Name = ("email", email)
    mark = name_of(hash_of(email))
    found = store.read([claim, mark])
    claimed = found[claim]
    if claimed is None:
        return Erasure.of((found[mark] or {}).get("contact_id"), [email], now)
    contact = _contact(claimed["contact_id"], store)
    return Erasure.of(claimed["contact_id"], [email, *_addresses(contact)], now)


def _nobody(store: Store, now: int, job_id: str) -> str:
    """Leave the job of somebody nobody knows, who has no address either: it is done."""
    done = {**erase_job.new(job_id, Erasure(None, (), now), now), "state": "done"}
    store.commit([Write(erase_job.name_of(job_id), done, 0)])
    return job_id


def _contact(contact_id: str, store: Store) -> Document | None:
    name: Name = ("contact", contact_id)
    return store.read([name])[name]


def _addresses(contact: Document | None) -> list[str]:
    return [contact["email"], *contact["aliases"]] if contact else []
