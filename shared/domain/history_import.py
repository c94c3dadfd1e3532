"""Going through a connection's history as a job: what is asked for, under way and done.

Pure. The job's document is written on the version it was read at, and each page enters it twice:
when its copy is taken (from then on any other copy is nobody's, and the next page is asked for),
and when all of it is folded. So an import that is killed anywhere, or whose messages come twice,
goes on where it was and counts each page once. Only its start and its end are told to the
connection, because that document is everybody's. Nothing that is imported fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain import times
from shared.domain.folding import Plan
from shared.domain.history_message import PageMessage
from shared.domain.history_pages import BEGINNING
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Name, Reading, Write
from shared.domain.records import ORDER, RECURRING_PAYMENT

KIND = "import_history"
VERIFY = "verify"
ERRORS_MAX = 100
_RESOURCES = ("subscriptions", "orders")
# Longer than a dead letter may wait for whoever mends its cause.
_KEPT = 30 * times.DAY
_SKIPPED = "the provider's API did not give it"

Job = dict[str, Any]
Json = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What came of a page's objects; `errors` names those that were refused, and why."""

    imported: int = 0
    errors: list[Json] = field(default_factory=list)

    def reject(self, identity: str, reason: str) -> None:
        """Count an object that was refused."""
        self.errors.append({"id": identity, "message": reason})


def name_of(job_id: str) -> Name:
    """Return the document's name."""
    return ("job", job_id)


def new(
    job_id: str, connection: Document, now: int, *, since: int | None = None, kind: str = KIND
) -> Job:
    """Return the job that goes through all a connection's provider holds, or what is newer."""
    return {
        "job_id": job_id,
        "kind": kind,
        "state": "queued",
        "connection_id": connection["connection_id"],
        "provider": connection["provider"],
        "resources": list(connection.get("resources") or _RESOURCES),
        "since": since,
        # The page asked for last, and where it is to be found: nowhere once nothing follows.
        "asked": 0,
        "next": {"phase": "", "cursor": BEGINNING},
        # Pages taken and not done yet, by their numbers.
        "open": {},
        "phase": None,
        "phases": [],
        "totals": {},
        "gone": {},
        "pages": 0,
        "imported": 0,
        "rejected": 0,
        "errors": [],
        "failure": None,
        # When it began or was resumed, and how far it was then: an estimate leaves out the pause.
        "begun": {"at": now, "done": 0},
        "created_date": now,
        "updated_date": now,
        "expires_at": (now + _KEPT) // times.SECOND,
        "version": 1,
    }


def resumed(job: Document, now: int) -> Job:
    """Return the job gone on with: what is not done is asked for anew, and the first copy taken."""
    return _touched(
        job,
        now,
        state="queued" if job["state"] == "failed" else job["state"],
        failure=None,
        begun={"at": now, "done": done_of(job)},
        open={number: {**each, "page_id": None} for number, each in job["open"].items()},
    )


def message(job: Document) -> Json:
    """Return the queue message that has all asked for that the job waits for."""
    about = {"connection_id": job["connection_id"], "job_id": job["job_id"]}
    return {"kind": "job", "job": KIND, **about}


def calls(job: Document) -> list[Json]:
    """Return what `call_providers` is to fetch: the pages no copy was taken of, and the next."""
    if job["state"] in ("done", "failed"):
        return []
    lost = sorted(int(number) for number, each in job["open"].items() if each["page_id"] is None)
    found = [_call(job, number, job["open"][str(number)]) for number in lost]
    return [*found, *next_call(job)]


def next_call(job: Document) -> list[Json]:
    """Return the call for the next page, none where nothing follows."""
    return [] if job["next"] is None else [_call(job, job["asked"], job["next"])]


def taken(job: Document, page: PageMessage, now: int) -> Job | None:
    """Return the job that takes this copy of a page, None where it wants no copy of it."""
    if job["state"] not in ("queued", "running"):
        return None
    number, place = str(page.number), {"phase": page.phase, "cursor": page.cursor}
    held = {**place, "page_id": page.page_id}
    if page.number == job["asked"] and job["next"] is not None:
        told = {} if page.total is None else {page.phase: page.total}
        return _touched(
            job,
            now,
            state="running",
            open={**job["open"], number: held},
            asked=page.number + 1,
            next=None if page.following is None else dict(page.following),
            phase=page.phase,
            phases=list(page.phases),
            totals={**job["totals"], **told},
        )
    if number in job["open"] and job["open"][number]["page_id"] is None:
        return _touched(job, now, state="running", open={**job["open"], number: held})
    return None


def holds(job: Document, page: PageMessage) -> bool:
    """Tell whether this copy of a page is the one that counts, and is not done yet."""
    held = job["open"].get(str(page.number))
    return held is not None and held["page_id"] == page.page_id


def asks_after(job: Document, page: PageMessage) -> bool:
    """Tell whether the page that follows this one is the one asked for last."""
    return job["asked"] == page.number + 1 and job["state"] in ("queued", "running")


def is_uncompared(job: Document, page: PageMessage) -> bool:
    """Tell whether a page that is read to verify has still to be compared."""
    return holds(job, page) and not job["open"][str(page.number)].get("compared")


def compared(job: Document, page: PageMessage, now: int) -> Job:
    """Return the job that has noted what a page differs in."""
    held = {**job["open"][str(page.number)], "compared": True}
    return _touched(job, now, open={**job["open"], str(page.number): held})


def gone_through(job: Document, page: PageMessage, tally: Tally, now: int) -> Job | None:
    """Return the job that is done with a page, None where it has been, or lost this copy."""
    held = job["open"].get(str(page.number))
    if held is None or held["page_id"] not in (None, page.page_id):
        return None
    left = {number: each for number, each in job["open"].items() if number != str(page.number)}
    errors = [*tally.errors, *({"id": each, "message": _SKIPPED} for each in page.skipped)]
    gone = job["gone"].get(page.phase, 0) + tally.imported + len(errors)
    ended = not left and job["next"] is None
    return _touched(
        job,
        now,
        state="done" if ended else job["state"],
        failure=None if ended else job["failure"],
        open=left,
        pages=job["pages"] + 1,
        imported=job["imported"] + tally.imported,
        rejected=job["rejected"] + len(errors),
        gone={**job["gone"], page.phase: gone},
        errors=[*job["errors"], *errors][:ERRORS_MAX],
    )


def failed(job: Document, page: PageMessage, reason: str, now: int) -> Job | None:
    """Return the job that cannot go on for want of a page, None where it can.

    What it has done stays, and what is under way is still done.
    """
    held = job["open"].get(str(page.number))
    asked = page.number == job["asked"] and job["next"] is not None
    wanted = held is not None and held["page_id"] in (None, page.page_id)
    if job["state"] not in ("queued", "running") or not (asked or wanted):
        return None
    return _touched(job, now, state="failed", failure=reason)


def _call(job: Document, number: int, place: Mapping[str, Any]) -> Json:
    return {
        "object": "page",
        "connection_id": job["connection_id"],
        "provider": job["provider"],
        "job_id": job["job_id"],
        "number": number,
        "phase": place["phase"],
        "cursor": place["cursor"],
        "since": job["since"],
        "resources": job["resources"],
    }


def is_newer(job: Document, parsed: Parsed | None, plan: Plan, reading: Reading) -> bool:
    """Tell whether a plan shows a record of what came to be only after the import had begun.

    What history tells first sets nothing off. So a sale made meanwhile is left to its webhook;
    should that never come, a verification finds it. What shows nothing yet (money that went back,
    told before the page of the payment was folded) is kept: no webhook may ever tell of it.
    """
    began = job["created_date"] - job["created_date"] % times.SECOND
    # What is told of an order nobody knows is as new as the telling.
    told = parsed.occurred_at if parsed else None
    other = {ORDER: told, RECURRING_PAYMENT: parsed.began_at if parsed else None}
    return any(
        isinstance(step, Write)
        and step.document is not None
        and step.name[0] in other
        and step.document.get("shown")
        and not (reading.get(step.name) or {}).get("shown")
        and (step.document.get("date") or other[step.name[0]] or 0) >= began
        for step in plan.steps
    )


def done_of(job: Document) -> int:
    """Return how many objects the job is done with."""
    return int(job["imported"] + job["rejected"])


def _touched(job: Mapping[str, Any], now: int, **changed: Any) -> Job:
    return {**job, **changed, "updated_date": now, "version": job["version"] + 1}
