"""How far the import of a connection's history is, as its connection and the API tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import history_import, times
from shared.domain.ports import Document

# What a connection tells whose history nobody has asked for.
NONE: Mapping[str, Any] = {"status": "none", "imported": 0, "total": None}
_STATUS = {"queued": "queued", "running": "running", "done": "ready", "failed": "failed"}
_RESULT = ("imported", "rejected", "phase", "pages", "estimate_seconds", "errors")
# Of a connection nobody has imported: all that is told of one that somebody has.
NOTHING: Mapping[str, Any] = {
    **NONE,
    "rejected": 0,
    "phase": None,
    "pages": 0,
    "estimate_seconds": None,
    "from": None,
    "job_id": None,
    "started_date": None,
    "updated_date": None,
    "errors": [],
}

Json = dict[str, Any]


def told(connection: Document, job: Document) -> Json:
    """Return the connection that tells of its import as it now is."""
    before = connection.get("history") or {}
    whole = job["state"] == "done" and job["since"] is None
    history = {
        "status": _STATUS[job["state"]],
        "imported": job["imported"],
        "total": total_of(job),
        "job_id": job["job_id"],
        # Once imported, what a later import adds does not make the history incomplete again; one
        # of what is newer alone does not make it complete.
        "ready_date": job["updated_date"] if whole else before.get("ready_date"),
        **({} if job["since"] is None else {"from": times.to_text(job["since"])}),
    }
    return {**connection, "history": history, "version": connection["version"] + 1}


def is_complete(history: Mapping[str, Any] | None) -> bool:
    """Tell whether all of a connection's history has been imported, now or ever."""
    told = history or NONE
    whole = told["status"] == "ready" and not told.get("from")
    return whole or bool(told.get("ready_date"))


def total_of(job: Document) -> int | None:
    """Return how many objects there are, as far as the provider's API has told; else None."""
    if job["state"] == "done":
        return history_import.done_of(job)
    total = 0
    for phase in job["phases"]:
        announced, gone = job["totals"].get(phase), job["gone"].get(phase, 0)
        if announced is None and not _is_past(job, phase):
            return None
        # People buy meanwhile: what was announced is no more than that.
        total += max(announced or 0, gone)
    return total if job["phases"] else None


def estimate_of(job: Document) -> int | None:
    """Return how many seconds it will take yet, None where nothing tells."""
    total, done = total_of(job), history_import.done_of(job)
    since = done - job["begun"]["done"]
    spent = job["updated_date"] - job["begun"]["at"]
    if job["state"] != "running" or total is None or since <= 0:
        return None
    return int(-(-(total - done) * spent // (since * times.SECOND)))


def progress_of(job: Document) -> Json:
    """Return how far an import is, as the API shows it for its connection."""
    return {
        "status": _STATUS[job["state"]],
        "imported": job["imported"],
        "rejected": job["rejected"],
        "total": total_of(job),
        "phase": job["phase"],
        "pages": job["pages"],
        "estimate_seconds": estimate_of(job),
        "from": None if job["since"] is None else times.to_text(job["since"]),
        "job_id": job["job_id"],
        "started_date": times.to_text(job["created_date"]),
        "updated_date": times.to_text(job["updated_date"]),
        "errors": errors_of(job),
    }


def answer(job: Document) -> Json:
    """Return the job as the API shows it."""
    shown = progress_of(job)
    return {
        "job_id": job["job_id"],
        "kind": job["kind"],
        "state": job["state"],
        "progress": {"done": history_import.done_of(job), "total": shown["total"]},
        "result": {name: shown[name] for name in _RESULT},
        "created_date": shown["started_date"],
        "updated_date": shown["updated_date"],
    }


def errors_of(job: Document) -> Sequence[Json]:
    """Return why the job cannot go on, and what was refused on its way."""
    stopped = [{"id": None, "message": job["failure"]}] if job["failure"] else []
    return [*stopped, *job["errors"]]


def _is_past(job: Document, phase: str) -> bool:
    phases: list[str] = job["phases"]
    ahead = None if job["next"] is None else job["next"]["phase"]
    return ahead is None or phases.index(phase) < phases.index(ahead)
