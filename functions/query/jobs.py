"""Long jobs: how far one is, and what came of it."""

from __future__ import annotations

from shared.domain import contact_import
from shared.domain.contact_import import Json
from shared.domain.errors import NotFound
from shared.domain.ports import Reads


def read_job(job_id: str, *, store: Reads) -> Json:
    """Return a job as the API shows it. Raise NotFound where there is none."""
    name = contact_import.name_of(job_id)
    job = store.read([name])[name]
    if job is None:
        raise NotFound("There is no such job.")
    return contact_import.answer(job)
