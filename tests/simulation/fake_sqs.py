"""An in-process SQS on a virtual clock: the JSON operations paysignal uses, and no others.

Times never pass by themselves: visibility, delay, de-duplication and retention follow the clock
given. An unknown operation or parameter is refused. Not thread-safe: the simulation runs in one
thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error
from tests.simulation.sqs.checks import check_entries, check_message, check_parameters
from tests.simulation.sqs.message import Message, QueueSpec, md5
from tests.simulation.sqs.queue import Queue
from tests.simulation.virtual_clock import VirtualClock

VISIBILITY_SECONDS_MAX = 43_200
_RECEIVED = ("AttributeNames", "MessageSystemAttributeNames")


class FakeSQS:
    """Queues that answer `call` as SQS would."""

    def __init__(self, specs: Iterable[QueueSpec], clock: Callable[[], int] | None = None) -> None:
        self._clock = clock or VirtualClock()
        self.queues = {spec.name: Queue(spec, self._clock) for spec in specs}
        for queue in self.queues.values():
            if queue.spec.dead_letter:
                queue.dead_letters = self.queues[queue.spec.dead_letter]
        self.calls: Counter[str] = Counter()
        # Faults of one call, set by the world just before it and reset by the call.
        self.batch_limit: int | None = None
        self.receive_start = 0
        self.delay_ms = 0
        # How often such a fault changed something, by kind.
        self.met: Counter[str] = Counter()
        self._sent = 0
        self._operations: dict[str, Callable[[Queue, Mapping[str, Any]], dict[str, Any]]] = {
            "SendMessage": self._send_message,
            "SendMessageBatch": self._send_message_batch,
            "ReceiveMessage": self._receive_message,
            "DeleteMessage": self._delete_message,
            "DeleteMessageBatch": self._delete_message_batch,
            "ChangeMessageVisibility": self._change_message_visibility,
            "GetQueueAttributes": self._get_queue_attributes,
        }

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation and return its answer; raise AwsError as the client would."""
        perform = self._operations.get(operation)
        if perform is None:
            raise aws_error("InvalidAction", f"not faked: {operation}")
        self.calls[operation] += 1
        try:
            check_parameters(operation, payload)
            return perform(self.queue(payload["QueueUrl"]), payload)
        finally:
            self.batch_limit, self.receive_start, self.delay_ms = None, 0, 0

    def queue(self, url_or_name: str) -> Queue:
        """Return a queue by URL or name; raise AwsError where there is none."""
        found = self.queues.get(url_or_name.rpartition("/")[2])
        if found is None:
            raise aws_error("QueueDoesNotExist", "The specified queue does not exist.")
        return found

    def url(self, name: str) -> str:
        return self.queues[name].spec.url

    def redrive(self, name: str) -> int:
        """Move all dead letters of a queue back into it, as SQS's own redrive does.

        What lay there for longer than it is kept is lost. The others keep group and body, and are
        new messages else: no de-duplication stops them, even where the same message is redriven
        again within five minutes.
        """
        queue = self.queues[name]
        assert queue.dead_letters is not None
        queue.dead_letters.expire()
        letters = list(queue.dead_letters.messages.values())
        for letter in letters:
            queue.dead_letters.remove(letter)
            queue.accept(
                Message(
                    message_id=self._next_id(),
                    body=letter.body,
                    sent_ms=self._clock(),
                    retained_from_ms=self._clock(),
                    visible_at_ms=self._clock(),
                    group=letter.group,
                    deduplication_id=letter.deduplication_id,
                    sequence=f"{self._sent:020d}" if queue.spec.fifo else "",
                )
            )
        return len(letters)

    def _next_id(self) -> str:
        self._sent += 1
        return f"{self._sent:08x}-0000-4000-8000-000000000000"

    def _send(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        check_message(queue.spec, payload)
        now = self._clock()
        delay_seconds = payload.get("DelaySeconds", queue.spec.delay_seconds)
        body = payload["MessageBody"]
        fifo = queue.spec.fifo
        message = Message(
            message_id=self._next_id(),
            body=body,
            sent_ms=now,
            retained_from_ms=now,
            visible_at_ms=now + delay_seconds * 1000 + self.delay_ms,
            group=payload.get("MessageGroupId", ""),
            deduplication_id=payload.get("MessageDeduplicationId") or (md5(body) if fifo else ""),
            sequence=f"{self._sent:020d}" if fifo else "",
        )
        kept = queue.send(message)
        self.met["delay"] += bool(self.delay_ms) and kept is message
        answer = {"MessageId": kept.message_id, "MD5OfMessageBody": md5(body)}
        return {**answer, "SequenceNumber": kept.sequence} if fifo else answer

    def _send_message(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        return self._send(queue, payload)

    def _send_message_batch(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        check_entries("SendMessageBatch", payload.get("Entries", []))
        return self._each(payload["Entries"], lambda entry: self._send(queue, entry))

    def _each(
        self, entries: list[dict[str, Any]], perform: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        """Perform each entry by itself; beyond the batch limit, answer with a fault of SQS."""
        good, bad = [], []
        for position, entry in enumerate(entries):
            try:
                if self.batch_limit is not None and position >= self.batch_limit:
                    raise aws_error("InternalError", "the service failed", 500)
                good.append({"Id": entry["Id"], **perform(entry)})
            except AwsError as error:
                fault = {"SenderFault": error.status < 500}
                text = {"Code": error.code, "Message": error.message}
                bad.append({"Id": entry["Id"], **text, **fault})
        return {"Successful": good, "Failed": bad}

    def _receive_message(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        limit = payload.get("MaxNumberOfMessages", 1)
        if not 1 <= limit <= 10:
            raise aws_error("InvalidParameterValue", "MaxNumberOfMessages must be 1 to 10")
        seconds = payload.get("VisibilityTimeout", queue.spec.visibility_seconds)
        taken = queue.receive(limit, seconds * 1000, self.receive_start)
        wanted = {name for parameter in _RECEIVED for name in payload.get(parameter, ())}
        answers = []
        for message in taken:
            attributes = message.attributes()
            if "All" not in wanted:
                attributes = {name: text for name, text in attributes.items() if name in wanted}
            answer = message.answer()
            answers.append({**answer, "Attributes": attributes} if attributes else answer)
        return {"Messages": answers} if answers else {}

    def _find(self, queue: Queue, handle: str) -> Message | None:
        """Return the message a handle stands for; None where it is gone or was received anew."""
        message_id, _, count = handle.rpartition("/")
        if not message_id or not count.isdecimal():
            raise aws_error("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        message = queue.messages.get(message_id)
        if message is None:
            return None
        stale = message.receipt_handle != handle
        if queue.spec.fifo and (stale or not queue.in_flight(message)):
            raise aws_error(
                "InvalidParameterValue",
                f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt "
                "handle has expired.",
            )
        return None if stale else message

    def _delete_message(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        message = self._find(queue, payload["ReceiptHandle"])
        if message is not None:
            queue.remove(message)
        return {}

    def _delete_message_batch(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        check_entries("DeleteMessageBatch", payload.get("Entries", []))
        return self._each(payload["Entries"], lambda entry: self._delete_message(queue, entry))

    def _change_message_visibility(
        self, queue: Queue, payload: Mapping[str, Any]
    ) -> dict[str, Any]:
        seconds = payload["VisibilityTimeout"]
        if not 0 <= seconds <= VISIBILITY_SECONDS_MAX:
            raise aws_error("InvalidParameterValue", "VisibilityTimeout must be 0 to 43200")
        message = self._find(queue, payload["ReceiptHandle"])
        if message is None or not queue.in_flight(message):
            raise aws_error("MessageNotInflight", "The specified message isn't in flight.")
        until_ms = self._clock() + seconds * 1000
        # The limit counts from the receive: a message held already cannot be held as long again.
        if until_ms > message.received_ms + VISIBILITY_SECONDS_MAX * 1000:
            raise aws_error("InvalidParameterValue", "Total VisibilityTimeout is beyond 43200 s")
        message.visible_at_ms = until_ms
        return {}

    def _get_queue_attributes(self, queue: Queue, payload: Mapping[str, Any]) -> dict[str, Any]:
        now = self._clock()
        waiting = [m for m in queue.messages.values() if m.visible_at_ms > now]
        flying = sum(message.receive_count > 0 for message in waiting)
        attributes = {
            "QueueArn": queue.spec.arn,
            "VisibilityTimeout": str(queue.spec.visibility_seconds),
            "ApproximateNumberOfMessages": str(len(queue.messages) - len(waiting)),
            "ApproximateNumberOfMessagesNotVisible": str(flying),
            "ApproximateNumberOfMessagesDelayed": str(len(waiting) - flying),
        }
        wanted = payload.get("AttributeNames", ())
        if "All" not in wanted:
            attributes = {name: attributes[name] for name in wanted if name in attributes}
        return {"Attributes": attributes}
