"""The Lambda as it runs on AWS: a batch of the stream in; a firing, its message and events out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.domain import contacts
from tests.support.firing import NOW, RECORD, automation, connection, updated
from tests.support.loopback_server import LoopbackServer, Received, Reply, http
from tests.support.stream import image, stream_record

FAILED = ("status", "active", "payment_failed")
ON_FAILURE = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}


class Aws:
    """A table with one automation, one connection and one contact; a queue and a bus."""

    def __init__(self) -> None:
        self.server = LoopbackServer(self._respond)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        ada = {**contacts.new("c-1", "ada@example.com", NOW - 9), "version": 1}
        self._configured = {
            "AUTOMATION#": [image(("automation", "rescue"), automation(ON_FAILURE))],
            "CONNECTION#": [image(("connection", "shop"), {**connection(), "version": 1})],
        }
        self._ada = image(("contact", "c-1"), ada)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_ENDPOINT_URL": self.server.url,
            "TABLE_NAME": "table",
            "AUTOMATIONS_QUEUE_URL": f"{self.server.url}/000000000000/automations",
            "CALLS_QUEUE_URL": f"{self.server.url}/000000000000/calls",
            "BUS_NAME": "paysignal",
            "CONFIG_CACHE_SECONDS": "60",
        }

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.requests if name == operation]

    def _respond(self, request: Received) -> Reply:
        operation, payload = request.operation, request.json()
        self.requests.append((operation, payload))
        if operation == "Query":
            prefix = payload["ExpressionAttributeValues"][":s"]["S"]
            return http(200, {"Items": self._configured.get(prefix, [])})
        if operation == "BatchGetItem":
            keys = payload["RequestItems"]["table"]["Keys"]
            found = [self._ada] if {each["pk"]["S"] for each in keys} & {"CONTACT#c-1"} else []
            return http(200, {"Responses": {"table": found}, "UnprocessedKeys": {}})
        if operation == "PutEvents":
            entries = [{"EventId": "x"} for _ in payload["Entries"]]
            return http(200, {"FailedEntryCount": 0, "Entries": entries})
        return http(200, {})


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    aws = Aws()
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    with aws.server:
        yield aws


def test_a_change_becomes_a_firing_a_message_and_events(aws: Aws) -> None:
    module = importlib.reload(importlib.import_module("functions.fire_triggers.handler"))
    name = ("entry", *RECORD, "place-1")
    batch = [stream_record(name, None, {"entry": updated(FAILED)}, NOW, 7)]

    answer = module.handler({"Records": batch}, None)

    assert answer == {"batchItemFailures": []}
    (put,) = aws.of("PutItem")
    (sent,) = aws.of("SendMessage")
    (told,) = aws.of("PutEvents")
    message = json.loads(sent["MessageBody"])
    assert put["ConditionExpression"] == "attribute_not_exists(pk)"
    assert put["Item"]["pk"] == {"S": "FIRINGS#rescue"}
    assert message == {
        "v": 1,
        "kind": "run",
        "automation_id": "rescue",
        "firing_id": put["Item"]["sk"]["S"],
    }
    assert [each["DetailType"] for each in told["Entries"]] == [
        "recurring_payment.updated",
        "automation.fired",
    ]
    order = [each for each, _ in aws.requests if each in ("PutItem", "SendMessage", "PutEvents")]
    assert order == ["PutItem", "SendMessage", "PutEvents"]


def test_warm_changes_cost_no_call_per_automation(aws: Aws) -> None:
    module = importlib.reload(importlib.import_module("functions.fire_triggers.handler"))
    name = ("entry", *RECORD, "place-1")
    quiet = [stream_record(name, None, {"entry": updated(("note", None, "x"))}, NOW, 7)]
    module.handler({"Records": quiet}, None)
    aws.requests.clear()

    module.handler({"Records": quiet}, None)

    assert [each for each, _ in aws.requests] == ["PutEvents"]
