"""Sending to the queues: events, jobs and calls; parking; and putting off a message's next try.

The one place that knows how a message is grouped, de-duplicated and, where SQS would refuse its
size, led through S3. A send that returns has been stored by SQS; one that raises may have been
stored too, which the de-duplication id (events, jobs) or the reader (calls) makes harmless.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from shared.domain.envelope import EventEnvelope, deduplication_of, group_of
from shared.domain.errors import Retryable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, Self

    from shared.adapters.aws import Caller

    class Objects(Protocol):
        """What the queues ask of the bucket of large bodies."""

        def put(self, key: str, content: bytes) -> None:
            """Store `content` under `key`."""

        def get(self, key: str) -> bytes:
            """Return what lies under `key`."""


# SQS takes four times as much. But what travels in the message, the processor archives in an item
# of the table, and that holds 400 KB; what travels by key, it archives by that key.
MESSAGE_BYTES_MAX = 256 * 1024
_DELAY_SECONDS_MAX = 900
_VISIBILITY_SECONDS_MAX = 43_200
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Queue:
    """The queues of one Lambda; `bodies` is needed where envelopes are sent or opened."""

    def __init__(self, client: Caller, bodies: Objects | None = None) -> None:
        self._client = client
        self._bodies = bodies

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], bucket: str = "") -> Self:
        """Return the queues as the Lambda's own role may use them."""
        bodies = S3Objects.from_environment(bucket, environ) if bucket else None
        return cls(AwsClient.from_environment("sqs", environ), bodies)

    def send_event(self, url: str, envelope: EventEnvelope, nonce: str = "") -> None:
        """Put an event on a queue, FIFO or standard. Raise AwsError.

        Pass a `nonce` for a retry or a redrive: without one SQS drops what it saw within five
        minutes.
        """
        content = (envelope.body_key or "").encode() if _is_stored(envelope) else envelope.body()
        identity = deduplication_of(envelope.connection_id, envelope.headers, content, nonce)
        message = envelope.to_message()
        if len(message) > MESSAGE_BYTES_MAX:
            message = envelope.to_message(body_key=self._store(envelope))
        subject = envelope.subject or envelope.event_id or identity
        self._send(url, message, group_of(envelope.connection_id, subject), identity)

    def open_event(self, envelope: EventEnvelope) -> EventEnvelope:
        """Return the envelope with its body in it, fetched where it travelled by key."""
        if _is_stored(envelope):
            envelope.packed = self._bucket().get(envelope.body_key or "")
        return envelope

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        """Put a job on a queue, in the order of its subject. Raise AwsError.

        `job` holds its name under `job` and whatever it needs; two that are alike are one within
        five minutes, unless a `nonce` tells them apart.
        """
        message = _encode({"v": 1, "kind": "job", **job})
        identity = hashlib.sha256(f"{nonce}\0{message}".encode()).hexdigest()
        connection_id = str(job.get("connection_id", ""))
        self._send(url, message, group_of(connection_id, subject), identity)

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Ask `call_providers` for an object, at once or after up to 15 minutes. Raise AwsError."""
        payload: dict[str, object] = {"QueueUrl": url, "MessageBody": _encode({"v": 1, **call})}
        if delay_seconds > 0:
            payload["DelaySeconds"] = min(delay_seconds, _DELAY_SECONDS_MAX)
        self._client.call("SendMessage", payload)

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        """Put up to ten messages on a standard queue, each with its delay in seconds.

        Raise AwsError, or Retryable where SQS took only some of them.
        """
        entries: list[dict[str, object]] = [
            {
                "Id": str(place),
                "MessageBody": _encode({"v": 1, **call}),
                "DelaySeconds": max(0, min(seconds, _DELAY_SECONDS_MAX)),
            }
            for place, (call, seconds) in enumerate(calls)
        ]
        payload = {"QueueUrl": url, "Entries": entries}
        if self._client.call("SendMessageBatch", payload).get("Failed"):
            raise Retryable("the queue did not take all messages")

    def park(self, url: str, message: str, group: str, identity: str) -> None:
        """Put a message as it came onto its dead-letter queue. Raise AwsError.

        `group` is the MessageGroupId it was received with, so that a redrive keeps its order.
        `identity` is its `messageId`: parking it twice parks it once. Its de-duplication id would
        not do, for it outlives a redrive: a message that was redriven and fails again within five
        minutes would be dropped here, as a duplicate of its first parking.
        """
        self._send(url, message, group, identity)

    def change_visibility(self, url: str, receipt_handle: str, seconds: int) -> None:
        """Let a received message be seen again after `seconds`, 12 hours at most. Raise AwsError.

        Twelve hours count from its receipt; so the maximum itself is refused by SQS.
        """
        payload = {
            "QueueUrl": url,
            "ReceiptHandle": receipt_handle,
            "VisibilityTimeout": max(0, min(seconds, _VISIBILITY_SECONDS_MAX)),
        }
        self._client.call("ChangeMessageVisibility", payload)

    def _store(self, envelope: EventEnvelope) -> str:
        digest = hashlib.sha256(envelope.body()).hexdigest()
        key = f"{envelope.connection_id}/{digest}"
        self._bucket().put(key, envelope.packed or b"")
        return key

    def _bucket(self) -> Objects:
        if self._bodies is None:
            raise ValueError("this Lambda was given no bucket for large bodies")
        return self._bodies

    def _send(self, url: str, message: str, group: str, identity: str) -> None:
        payload = {"QueueUrl": url, "MessageBody": message}
        if url.endswith(".fifo"):
            payload["MessageGroupId"] = group
            payload["MessageDeduplicationId"] = identity
        self._client.call("SendMessage", payload)


def _is_stored(envelope: EventEnvelope) -> bool:
    return envelope.packed is None and envelope.body_key is not None
