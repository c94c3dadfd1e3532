"""What each send puts on which queue, and the detour of large bodies through the bucket."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.queue import MESSAGE_BYTES_MAX, Queue
from shared.domain.envelope import EventEnvelope, group_of, read_message
from shared.domain.errors import Retryable

_FIFO = "https://sqs.eu-central-1.amazonaws.com/111122223333/events.fifo"
_STANDARD = "https://sqs.eu-central-1.amazonaws.com/111122223333/history"


class FakeSqs:
    """Remembers calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        self.calls.append((operation, dict(payload)))
        return {"MessageId": str(len(self.calls))}

    @property
    def sent(self) -> list[dict[str, Any]]:
        assert {operation for operation, _ in self.calls} <= {"SendMessage"}
        return [payload for _, payload in self.calls]


class FakeBucket:
    """A bucket in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    def get(self, key: str) -> bytes:
        return self.objects[key]


def _envelope(body: bytes = b'{"id":"evt_1"}', **changes: Any) -> EventEnvelope:
    given: dict[str, Any] = {
        "provider": "stripe",
        "connection_id": "shop",
        "received_at": 1_795_000_000_000,
        "body": body,
        "event_id": "evt_1",
        "subject": "cus_1",
        **changes,
    }
    return EventEnvelope(**given)


def _received(message: str) -> EventEnvelope:
    envelope = read_message(message)
    assert isinstance(envelope, EventEnvelope)
    return envelope


def test_event_goes_to_the_group_of_its_subject() -> None:
    sqs = FakeSqs()

    Queue(sqs).send_event(_FIFO, _envelope())

    message = sqs.sent[0]
    assert message["QueueUrl"] == _FIFO
    assert message["MessageGroupId"] == group_of("shop", "cus_1")
    assert len(message["MessageDeduplicationId"]) == 64
    assert _received(message["MessageBody"]).body() == b'{"id":"evt_1"}'


def test_events_without_a_subject_do_not_wait_for_each_other() -> None:
    """One group for all of them would stop at the first that fails, and hold 300 a second."""
    sqs = FakeSqs()
    queue = Queue(sqs)

    queue.send_event(_FIFO, _envelope(subject=None, event_id="evt_1"))
    queue.send_event(_FIFO, _envelope(subject=None, event_id="evt_2"))
    queue.send_event(_FIFO, _envelope(b"1", subject=None, event_id=None))
    queue.send_event(_FIFO, _envelope(b"2", subject=None, event_id=None))

    assert len({message["MessageGroupId"] for message in sqs.sent}) == 4


def test_same_event_again_is_the_same_to_the_queue_unless_it_is_a_retry() -> None:
    sqs = FakeSqs()
    queue = Queue(sqs)

    queue.send_event(_FIFO, _envelope())
    queue.send_event(_FIFO, _envelope(received_at=1_795_000_060_000))
    queue.send_event(_FIFO, _envelope(), nonce="retry-1")

    first, again, retry = (message["MessageDeduplicationId"] for message in sqs.sent)
    assert first == again
    assert first != retry


def test_standard_queue_gets_neither_group_nor_identity() -> None:
    sqs = FakeSqs()

    Queue(sqs).send_event(_STANDARD, _envelope(source="history"))

    assert set(sqs.sent[0]) == {"QueueUrl", "MessageBody"}


def test_body_above_the_queues_limit_travels_through_the_bucket() -> None:
    """Matrix row 15: up to 4 MB are accepted whatever SQS takes."""
    sqs, bucket = FakeSqs(), FakeBucket()
    queue = Queue(sqs, bucket)
    body = os.urandom(2_000_000)
    envelope = _envelope(body)

    queue.send_event(_FIFO, envelope)

    message = sqs.sent[0]["MessageBody"]
    key = f"shop/{hashlib.sha256(body).hexdigest()}"
    assert len(message) < 1_000
    assert json.loads(message)["body_key"] == key
    assert "body" not in json.loads(message)
    assert list(bucket.objects) == [key]
    assert queue.open_event(_received(message)).body() == body
    assert envelope.packed is not None, "the sender's envelope is left as it was"


def test_incompressible_body_just_below_the_limit_needs_no_bucket() -> None:
    sqs, bucket = FakeSqs(), FakeBucket()
    body = os.urandom(MESSAGE_BYTES_MAX * 3 // 4 - 2_000)

    Queue(sqs, bucket).send_event(_FIFO, _envelope(body))

    assert len(sqs.sent[0]["MessageBody"]) <= MESSAGE_BYTES_MAX
    assert bucket.objects == {}


def test_large_body_sent_twice_is_stored_once() -> None:
    sqs, bucket = FakeSqs(), FakeBucket()
    queue = Queue(sqs, bucket)
    body = os.urandom(1_500_000)

    queue.send_event(_FIFO, _envelope(body))
    queue.send_event(_FIFO, _envelope(body))

    assert len(bucket.objects) == 1
    assert len({message["MessageDeduplicationId"] for message in sqs.sent}) == 1


def test_event_that_came_by_key_is_sent_on_by_key() -> None:
    sqs, bucket = FakeSqs(), FakeBucket()
    queue = Queue(sqs, bucket)
    queue.send_event(_FIFO, _envelope(os.urandom(1_500_000)))
    received = _received(sqs.sent[0]["MessageBody"])

    queue.send_event(_FIFO, received, nonce="retry-1")

    first, again = (json.loads(message["MessageBody"]) for message in sqs.sent)
    assert first == again
    assert len(bucket.objects) == 1


def test_large_body_without_a_bucket_is_our_fault_and_said() -> None:
    with pytest.raises(ValueError, match="no bucket"):
        Queue(FakeSqs()).send_event(_FIFO, _envelope(os.urandom(1_500_000)))


def test_event_with_its_body_is_opened_without_the_bucket() -> None:
    envelope = _envelope()

    assert Queue(FakeSqs()).open_event(envelope) is envelope


def test_jobs_of_one_subject_stay_in_order_and_equal_jobs_are_one() -> None:
    sqs = FakeSqs()
    queue = Queue(sqs)
    job = {"job": "refresh_customer", "connection_id": "shop", "customer": "cus_1"}

    queue.send_job(_FIFO, job, subject="cus_1")
    queue.send_job(_FIFO, job, subject="cus_1")
    queue.send_job(_FIFO, {**job, "after": "sub_9"}, subject="cus_1")
    queue.send_job(_FIFO, job, subject="cus_1", nonce="2")

    identities = [message["MessageDeduplicationId"] for message in sqs.sent]
    assert read_message(sqs.sent[0]["MessageBody"]) == {"v": 1, "kind": "job", **job}
    assert {message["MessageGroupId"] for message in sqs.sent} == {group_of("shop", "cus_1")}
    assert identities[0] == identities[1]
    assert len(set(identities)) == 3


def test_call_is_sent_with_its_version_and_delay() -> None:
    sqs = FakeSqs()
    call = {"connection_id": "shop", "provider": "stripe", "object": "customer", "id": "cus_1"}

    Queue(sqs).send_call(_STANDARD, call)
    Queue(sqs).send_call(_STANDARD, call, delay_seconds=30)
    Queue(sqs).send_call(_STANDARD, call, delay_seconds=86_400)

    assert json.loads(sqs.sent[0]["MessageBody"]) == {"v": 1, **call}
    assert [message.get("DelaySeconds") for message in sqs.sent] == [None, 30, 900]


def test_parking_keeps_the_message_and_its_group() -> None:
    """A redrive must find the bytes it lost, in the order they had."""
    sqs = FakeSqs()

    Queue(sqs).park(f"{_FIFO[:-5]}-dead.fifo", '{"as":"it came"}', "group-1", "message-1")

    assert sqs.sent == [
        {
            "QueueUrl": f"{_FIFO[:-5]}-dead.fifo",
            "MessageBody": '{"as":"it came"}',
            "MessageGroupId": "group-1",
            "MessageDeduplicationId": "message-1",
        }
    ]


@pytest.mark.parametrize(("asked", "given"), [(30, 30), (-1, 0), (99_999, 43_200)])
def test_visibility_stays_within_what_sqs_takes(asked: int, given: int) -> None:
    sqs = FakeSqs()

    Queue(sqs).change_visibility(_FIFO, "receipt", asked)

    assert sqs.calls == [
        (
            "ChangeMessageVisibility",
            {"QueueUrl": _FIFO, "ReceiptHandle": "receipt", "VisibilityTimeout": given},
        )
    ]


def test_calls_are_sent_ten_at_once_each_with_its_delay() -> None:
    sqs = FakeSqs()

    Queue(sqs).send_calls(_STANDARD, [({"kind": "run"}, 0), ({"kind": "deliver"}, 86_400)])

    ((operation, payload),) = sqs.calls
    assert operation == "SendMessageBatch"
    assert payload == {
        "QueueUrl": _STANDARD,
        "Entries": [
            {"Id": "0", "MessageBody": '{"v":1,"kind":"run"}', "DelaySeconds": 0},
            {"Id": "1", "MessageBody": '{"v":1,"kind":"deliver"}', "DelaySeconds": 900},
        ],
    }


def test_a_batch_that_was_taken_in_part_is_a_passing_fault() -> None:
    class Choosy(FakeSqs):
        def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
            return {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1"}]}

    with pytest.raises(Retryable):
        Queue(Choosy()).send_calls(_STANDARD, [({"kind": "run"}, 0), ({"kind": "run"}, 0)])
