"""A fake SQS with its clock, and short names for what tests of it do."""

from __future__ import annotations

from typing import Any

from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.sqs.message import QueueSpec
from tests.simulation.virtual_clock import VirtualClock

FIFO, STANDARD = "events.fifo", "history"
SPECS = (
    QueueSpec("dead.fifo"),
    QueueSpec(FIFO, visibility_seconds=60, max_receive_count=3, dead_letter="dead.fifo"),
    QueueSpec("dead"),
    QueueSpec(STANDARD, visibility_seconds=60, max_receive_count=3, dead_letter="dead"),
)


class Bench:
    """A fake, its clock, and short names for what tests do."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sqs = FakeSQS(SPECS, self.clock)

    def do(self, operation: str, queue: str, **payload: Any) -> dict[str, Any]:
        return self.sqs.call(operation, {"QueueUrl": self.sqs.url(queue), **payload})

    def send(self, body: str, group: str = "g", identity: str = "") -> dict[str, Any]:
        return self.do(
            "SendMessage",
            FIFO,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=identity or body,
        )

    def receive(self, queue: str = FIFO, limit: int = 10) -> list[dict[str, Any]]:
        answer = self.do("ReceiveMessage", queue, MaxNumberOfMessages=limit, AttributeNames=["All"])
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def bodies(self, queue: str = FIFO, limit: int = 10) -> list[str]:
        return [message["Body"] for message in self.receive(queue, limit)]

    def delete(self, message: dict[str, Any], queue: str = FIFO) -> None:
        self.do("DeleteMessage", queue, ReceiptHandle=message["ReceiptHandle"])

    def release(self, message: dict[str, Any], seconds: int = 0, queue: str = FIFO) -> None:
        handle = message["ReceiptHandle"]
        self.do("ChangeMessageVisibility", queue, ReceiptHandle=handle, VisibilityTimeout=seconds)
