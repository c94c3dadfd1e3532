"""The route of `manage` by which a person is erased."""

from __future__ import annotations

from functions.manage.adapters import Adapters
from functions.manage.erasure import erase
from shared.api.route import Answer, Request, Route


def erase_contact(request: Request, at: Adapters) -> Answer:
    """Erase a person: contact, activity, and whatever says who they were.

    By any of their addresses, or their id. Orders and recurring payments keep money, dates,
    statuses and ids, so totals do not move. What is told late of the time before brings nobody
    back; a purchase after it makes a new contact. An address nobody has is answered alike. See how
    far it is at `/v1/jobs/{job_id}`.
    """
    job_id = erase(
        request.params["contact"],
        store=at.store,
        ledger=at.ledger,
        jobs=at.outbox,
        now=at.now(),
        new_id=at.new_id,
    )
    return Answer(202, {"job_id": job_id, "state": "queued"})


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="DELETE",
        path="/v1/contacts/{contact}",
        run=erase_contact,
        answers={202: "StartedJob"},
    ),
)
