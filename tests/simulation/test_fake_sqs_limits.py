"""What SQS refuses, and that the fake refuses it too."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.queue_bench import FIFO, STANDARD, Bench

MEBIBYTE = 1024 * 1024


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"MessageBody": "x"}, "MissingParameter"),
        ({"MessageBody": "x", "MessageGroupId": "g"}, "InvalidParameterValue"),
        ({"MessageBody": "", "MessageGroupId": "g"}, "MissingParameter"),
        ({"MessageBody": "a\0b", "MessageGroupId": "g"}, "InvalidMessageContents"),
        ({"MessageBody": "x" * (MEBIBYTE + 1), "MessageGroupId": "g"}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageGroupId": "a b"}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageGroupId": "g", "DelaySeconds": 5}, "InvalidParameterValue"),
        ({"Message": "x", "MessageGroupId": "g"}, "InvalidParameterValue"),
    ],
)
def test_a_message_sqs_would_refuse_is_refused(
    bench: Bench, payload: dict[str, Any], code: str
) -> None:
    identity = {"MessageDeduplicationId": "d"} if code != "InvalidParameterValue" else {}

    with pytest.raises(AwsError) as refused:
        bench.do("SendMessage", FIFO, **payload, **identity)

    assert refused.value.code == code


def test_a_body_of_just_one_mebibyte_is_taken(bench: Bench) -> None:
    bench.do("SendMessage", STANDARD, MessageBody="x" * MEBIBYTE)

    assert len(bench.sqs.queues[STANDARD].messages) == 1


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(n), "MessageBody": "x"} for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "1", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "MessageBody": "x"}], "InvalidBatchEntryId"),
        ([{"Id": n, "MessageBody": "x" * 600_000} for n in "ab"], "BatchRequestTooLong"),
    ],
)
def test_a_batch_sqs_would_refuse_is_refused(
    bench: Bench, entries: list[dict[str, Any]], code: str
) -> None:
    with pytest.raises(AwsError) as refused:
        bench.do("SendMessageBatch", STANDARD, Entries=entries)

    assert refused.value.code == code


def test_a_batch_answers_for_each_entry(bench: Bench) -> None:
    good = {"Id": "1", "MessageBody": "x"}
    bad = {"Id": "2", "MessageBody": "y", "DelaySeconds": 901}

    answer = bench.do("SendMessageBatch", STANDARD, Entries=[good, bad])
    bench.sqs.batch_limit = 0
    faulty = bench.do("SendMessageBatch", STANDARD, Entries=[good])

    assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
    assert answer["Failed"][0]["Code"] == "InvalidParameterValue"
    assert faulty["Failed"][0]["SenderFault"] is False
    assert bench.bodies(STANDARD) == ["x"]


def test_unknown_queues_and_operations_are_refused(bench: Bench) -> None:
    with pytest.raises(AwsError, match="QueueDoesNotExist"):
        bench.sqs.call("SendMessage", {"QueueUrl": "nowhere", "MessageBody": "x"})
    with pytest.raises(AwsError, match="InvalidAction"):
        bench.do("PurgeQueue", STANDARD)
