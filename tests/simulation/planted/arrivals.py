"""Bugs of an event's way in: the door, its queue, batches, dead letters, and what is kept of it."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from functions.ingest_stripe import signature
from functions.process_events import fold_events, messages, process_batch
from functions.process_events.fold_events import Work
from functions.process_events.messages import Messages
from functions.process_events.process_batch import Batch
from shared.adapters import queue
from shared.adapters.aws import AwsError
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import apply as applying
from shared.domain import fold, foresight, trust
from shared.domain.errors import Quarantined
from shared.domain.folding import Arrival, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Check, Name, Write

Steps = Sequence[Write | Check]


def accepted_before_queued(patch: pytest.MonkeyPatch) -> None:
    """Answer the provider 2xx although the queue has refused the event."""
    send = Queue.send_event

    def careless(self: Queue, *arguments: Any) -> None:
        try:
            send(self, *arguments)
        except AwsError:
            return

    patch.setattr(Queue, "send_event", careless)


def signature_not_compared(patch: pytest.MonkeyPatch) -> None:
    """Take any signature for a proof, as an empty secret does."""
    careless = SimpleNamespace(digest=hmac.digest, compare_digest=lambda *_: True)
    patch.setattr(signature, "hmac", careless)


def stamp_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    """Let a captured request in for ever."""
    patch.setattr(signature, "_check_age", lambda *_: None)


def keyless_events_collide(patch: pytest.MonkeyPatch) -> None:
    """Take events without an idempotency key for one another."""

    def keyless(connection_id: str, *_: object) -> str:
        return hashlib.sha256(f"{connection_id}{None}".encode()).hexdigest()

    patch.setattr(queue, "deduplication_of", keyless)


def marker_before_effect(patch: pytest.MonkeyPatch) -> None:
    """Write the marker first and the records after it: a crash in between loses the event."""
    commit = Table.commit

    def parted(self: Table, steps: Steps) -> None:
        if steps[0].name[0] == "event" and len(steps) > 1:
            commit(self, steps[:1])
            steps = steps[1:]
        commit(self, steps)

    patch.setattr(Table, "commit", parted)


def marker_by_bytes(patch: pytest.MonkeyPatch) -> None:
    """Know an event by its bytes, which a retry of it does not share."""

    def name(arrival: Arrival, parsed: Parsed) -> Name:
        told = f"{parsed.event_id}.{zlib.crc32(arrival.body)}"
        return ("event", arrival.connection_id, told, parsed.event_type)

    patch.setattr(foresight, "event_name", name)


def known_events_folded_again(patch: pytest.MonkeyPatch) -> None:
    """Trust the queue to drop what comes twice: it does so for five minutes."""
    patch.setattr(trust, "settles", lambda *_: True)


def follow_ups_not_sent_again(patch: pytest.MonkeyPatch) -> None:
    """Skip a redelivered event altogether: what it was to set off is suppressed for ever."""
    patch.setattr(fold, "_again", lambda *_: Plan("duplicate"))


def jobs_followed_up_after_the_commit_alone(patch: pytest.MonkeyPatch) -> None:
    """Queue what follows from a job only once it is committed: a crash in between loses it."""

    def without(folding: Any, reading: Any, store: Any, _: object = None) -> Plan:
        return applying.apply(folding, reading, store)

    patch.setattr(messages, "apply", without)


def group_carries_on(patch: pytest.MonkeyPatch) -> None:
    """Go on with a group after one of its messages has failed."""
    handle = Batch.handle

    def each_alone(self: Batch, batch: Sequence[Any], now: int) -> dict[str, list[Any]]:
        answers = [handle(self, [record], now) for record in batch]
        return {"batchItemFailures": [f for each in answers for f in each["batchItemFailures"]]}

    patch.setattr(Batch, "handle", each_alone)


def one_message_fails_its_batch(patch: pytest.MonkeyPatch) -> None:
    """Read messages outside of any `try`: one that cannot be read fails all of its batch."""

    def careless(self: Batch, text: str) -> Work:
        work = Work()
        self._messages.open(work, text)
        return work

    patch.setattr(Batch, "_open", careless)


def failures_swallowed(patch: pytest.MonkeyPatch) -> None:
    """Log an error and acknowledge the message all the same."""
    one = Batch._one

    def swallowing(self: Batch, *arguments: Any) -> bool:
        one(self, *arguments)
        return True

    patch.setattr(Batch, "_one", swallowing)


def parked_at_the_first_failure(patch: pytest.MonkeyPatch) -> None:
    """Put a message aside as soon as it fails, whatever would have come of trying it again."""
    patch.setattr(process_batch, "RECEIVES_MAX", 2)


def put_off_for_twelve_hours(patch: pytest.MonkeyPatch) -> None:
    """Hide what has failed for as long as a queue hides anything."""
    change = Queue.change_visibility

    def patient(self: Queue, url: str, receipt_handle: str, _: int) -> None:
        change(self, url, receipt_handle, 43_000)

    patch.setattr(Queue, "change_visibility", patient)


def parked_without_a_mark(patch: pytest.MonkeyPatch) -> None:
    """Put a message aside and say nothing of its group's order."""
    commit = Table.commit

    def unmarked(self: Table, steps: Steps) -> None:
        if steps[0].name[0] != "broken":
            commit(self, steps)

    patch.setattr(Table, "commit", unmarked)


def parked_nowhere(patch: pytest.MonkeyPatch) -> None:
    """Give up on a message without keeping it."""
    patch.setattr(Queue, "park", lambda *_: None)


def refused_and_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Acknowledge what nobody can accept, and keep nothing of it."""
    patch.setattr(fold_events, "quarantine", lambda *_: Plan("quarantined"))


def own_fault_quarantined(patch: pytest.MonkeyPatch) -> None:
    """Take a fault of a parser for a fault of the sender's."""
    read = Messages.open

    def blaming(self: Messages, work: Work, text: str) -> None:
        try:
            read(self, work, text)
        except ZeroDivisionError:
            work.refused = Quarantined("bad_field", "it could not be read")

    patch.setattr(Messages, "open", blaming)


def test_mode_taken_for_live(patch: pytest.MonkeyPatch) -> None:
    """Count the events of a provider's test mode as money."""
    patch.setattr(fold, "expecting", lambda connection, _: connection)


def body_logged(patch: pytest.MonkeyPatch) -> None:
    """Write what an event says into the log, to see what goes on."""
    one = Batch._one

    def telling(self: Batch, record: Any, work: Work, *more: Any) -> bool:
        self._log("event_read", body=work.arrival.body.decode() if work.arrival else "")
        return one(self, record, work, *more)

    patch.setattr(Batch, "_one", telling)
