"""What the steps of firings have sent: each attempt of their webhooks, and their emails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.domain import deliveries, mails, runs, times
from shared.domain.ports import Document, Name, Reads

_ATTEMPT = ("status", "duration_ms", "fault", "excerpt")

Json = dict[str, Any]


class Sent(NamedTuple):
    """What one firing has sent, as the API shows it."""

    attempts: list[Json]
    emails: list[Json]


def sent_by(ids: Sequence[str], *, store: Reads) -> Mapping[str, Sent]:
    """Return what the firings of these ids have sent; those that have no run are left out."""
    found = store.read([runs.name_of(each) for each in ids])
    taken = {run["run_id"]: run["taken"] for run in found.values() if run is not None}
    names = {run_id: list(_names(steps)) for run_id, steps in taken.items()}
    kept = store.read([each for some in names.values() for each in some])
    return {
        run_id: Sent(
            list(_attempts(kept[each] for each in some if each[0] == "delivery")),
            [_email(mail) for each in some if each[0] == "mail" and (mail := kept[each])],
        )
        for run_id, some in names.items()
    }


def _names(taken: Iterable[Mapping[str, Any]]) -> Iterator[Name]:
    for step in taken:
        if "delivery_id" in step:
            yield deliveries.name_of(step["delivery_id"])
        if "mail_id" in step:
            yield mails.name_of(step["mail_id"])


def _attempts(posted: Iterable[Document | None]) -> Iterator[Json]:
    for delivery in posted:
        for attempt in delivery["attempts"] if delivery is not None else ():
            yield {
                "delivery_id": delivery["delivery_id"] if delivery is not None else "",
                "endpoint_id": delivery["endpoint_id"] if delivery is not None else "",
                "at": times.to_text(attempt["at"]),
                **{field: attempt[field] for field in _ATTEMPT},
            }


def _email(mail: Document) -> Json:
    """Return an email's outcome; of one that was sent, the mail service's id says no reason."""
    return {
        "mail_id": mail["mail_id"],
        "at": times.to_text(mail["created"]),
        "state": mail["state"],
        "reason": None if mail["state"] == "sent" else mail["reason"],
    }
