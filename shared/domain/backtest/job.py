"""A backtest as a job: what was asked, how far it is, and what it found.

Pure. A job names the automation as it was when it was asked, so an edit meanwhile changes nothing.
It is worked out from the beginning whenever it is begun, and may be begun twice without harm: what
is found is a function of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain import rendering_automations, times
from shared.domain.backtest.run import Window
from shared.domain.ports import Document, Name

KIND = "backtest"
# What a job shows of what it found; `found` counts them all.
FIRINGS_MAX = 1_000
ENDED = ("done", "failed")
_KEPT = 30 * times.DAY

Job = dict[str, Any]
Json = dict[str, Any]


def new(job_id: str, automation: Document, window: Window, now: int) -> Job:
    """Return the job of an automation and a window (ms)."""
    return {
        "job_id": job_id,
        "kind": KIND,
        "state": "queued",
        "automation": dict(automation),
        "first": window.first,
        "last": window.last,
        "done": 0,
        "total": None,
        "found": 0,
        "contacts": 0,
        "firings": [],
        "errors": [],
        "created_date": now,
        "updated_date": now,
        "expires_at": (now + _KEPT) // times.SECOND,
        "version": 1,
    }


def name_of(job_id: str) -> Name:
    """Return the document's name."""
    return ("job", job_id)


def window_of(job: Document) -> Window:
    """Return what is asked."""
    return Window(job["first"], job["last"])


def advanced(job: Document, done: int, total: int | None, now: int) -> Job:
    """Return the job that has looked at so many changes."""
    return _touched(job, now, state="running", done=done, total=total)


def ended(job: Document, firings: Iterable[Document], now: int) -> Job:
    """Return the job that has found these firings."""
    found = [rendering_automations.firing(each) for each in firings]
    shown = [
        {name: each[name] for name in ("contact", "recurring_payment", "change", "cause", "at")}
        for each in found[:FIRINGS_MAX]
    ]
    people = {each["contact"]["contact_id"] for each in found}
    told = {"found": len(found), "contacts": len(people), "firings": shown, "errors": []}
    total = job["done"] if job["total"] is None else job["total"]
    return _touched(job, now, state="done", done=total, total=total, **told)


def failed(job: Document, message: str, now: int, path: str = "") -> Job:
    """Return the job that cannot be done; the message says what to do."""
    error = {"row": None, "path": path, "message": message}
    return _touched(job, now, state="failed", errors=[error])


def answer(job: Document) -> Json:
    """Return the job as the API shows it."""
    return {
        "job_id": job["job_id"],
        "kind": KIND,
        "state": job["state"],
        "progress": {"done": job["done"], "total": job["total"]},
        "result": {
            "automation_id": job["automation"]["automation_id"],
            "from": times.to_text(job["first"]),
            "to": times.to_text(job["last"]),
            "found": job["found"],
            "contacts": job["contacts"],
            "firings": job["firings"],
            "errors": job["errors"],
        },
        "created_date": times.to_text(job["created_date"]),
        "updated_date": times.to_text(job["updated_date"]),
    }


def _touched(job: Mapping[str, Any], now: int, **changed: Any) -> Job:
    return {**job, **changed, "updated_date": now, "version": job["version"] + 1}
