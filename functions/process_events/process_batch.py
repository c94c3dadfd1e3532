"""One batch off the queue: every event folded or kept, and only what may pass tried again.

A FIFO group stops at its first failure, because what comes after it would be folded out of
order; the other groups go on. An event nobody can accept is quarantined and acknowledged. One that
keeps failing is parked as a dead letter by ourselves, before SQS would drop it there without a
word, and its group is marked as broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from functions.process_events.fold_events import Work
from functions.process_events.last_seen import LastSeen
from functions.process_events.messages import Messages
from shared.adapters.aws import AwsError
from shared.domain import personal
from shared.domain.errors import PaysignalError
from shared.domain.ports import Write

# The queue's own limit; one less, so that parking is ours to do and to tell.
RECEIVES_MAX = 12
_BACKOFF_SECONDS_MAX = 900

Record = Mapping[str, Any]


class Sender(Protocol):
    """What the processor asks of the queues."""

    def park(self, url: str, message: str, group: str, identity: str) -> None:
        """Put a message onto its dead-letter queue."""

    def change_visibility(self, url: str, receipt_handle: str, seconds: int) -> None:
        """Let a message be seen again after `seconds`."""


class Batch:
    """The processor's side of the queue; one for all batches of a warm Lambda."""

    def __init__(
        self,
        *,
        messages: Messages,
        queue: Sender,
        urls: Mapping[str, str],
        dead_letters_url: str,
        last_seen: LastSeen,
        log: Callable[..., None],
        count: Callable[..., None],
    ) -> None:
        """`urls` names, by a queue's ARN ending, the URL its messages are put off at."""
        self._messages = messages
        self._queue = queue
        self._urls = urls
        self._dead_letters_url = dead_letters_url
        self._last_seen = last_seen
        self._log = log
        self._count = count

    def handle(self, records: Sequence[Record], now: int) -> dict[str, list[dict[str, str]]]:
        """Process a batch as SQS hands it over; return the messages to be tried again."""
        works = [self._open(record["body"]) for record in records]
        try:
            self._messages.read_ahead(works, now)
        except Exception as error:  # each message reads for itself then, and fails for itself
            self._log("read_ahead_failed", reason=type(error).__name__)
        failed: list[str] = []
        stopped: dict[str, int] = {}
        for record, work in zip(records, works, strict=True):
            group = record["attributes"].get("MessageGroupId", record["messageId"])
            if group not in stopped:
                if self._one(record, work, group, now):
                    continue
                stopped[group] = int(record["attributes"]["ApproximateReceiveCount"])
            # Those behind it rest as long: one still in flight would hold back the whole group.
            self._put_off(record, stopped[group])
            failed.append(record["messageId"])
        self._last_seen.note(works, now)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _open(self, text: str) -> Work:
        """Open a message; one that cannot be opened now fails in its turn, alone."""
        work = Work()
        try:
            self._messages.open(work, text)
        except Exception as error:  # the edge: one message must not fail its whole batch
            work.failed = error
        return work

    def _one(self, record: Record, work: Work, group: str, now: int) -> bool:
        """Carry one message through; False if it must be tried again."""
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            outcome = self._messages.carry_out(work, now)
        except Exception as error:  # the edge: whatever failed, the message must not be lost
            reason = _reason(error)
            self._log("event_failed", reason=reason, receives=receives, **work.about())
            if receives >= RECEIVES_MAX - 1:
                return self._park(record, work, group, now, reason)
            return False
        self._log("event_processed", outcome=outcome, **work.about())
        self._count(f"Events{outcome.capitalize()}", connection_id=work.connection_id)
        if outcome == "quarantined":
            self._count("Quarantined", connection_id=work.connection_id)
        return True

    def _park(self, record: Record, work: Work, group: str, now: int, reason: str) -> bool:
        """Put a message that keeps failing aside, and say that its group's order is broken."""
        document = {
            "connection_id": work.connection_id,
            # Its group tells as well who it is; an address would outlive whoever is erased.
            "subject": None if personal.is_address(work.subject) else work.subject,
            "parked_date": now,
            "reason": reason,
        }
        try:
            # The mark comes first: nothing of ours lies among the dead letters without one, even
            # if this worker ends in between, or the message gets past its fault at a last receive.
            self._messages.store.commit([Write(("broken", group), document, None)])
            self._messages.gave_up(work, reason, now)
            # By its message id: a redriven message that fails again is parked again, while parking
            # twice for one receive parks once.
            self._queue.park(self._dead_letters_url, record["body"], group, record["messageId"])
        except (PaysignalError, AwsError) as error:
            # SQS itself moves it to the dead letters at the next receive; nothing is lost by that.
            self._log("park_failed", reason=_reason(error), **work.about())
            return False
        self._count("OrderBroken", connection_id=work.connection_id)
        return True

    def _put_off(self, record: Record, receives: int) -> None:
        """Let the message rest, twice as long with every receive."""
        queue = record["eventSourceARN"].rpartition(":")[2]
        seconds = min(_BACKOFF_SECONDS_MAX, 2**receives)
        try:
            self._queue.change_visibility(self._urls[queue], record["receiptHandle"], seconds)
        except AwsError as error:
            self._log("put_off_failed", reason=_reason(error))


def _reason(error: Exception) -> str:
    """Return what may be said of a failure: our own words and AWS's codes, nothing quoted."""
    if isinstance(error, AwsError):
        return error.code
    return str(error) if isinstance(error, PaysignalError) else type(error).__name__
