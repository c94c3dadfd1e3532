"""An erasure as a job: how far it is in going through what is kept of somebody.

Pure. First the records that are known to be theirs, so that the person is gone within moments; then
the whole table, item by item, because much of what names somebody (an ignored event, a refused one)
is found by nothing else. That begins only when whoever has read before the erasure has ended, so
nobody writes behind it what it has looked for. A message holds all that the job needs to begin: a
restored table, which knows of no job, is told again by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.domain import times
from shared.domain.erasure import Erasure
from shared.domain.ports import Document, Name

if TYPE_CHECKING:
    from shared.domain.late_words import Erased

KIND = "erase"
RECORDS, TABLE = "records", "table"
# One that has failed is gone on with as soon as its dead letter is redriven.
ENDED = ("done",)
# Longer than any queue hides a message: whoever held one when it began has given it up.
SWEEP_AFTER_SECONDS = 200
# What is found may lead to more; whom it does not by then has no end.
ROUNDS_MAX = 3
# More names than a person has at all stores together; an item of the table holds no more.
IDS_MAX = 4_000
_KEPT = 30 * times.DAY

_TOLD = ("job_id", "contact_id", "email_hashes", "erased_at")
Job = dict[str, Any]
Json = dict[str, Any]


def new(job_id: str, told: Erasure, now: int, ids: Sequence[str] = ()) -> Job:
    """Return the job of an erasure that nothing was done for yet; `ids` are known to be theirs."""
    return {
        "job_id": job_id,
        "kind": KIND,
        "state": "queued",
        "contact_id": told.contact_id,
        "email_hashes": list(told.email_hashes),
        "erased_at": told.erased_at,
        "phase": RECORDS,
        "cursor": None,
        "page": 0,
        "round": 1,
        "again": False,
        "looked_at": 0,
        "erased": 0,
        "ids": list(ids),
        "created_date": now,
        "updated_date": now,
        "expires_at": (now + _KEPT) // times.SECOND,
        "version": 1,
    }


def name_of(job_id: str) -> Name:
    """Return the document's name."""
    return ("job", job_id)


def erasure_of(job: Mapping[str, Any]) -> Erasure:
    """Return the erasure of a job, or of the message that begins one."""
    return Erasure(job["contact_id"], tuple(job["email_hashes"]), job["erased_at"])


def message(job: Mapping[str, Any]) -> Json:
    """Return the queue message that has the job's next page done."""
    told = {name: job[name] for name in _TOLD}
    known = {} if job["page"] else {"ids": list(job["ids"])}
    return {"kind": "job", "job": KIND, "page": job["page"], **told, **known}


def found(erased: Erased, customer: Name) -> Json:
    """Return what begins to erase somebody anew, who has turned out to be a store's customer."""
    told = Erasure(erased.contact_id, (), erased.until)
    job = new(_id_of(*customer, erased.until), told, erased.until, [customer[2]])
    return {name: value for name, value in message(job).items() if name != "kind"}


def straggler(told: Erasure, contact_id: str) -> Json:
    """Return what erases a contact as well that was being made when its address was erased."""
    whole = Erasure(contact_id, told.email_hashes, told.erased_at)
    return message(new(_id_of(contact_id, told.erased_at), whole, told.erased_at))


def first_message(job_id: str, told: Erasure) -> Json:
    """Return the message that has an erasure of the ledger done again, whatever the table knows."""
    return message(new(job_id, told, told.erased_at))


def begun_by(told: Mapping[str, Any], now: int) -> Job:
    """Return the job that a message begins where there is none."""
    return new(told["job_id"], erasure_of(told), now, told.get("ids") or ())


def is_delayed(job: Document) -> bool:
    """Tell whether the next page has to wait until all who read before have ended."""
    return job["phase"] == TABLE and job["cursor"] is None and job["round"] == 1


def advanced(
    job: Document,
    *,
    cursor: str | None,
    looked_at: int,
    erased: int,
    ids: Collection[str],
    again: bool,
    now: int,
) -> Job:
    """Return the job that has gone on by a page; `again` asks for the table once more."""
    known = list(dict.fromkeys([*job["ids"], *ids]))[:IDS_MAX]
    # What was looked at before an id was known may name it.
    again = again or job["again"] or (job["phase"] == TABLE and len(known) > len(job["ids"]))
    following: Job = {
        **job,
        "state": "running",
        "cursor": cursor,
        "page": job["page"] + 1,
        "looked_at": job["looked_at"] + looked_at,
        "erased": job["erased"] + erased,
        "ids": known,
        "again": again,
        "updated_date": now,
        "version": job["version"] + 1,
    }
    if cursor is not None:
        return following
    if job["phase"] == RECORDS:
        return {**following, "phase": TABLE, "again": False}
    if again and job["round"] < ROUNDS_MAX:
        return {**following, "round": job["round"] + 1, "again": False}
    return {**following, "state": "done", "ids": []}


def failed(job: Document, now: int) -> Job:
    """Return the job whose page was put aside among the dead letters."""
    return {**job, "state": "failed", "updated_date": now, "version": job["version"] + 1}


def _id_of(*parts: object) -> str:
    """Return the id of a job that follows from these, however often it is asked for."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def answer(job: Document) -> Json:
    """Return the job as the API shows it."""
    return {
        "job_id": job["job_id"],
        "kind": KIND,
        "state": job["state"],
        "progress": {"done": job["looked_at"], "total": None},
        "result": {"erased": job["erased"]},
        "created_date": times.to_text(job["created_date"]),
        "updated_date": times.to_text(job["updated_date"]),
    }
