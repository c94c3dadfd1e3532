"""A queue's shape and one message in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

REGION = "eu-central-1"
ACCOUNT = "000000000000"


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """How a queue was set up; a name that ends in `.fifo` makes it a FIFO queue."""

    name: str
    visibility_seconds: int = 30
    max_receive_count: int | None = None
    dead_letter: str | None = None
    delay_seconds: int = 0
    retention_seconds: int = 345_600
    content_deduplication: bool = False
    # High-throughput FIFO: a de-duplication id counts within its message group only.
    deduplicates_per_group: bool = True

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")

    @property
    def url(self) -> str:
        return f"https://sqs.example.com/{ACCOUNT}/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"


@dataclass(slots=True)
class Message:
    """A message as its queue keeps it; times are milliseconds of virtual time."""

    message_id: str
    body: str
    sent_ms: int
    retained_from_ms: int
    visible_at_ms: int
    group: str = ""
    deduplication_id: str = ""
    sequence: str = ""
    source_arn: str = ""
    receive_count: int = 0
    first_received_ms: int = 0
    received_ms: int = 0

    @property
    def receipt_handle(self) -> str:
        """The handle of the newest receive: an older one no longer stands for the message."""
        return f"{self.message_id}/{self.receive_count}"

    def attributes(self) -> dict[str, str]:
        """Return the system attributes of a message just received."""
        named = {
            "ApproximateReceiveCount": str(self.receive_count),
            "ApproximateFirstReceiveTimestamp": str(self.first_received_ms),
            "SentTimestamp": str(self.sent_ms),
            "SenderId": ACCOUNT,
            "MessageGroupId": self.group,
            "MessageDeduplicationId": self.deduplication_id,
            "SequenceNumber": self.sequence,
            "DeadLetterQueueSourceArn": self.source_arn,
        }
        return {name: text for name, text in named.items() if text}

    def answer(self) -> dict[str, Any]:
        """Return the message as ReceiveMessage does, without attributes."""
        return {
            "MessageId": self.message_id,
            "ReceiptHandle": self.receipt_handle,
            "MD5OfBody": md5(self.body),
            "Body": self.body,
        }


def md5(text: str) -> str:
    """Return the digest SQS answers with, which clients may check."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
