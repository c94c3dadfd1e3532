"""Taking in files of contacts: stored whole, checked at their beginning, and handed to a job.

What can be said at once is said at once: a file in Latin-1 or without a column email is refused
before anything is imported. Each row is judged by the job, as `PUT /v1/contacts` would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from functions.manage.contention import settled
from shared.api.bodies import invalid
from shared.api.problems import TooLarge
from shared.domain import contact_import, import_files
from shared.domain.errors import BadRequest, Conflict, NotFound
from shared.domain.import_files import Unreadable
from shared.domain.ports import Document, Reads, Write, Writes

# Media types of request bodies, and the formats they mean.
FORMATS = {"application/x-ndjson": "ndjson", "text/csv": "csv"}

Json = dict[str, Any]


class Store(Reads, Writes, Protocol):
    """Where jobs lie."""


class Files(Protocol):
    """Where uploads lie."""

    def put(self, key: str, content: bytes) -> None:
        """Store `content` under `key`."""

    def size(self, key: str) -> int | None:
        """Return how many bytes lie under `key`, None where nothing does."""

    def address(self, key: str, now: int) -> str:
        """Return a URL that takes a PUT of this object for an hour."""


class Importing(Protocol):
    """The way to the job that imports."""

    def import_contacts(self, job: Document) -> None:
        """Have the next page of an import done."""


def accept(
    raw: bytes,
    content_type: str,
    *,
    store: Store,
    files: Files,
    jobs: Importing,
    now: int,
    new_id: Callable[[], str],
) -> Json:
    """Store a file and have it imported; return the job's id.

    Raise BadRequest for a file that is none, Invalid for a header row that breaks the rules.
    """
    file_format = _format(content_type)
    _check(raw, file_format)
    job = contact_import.new(new_id(), file_format, len(raw), now)
    files.put(contact_import.key_of(job["job_id"]), raw)
    store.commit([Write(contact_import.name_of(job["job_id"]), job, 0)])
    jobs.import_contacts(job)
    return {"job_id": job["job_id"]}


def expect(
    content_type: str, *, store: Store, files: Files, now: int, new_id: Callable[[], str]
) -> Json:
    """Return a job whose file is yet to come, and the address to put it to.

    Raise BadRequest for a content type that is neither.
    """
    job = contact_import.new(new_id(), _format(content_type), None, now)
    store.commit([Write(contact_import.name_of(job["job_id"]), job, 0)])
    key = contact_import.key_of(job["job_id"])
    return {"job_id": job["job_id"], "upload_url": files.address(key, now)}


def start(job_id: str, *, store: Store, files: Files, jobs: Importing, now: int) -> Json:
    """Have an uploaded file imported; return the job's id and state. Twice does no harm.

    Raise NotFound, Conflict where nothing was uploaded or the job has begun, TooLarge.
    """
    name = contact_import.name_of(job_id)
    size = None

    def write() -> Document:
        nonlocal size
        job = store.read([name])[name]
        if job is None:
            raise NotFound("There is no such job.")
        if job["state"] != "queued":
            raise Conflict("This job has begun already; see how far it is at /v1/jobs/{id}.")
        size = files.size(contact_import.key_of(job_id)) if size is None else size
        if size is None:
            raise Conflict("Nothing has been uploaded yet: PUT the file to the job's upload_url.")
        if size > contact_import.BYTES_MAX:
            raise TooLarge("The file is larger than 100 MB: import it in parts.")
        started = contact_import.uploaded(job, size, now)
        store.commit([Write(name, started, job["version"])])
        return started

    started = settled(write)
    jobs.import_contacts(started)
    return {"job_id": job_id, "state": started["state"]}


def _format(content_type: str) -> str:
    found = FORMATS.get(content_type.partition(";")[0].strip().lower())
    if found is None:
        raise BadRequest(f"The content type has to be {' or '.join(FORMATS)}.")
    return found


def _check(raw: bytes, file_format: str) -> None:
    if not raw.strip():
        raise BadRequest("The file is empty.")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The file {import_files.NOT_UTF8}.") from error
    if file_format == "csv":
        try:
            import_files.read_header(raw, whole=True)
        except Unreadable as error:
            raise invalid((error.path, error.message)) from error
