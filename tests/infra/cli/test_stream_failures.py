"""What the stream gave up on, read again from a stream in memory and handed to a function."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from rich.console import Console

from infra.aws import Aws
from infra.cli import dead_letters, stream_failures
from infra.cli.__main__ import main
from infra.cli.running import Running
from shared.domain import times

FIRE = "arn:aws:lambda:us-east-1:123456789012:function:fire_triggers:$LATEST"
DAY_MS = 24 * times.HOUR


class FakeLambda:
    """Remembers what it was invoked with, and answers what it is told to."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        self.invoked.append((FunctionName, json.loads(Payload)))
        answer = self.answers.pop(0) if self.answers else {"batchItemFailures": []}
        error = {"FunctionError": "Unhandled"} if "errorType" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **error}

    def records(self) -> list[dict[str, Any]]:
        return [each for _, event in self.invoked for each in event["Records"]]


class Scene:
    """A table with a stream, its queue of notes, and the function they are for."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.lambda_ = FakeLambda()
        vars(aws)["lambda_"] = self.lambda_
        made = aws.dynamodb.create_table(
            TableName="paysignal",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.stream = str(made["TableDescription"].get("LatestStreamArn"))
        self.url = aws.sqs.create_queue(QueueName="StreamDlq")["QueueUrl"]
        self.running = Running(aws=aws, outputs={"StreamDlqUrl": self.url}, name="paysignal")

    def write(self, count: int) -> list[int]:
        """Write so many items; return the sequence numbers of all there are."""
        for number in range(count):
            item: Any = {"pk": {"S": f"AT#{number}"}, "doc": {"B": b"\x00\xff"}}
            self.aws.dynamodb.put_item(TableName="paysignal", Item=item)
        page = self.aws.dynamodbstreams.get_records(ShardIterator=self._iterator())
        return [int(each["dynamodb"]["SequenceNumber"]) for each in page["Records"]]

    def shard(self) -> str:
        told = self.aws.dynamodbstreams.describe_stream(StreamArn=self.stream)
        return str(told["StreamDescription"]["Shards"][0]["ShardId"])

    def _iterator(self) -> str:
        return str(
            self.aws.dynamodbstreams.get_shard_iterator(
                StreamArn=self.stream, ShardId=self.shard(), ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        )

    def note(self, first: int | str, last: int | str, age_ms: int = 60_000) -> None:
        """Leave a note as Lambda does."""
        arrived = times.to_text(time.time_ns() // 1_000_000 - age_ms)
        note = {
            "requestContext": {"functionArn": FIRE, "condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "shardId": self.shard(),
                "startSequenceNumber": str(first),
                "endSequenceNumber": str(last),
                "approximateArrivalOfFirstRecord": arrived,
                "approximateArrivalOfLastRecord": arrived,
                "batchSize": int(last) - int(first) + 1,
                "streamArn": self.stream,
            },
        }
        self.aws.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(note))

    def notes(self) -> int:
        name: Any = "ApproximateNumberOfMessages"
        answer: Any = self.aws.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(answer["Attributes"][name])


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
    with mock_aws():
        found = Scene(Aws(region="us-east-1"))
        monkeypatch.setattr(Running, "find", lambda name: found.running)
        yield found
        found.aws.close()


def redriven(*argv: str) -> tuple[int, str]:
    output = io.StringIO()
    code = main(["redrive", "stream", *argv], Console(file=output, width=500, highlight=False))
    return code, output.getvalue()


def test_the_records_a_note_names_are_handed_over_and_the_note_goes(scene: Scene) -> None:
    numbers = scene.write(5)
    scene.note(numbers[1], numbers[3])

    code, told = redriven()

    handed = [int(each["dynamodb"]["SequenceNumber"]) for each in scene.lambda_.records()]
    assert code == 0
    assert handed == numbers[1:4]
    assert [name for name, _ in scene.lambda_.invoked] == [FIRE]
    assert scene.notes() == 0
    assert "3 records handed to fire_triggers" in told


def test_a_record_is_handed_over_as_lambda_does_it(scene: Scene) -> None:
    (number,) = scene.write(1)
    scene.note(number, number)

    redriven()

    (record,) = scene.lambda_.records()
    assert (record["eventName"], record["eventSourceARN"]) == ("INSERT", scene.stream)
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "AT#0"}, "doc": {"B": "AP8="}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int)


def test_an_expired_item_says_who_removed_it_as_lambda_does() -> None:
    failure = stream_failures.Failure("f", "arn:stream", "s", "1", "1", 1, 0)
    record = {"userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}

    shaped = stream_failures.event_record(record, failure)

    assert shaped["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def test_many_records_are_handed_over_in_batches_in_their_order(scene: Scene) -> None:
    numbers = scene.write(150)
    scene.note(numbers[0], numbers[-1])

    redriven()

    assert [len(event["Records"]) for _, event in scene.lambda_.invoked] == [100, 50]
    handed = [int(each["dynamodb"]["SequenceNumber"]) for each in scene.lambda_.records()]
    assert handed == numbers


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"batchItemFailures": [{"itemIdentifier": "7"}]}, "could not take the records from 7 on"),
        ({"errorType": "KeyError", "errorMessage": "ada@example.com"}, "failed (KeyError)"),
    ],
)
def test_a_note_stays_when_the_function_does_not_take_its_records(
    scene: Scene, answer: dict[str, Any], said: str
) -> None:
    numbers = scene.write(150)
    scene.note(numbers[0], numbers[-1])
    scene.lambda_.answers = [answer]

    code, told = redriven()

    assert code == 1
    assert said in told
    assert "ada@example.com" not in told
    assert len(scene.lambda_.invoked) == 1, "what comes after a failure waits for it"
    assert scene.notes() == 1


def test_a_failure_does_not_keep_the_next_note_from_being_tried(scene: Scene) -> None:
    numbers = scene.write(2)
    for number in numbers:
        scene.note(number, number)
    scene.lambda_.answers = [{"errorType": "KeyError"}]

    code, told = redriven()

    assert code == 1
    assert "1 redriven, 1 kept" in told
    assert scene.notes() == 1


def test_a_note_older_than_the_stream_is_kept_with_what_to_do(scene: Scene) -> None:
    (number,) = scene.write(1)
    scene.note(number, number, age_ms=DAY_MS + 60_000)

    code, told = redriven()

    assert code == 1
    assert "are gone" in told
    assert "by hand" in told
    assert scene.lambda_.invoked == []
    assert scene.notes() == 1


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ExpiredIteratorException"])
def test_records_the_stream_no_longer_has_are_told_of_alike(scene: Scene, code: str) -> None:
    (number,) = scene.write(1)
    scene.note(number, number)
    vars(scene.aws)["dynamodbstreams"] = Refusing(code)

    assert "are gone" in redriven()[1]
    assert scene.notes() == 1


class Refusing:
    """A stream that answers with an error."""

    def __init__(self, code: str) -> None:
        self._code = code

    def get_shard_iterator(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": self._code}}, "GetShardIterator")


class Padded:
    """A stream that writes its numbers with zeros before them, and knows them by no other text."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_shard_iterator(self, **asked: Any) -> Any:
        self.asked.append(asked["SequenceNumber"])
        return {"ShardIterator": "first"}

    def get_records(self, **_: Any) -> Any:
        numbers = ("00000000000000000000009", "00000000000000000000010")
        return {"Records": [{"dynamodb": {"SequenceNumber": each}} for each in numbers]}


def test_sequence_numbers_are_asked_for_as_they_are_written(scene: Scene) -> None:
    padded = Padded()
    scene.note("00000000000000000000009", "00000000000000000000010")
    vars(scene.aws)["dynamodbstreams"] = padded

    code, _ = redriven()

    assert code == 0
    assert padded.asked == ["00000000000000000000009"]
    assert len(scene.lambda_.records()) == 2


class Endless:
    """A shard that never says that it has ended, or says so at once."""

    def __init__(self, following: str | None) -> None:
        self._following = following
        self.asked = 0

    def get_shard_iterator(self, **_: Any) -> Any:
        return {"ShardIterator": "first"}

    def get_records(self, **_: Any) -> Any:
        self.asked += 1
        return {"Records": [], "NextShardIterator": self._following}


@pytest.mark.parametrize(("following", "asked"), [("next", 50), (None, 1)])
def test_a_shard_without_the_last_record_is_not_read_for_ever(
    scene: Scene, following: str | None, asked: int
) -> None:
    endless = Endless(following)
    (number,) = scene.write(1)
    scene.note(number, number)
    vars(scene.aws)["dynamodbstreams"] = endless

    code, told = redriven()

    assert (code, endless.asked) == (1, asked)
    assert "ended before the last" in told


def test_another_fault_ends_the_command_and_lets_the_note_go(scene: Scene) -> None:
    (number,) = scene.write(1)
    scene.note(number, number)
    vars(scene.aws)["dynamodbstreams"] = Refusing("AccessDeniedException")

    code, told = redriven()

    assert code == 1
    assert "AccessDenied" in told
    assert scene.notes() == 1


def test_a_dry_run_says_what_is_still_there_and_hands_nothing_over(scene: Scene) -> None:
    (number,) = scene.write(1)
    scene.note(number, number)
    scene.note(number, number, age_ms=2 * DAY_MS)
    scene.aws.sqs.send_message(QueueUrl=scene.url, MessageBody="{}")

    code, told = redriven("--dry-run")

    assert code == 0
    assert "for fire_triggers, still in the stream" in told
    assert "for fire_triggers, gone from the stream" in told
    assert "It is no note of Lambda's" in told
    assert "3 wait, 3 of them shown" in told
    assert scene.lambda_.invoked == []
    assert scene.notes() == 3
