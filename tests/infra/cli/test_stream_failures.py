"""What the stream gave up on, read again from a stream in memory and handed to a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.cli import stream_failures
from tests.support.stream_notes import DAY_MS, FIRE, Scene, redriven, staged


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with staged(monkeypatch) as found:
        yield found


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
