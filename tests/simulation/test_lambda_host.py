"""The event source: what a handler is given, what is deleted, and what comes again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation.lambda_host import LambdaHost
from tests.simulation.sqs.message import QueueSpec
from tests.simulation.world import World

HOUR_MS = 3_600_000
QUEUES = (
    QueueSpec("dead.fifo"),
    QueueSpec("q.fifo", 60, max_receive_count=3, dead_letter="dead.fifo"),
    QueueSpec("q", 60),
)
Answer = Callable[[list[dict[str, Any]]], Any]


class Scene:
    """A world with one function, what it was given, and how it answers."""

    def __init__(self, queue: str, answer: Answer, plan: Any = (), **options: Any) -> None:
        self.world = World(0, plan, queues=QUEUES)
        self.queue = self.world.sqs.queues[queue]
        self.batches: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self._answer = answer
        self.host: LambdaHost = self.world.add_host("f", queue, lambda: self.handle, **options)

    def handle(self, event: dict[str, Any], now: int) -> Any:
        assert now == self.world.clock()
        self.events.append(event)
        self.batches.append([record["body"] for record in event["Records"]])
        return self._answer(event["Records"])

    def send(self, *bodies: str, group: str = "g") -> None:
        for body in bodies:
            message = {"QueueUrl": self.queue.spec.url, "MessageBody": body}
            if self.queue.spec.fifo:
                message |= {"MessageGroupId": group, "MessageDeduplicationId": body}
            self.world.sqs.call("SendMessage", message)

    def waiting(self) -> list[str]:
        return [message.body for message in self.queue.messages.values()]


def fail(*bodies: str) -> Answer:
    """Answer with the messages of these bodies as failed."""
    return lambda records: {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]}
            for record in records
            if record["body"] in bodies
        ]
    }


def raising(_: object) -> Any:
    raise RuntimeError("the function failed")


def test_the_handler_is_given_what_lambda_gives() -> None:
    scene = Scene("q.fifo", fail())
    scene.send("body")

    scene.host.invoke_once()

    record = scene.events[0]["Records"][0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":q.fifo")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["MessageGroupId"] == "g"
    assert {"messageId", "receiptHandle", "body", "md5OfBody", "messageAttributes"} <= set(record)


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}])
def test_success_deletes_the_whole_batch(answer: object) -> None:
    scene = Scene("q.fifo", lambda _: answer)
    scene.send("a", "b")

    scene.host.invoke_once()

    assert scene.waiting() == []


def test_a_partial_failure_deletes_the_rest() -> None:
    scene = Scene("q", fail("b"))
    scene.send("a", "b", "c")

    scene.host.invoke_once()

    assert scene.waiting() == ["b"]


@pytest.mark.parametrize("answer", [lambda _: "no object", raising])
def test_a_failure_keeps_the_whole_batch_hidden_until_its_visibility_ends(answer: Answer) -> None:
    scene = Scene("q", answer)
    scene.send("a", "b")

    scene.host.invoke_once()
    scene.world.run(59_000)
    scene.world.run(5_000)

    assert scene.batches == [["a", "b"], ["a", "b"]]
    assert scene.waiting() == ["a", "b"]


def test_what_the_handler_raised_is_kept_for_the_test_to_see() -> None:
    scene = Scene("q", raising)
    scene.send("a")

    scene.host.invoke_once()

    assert [str(error) for error in scene.host.errors] == ["the function failed"]


def test_an_answer_is_ignored_where_the_mapping_does_not_ask_for_failures() -> None:
    scene = Scene("q", fail("a"), reports_failures=False)
    scene.send("a")

    scene.host.invoke_once()

    assert scene.waiting() == []


def test_a_batch_holds_up_to_its_size_of_several_groups() -> None:
    scene = Scene("q.fifo", fail(), batch_size=3)
    scene.send("a1", "a2", group="a")
    scene.send("b1", "b2", group="b")

    scene.world.run(HOUR_MS)

    assert scene.batches == [["a1", "a2", "b1"], ["b2"]]


def test_a_group_waits_for_its_failed_message_and_then_leaves_it_to_the_dead_letters() -> None:
    scene = Scene("q.fifo", fail("poison"), batch_size=1)
    scene.send("poison", "after")

    scene.world.run(HOUR_MS)

    assert scene.batches == [["poison"], ["poison"], ["poison"], ["after"]]
    assert [letter.body for letter in scene.world.sqs.queues["dead.fifo"].messages.values()] == [
        "poison"
    ]


@pytest.mark.parametrize("queue", ["q", "q.fifo"])
def test_a_duplicate_is_delivered_though_it_was_handled(queue: str) -> None:
    scene = Scene(queue, fail(), plan=[(0, "duplicate", 0)])
    scene.send("a", "b")

    scene.world.run(HOUR_MS)

    assert scene.batches == [["a", "b"], ["a"]]
    assert scene.waiting() == []


def test_a_lost_delete_brings_the_batch_again() -> None:
    scene = Scene("q", fail(), plan=[(1, "crash_before", 0)])
    scene.send("a")

    scene.world.run(HOUR_MS)

    assert scene.batches == [["a"], ["a"]]


def test_a_poll_whose_answer_is_lost_hides_the_batch_and_runs_nothing() -> None:
    scene = Scene("q", fail(), plan=[(0, "lost_reply", 0)])
    scene.send("a")

    scene.host.invoke_once()
    hidden = scene.batches.copy()
    scene.world.run(HOUR_MS)

    assert hidden == []
    assert scene.events[0]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_standard_queue_is_reordered_where_the_plan_says_so() -> None:
    scene = Scene("q", fail(), plan=[(0, "reorder", 2)])
    scene.send("a", "b", "c")

    scene.host.invoke_once()

    assert scene.batches == [["c", "a", "b"]]
