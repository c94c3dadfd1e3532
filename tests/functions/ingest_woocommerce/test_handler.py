"""WooCommerce's door under the contract of all doors, its ping, and wired to AWS as a Lambda."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import override

from functions.ingest_woocommerce.signature import MEANING_HEADERS, event_and_subject, verify
from infra.samples import woocommerce as story
from infra.samples.woocommerce_event import signature
from shared.domain.envelope import EventEnvelope, read_message
from shared.door import Door
from tests.contracts.door_contract import NOW, DoorContract, FakeQueue, FakeSecrets, counted, post
from tests.support.loopback_aws import LoopbackAws

_BODY = json.dumps({"id": 1311, "parent_id": 1310, "customer_id": 26, "status": "active"}).encode()
_FORM = "application/x-www-form-urlencoded"
_SPECIAL = story.SPECIAL_SECRET


class TestWooCommerceDoor(DoorContract):
    provider = "woocommerce"
    body = _BODY
    event_id = None
    subject = "26"
    secrets: Mapping[str, Any] = {"signing_secrets": [_SPECIAL]}
    rotating_secrets: Mapping[str, Any] = {"signing_secrets": ["a new <one>", _SPECIAL]}
    other_secrets: Mapping[str, Any] = {"signing_secrets": ["other-secret"]}
    unset_secrets = (
        {},
        {"signing_secrets": None},
        {"signing_secrets": []},
        {"signing_secrets": [""]},
        {"signing_secrets": [" "]},
    )
    signature_header = "x-wc-webhook-signature"
    signs_time = False

    @override
    def open(self, secrets: FakeSecrets, queue: FakeQueue, now: float = NOW) -> Door:
        return Door(
            "woocommerce",
            verify,
            event_and_subject,
            secrets=secrets,
            queue=queue,
            queue_url="https://queue/events.fifo",
            meaning_headers=MEANING_HEADERS,
            clock=lambda: now,
        )

    @override
    def sign(self, body: bytes, secrets: Mapping[str, Any], at: int = NOW) -> dict[str, str]:
        return {
            "x-wc-webhook-topic": "subscription.updated",
            "x-wc-webhook-delivery-id": f"{at}",
            "x-wc-webhook-signature": signature(body, secrets["signing_secrets"][0]),
        }

    def test_ping_is_answered_exactly_200_and_has_no_effect(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """WooCommerce shows an error, and saves nothing, unless this very request gets 200."""
        for body in (b"webhook_id=7", b"webhook_id=12345678901234567890"):
            answer = self.answer(post(body, {"content-type": _FORM}))
            assert answer["statusCode"] == 200

        assert self.queue.envelopes == []
        assert counted(capsys.readouterr().out) == []

    def test_ping_is_answered_before_the_secret_is_set(self) -> None:
        self.known.connections["shop"] = {"provider": "woocommerce"}

        answer = self.answer(post(b"webhook_id=7", {"content-type": _FORM}))

        assert answer["statusCode"] == 200

    def test_ping_to_an_unknown_connection_is_404(self) -> None:
        """A webhook with a wrong address must not look as if it worked."""
        self.refused(post(b"webhook_id=7", {"content-type": _FORM}, "nobody"), 404)

    @pytest.mark.parametrize(
        "body",
        [
            b"webhook_id=",
            b"webhook_id=7&id=8",
            b"webhook_id=7\n",
            b" webhook_id=7",
            b"webhook_id=-7",
            b"webhook_id=" + b"7" * 21,
            "webhook_id=\u0667".encode(),
            b"id=7",
            b'{"id":7}',
        ],
    )
    def test_what_is_not_quite_a_ping_is_401(self, body: bytes) -> None:
        self.refused(post(body, {"content-type": _FORM}), 401)

    def test_ping_with_a_header_of_a_delivery_is_401(self) -> None:
        headers = {"content-type": _FORM, "X-WC-Webhook-Topic": "order.updated"}

        self.refused(post(b"webhook_id=7", headers), 401)

    def test_topic_travels_with_the_body_and_nothing_unsigned_else(self) -> None:
        self.answer(post(self.body, self.headers(self.body)))

        (envelope,) = self.queue.envelopes
        assert envelope.headers == {"x-wc-webhook-topic": "subscription.updated"}


def test_lambda_reads_its_secret_and_queues_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = LoopbackAws("woocommerce", _SPECIAL)
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    event = story.sample("subscription.updated").event
    with aws.server:
        module = importlib.import_module("functions.ingest_woocommerce.handler")
        # Another test may have imported it into another environment.
        handler: Door = importlib.reload(module).handler

        answer = handler(post(event.body, event.headers(_SPECIAL)), None)

    assert answer["statusCode"] == 200
    (message,) = aws.messages
    envelope = read_message(message["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert envelope.body() == event.body
    assert envelope.headers == event.meaning
    assert _SPECIAL not in json.dumps(aws.messages)
