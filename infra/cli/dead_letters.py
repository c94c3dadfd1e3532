"""A dead-letter queue as a command goes through it: each message once, and none lost on the way.

A message taken is hidden from others until it is deleted, or everything is let go at the end.
Moving one sends it first and deletes it then, under an id made of the dead letter's own: should the
command die in between, a FIFO queue takes the next try for a repeat, and on a standard queue the
consumer does what it always does with a message that comes twice. Bodies are never shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.errors import Quarantined

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

PAGE = 10
# Long polling asks all of SQS's servers: a short poll may find nothing where something is.
_WAIT_SECONDS = 1
# What tells a message apart for a person: ids and kinds, nothing of a customer's.
_SHOWN = ("kind", "job", "connection_id", "event_id", "object_id", "run_id", "firing_id")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message; `sent_at` in ms, `group` empty outside FIFO queues."""

    message_id: str
    body: str = field(repr=False)
    group: str
    sent_at: int
    receipt: str = field(repr=False)

    def about(self) -> str:
        """Return which message it is, by ids alone."""
        try:
            said = json.loads(self.body)
        except ValueError:
            said = None
        rows = said if isinstance(said, Mapping) else {}
        known = [f"{name} {rows[name]}" for name in _SHOWN if isinstance(rows.get(name), str)]
        return ", ".join([self.message_id, *known])


class DeadLetters:
    """One dead-letter queue."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url
        self._held: dict[str, str] = {}

    def count(self) -> int:
        """Return about how many messages lie here and are not being worked on."""
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def lying(self) -> int:
        """Return about how many messages lie here, those among them that somebody has taken."""
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(map(int, answer["Attributes"].values()))

    def take(
        self, *, before: int, limit: int | None, seconds: int, page: int = PAGE
    ) -> Iterator[DeadLetter]:
        """Yield what was sent before a time (ms), each once, a page hidden for `seconds`.

        What has come since is not taken: a message that fails again at once would go round and
        round. Nor would it end where going through takes longer than a page is hidden: a page of
        which everything was met before is the last.
        """
        taken = 0
        met: set[str] = set()
        while limit is None or taken < limit:
            wanted = page if limit is None else min(page, limit - taken)
            found = self._receive(wanted, seconds)
            new = [letter for letter in found if letter.message_id not in met]
            if not new:
                return
            met.update(letter.message_id for letter in new)
            for letter in new:
                if letter.sent_at <= before:
                    taken += 1
                    yield letter

    def move(self, letter: DeadLetter, url: str, message: str) -> None:
        """Send a message to a queue, in its group and under a new id, and delete it here."""
        fifo: Any = {}
        if url.endswith(".fifo"):
            fifo = {
                "MessageGroupId": letter.group or letter.message_id,
                "MessageDeduplicationId": hashlib.sha256(
                    f"redrive\0{letter.message_id}".encode()
                ).hexdigest(),
            }
        self._sqs.send_message(QueueUrl=url, MessageBody=message, **fifo)
        self.delete(letter)

    def delete(self, letter: DeadLetter) -> None:
        """Remove a message that has been dealt with."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
        self._held.pop(letter.message_id, None)

    def let_go(self) -> None:
        """Let the messages that were taken and not deleted be seen again at once."""
        while self._held:
            _, receipt = self._held.popitem()
            # One whose time is up is seen already; whatever else fails, it is seen in the end.
            with suppress(ClientError):
                self._sqs.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0
                )

    def _receive(self, page: int, seconds: int) -> list[DeadLetter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=page,
            VisibilityTimeout=seconds,
            WaitTimeSeconds=_WAIT_SECONDS,
            AttributeNames=["All"],
        )
        found = [_letter(each) for each in answer.get("Messages", [])]
        self._held |= {each.message_id: each.receipt for each in found}
        return found


def again(body: str) -> str:
    """Return the text to send for a message: an event says that it was redriven.

    Imported history stays history, else it would fire; what is no event of ours goes as it is, for
    its consumer to judge.
    """
    try:
        envelope = read_message(body)
    except Quarantined:
        return body
    if not isinstance(envelope, EventEnvelope) or envelope.source == "history":
        return body
    envelope.source = "redrive"
    return envelope.to_message()


def _letter(message: MessageTypeDef) -> DeadLetter:
    attributes = message.get("Attributes", {})
    return DeadLetter(
        message_id=message.get("MessageId", ""),
        body=message.get("Body", ""),
        group=attributes.get("MessageGroupId", ""),
        sent_at=int(attributes.get("SentTimestamp", 0)),
        receipt=message.get("ReceiptHandle", ""),
    )
