"""The Lambdas of automations and of the clock as they run on AWS: messages in, webhooks out."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.table import Table
from shared.domain import deliveries, standard_webhooks
from shared.domain.ports import Name, Write
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.loopback_server import LoopbackServer, Received, Reply, http
from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING, SECRET, firing

STEPS = [
    {"type": "add_tag", "tag": "VIP"},
    {"type": "webhook", "endpoint_id": "crm"},
    {"type": "emit_event", "name": "told"},
    {"type": "wait", "for": "P1D"},
]


class Deployment:
    """The table, the queue, the bus and the secrets behind one address, and an endpoint."""

    def __init__(self) -> None:
        self.dynamodb = FakeDynamoDB()
        self.table = Table(self.dynamodb.schema.name, self.dynamodb)
        self.sent: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.aws = LoopbackServer(self._respond)
        self.endpoint = LoopbackServer(lambda _: http(204, b"", hang_up=True))
        workshop = Workshop(STEPS)
        workshop.put(("firing", "rescue", FIRING), firing(FIRING))
        for name, document in workshop.store.documents.items():
            self.put(name, document)

    def put(self, name: Name, document: dict[str, Any]) -> None:
        at = {"url": f"{self.endpoint.url}/hook"} if name[0] == "endpoint" else {}
        self.table.commit([Write(name, {**document, **at}, None)])

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_ENDPOINT_URL": self.aws.url,
            "TABLE_NAME": self.dynamodb.schema.name,
            "AUTOMATIONS_QUEUE_URL": f"{self.aws.url}/000000000000/automations",
            "CALLS_QUEUE_URL": f"{self.aws.url}/000000000000/calls",
            "BUS_NAME": "paysignal",
            "ENDPOINT_PREFIX": "/paysignal/endpoints",
            "API_HOSTS": "pay.example.com,api.example.com",
            "CONFIG_CACHE_SECONDS": "1",
            "MODE_LOCAL": "1",
        }

    def _respond(self, request: Received) -> Reply:
        operation, payload = request.operation, request.json()
        if operation == "GetParameter":
            assert payload["Name"] == "/paysignal/endpoints/crm/secrets"
            value = json.dumps({"secrets": [{"secret": SECRET}]})
            return http(200, {"Parameter": {"Value": value}})
        if operation in ("SendMessage", "SendMessageBatch"):
            self.sent += payload.get("Entries", [payload])
            return http(200, {"MessageId": "1"})
        if operation == "PutEvents":
            self.events += payload["Entries"]
            return http(200, {"FailedEntryCount": 0, "Entries": []})
        try:
            return http(200, self.dynamodb.call(operation, payload))
        except AwsError as error:
            return http(400, {"__type": error.code, **error.payload})


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Yield a deployment and its environment."""
    made = Deployment()
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    with made.aws, made.endpoint:
        yield made


def module_of(name: str) -> ModuleType:
    return importlib.reload(importlib.import_module(f"functions.{name}.handler"))


def batch(**message: Any) -> dict[str, Any]:
    record = {
        "messageId": "1",
        "receiptHandle": "1",
        "body": json.dumps({"v": 1, **message}),
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    return {"Records": [record]}


def test_a_firing_becomes_a_signed_webhook_a_tag_an_event_and_a_wait(
    deployment: Deployment,
) -> None:
    run_automations = module_of("run_automations")

    answer = run_automations.handler(
        batch(kind="run", automation_id="rescue", firing_id=FIRING), None
    )

    assert answer == {"batchItemFailures": []}
    (post,) = deployment.endpoint.received
    now = time.time_ns() // 1_000_000
    identity = standard_webhooks.verify([SECRET], post.headers, post.body, now)
    found = deployment.table.read(
        [deliveries.name_of(identity), ("contact", "c1"), ("run", FIRING)]
    )
    delivery, contact, run = found.values()
    assert delivery
    assert contact
    assert run
    assert (delivery["state"], delivery["body"]) == ("delivered", post.body)
    assert [each["tag"] for each in contact["tags"]] == ["VIP"]
    assert run["state"] == "waiting"
    assert [each["DetailType"] for each in deployment.events] == ["told"]


def test_the_clock_sends_what_is_due_and_keeps_what_is_not(deployment: Deployment) -> None:
    now = time.time_ns() // 1_000_000
    for when, identity in ((now - 1, "a"), (now + 3_600_000, "b")):
        deployment.table.commit([deliveries.due(when, "run", identity, {"kind": "run"})])

    answer = module_of("wake_due").handler({}, None)

    assert answer == {"woken": 1}
    assert [json.loads(each["MessageBody"]) for each in deployment.sent] == [
        {"v": 1, "kind": "run"}
    ]


@pytest.mark.parametrize("host", ["pay.example.com", "api.example.com"])
def test_nothing_is_posted_to_our_own_api(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
) -> None:
    """Not even where the endpoint was written before the API had this name."""
    monkeypatch.setenv("MODE_LOCAL", "0")
    name: Name = ("endpoint", "crm")
    stored = deployment.table.read([name])[name]
    deployment.table.commit([Write(name, {**(stored or {}), "url": f"https://{host}/v1"}, None)])

    module_of("run_automations").handler(
        batch(kind="run", automation_id="rescue", firing_id=FIRING), None
    )

    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["fault"] for each in logged if each["event"] == "attempted"] == ["url_refused"]
    assert deployment.endpoint.received == []
