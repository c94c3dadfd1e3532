"""The shapes of what is answered about long jobs, as `shared.api.answers` says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.answers import Shape, Time
from shared.api.recipe_answers import BacktestResult


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


class HistoryFault(Shape):
    """Why an import cannot go on, or an object of the provider's was refused."""

    id: str | None = Field(description="Of the object, or of its event; null for the import.")
    message: str


class History(Shape):
    """How far the import of a connection's history is."""

    status: Literal["none", "queued", "running", "ready", "failed"]
    imported: int
    rejected: int
    total: int | None = Field(description="Null where the provider has not told.")
    phase: str | None = Field(description="What it is going through.")
    pages: int
    estimate_seconds: int | None = Field(description="Null where nothing tells.")
    since: Time | None = Field(alias="from", description="Null for all there is.")
    job_id: str | None
    started_date: Time | None
    updated_date: Time | None
    errors: list[HistoryFault] = Field(description="The first hundred.")


class HistoryResult(Shape):
    """What came of the objects so far."""

    imported: int
    rejected: int
    phase: str | None
    pages: int
    estimate_seconds: int | None
    errors: list[HistoryFault] = Field(description="The first hundred.")


class FieldDiffers(Shape):
    """A field that a provider tells otherwise; of what is personal, only that it does."""

    field: str
    ours: Any
    theirs: Any


class RecordDiffers(Shape):
    """A record that is not what its provider holds."""

    record: str = Field(description="Its kind and the store's id.")
    kind: Literal["never_sent", "sent_and_failed", "stale", "not_ours"]
    fields: list[FieldDiffers]


class Differences(Shape):
    """How many records differ, by kind."""

    never_sent: int
    sent_and_failed: int
    stale: int
    not_ours: int


class VerifyResult(Shape):
    """What a verification has found so far."""

    checked: int
    rejected: int
    repair: bool
    repaired: int
    differences: Differences
    items: list[RecordDiffers] = Field(description="The first thousand.")
    errors: list[HistoryFault] = Field(description="The first hundred.")


class Progress(Shape):
    """How far a job is: of an import, in bytes of its file; of a history, in objects.

    Of a backtest, in changes or dates that were looked at.
    """

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


class EraseResult(Shape):
    """What was erased so far."""

    erased: int = Field(description="How many documents were rewritten or deleted.")


class Job(Shape):
    """A long job."""

    job_id: str
    kind: Literal["import_contacts", "import_history", "backtest", "verify", "erase"]
    state: Literal["queued", "running", "done", "failed"]
    progress: Progress
    result: ImportResult | HistoryResult | BacktestResult | VerifyResult | EraseResult
    created_date: Time
    updated_date: Time
