"""Dead letters moved back to their queues, against SQS in memory."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from rich.console import Console

from infra.aws import Aws
from infra.cli import dead_letters, redrive
from infra.cli.__main__ import main
from infra.cli.running import Running
from shared.domain.envelope import EventEnvelope, read_message

BODY = b'{"email":"ada@example.com"}'
FIFO: Any = {"FifoQueue": "true"}


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A stack with empty queues."""
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
    with mock_aws():
        aws = Aws(region="us-east-1")
        outputs = {}
        for name in ("Events", "History", "Calls", "Automations", "Stream"):
            attributes = FIFO if name == "Events" else {}
            suffix = ".fifo" if name == "Events" else ""
            for kind in ("Queue", "Dlq"):
                made = aws.sqs.create_queue(
                    QueueName=f"{name}{kind}{suffix}", Attributes=attributes
                )
                outputs[f"{name}{kind}Url"] = made["QueueUrl"]
        found = Running(aws=aws, outputs=outputs, name="paysignal")
        monkeypatch.setattr(Running, "find", lambda name: found)
        yield found
        aws.close()


def paysignal(*argv: str) -> tuple[int, str]:
    output = io.StringIO()
    code = main(["redrive", *argv], Console(file=output, width=300, highlight=False))
    return code, output.getvalue()


def event(event_id: str, source: str = "live") -> str:
    return EventEnvelope(
        provider="stripe",
        connection_id="shop",
        received_at=1_790_000_000_000,
        body=BODY,
        headers={"stripe-signature": "t=1"},
        event_id=event_id,
        subject="cus_1",
        source=source,
    ).to_message()


def dead(running: Running, name: str, body: str, group: str = "") -> None:
    """Put a dead letter there, as parking does."""
    fifo: Any = (
        {"MessageGroupId": group, "MessageDeduplicationId": uuid.uuid4().hex} if group else {}
    )
    url = running.outputs[f"{name}DlqUrl"]
    running.aws.sqs.send_message(QueueUrl=url, MessageBody=body, **fifo)


def waiting(running: Running, output: str) -> list[dict[str, Any]]:
    """Take all that a queue holds out of it."""
    found: list[dict[str, Any]] = []
    while True:
        url = running.outputs[output]
        answer: Any = running.aws.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        if not answer.get("Messages"):
            return found
        found += answer["Messages"]
        for each in answer["Messages"]:
            running.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


def test_an_event_goes_back_to_its_group_and_says_that_it_was_redriven(running: Running) -> None:
    dead(running, "Events", event("evt_1"), "group-1")

    code, told = paysignal("events")

    (message,) = waiting(running, "EventsQueueUrl")
    envelope = read_message(message["Body"])
    assert code == 0
    assert isinstance(envelope, EventEnvelope)
    assert (envelope.source, envelope.event_id, envelope.body()) == ("redrive", "evt_1", BODY)
    assert message["Attributes"]["MessageGroupId"] == "group-1"
    assert waiting(running, "EventsDlqUrl") == []
    assert "1 of 1: " in told
    assert "event_id evt_1" in told
    assert "1 redriven, 0 kept" in told


def test_events_of_one_customer_keep_their_order(running: Running) -> None:
    for number in range(12):
        dead(running, "Events", event(f"evt_{number}"), "group-1")

    paysignal("events")

    bodies = [json.loads(each["Body"]) for each in waiting(running, "EventsQueueUrl")]
    assert [each["event_id"] for each in bodies] == [f"evt_{number}" for number in range(12)]


def test_imported_history_stays_history(running: Running) -> None:
    """Live events fire automations, imported ones never do."""
    dead(running, "Events", event("evt_1", "history"), "group-1")
    dead(running, "History", event("evt_2", "history"))

    paysignal("events")
    paysignal("history")

    sources = [
        json.loads(each["Body"])["source"]
        for name in ("EventsQueueUrl", "HistoryQueueUrl")
        for each in waiting(running, name)
    ]
    assert sources == ["history", "history"]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("calls", '{"v":1,"connection_id":"shop","object":"price","id":"price_1"}'),
        ("automations", '{"v":1,"kind":"run","run_id":"r1"}'),
        ("events", '{"v":1,"kind":"job","job":"match_contact","connection_id":"shop"}'),
        ("events", "no envelope"),
    ],
)
def test_what_is_no_event_goes_back_as_it_was(running: Running, what: str, body: str) -> None:
    name = what.capitalize()
    dead(running, name, body, "group-1" if what == "events" else "")

    code, _ = paysignal(what)

    assert code == 0
    assert [each["Body"] for each in waiting(running, f"{name}QueueUrl")] == [body]


class Interrupted(Exception):
    """The command was killed."""


def test_a_redrive_that_dies_between_sending_and_deleting_sends_no_second_time(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead(running, "Events", event("evt_1"), "group-1")
    with monkeypatch.context() as patch:
        patch.setattr(
            dead_letters.DeadLetters, "delete", lambda *_: (_ for _ in ()).throw(Interrupted)
        )
        with pytest.raises(Interrupted):
            paysignal("events")

    code, _ = paysignal("events")

    assert code == 0
    assert len(waiting(running, "EventsQueueUrl")) == 1
    assert waiting(running, "EventsDlqUrl") == []


def test_a_dead_letter_that_was_redriven_before_is_redriven_again(running: Running) -> None:
    """Parked anew within the five minutes SQS remembers, it must not be taken for a repeat."""
    for number in range(2):
        fifo: Any = {"MessageGroupId": "g", "MessageDeduplicationId": f"parked-{number}"}
        url = running.outputs["EventsDlqUrl"]
        running.aws.sqs.send_message(QueueUrl=url, MessageBody=event("evt_1"), **fifo)

        paysignal("events")

    assert len(waiting(running, "EventsQueueUrl")) == 2


def test_a_dry_run_tells_of_the_messages_and_moves_none(running: Running) -> None:
    dead(running, "Events", event("evt_1"), "group-1")
    dead(running, "Events", event("evt_[2]"), "group-2")

    code, told = paysignal("events", "--dry-run")

    assert code == 0
    assert "event_id evt_1" in told
    assert "event_id evt_[2]" in told
    assert "2 wait, 2 of them shown; the oldest for 0 seconds" in told
    assert "ada@example.com" not in told
    assert json.loads(event("evt_1"))["body"] not in told
    assert waiting(running, "EventsQueueUrl") == []
    assert len(waiting(running, "EventsDlqUrl")) == 2


def test_no_more_than_the_limit_is_moved(running: Running) -> None:
    for number in range(5):
        dead(running, "Calls", f'{{"id":"{number}"}}')

    _, told = paysignal("calls", "--limit", "2")

    assert "2 redriven" in told
    assert len(waiting(running, "CallsQueueUrl")) == 2
    assert len(waiting(running, "CallsDlqUrl")) == 3


def test_what_came_after_the_command_began_is_left_for_the_next(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a message that fails at once would go round and round."""
    dead(running, "Calls", "{}")
    began = time.time_ns() - 60_000_000_000
    monkeypatch.setattr("infra.cli.redrive.time.time_ns", lambda: began)

    assert paysignal("calls") == (0, "there are none\n")
    assert len(waiting(running, "CallsDlqUrl")) == 1


@pytest.mark.parametrize("argv", [(), ("everything",), ("events", "--limit", "0")])
def test_wrong_arguments_are_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        paysignal(*argv)

    assert ended.value.code == 2


def test_a_stack_of_before_says_that_it_has_to_be_deployed(running: Running) -> None:
    del running.outputs["StreamDlqUrl"]

    code, told = paysignal("stream")

    assert code == 1
    assert "Deploy it anew" in told


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (-5, "0 seconds"),
        (119_000, "119 seconds"),
        (7_200_000, "2 hours"),
        (2 * 86_400_000, "2 days"),
    ],
)
def test_ages_are_shown_in_the_unit_that_fits(milliseconds: int, shown: str) -> None:
    assert redrive._age(milliseconds) == shown
