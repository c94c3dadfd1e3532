"""What `manage` puts on the queues, and what tells a retry from the first try."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.manage.outgoing import Outgoing
from shared.adapters.queue import Queue
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.jobs import names_of
from tests.fakes.memory_store import MemoryStore


class Sqs:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def call(self, operation: str, payload: Any) -> dict[str, Any]:
        assert operation in ("SendMessage", "SendMessageBatch")
        self.sent.append(dict(payload))
        return {}


def outgoing(sqs: Sqs, *, local: bool = False) -> Outgoing:
    return Outgoing(
        Queue(sqs),
        events_url="https://q/events.fifo",
        history_url="https://q/history",
        automations_url="https://q/automations",
        local=local,
    )


def test_the_job_of_now_keeps_the_order_of_its_email_and_is_no_repeat_of_an_older_one() -> None:
    sqs = Sqs()

    outgoing(sqs).attach("ada@example.com", "contact-1")
    outgoing(sqs).attach("ada@example.com", "contact-2")

    first, second = sqs.sent
    assert first["QueueUrl"] == "https://q/events.fifo"
    assert first["MessageGroupId"] == second["MessageGroupId"]
    assert first["MessageDeduplicationId"] != second["MessageDeduplicationId"]
    assert json.loads(first["MessageBody"]) == {
        "v": 1,
        "kind": "job",
        "job": "attach_contact",
        "connection_id": "*",
        "email": "ada@example.com",
    }


@pytest.mark.parametrize(("local", "delay"), [(False, 30), (True, 2)])
def test_the_job_of_later_waits_for_the_index(local: bool, delay: int) -> None:
    sqs = Sqs()

    outgoing(sqs, local=local).attach_later("ada@example.com")

    (sent,) = sqs.sent
    assert (sent["QueueUrl"], sent["DelaySeconds"]) == ("https://q/history", delay)
    job = read_message(sent["MessageBody"])
    assert isinstance(job, dict)
    assert names_of(job, MemoryStore()) == ([], None)


def test_a_retried_event_is_no_repeat_of_itself() -> None:
    sqs = Sqs()
    envelope = EventEnvelope(provider="stripe", connection_id="shop", received_at=1, body=b"{}")

    outgoing(sqs).send_event(envelope, "one")
    outgoing(sqs).send_event(envelope, "two")

    first, second = sqs.sent
    assert first["MessageBody"] == second["MessageBody"]
    assert first["MessageDeduplicationId"] != second["MessageDeduplicationId"]


def test_replayed_deliveries_go_out_ten_at_a_time() -> None:
    sqs = Sqs()
    messages = [{"kind": "deliver", "delivery_id": f"msg_{n}", "turn": 1} for n in range(12)]

    outgoing(sqs).deliver(messages)

    assert {sent["QueueUrl"] for sent in sqs.sent} == {"https://q/automations"}
    assert [len(sent["Entries"]) for sent in sqs.sent] == [10, 2]
    bodies = [json.loads(each["MessageBody"]) for sent in sqs.sent for each in sent["Entries"]]
    assert bodies == [{"v": 1, **each} for each in messages]


def test_what_follows_from_a_fold_is_sent_for_now_and_for_later() -> None:
    sqs = Sqs()
    job = {"to": "jobs", "job": "refresh_customer", "connection_id": "shop", "subject": "c-7"}
    asked = {"to": "calls", "object": "customer", "connection_id": "shop", "id": "c-7"}

    outgoing(sqs).follow_later([job, asked])
    outgoing(sqs).follow([job, asked], "event-1")
    outgoing(sqs).follow([job, asked], "event-2")

    later, now, again = sqs.sent
    assert (later["QueueUrl"], later["DelaySeconds"]) == ("https://q/history", 30)
    assert json.loads(later["MessageBody"])["again"] is True
    assert now["QueueUrl"] == "https://q/events.fifo"
    assert json.loads(now["MessageBody"])["job"] == "refresh_customer"
    assert now["MessageDeduplicationId"] != again["MessageDeduplicationId"]
