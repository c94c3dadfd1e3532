"""Drives a batch handler from a queue as Lambda's SQS event source does.

It polls, builds the event, calls the handler, and deletes what did not fail; everything else
comes back when its visibility ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.batch_answer import distorted, failed_ids
from tests.simulation.faults import Crashed
from tests.simulation.function import FAILED, Function, Handle
from tests.simulation.sqs.message import REGION, Message, md5
from tests.simulation.sqs.queue import Queue
from tests.simulation.steps import Frame, Steps


class LambdaHost(Function):
    """One event source mapping: a queue, and the function it invokes."""

    def __init__(
        self,
        name: str,
        queue: Queue,
        build: Callable[[], Handle],
        steps: Steps,
        clock: Callable[[], int],
        *,
        batch_size: int = 10,
        reports_failures: bool = True,
        receive: Callable[[Queue, int], list[Message]],
    ) -> None:
        super().__init__(name, build, steps, clock)
        self.queue = queue
        self._batch_size = batch_size
        self._reports_failures = reports_failures
        self._receive = receive

    @property
    def hold_ms(self) -> int:
        """How long a worker may be silent before another one is given its batch."""
        return self.queue.spec.visibility_seconds * 1000

    def next_due_ms(self) -> int | None:
        """Return when there is something to invoke the function with, None for never."""
        return self.queue.next_visible_ms()

    def waiting(self) -> tuple[str, int]:
        """Return the queue's name, and how many messages are in it."""
        return self.queue.spec.name, len(self.queue.messages)

    def lapse(self) -> None:
        """Let the batch of a silent worker go: its visibility has ended by itself."""

    def invoke_once(self) -> None:
        """Poll the queue once and, if it gave anything, invoke the handler with it."""
        faults = self._steps.faults_of_next("Poll")
        try:
            batch = self._step("Poll", lambda: self._receive(self.queue, self._batch_size))
        except (Crashed, AwsError):
            # Whatever was received stays hidden until its visibility ends.
            return
        if not batch:
            return
        receipts = {message.message_id: message.receipt_handle for message in batch}
        if "duplicate" in faults:
            self._duplicate(batch[faults["duplicate"] % len(batch)], receipts)
        ids = [message.message_id for message in batch]
        failed = self._hand_over(batch, ids, faults)
        done = [receipt for message_id, receipt in receipts.items() if message_id not in failed]
        if done:
            self._delete(done)

    def _step(self, operation: str, effect: Callable[[], Any]) -> Any:
        self._steps.frames.append(Frame(f"poll {self.name}"))
        try:
            queue = {"queue": self.queue.spec.name}
            return self._steps.perform("lambda", operation, queue, effect)
        finally:
            self._steps.frames.pop()

    def _duplicate(self, message: Message, receipts: dict[str, str]) -> None:
        """Have a message delivered again: at once by a standard queue, else for its lost delete."""
        self._steps.took["duplicate"] += 1
        del receipts[message.message_id]
        if not self.queue.spec.fifo:
            message.visible_at_ms = self._clock()

    def _hand_over(
        self, batch: list[Message], ids: list[str], faults: Mapping[str, int]
    ) -> frozenset[str]:
        """Invoke the function; return the ids of the messages that are not to be deleted."""
        answer = self._invoke({"Records": [self._record(message) for message in batch]})
        if answer is FAILED:
            # Any error of the function fails the whole batch.
            return frozenset(ids)
        answer = distorted(answer, ids, faults, self._steps.took)
        return failed_ids(answer, ids) if self._reports_failures else frozenset()

    def _delete(self, receipts: list[str]) -> None:
        def effect() -> None:
            for receipt in receipts:
                message = self.queue.messages.get(receipt.rpartition("/")[0])
                current = message is not None and message.receipt_handle == receipt
                if message is None or not current:
                    continue
                if not self.queue.spec.fifo or self.queue.in_flight(message):
                    self.queue.remove(message)

        try:
            self._step("Delete", effect)
        except (Crashed, AwsError):
            # The messages are done, but will come again.
            return

    def _record(self, message: Message) -> Mapping[str, Any]:
        return {
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": message.attributes(),
            "messageAttributes": {},
            "md5OfBody": md5(message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.spec.arn,
            "awsRegion": REGION,
        }
