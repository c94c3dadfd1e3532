"""What an audit reads of the queues: counts, and what their dead letters are about."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from infra.aws import Aws
from infra.cli import audit_waiting, dead_letters
from infra.cli.audit_kept import Receipts
from infra.cli.dead_letters import DeadLetters
from infra.cli.running import Running
from shared.domain.envelope import EventEnvelope, receipt_of

NOW = 1_795_348_800_000
BODY = b'{"id":"evt_1"}'


class NoBodies:
    """A bucket nobody has to ask."""

    def get(self, key: str) -> bytes:
        raise AssertionError(key)


RECEIPTS = Receipts(NoBodies(), NOW, set())


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Empty queues."""
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
    with mock_aws():
        aws = Aws(region="us-east-1")
        outputs = {}
        for name in ("EventsQueue", "EventsDlq", "AutomationsQueue", "AutomationsDlq"):
            outputs[f"{name}Url"] = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
        for name in ("CallsDlq", "StreamDlq"):
            outputs[f"{name}Url"] = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
        yield Running(aws=aws, outputs=outputs, name="paysignal")
        aws.close()


def send(running: Running, name: str, *bodies: str | dict[str, str]) -> None:
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        running.aws.sqs.send_message(QueueUrl=running.outputs[f"{name}Url"], MessageBody=text)


def soon() -> int:
    """Return a time (ms) all that was sent lies before."""
    return time.time_ns() // 1_000_000 + 60_000


def test_dead_letters_are_told_by_their_receipts_and_stay(running: Running) -> None:
    message = EventEnvelope(
        provider="stripe", connection_id="shop", received_at=NOW, body=BODY
    ).to_message()
    send(running, "EventsQueue", "waiting")
    send(running, "EventsDlq", message, f"no event {uuid.uuid4()}")

    first = audit_waiting.events_waiting(running, RECEIPTS, soon(), None)
    again = audit_waiting.events_waiting(running, RECEIPTS, soon(), None)

    assert first == again
    assert (first.count, first.unseen) == (1, 0)
    assert first.dead == {receipt_of("shop", {}, BODY)}


def test_dead_letters_of_automations_are_told_by_what_they_are_about(running: Running) -> None:
    send(
        running,
        "AutomationsDlq",
        {"kind": "run", "firing_id": "f1"},
        {"kind": "deliver", "delivery_id": "m1"},
        {"kind": "mail", "mail_id": "m2"},
        "no JSON",
    )

    found = audit_waiting.firings_waiting(running, soon())

    assert found.dead == {"f1", "m1", "m2"}
    assert (found.count, found.unseen) == (0, 0)


def test_dead_letters_somebody_else_goes_through_are_counted(running: Running) -> None:
    """They are hidden meanwhile, and not lost."""
    send(running, "AutomationsDlq", *({"kind": "run", "firing_id": f"f{n}"} for n in range(3)))
    url = running.outputs["AutomationsDlqUrl"]
    taken = running.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)
    hidden = len(taken["Messages"])

    found = audit_waiting.firings_waiting(running, soon())

    assert hidden > 0
    assert (found.unseen, len(found.dead)) == (hidden, 3 - hidden)


def test_what_providers_are_still_to_be_asked_for_is_known(running: Running) -> None:
    send(running, "CallsDlq", {"object": "event", "id": "WH-1", "connection_id": "shop"}, "[]")

    assert audit_waiting.still_asked(running, soon()).dead == {"WH-1"}


def test_what_the_streams_readers_gave_up_on_is_counted(running: Running) -> None:
    assert audit_waiting.given_up(running) == 0

    send(running, "StreamDlq", "a note", "another")

    assert audit_waiting.given_up(running) == 2


def test_going_through_dead_letters_ends_where_nothing_new_comes(running: Running) -> None:
    """A page is hidden for a time, and a long walk meets it again."""
    send(running, "EventsDlq", "one", "two")
    letters = DeadLetters(running.aws.sqs, running.outputs["EventsDlqUrl"])

    seen: list[Any] = []
    for letter in letters.take(before=soon(), limit=None, seconds=0):
        seen.append(letter.body)
        assert len(seen) <= 2

    assert sorted(seen) == ["one", "two"]
