"""Verifying: what a provider holds now, held against what is stored, difference by difference.

Pure. What the provider tells is folded on what is stored, and the plan is not carried out: where a
record would show something else by it, that is a difference. So whatever folding settles alike (who
said it, in what order, how often) is none. With a repair the plan is carried out, under a type of
its own by which what it tells is late, and is not told again should the event itself come after
all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.domain import customers, history_import, history_progress, record_views, times
from shared.domain.folding import Plan
from shared.domain.history_import import Job, Json
from shared.domain.ports import Document, Name, Reading, Write
from shared.domain.timeline import Change

KIND = history_import.VERIFY
# The message by which the schedule asks for a connection to be verified.
DUE = "verify_due"
NEVER_SENT, FAILED, STALE, NOT_OURS = "never_sent", "sent_and_failed", "stale", "not_ours"
KINDS = (NEVER_SENT, FAILED, STALE, NOT_OURS)
ITEMS_MAX = 1000
_FIELDS_MAX = 12
_TEXT_MAX = 100
# A person's own: that they differ is told, and not in what.
_PERSONAL = frozenset({"billing_address", "shipping_address", "email", "note", "person"})
# What shows of a record nobody was told of: enough to find it at the provider.
_OF_NEW = frozenset(
    """status store_status name payment_amount currency start_date gross occurred_date
    recurring_payment_id kind""".split()
)
# Said of a record by how it was learnt, not by what it is.
_LEARNT = frozenset({"inferred", "store_modified_date"})
_PERSON = ("email", "first_name", "last_name", "phone")


def new(job_id: str, connection: Document, now: int, *, repair: bool) -> Job:
    """Return the job that verifies a connection from its beginning."""
    job = history_import.new(job_id, connection, now, kind=KIND)
    return {**job, "repair": repair, "differences": {}, "items": [], "repaired": 0}


def begun(
    connection: Document, held: Document | None, now: int, job_id: str, *, repair: bool
) -> Job:
    """Return the job that verifies: the last one gone on with if it has not ended, or a new one."""
    if held is None or held["state"] == "done" or held["repair"] != repair:
        return new(job_id, connection, now, repair=repair)
    return history_import.resumed(held, now)


def job_of(connection: Document) -> Name | None:
    """Return the name of a connection's last verification, None where there was none."""
    job_id = (connection.get("verification") or {}).get("job_id")
    return None if job_id is None else history_import.name_of(job_id)


def steps(job: Job, connection: Document) -> list[Write]:
    """Return the writes by which a verification is on its way."""
    name = ("connection", connection["connection_id"])
    # What the last one has found is shown until this one ends.
    last = connection.get("verification") or {}
    about = {**last, "job_id": job["job_id"], "started_date": job["created_date"]}
    about["state"] = job["state"]
    told = {**connection, "verification": about, "version": connection["version"] + 1}
    return [
        Write(history_import.name_of(job["job_id"]), job, job["version"] - 1),
        Write(name, told, connection["version"]),
    ]


def told(connection: Document, job: Document) -> Job | None:
    """Return the connection that tells what its verification has found, now that it has ended.

    None where another one has begun meanwhile. A repair leaves what is none of ours.
    """
    before = connection.get("verification") or {}
    if before.get("job_id") != job["job_id"]:
        return None
    found = {kind: job["differences"].get(kind, 0) for kind in KINDS}
    stand = {kind: n if kind == NOT_OURS or not job["repair"] else 0 for kind, n in found.items()}
    ended = {
        "state": job["state"],
        "ended_date": job["updated_date"],
        "checked": job["imported"],
        "differences": stand,
    }
    return {
        **connection,
        "verification": {**before, **ended},
        "version": connection["version"] + 1,
    }


def shown(connection: Document) -> Json | None:
    """Return what a connection shows of its verification, None where there was none."""
    about = connection.get("verification")
    if about is None:
        return None
    ended = about.get("ended_date")
    return {
        "job_id": about["job_id"],
        # One begun by an older release does not say.
        "state": about.get("state", "queued"),
        "started_date": times.to_text(about["started_date"]),
        "ended_date": None if ended is None else times.to_text(ended),
        "checked": about.get("checked", 0),
        "differences": {**dict.fromkeys(KINDS, 0), **about.get("differences", {})},
    }


def differences(plan: Plan, reading: Reading) -> list[Json]:
    """Return what a record, or a customer, would show otherwise once a plan was carried out."""
    found: list[Json] = []
    for step in plan.steps:
        if not isinstance(step, Write) or step.document is None:
            continue
        if step.name[0] in record_views.KINDS:
            found += _of_record(step.name, reading.get(step.name), step.document)
        elif step.name[0] == "customer":
            found += _of_customer(step.name, reading.get(step.name), step.document)
    return found


def not_ours(kind: str, identity: str, reason: str) -> Json:
    """Return the difference that the provider holds what the connection does not take."""
    fields = [{"field": "reason", "ours": None, "theirs": reason}]
    return {"record": f"{kind}/{identity}", "kind": NOT_OURS, "fields": fields}


def failed(difference: Json, subjects: Iterable[str], lost: Iterable[str]) -> Json:
    """Return a difference as one of an event that was sent and has failed, if one about it has.

    `subjects` are whom the record is about, `lost` are those of events that lie where they failed.
    """
    if difference["kind"] == NOT_OURS or not set(subjects) & set(lost):
        return difference
    return {**difference, "kind": FAILED}


def subjects_of(difference: Json, plan: Plan) -> Iterator[str]:
    """Yield the ids a queue may have kept an event about this record under."""
    kind, _, identity = difference["record"].partition("/")
    yield identity
    for step in plan.steps:
        if isinstance(step, Write) and step.document and step.name[::2] == (kind, identity):
            if step.document.get("customer_id"):
                yield step.document["customer_id"]
            for ref in step.document.get("refs") or ():
                yield ref.partition(":")[2]


def noted(job: Document, found: Sequence[Json]) -> Job:
    """Return the job that tells of these differences too; its version stays."""
    counts = dict(job["differences"])
    for each in found:
        counts[each["kind"]] = counts.get(each["kind"], 0) + 1
    items = [*job["items"], *found][:ITEMS_MAX]
    repairs = sum(each["kind"] != NOT_OURS for each in found) if job["repair"] else 0
    fresh = {"differences": counts, "items": items, "repaired": job["repaired"] + repairs}
    return {**job, **fresh}


def answer(job: Document) -> Json:
    """Return the job as the API shows it."""
    shown = history_progress.progress_of(job)
    return {
        "job_id": job["job_id"],
        "kind": job["kind"],
        "state": job["state"],
        "progress": {"done": history_import.done_of(job), "total": shown["total"]},
        "result": {
            "checked": job["imported"],
            "rejected": job["rejected"],
            "repair": job["repair"],
            "repaired": job["repaired"],
            "differences": {kind: job["differences"].get(kind, 0) for kind in KINDS},
            "items": job["items"],
            "errors": shown["errors"],
        },
        "created_date": times.to_text(job["created_date"]),
        "updated_date": times.to_text(job["updated_date"]),
    }


def _of_record(name: Name, before: Document | None, after: Document) -> Iterator[Json]:
    ours, theirs = record_views.view_of(name, before), record_views.view_of(name, after)
    if theirs is None:
        return  # one that goes into another, or is nothing yet
    changes = [each for each in record_views.differences(ours, theirs) if _counts(each)]
    if ours is None:
        shown = [each for each in changes if each.field in _OF_NEW]
        yield _item(name, NEVER_SENT, shown)
    elif changes:
        status = any(each.field == "status" for each in changes)
        yield _item(name, NEVER_SENT if status else STALE, changes)


def _of_customer(name: Name, before: Document | None, after: Document) -> Iterator[Json]:
    """Yield whether a customer we know is somebody else now; who bought nothing is not missed."""
    if before is None:
        return
    ours, theirs = customers.shown(before), customers.shown(after)
    if any(ours.get(field) != theirs.get(field) for field in _PERSON):
        yield _item(name, STALE, [Change("person", None, None)])


def _counts(change: Change) -> bool:
    return change.field not in _LEARNT


def _item(name: Name, kind: str, changes: Sequence[Change]) -> Json:
    fields = [_field(each) for each in changes[:_FIELDS_MAX]]
    return {"record": f"{name[0]}/{name[2]}", "kind": kind, "fields": fields}


def _field(change: Change) -> Mapping[str, Any]:
    if change.field in _PERSONAL:
        return {"field": change.field, "ours": None, "theirs": None}
    return {"field": change.field, "ours": _short(change.before), "theirs": _short(change.after)}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_TEXT_MAX]
    # Lists of lines or payments are told by their lengths: what is in them fills pages.
    return f"{len(value)} entries" if isinstance(value, list | dict) else value
