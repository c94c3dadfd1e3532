"""An import of contacts as a job: how far it is, and what came of it so far.

Pure. The job's document is written in the same transaction as the contacts it has gone through, on
the version it was read at. So whatever is done twice, by a crash or by two workers, is counted
once: the second has to read how far the first came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import times
from shared.domain.import_files import Header
from shared.domain.ports import Document, Name

KIND = "import_contacts"
PAGE_ROWS = 200
BYTES_MAX = 100_000_000
ERRORS_MAX = 100
ENDED = ("done", "failed")
# Longer than a dead letter may wait for whoever mends its cause.
_KEPT = 30 * times.DAY
_OUTCOMES = ("created", "updated", "unchanged", "rejected")

Job = dict[str, Any]
Json = dict[str, Any]


def new(job_id: str, file_format: str, total: int | None, now: int) -> Job:
    """Return the job of a file of `total` bytes, None while it has not been uploaded."""
    return {
        "job_id": job_id,
        "kind": KIND,
        "state": "queued",
        "format": file_format,
        "columns": None,
        "delimiter": ",",
        "offset": 0,
        "row": 0,
        "page": 0,
        "total": total,
        "counts": dict.fromkeys(_OUTCOMES, 0),
        "errors": [],
        "created_date": now,
        "updated_date": now,
        "expires_at": (now + _KEPT) // times.SECOND,
        "version": 1,
    }


def name_of(job_id: str) -> Name:
    """Return the document's name."""
    return ("job", job_id)


def key_of(job_id: str) -> str:
    """Return the key its file lies under."""
    return f"imports/{job_id}"


def message(job: Document) -> Json:
    """Return the queue message that has the job's next page done."""
    return {"kind": "job", "job": KIND, "job_id": job["job_id"], "page": job["page"]}


def uploaded(job: Document, total: int, now: int) -> Job:
    """Return the job whose file has come and has `total` bytes."""
    return _touched(job, now, total=total)


def header_of(job: Document) -> Header | None:
    """Return the columns as the file's first row names them, None before that was read."""
    if job["columns"] is None:
        return None
    return Header(tuple(job["columns"]), job["delimiter"], 0)


def begun(job: Document, header: Header) -> Job:
    """Return the job that has read the header row; nothing of it is stored yet."""
    about = {"columns": list(header.paths), "delimiter": header.delimiter}
    return {**job, **about, "offset": header.ends, "row": 1}


class Tally:
    """What came of the rows gone through since the job was read."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(_OUTCOMES, 0)
        self.errors: list[Json] = []

    def count(self, outcome: str) -> None:
        """Count a row that was accepted: created, updated or unchanged."""
        self.counts[outcome] += 1

    def reject(self, row: int, *faults: tuple[str, str]) -> None:
        """Count a row that was refused; `faults` are paths and messages, without its values."""
        self.counts["rejected"] += 1
        self.errors += [{"row": row, "path": path, "message": text} for path, text in faults]


def advanced(
    job: Document, tally: Tally, *, offset: int, row: int, page_done: bool, now: int
) -> Job:
    """Return the job that has gone on to this byte and row of its file."""
    counts = {name: job["counts"][name] + tally.counts[name] for name in _OUTCOMES}
    return _touched(
        job,
        now,
        state="done" if page_done and offset >= job["total"] else "running",
        offset=offset,
        row=row,
        page=job["page"] + page_done,
        counts=counts,
        errors=[*job["errors"], *tally.errors][:ERRORS_MAX],
    )


def failed(job: Document, row: int | None, path: str, text: str, now: int) -> Job:
    """Return the job that cannot go on; what it did stays."""
    # First, because it is what the person has to mend; the list may be full.
    errors = [{"row": row, "path": path, "message": text}, *job["errors"]]
    return _touched(job, now, state="failed", errors=errors[:ERRORS_MAX])


def answer(job: Document) -> Json:
    """Return the job as the API shows it."""
    return {
        "job_id": job["job_id"],
        "kind": job["kind"],
        "state": job["state"],
        "progress": {"done": job["offset"], "total": job["total"]},
        "result": {**job["counts"], "errors": job["errors"]},
        "created_date": times.to_text(job["created_date"]),
        "updated_date": times.to_text(job["updated_date"]),
    }


def _touched(job: Mapping[str, Any], now: int, **changed: Any) -> Job:
    return {**job, **changed, "updated_date": now, "version": job["version"] + 1}
