"""Stripe's door under the contract of all doors, and wired to AWS as its Lambda is."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from typing_extensions import override

from functions.ingest_stripe.signature import event_and_subject, verify
from shared.domain.envelope import EventEnvelope, read_message
from shared.door import Door
from tests.contracts.door_contract import NOW, DoorContract, FakeQueue, FakeSecrets, post
from tests.support.loopback_aws import LoopbackAws

_BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1"}},
    }
).encode()


def signature(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


class TestStripeDoor(DoorContract):
    provider = "stripe"
    body = _BODY
    event_id = "evt_1"
    subject = "cus_1"
    secrets: Mapping[str, Any] = {"signing_secrets": ["whsec_shop"]}
    rotating_secrets: Mapping[str, Any] = {"signing_secrets": ["whsec_rotated", "whsec_shop"]}
    other_secrets: Mapping[str, Any] = {"signing_secrets": ["whsec_other"]}
    unset_secrets = (
        {},
        {"signing_secrets": None},
        {"signing_secrets": []},
        {"signing_secrets": [""]},
        {"signing_secrets": [" ", "whsec_"]},
    )
    signature_header = "stripe-signature"

    @override
    def open(self, secrets: FakeSecrets, queue: FakeQueue, now: float = NOW) -> Door:
        return Door(
            "stripe",
            verify,
            event_and_subject,
            secrets=secrets,
            queue=queue,
            queue_url="https://queue/events.fifo",
            clock=lambda: now,
        )

    @override
    def sign(self, body: bytes, secrets: Mapping[str, Any], at: int = NOW) -> dict[str, str]:
        secret = secrets["signing_secrets"][0]
        return {"stripe-signature": f"t={at},v1={signature(body, secret, at)}"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackAws]:
    """Yield AWS with one connection, and this process in the environment of the Lambda."""
    deployment = LoopbackAws("stripe", "whsec_shop")
    for name, value in deployment.environ.items():
        monkeypatch.setenv(name, value)
    with deployment.server:
        yield deployment


@pytest.fixture
def handler(aws: LoopbackAws) -> Door:
    """Return the Lambda's own handler, as it is when imported into that environment."""
    module = importlib.import_module("functions.ingest_stripe.handler")
    # Another test may have imported it into another environment.
    opened: Door = importlib.reload(module).handler
    return opened


def _genuine(body: bytes, connection_id: str = "shop") -> dict[str, Any]:
    at = int(time.time())
    header = f"t={at},v1={signature(body, 'whsec_shop', at)}"
    return post(body, {"stripe-signature": header}, connection_id)


def test_lambda_reads_its_secret_and_queues_the_event(aws: LoopbackAws, handler: Door) -> None:
    answers = [handler(_genuine(_BODY), None), handler(_genuine(_BODY), None)]

    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert aws.server.operations == ["GetParameter", "SendMessage", "SendMessage"]
    first, again = aws.messages
    assert first["QueueUrl"].endswith("/events.fifo")
    assert first["MessageDeduplicationId"] == again["MessageDeduplicationId"]
    envelope = read_message(first["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert envelope.body() == _BODY
    assert "whsec_shop" not in json.dumps(aws.messages)


def test_lambda_leads_a_large_body_through_the_bucket(aws: LoopbackAws, handler: Door) -> None:
    noise = "".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(50_000))
    body = json.dumps({"id": "evt_1", "noise": noise}).encode()

    answer = handler(_genuine(body), None)

    assert answer["statusCode"] == 200
    assert len(aws.objects) == 1
    assert len(aws.messages[0]["MessageBody"]) < 1_000


def test_lambda_answers_404_for_a_connection_that_ssm_does_not_know(
    aws: LoopbackAws, handler: Door
) -> None:
    answer = handler(_genuine(_BODY, "nobody"), None)

    assert answer["statusCode"] == 404
    assert aws.messages == []
