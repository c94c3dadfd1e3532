"""ActiveCampaign's door against the contract of all doors, with its proof in the address.

The contract hands signatures over as headers. This token stands in the query, so the suite's door
stands behind a porch that carries each from its header into the address.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from typing_extensions import override

from functions.ingest_activecampaign.token import event_and_subject, verify
from infra.samples.activecampaign import STARTS_AT, TOKEN, Person, webhook
from shared.domain.envelope import EventEnvelope, read_message
from shared.door import Door
from tests.contracts.door_contract import NOW, DoorContract, FakeQueue, FakeSecrets, post
from tests.support.loopback_aws import LoopbackAws

_FORM = "application/x-www-form-urlencoded"
_CARRIED = "x-token-in-the-address"


class _Porch:
    """Carries the token of a request from its header into its query, for the door behind."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def __call__(self, event: Mapping[str, Any], context: object = None) -> dict[str, Any]:
        headers = dict(event["headers"] or {})
        token = headers.pop(_CARRIED, None)
        query = {} if token is None else {"token": token}
        sent = {**event, "headers": headers, "queryStringParameters": query}
        return self._door(sent, context)


class TestActiveCampaignDoor(DoorContract):
    provider = "activecampaign"
    body = b"type=open&date_time=2026-01-02T03%3A04%3A05-06%3A00&contact%5Bid%5D=7"
    body += b"&contact%5Bemail%5D=ada%40example.com&contact[first_name]=Zo%C3%A9&list="
    event_id = None
    subject = "7"
    secrets: Mapping[str, Any] = {"webhook_tokens": ["token-of-the-shop-0"]}
    rotating_secrets: Mapping[str, Any] = {
        "webhook_tokens": ["token-of-tomorrow-1", "token-of-the-shop-0"]
    }
    other_secrets: Mapping[str, Any] = {"webhook_tokens": ["token-of-another-02"]}
    unset_secrets = (
        {},
        {"webhook_tokens": None},
        {"webhook_tokens": []},
        {"webhook_tokens": [""]},
        {"webhook_tokens": [" "]},
        {"webhook_tokens": "text"},
        {"signing_secrets": ["of another kind"]},
    )
    signature_header = _CARRIED
    content_type = _FORM
    signs_time = False
    signs_body = False
    is_form = True
    malformed = (b"type=open&no field", b"type=open&&list=1", b"type=open&", b"type")
    malformed_metric = "bad_body"

    @override
    def open(self, secrets: FakeSecrets, queue: FakeQueue, now: float = NOW) -> Door:
        door = Door(
            "activecampaign",
            verify,
            event_and_subject,
            secrets=secrets,
            queue=queue,
            queue_url="https://queue/events.fifo",
            form=True,
            clock=lambda: now,
        )
        return cast(Door, _Porch(door))

    @override
    def sign(self, body: bytes, secrets: Mapping[str, Any], at: int = NOW) -> dict[str, str]:
        return {_CARRIED: secrets["webhook_tokens"][0]}

    @override
    def padded(self, size: int) -> bytes:
        return self.body + b"x" * (size - len(self.body))

    @override
    def changed(self) -> bytes:
        return self.body + b"c"

    @pytest.mark.parametrize("start", [b"", b" ", b"\n\t"])
    def test_a_form_cannot_pass_for_an_answer_of_the_api(self, start: bytes) -> None:
        body = start + b'{"fetched":"contact","event_id":"x=1","contacts":[]}'

        self.unproven_body(body)

    def unproven_body(self, body: bytes) -> None:
        self.refused(post(body, self.headers(body)), 401)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackAws]:
    """Yield AWS with one connection, and this process in the environment of the Lambda."""
    deployment = LoopbackAws("activecampaign", "unused")
    deployment.parameters["/paysignal/connections/shop/secrets"] = json.dumps(
        {"provider": "activecampaign", "webhook_tokens": [TOKEN]}
    )
    for name, value in deployment.environ.items():
        monkeypatch.setenv(name, value)
    with deployment.server:
        yield deployment


def test_lambda_reads_its_secrets_and_queues_the_form_without_the_token(aws: LoopbackAws) -> None:
    module = importlib.import_module("functions.ingest_activecampaign.handler")
    # Another test may have imported it into another environment.
    handler: Door = importlib.reload(module).handler
    body = webhook("open", Person(7, "ada@example.com"), STARTS_AT)

    answer = handler(post(body, {"content-type": _FORM}, query={"token": TOKEN}))

    assert answer["statusCode"] == 200
    (message,) = aws.messages
    assert TOKEN not in json.dumps(message)
    envelope = read_message(message["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert (envelope.body(), envelope.subject) == (body, "7")
