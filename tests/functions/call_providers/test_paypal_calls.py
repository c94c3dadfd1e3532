"""PayPal's own word on an event, as the Lambda fetches it: the event itself, on the queue."""

from __future__ import annotations

import importlib
import json

import pytest

from infra.samples import paypal as story
from shared.domain.envelope import EventEnvelope, read_message
from shared.providers import paypal
from tests.support.loopback_aws import LoopbackAws
from tests.support.loopback_server import LoopbackServer, Received, Reply, http


def test_event_that_waits_is_fetched_and_comes_back_under_its_own_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = story.sample("PAYMENT.SALE.COMPLETED").event
    asked = []

    def respond(request: Received) -> Reply:
        asked.append(request.first_line)
        if request.first_line.startswith("POST /v1/oauth2/token "):
            return http(200, {"access_token": "A21", "expires_in": 32_400})
        assert request.headers["authorization"] == "Bearer A21"
        return http(200, event.exported().content)

    aws = LoopbackAws("paypal", "unused")
    call = {
        "connection_id": "shop",
        "provider": "paypal",
        "object": "event",
        "id": event.id,
        "subject": "I-1",
    }
    batch = {"Records": [{"messageId": "1", "body": json.dumps(call)}]}
    with aws.server, LoopbackServer(respond) as server:
        api = {"client_id": "i", "client_secret": "s", "environment": "live"}
        secrets = {"provider": "paypal", "webhook_ids": ["x"], "environment": "live"}
        held = {**secrets, "api": {**api, "base_url": server.url}}
        aws.parameters["/paysignal/connections/shop/secrets"] = json.dumps(held)
        others = {"HISTORY_QUEUE_URL": f"{aws.server.url}/history", "BODIES_BUCKET": "bodies"}
        for name, value in {**aws.environ, **others, "TABLE_NAME": "table"}.items():
            monkeypatch.setenv(name, value)
        module = importlib.reload(importlib.import_module("functions.call_providers.handler"))
        for _ in range(2):
            module.handler(batch, None)
        module._api("paypal", **api, base_url=server.url).close()

    envelope = read_message(aws.messages[0]["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert (envelope.source, envelope.event_id, envelope.subject) == ("fetched", event.id, "I-1")
    assert paypal.parse(envelope.body(), {}).digest == paypal.parse(event.body, {}).digest
    tokens = [line for line in asked if line.startswith("POST")]
    assert (len(tokens), len(asked)) == (1, 3)
