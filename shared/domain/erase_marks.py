"""Forgetting a contact: its addresses are marked as erased, and the job that does the rest begins.

Pure. One commit, so that from then on what had occurred before brings nobody back, and nobody finds
the contact half gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from shared.domain import directory, emails, erase_job, erasure
from shared.domain.erase_job import Job
from shared.domain.erasure import Erasure
from shared.domain.folding import Plan
from shared.domain.ports import Document, Name, Reading, Write


class Ledger(Protocol):
    """The bucket that notes who was erased; never is anything of it deleted."""

    def put(self, key: str, content: bytes) -> object:
        """Store `content` under `key`. Raise AwsError."""


def noted(told: Erasure, ledger: Ledger) -> None:
    """Have an erasure told to a table that is restored. Raise AwsError."""
    ledger.put(told.key, told.to_object())


def noted_whole(plan: Plan, job: Job, ledger: Ledger) -> None:
    """Note whom a plan that is about to begin a job forgets, where that is more than the job knew.

    Raise AwsError.
    """
    for step in plan.steps:
        if isinstance(step, Write) and step.name == erase_job.name_of(job["job_id"]):
            whole = erase_job.erasure_of(step.document or job)
            if whole != erase_job.erasure_of(job):
                noted(whole, ledger)


def begun(job: Job, reading: Reading) -> Plan:
    """Return the plan that forgets the contact and begins the job. Raise Missing for reading.

    From its commit on, what had occurred before brings nobody back. An address that the contact
    was given since the job was thought of is erased with the others.
    """
    told = erase_job.erasure_of(job)
    person: Name = ("contact", told.contact_id or "")
    known: list[Name] = [person] if told.contact_id is not None else []
    reading.want([directory.NAME, erase_job.name_of(job["job_id"]), *known])
    if reading.get(erase_job.name_of(job["job_id"])) is not None:
        return Plan("unchanged")
    contact = reading.get(person) if known else None
    addresses = _addresses(contact)
    fresh = Erasure.of(told.contact_id, addresses, told.erased_at).email_hashes
    told = replace(told, email_hashes=tuple(sorted({*told.email_hashes, *fresh})))
    claims: list[Name] = [("email", each) for each in addresses]
    marks = [erasure.name_of(each) for each in told.email_hashes]
    reading.want([*claims, *marks])
    book = reading.get(directory.NAME)
    steps = [
        Write(
            erase_job.name_of(job["job_id"]), {**job, "email_hashes": list(told.email_hashes)}, 0
        ),
        Write(directory.NAME, directory.erased(book, told.erased_at), _version(book)),
        *(step for name in marks for step in _mark(name, reading.get(name), told)),
    ]
    if contact is not None:
        steps.append(Write(person, None, contact["version"]))
        for name in claims:
            claim = reading.get(name)
            if claim is not None and claim["contact_id"] == told.contact_id:
                steps.append(Write(name, None, claim["version"]))
    return Plan("applied", [*steps])


def _addresses(contact: Document | None) -> list[str]:
    stated = [contact["email"], *contact["aliases"]] if contact else []
    return [each for each in map(emails.normalise, stated) if each is not None]


def _mark(name: Name, held: Document | None, told: Erasure) -> Iterator[Write]:
    """Yield the write that notes when an address was erased, unless that was later still."""
    if held is not None and held["erased_at"] >= told.erased_at:
        return
    mark = {
        "erased_at": told.erased_at,
        "contact_id": told.contact_id,
        "version": _version(held) + 1,
    }
    yield Write(name, mark, _version(held))


def _version(document: Document | None) -> int:
    return int(document["version"]) if document is not None else 0
