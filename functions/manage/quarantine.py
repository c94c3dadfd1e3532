"""Sending a quarantined event on its way again, once what was wrong with it has been mended."""

from __future__ import annotations

from typing import Protocol

from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Name, Reads


class Events(Protocol):
    """The way to the processor."""

    def send_event(self, envelope: EventEnvelope, nonce: str) -> None:
        """Put an event on the events queue; the nonce keeps it from being taken for a repeat."""


def retry(quarantine_id: str, *, store: Reads, events: Events, nonce: str) -> None:
    """Put a quarantined event's untouched body on the queue again; its row goes when it is folded.

    Raise NotFound where there is no such row, Conflict for a message no door of ours has sent.
    """
    name: Name = ("quarantine", quarantine_id)
    row = store.read([name])[name]
    if row is None:
        raise NotFound("There is no such quarantined event.")
    if not row["provider"]:
        raise Conflict("This message came through no door, so nothing could read it.")
    if "body" not in row and "body_key" not in row:
        raise Conflict("The event was about somebody who was erased, so its body is gone.")
    envelope = EventEnvelope(
        provider=row["provider"],
        connection_id=row["connection_id"],
        received_at=row["received_date"],
        body=row.get("body"),
        body_key=row.get("body_key"),
        headers=row["headers"],
        event_id=row["event_id"],
        subject=row["subject"],
        # Imported history is silent, also when it comes a second time.
        source="history" if row.get("source") == "history" else "retry",
        quarantine_id=quarantine_id,
    )
    events.send_event(envelope, nonce)
