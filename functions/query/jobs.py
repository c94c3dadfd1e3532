"""Long jobs: how far one is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.domain import contact_import, erase_job, history_import, history_progress, verify
from shared.domain.backtest import job as backtest
from shared.domain.contact_import import Json
from shared.domain.errors import NotFound
from shared.domain.ports import Document, Name, Reads

_ANSWERS: Mapping[str, Callable[[Document], Json]] = {
    contact_import.KIND: contact_import.answer,
    history_import.KIND: history_progress.answer,
    backtest.KIND: backtest.answer,
    verify.KIND: verify.answer,
    erase_job.KIND: erase_job.answer,
}


def read_job(job_id: str, *, store: Reads) -> Json:
    """Return a job as the API shows it. Raise NotFound where there is none."""
    name = contact_import.name_of(job_id)
    job = store.read([name])[name]
    if job is None:
        raise NotFound("There is no such job.")
    return _ANSWERS[job["kind"]](job)


def read_import(connection_id: str, *, store: Reads) -> Json:
    """Return how far the import of a connection's history is. Raise NotFound."""
    name: Name = ("connection", connection_id)
    connection = store.read([name])[name]
    if connection is None:
        raise NotFound("There is no such connection.")
    told = connection["history"]
    if told.get("job_id") is not None:
        of_job = history_import.name_of(told["job_id"])
        job = store.read([of_job])[of_job]
        if job is not None:
            return history_progress.progress_of(job)
    # Jobs are kept for a month; that a history was imported is known for ever.
    kept = {name: told[name] for name in told if name in history_progress.NOTHING}
    return {**history_progress.NOTHING, **kept}
