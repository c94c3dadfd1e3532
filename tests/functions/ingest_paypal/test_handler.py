"""PayPal's door under the contract of all doors, and wired to AWS as its Lambda is."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import override

from functions.ingest_paypal.signature import Proof, event_and_subject
from shared.domain.envelope import EventEnvelope, read_message
from shared.door import Door
from tests.contracts.door_contract import NOW, DoorContract, FakeQueue, FakeSecrets, post
from tests.support import paypal_proof
from tests.support.loopback_aws import LoopbackAws
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

_BODY = json.dumps(
    {
        "id": "WH-1",
        "event_type": "PAYMENT.SALE.COMPLETED",
        "resource": {"id": "8A1", "billing_agreement_id": "I-1"},
    }
).encode()


class TestPayPalDoor(DoorContract):
    provider = "paypal"
    body = _BODY
    event_id = "WH-1"
    subject = "I-1"
    secrets: Mapping[str, Any] = {"webhook_ids": ["5GP028458E2496506"]}
    rotating_secrets: Mapping[str, Any] = {"webhook_ids": ["9XY", "5GP028458E2496506"]}
    other_secrets: Mapping[str, Any] = {"webhook_ids": ["0EH40505U7160970P"]}
    unset_secrets = (
        {},
        {"webhook_ids": None},
        {"webhook_ids": []},
        {"webhook_ids": [""]},
        {"webhook_ids": [" "]},
        {"webhook_ids": ["WEBHOOK_ID"]},
    )
    signature_header = "paypal-transmission-sig"
    past_seconds = 600
    tells_attempts = True

    @override
    def open(self, secrets: FakeSecrets, queue: FakeQueue, now: float = NOW) -> Door:
        return Door(
            "paypal",
            Proof(paypal_proof.certificates()).verify,
            event_and_subject,
            secrets=secrets,
            queue=queue,
            queue_url="https://queue/events.fifo",
            meaning_headers=("paypal-transmission-id",),
            clock=lambda: now,
        )

    @override
    def sign(self, body: bytes, secrets: Mapping[str, Any], at: int = NOW) -> dict[str, str]:
        return paypal_proof.headers(body, secrets["webhook_ids"][0], at)

    def test_only_the_transmissions_id_travels_on(self) -> None:
        headers = self.headers(self.body)

        self.answer(post(self.body, headers))

        (envelope,) = self.queue.envelopes
        name = "paypal-transmission-id"
        assert envelope.headers == {name: headers[name]}


def test_lambda_trusts_the_stand_in_of_the_local_stack_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aws = LoopbackAws("paypal", "unused")
    secrets = {"provider": "paypal", "webhook_ids": ["WH-ID"], "disabled": False}
    aws.parameters["/paysignal/connections/shop/secrets"] = json.dumps(secrets)
    environ = {**aws.environ, "PAYPAL_AUTHORITY": paypal_proof.stand_in().authority.decode()}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def certificate(request: Received) -> Reply:
        assert request.first_line.startswith("GET /paypal/v1/notifications/certs/CERT-1 ")
        return http(200, paypal_proof.stand_in().certificate)

    statuses = {}
    with aws.server, LoopbackServer(certificate) as server:
        url = f"{server.url}/paypal/v1/notifications/certs/CERT-1"
        headers = paypal_proof.headers(_BODY, "WH-ID", int(time.time()), cert_url=url)
        for local in ("1", "0"):
            monkeypatch.setenv("MODE_LOCAL", local)
            module = importlib.reload(importlib.import_module("functions.ingest_paypal.handler"))
            statuses[local] = module.handler(post(_BODY, headers), None)["statusCode"]

    assert statuses == {"1": 200, "0": 401}
    (message,) = aws.messages
    envelope = read_message(message["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert envelope.body() == _BODY
