"""Importing contacts: one page of a file at a time, in transactions that remember how far they got.

Each transaction writes some contacts together with the job, on the versions all of them were read
at. A page done twice, by a crash or by two workers, finds the job further on and counts nothing
again; a live event that changes one of the contacts meanwhile sends the transaction back to reading
anew. Only a processor that is handed an import loads this module, and pydantic with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from functions.process_events.import_draft import Draft
from shared.api.bodies import validated
from shared.api.contact_body import ImportedContact
from shared.api.contact_edit import Edit, edit_contact
from shared.domain import contact_import, directory, erasure, import_files, times
from shared.domain.contact_import import Job, Tally
from shared.domain.errors import Contended, Quarantined, Rejected
from shared.domain.import_files import Row, Unreadable
from shared.domain.ports import Document, Store, Write

# Transactions stay under 100 items, and the job's is one of them.
_WRITES_MAX = 98
# Rivals are fewer the fewer contacts a transaction holds: it shrinks with every try.
_TRIES = 8
_SHRINKS = 4
# Not less than the Lambda's timeout, so that a job queued before a commit runs after it.
_ATTACH_AFTER_SECONDS = 30
_BATCH = 10
# A contact is nobody's connection's: what waits for it may have come by any.
_ANY_CONNECTION = "*"


class Files(Protocol):
    """Where uploads lie."""

    def part(self, key: str, start: int, size: int) -> bytes | None:
        """Return up to `size` bytes from `start` on, None where nothing lies under the key."""


Send = Callable[[Sequence[tuple[Mapping[str, object], int]]], None]
# Paths and messages; none of them quotes what the row holds.
Faults = tuple[tuple[str, str], ...]


class ContactImport:
    """Carries out pages of imports; `send` puts up to ten messages on the history queue."""

    def __init__(
        self, *, store: Store, files: Files, send: Send, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._files = files
        self._send = send
        self._new_id = new_id

    def carry_out(self, message: Mapping[str, Any], now: int) -> str:
        """Do a page unless it is done, and send the next one on; return the outcome's name."""
        job = self._job(message["job_id"])
        if job is None or job["state"] in contact_import.ENDED:
            return "ignored"
        page, outcome = message["page"], "unchanged"
        if job["page"] == page:
            job, outcome = self._page(job, now), "applied"
        # Done before this message, the worker may have died before it sent the next one.
        if job["page"] == page + 1 and job["state"] not in contact_import.ENDED:
            self._send([(contact_import.message(job), 0)])
        return outcome

    def _job(self, job_id: str) -> Document | None:
        name = contact_import.name_of(job_id)
        return self._store.read([name])[name]

    def _page(self, job: Document, now: int) -> Document:
        """Go through the next page; return the job as it then is."""
        try:
            started, rows = self._read(job)
        except Unreadable as error:
            failed = contact_import.failed(job, error.row, error.path, error.message, now)
            self._store.commit([_write(job, failed)])
            return failed
        limit = len(rows)
        for attempt in range(_TRIES):
            try:
                while started["page"] == job["page"]:
                    started = self._some(started, rows, limit, now)
                return started
            except Contended:
                if attempt == _TRIES - 1:
                    raise
            limit = max(1, limit // _SHRINKS)
            stored = self._job(job["job_id"])
            if stored is None or stored["state"] in contact_import.ENDED:
                return stored or started
            if stored["offset"] >= started["offset"]:
                started = stored
        raise AssertionError("unreachable: the last try returns or raises")

    def _read(self, job: Document) -> tuple[Document, list[Row]]:
        """Return the job, its header read, and the rows of its next page, ends told in the file.

        Raise Unreadable.
        """
        offset, total = job["offset"], job["total"]
        key = contact_import.key_of(job["job_id"])
        window = b""
        if offset < total:
            found = self._files.part(key, offset, import_files.WINDOW_BYTES)
            if found is None:
                raise Unreadable("the file is no longer there: import it again")
            window = found
        whole = offset + len(window) >= total
        if job["format"] == "ndjson":
            rows = import_files.read_ndjson(
                window, job["row"], contact_import.PAGE_ROWS, whole=whole
            )
        else:
            header = contact_import.header_of(job)
            if header is None:
                header = import_files.read_header(window, whole=whole)
                job, window = contact_import.begun(job, header), window[header.ends :]
            rows = import_files.read_csv(
                window, header, job["row"], contact_import.PAGE_ROWS, whole=whole
            )
        if not rows and not whole:
            raise Unreadable(
                "the row is longer than 1 MB; a quotation mark is open", job["row"] + 1
            )
        start = job["offset"]
        return job, [Row(r.number, start + r.ends, r.values, r.fault) for r in rows]

    def _some(self, job: Document, rows: list[Row], limit: int, now: int) -> Document:
        """Commit as many of the page's rows as go into one transaction; return the job after it."""
        left = [row for row in rows if row.number > job["row"]]
        stated = [(row, _stated(row, job, now)) for row in left[:limit]]
        draft, tally, fresh = Draft(self._store, _WRITES_MAX), Tally(), list[str]()
        draft.read_ahead([said for _, said in stated if isinstance(said, ImportedContact)])
        done = 0
        for row, said in stated:
            edit = self._edit(said, draft, job, now) if isinstance(said, ImportedContact) else said
            if isinstance(edit, Edit):
                if not draft.stage(edit.steps):
                    break
                tally.count(_outcome(edit))
                fresh += edit.fresh
            elif edit:
                tally.reject(row.number, *_in_the_files_words(edit, job))
            done += 1
        reached = left[done - 1] if done else None
        following = contact_import.advanced(
            job,
            tally,
            offset=reached.ends if reached else job["offset"],
            row=reached.number if reached else job["row"],
            page_done=done == len(left),
            now=now,
        )
        self._attach_later(fresh)
        self._store.commit([*draft.steps, _write(job, following)])
        return following

    def _edit(self, body: ImportedContact, draft: Draft, job: Document, now: int) -> Edit | Faults:
        """Return what a row comes to, or why it is refused."""
        book = draft.read([directory.NAME])[directory.NAME]
        erased = erasure.last_of([body.email, *body.add_aliases], book, draft)
        if erased is not None and erased >= job["created_date"]:
            return (("email", "was erased since this import began: what the file says is older"),)
        since = None if body.created_date is None else times.from_text(body.created_date)
        try:
            return edit_contact(body, store=draft, now=now, new_id=self._new_id, created_date=since)
        except Rejected as error:
            return error.errors
        except Quarantined:  # only the table can tell that an address is too long for its keys
            return (("email", "is longer than an address that can be kept"),)

    def _attach_later(self, emails: Sequence[str]) -> None:
        """Have what waits for these addresses attached, once they are claimed for certain.

        Queued before the commit: a crash in between cannot leave payments waiting for ever.
        """
        about = {"kind": "job", "job": "attach_contact", "connection_id": _ANY_CONNECTION}
        for start in range(0, len(emails), _BATCH):
            batch = emails[start : start + _BATCH]
            self._send([({**about, "email": each}, _ATTACH_AFTER_SECONDS) for each in batch])


def _stated(row: Row, job: Document, now: int) -> ImportedContact | Faults:
    """Return what a row says, or why it is refused; no faults where it is blank."""
    if row.fault:
        return (("", row.fault),)
    if row.values is None:
        return ()
    try:
        body = validated(ImportedContact, row.values)
    except Rejected as error:
        return error.errors
    if body.created_date is not None:
        since = times.from_text(body.created_date)
        if not 0 <= since <= now:
            return (("created_date", "lies in the future or before 1970"),)
    return body


def _in_the_files_words(faults: Faults, job: Document) -> Faults:
    if job["format"] != "csv":
        return faults
    return tuple((import_files.told(path), message) for path, message in faults)


def _outcome(edit: Edit) -> str:
    if edit.created:
        return "created"
    return "updated" if edit.steps else "unchanged"


def _write(job: Document, following: Job) -> Write:
    return Write(contact_import.name_of(job["job_id"]), following, job["version"])
