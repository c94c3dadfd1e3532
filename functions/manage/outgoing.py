"""What `manage` puts on the queues: retried events, jobs of a new contact, replayed deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.queue import Queue
from shared.domain import contact_import, erase_job, history_import
from shared.domain.deliveries import Message
from shared.domain.envelope import EventEnvelope
from shared.domain.following import copies_of, jobs_of
from shared.domain.ports import Document

# Indexes follow the table within a second as a rule.
_LATER_SECONDS = 30
_BATCH = 10
# A contact is nobody's connection's: what waits for it may have come by any.
_ANY_CONNECTION = "*"


class Outgoing:
    """The events queue for what is due now, the history queue (not FIFO) for what may wait."""

    def __init__(
        self,
        queue: Queue,
        *,
        events_url: str,
        history_url: str,
        automations_url: str,
        local: bool,
    ) -> None:
        self._queue = queue
        self._automations_url = automations_url
        self._events_url = events_url
        self._history_url = history_url
        self._later_seconds = 2 if local else _LATER_SECONDS

    def send_event(self, envelope: EventEnvelope, nonce: str) -> None:
        """Put an event on the events queue. Raise AwsError."""
        self._queue.send_event(self._events_url, envelope, nonce)

    def attach(self, email: str, contact_id: str) -> None:
        """Have what waits for an email attached to its contact now. Raise AwsError."""
        self._queue.send_job(self._events_url, _job(email), email, contact_id)

    def attach_later(self, email: str) -> None:
        """Have the same done once the index has followed the table. Raise AwsError."""
        self._queue.send_call(
            self._history_url, {"kind": "job", **_job(email)}, self._later_seconds
        )

    def import_contacts(self, job: Document) -> None:
        """Have the next page of an import done. Raise AwsError."""
        self._queue.send_call(self._history_url, contact_import.message(job))

    def erase(self, job: Document) -> None:
        """Have the first page of an erasure done. Raise AwsError."""
        self._queue.send_call(self._history_url, erase_job.message(job))

    def follow(self, messages: Sequence[Mapping[str, Any]], nonce: str) -> None:
        """Have the jobs that follow from a fold done now. Raise AwsError."""
        for job, subject in jobs_of(messages):
            self._queue.send_job(self._events_url, job, subject or nonce, nonce)

    def follow_later(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Have the same done once the index has followed the table. Raise AwsError."""
        for job in copies_of(messages):
            self._queue.send_call(self._history_url, job, self._later_seconds)

    def import_history(self, job: Document) -> None:
        """Have the next page of a connection's history asked for. Raise AwsError."""
        self._queue.send_call(self._history_url, history_import.message(job))

    def deliver(self, messages: Sequence[Message]) -> None:
        """Have deliveries attempted now. Raise AwsError or Retryable."""
        for start in range(0, len(messages), _BATCH):
            batch = messages[start : start + _BATCH]
            self._queue.send_calls(self._automations_url, [(each, 0) for each in batch])


def _job(email: str) -> dict[str, str]:
    return {"job": "attach_contact", "connection_id": _ANY_CONNECTION, "email": email}
