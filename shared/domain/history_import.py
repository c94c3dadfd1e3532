"""An import of a connection's history as a job: how far it is, and what came of it so far.

Pure. Each page is an event, and the job is written in the page's own transaction: a page that is
fetched twice, or done twice, counts once. The connection tells how far it is as well. Nothing that
is imported fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import contact_import
from shared.domain.contact_import import ENDED, Tally
from shared.domain.heard import PageSaid
from shared.domain.ports import Document

KIND = "import_history"
# Providers whose history can be imported, and the object its pages are made of.
PAGES: Mapping[str, str] = {"activecampaign": "contacts"}
NONE: Mapping[str, Any] = {"status": "none", "imported": 0, "total": None}
_STATUS = {"queued": "queued", "running": "running", "done": "ready", "failed": "failed"}

Job = dict[str, Any]


def new(job_id: str, connection: Document, now: int) -> Job:
    """Return the job that imports a connection's history from its beginning."""
    return {
        **contact_import.new(job_id, "", None, now),
        "kind": KIND,
        "connection_id": connection["connection_id"],
        "provider": connection["provider"],
        "after": "0",
    }


def resumed(job: Document, now: int) -> Job:
    """Return a job that failed, to be gone on with where it stopped."""
    return _touched(job, now, state="queued")


def message(job: Document) -> dict[str, Any]:
    """Return the queue message that has the job's next page asked for."""
    about = {"connection_id": job["connection_id"], "job_id": job["job_id"]}
    return {"kind": "job", "job": KIND, **about}


def call(job: Document) -> dict[str, Any] | None:
    """Return what `call_providers` is asked for next, None where nothing is left to ask for."""
    if job["state"] in ENDED:
        return None
    return {
        "connection_id": job["connection_id"],
        "provider": job["provider"],
        "object": PAGES[job["provider"]],
        "id": job["after"],
        "job_id": job["job_id"],
        "subject": job["job_id"],
    }


def awaits(job: Document | None, page: PageSaid) -> bool:
    """Tell whether the job has still to go through this page."""
    return job is not None and job["state"] not in ENDED and job["after"] == page.after


def advanced(job: Document, page: PageSaid, tally: Tally, now: int) -> Job:
    """Return the job that has gone through a page, or has learnt that there is none."""
    if page.failure is not None:
        fault = {"row": None, "path": "", "message": page.failure}
        errors = [fault, *(each for each in job["errors"] if each != fault)]
        return _touched(job, now, state="failed", errors=errors[: contact_import.ERRORS_MAX])
    counts = {name: job["counts"][name] + tally.counts[name] for name in job["counts"]}
    told = job["total"] if page.total is None else page.total
    done = job["offset"] + sum(tally.counts.values())
    ended = page.following is None
    return _touched(
        job,
        now,
        state="done" if ended else "running",
        after=job["after"] if page.following is None else page.following,
        page=job["page"] + 1,
        offset=done,
        # People come and go meanwhile: what was announced is no more than that.
        total=done if ended or (told is not None and told < done) else told,
        counts=counts,
        errors=[*job["errors"], *tally.errors][: contact_import.ERRORS_MAX],
    )


def history_of(job: Document) -> dict[str, Any]:
    """Return what a connection tells of its import."""
    return {
        "status": _STATUS[job["state"]],
        "imported": job["offset"],
        "total": job["total"],
        "job_id": job["job_id"],
    }


def _touched(job: Mapping[str, Any], now: int, **changed: Any) -> Job:
    return {**job, **changed, "updated_date": now, "version": job["version"] + 1}
