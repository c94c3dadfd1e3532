"""A table with a stream, notes of what Lambda gave up on, and a function that takes it again."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto import mock_aws
from rich.console import Console

from infra.aws import Aws
from infra.cli import dead_letters
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

    def invoke(  # boto3's client takes its parameters by these names
        self,
        *,
        FunctionName: str,  # noqa: N803
        InvocationType: str,  # noqa: N803
        Payload: bytes,  # noqa: N803
    ) -> dict[str, Any]:
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


@contextmanager
def staged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene as the command finds it, which waits for no more notes."""
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
    with mock_aws():
        found = Scene(Aws(region="us-east-1"))
        monkeypatch.setattr(Running, "find", lambda name: found.running)
        yield found
        found.aws.close()


def redriven(*argv: str) -> tuple[int, str]:
    """Run `redrive stream`; return its exit code and all it printed."""
    output = io.StringIO()
    code = main(["redrive", "stream", *argv], Console(file=output, width=500, highlight=False))
    return code, output.getvalue()
