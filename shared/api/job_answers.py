"""The shapes of what is answered about long jobs, as `shared.api.answers` says."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.api.answers import Shape, Time


class StartedImport(Shape):
    """An import that was accepted; `upload_url` where its file is yet to come."""

    job_id: str
    upload_url: str | None = Field(
        default=None, description="Takes one PUT of the file, for an hour. Secret."
    )


class StartedJob(Shape):
    """A job that is on its way."""

    job_id: str
    state: Literal["queued"]


class StartedHistory(Shape):
    """An import of history that is on its way."""

    job_id: str
    state: Literal["queued", "running"]


class History(Shape):
    """How far the import of a connection's history is."""

    status: Literal["none", "queued", "running", "ready", "failed"]
    imported: int
    total: int | None
    job_id: str | None


class Progress(Shape):
    """How far a job is: of an import, in bytes of its file; of a history, in contacts."""

    done: int
    total: int | None = Field(
        description="Null while the file has not been uploaded, or nobody has told."
    )


class RowFault(Shape):
    """Why a row was refused; never what it holds."""

    row: int | None = Field(
        description="As a spreadsheet counts, the header being 1; of NDJSON the line."
    )
    path: str
    message: str


class ImportResult(Shape):
    """What came of the rows so far."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[RowFault] = Field(description="The first hundred.")


class Job(Shape):
    """A long job."""

    job_id: str
    kind: Literal["import_contacts", "import_history"]
    state: Literal["queued", "running", "done", "failed"]
    progress: Progress
    result: ImportResult
    created_date: Time
    updated_date: Time
