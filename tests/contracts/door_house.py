"""The house a door's contract is tried in: fakes on its inside, and requests as the gateway sends.

What a provider's test must fill in is the first block of `DoorHouse`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.envelope import EventEnvelope
from shared.door import Door

NOW = 1_795_000_000
UNKNOWN_ID = "nobody"

MALFORMED_JSON = (
    b"not json",
    b"\xef\xbb\xbf{}",
    b'{"id":NaN}',
    b'{"id":-Infinity}',
    b'{"id":1,"id":1}',
    b'{"id":"\\ud800"}',
    b'{"id":' + b"[" * 65 + b"]" * 65 + b"}",
    b'{"id":' + b"[" * 300_000,
    b'{"id":' + b"9" * 1_000_000 + b"}",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"true",
    b"[{}]",
)


class FakeSecrets:
    """The connections of a test; `fault` makes every read fail."""

    def __init__(self, connections: Mapping[str, Mapping[str, Any]]) -> None:
        self.connections = dict(connections)
        self.read_ids: list[str] = []
        self.fault: Exception | None = None

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        self.read_ids.append(connection_id)
        if self.fault is not None:
            raise self.fault
        return self.connections.get(connection_id)


class FakeQueue:
    """Keeps what was sent; `fault` makes every send fail."""

    def __init__(self) -> None:
        self.envelopes: list[EventEnvelope] = []
        self.fault: Exception | None = None

    def send_event(self, url: str, envelope: EventEnvelope) -> None:
        if self.fault is not None:
            raise self.fault
        self.envelopes.append(envelope)


def post(
    body: bytes,
    headers: Mapping[str, str],
    connection_id: str = "shop",
    *,
    method: str = "POST",
    base64: bool = False,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the HTTP API event (payload 2.0) of one request, as the gateway hands it over."""
    path = f"/webhooks/provider/{connection_id}"
    return {
        "version": "2.0",
        "routeKey": "POST /webhooks/provider/{connection_id}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers),
        "queryStringParameters": dict(query or {}),
        "pathParameters": {"connection_id": connection_id},
        "requestContext": {"http": {"method": method, "path": path}},
        "body": b64encode(body).decode() if base64 else body.decode(),
        "isBase64Encoded": base64,
    }


def counted(out: str) -> list[str]:
    """Return the names of the metrics that were counted, from what was written to the log."""
    lines = [json.loads(line) for line in out.splitlines()]
    return [
        metric["Name"]
        for line in lines
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    ]


class DoorHouse:
    """One provider's requests, connections and door, and what every refusal owes."""

    provider: str
    # A genuine body, and what the door must read of it in passing.
    body: bytes
    event_id: str | None
    subject: str | None
    # Secrets of a connection: a good one, one during a rotation (the new one signs first), another
    # connection's, and those that were never set.
    secrets: Mapping[str, Any]
    rotating_secrets: Mapping[str, Any]
    other_secrets: Mapping[str, Any]
    unset_secrets: tuple[Mapping[str, Any], ...]
    signature_header: str
    content_type = "application/json"
    # PayKickstart and WooCommerce sign no time: only the durable marker stops their replays.
    signs_time = True
    # ActiveCampaign signs nothing: its token proves the sender of any body.
    signs_body = True
    # How old a signed time may be, in seconds.
    past_seconds = 300
    # PayPal's attempts have an id each that travels on, so the queue cannot tell a retry: the
    # marker does.
    tells_attempts = False
    is_form = False
    # Genuine bodies that are not of the provider's form, and the metric that counts them.
    malformed: tuple[bytes, ...] = MALFORMED_JSON
    malformed_metric = "bad_json"

    def open(self, secrets: FakeSecrets, queue: FakeQueue, now: float = NOW) -> Door:
        """Return the provider's door between the fakes, at the time `now` (seconds)."""
        raise NotImplementedError

    def sign(self, body: bytes, secrets: Mapping[str, Any], at: int = NOW) -> dict[str, str]:
        """Return the headers that prove `body`, signed with the first of the secrets."""
        raise NotImplementedError

    def padded(self, size: int) -> bytes:
        """Return a genuine body of exactly `size` bytes."""
        return self.body + b" " * (size - len(self.body))

    def changed(self) -> bytes:
        """Return a body that differs from the genuine one, and has another signature."""
        return self.body + b" "

    def as_sent(self, body: bytes) -> bytes:
        """Return a signed body as it goes over the wire: some providers sign inside of it."""
        return body

    @pytest.fixture(autouse=True)
    def _house(self) -> None:
        shop = {"provider": self.provider, **self.secrets}
        self.known = FakeSecrets(
            {
                "shop": shop,
                "other": {"provider": self.provider, **self.other_secrets},
                "rotating": {"provider": self.provider, **self.rotating_secrets},
                "disabled": {**shop, "disabled": True},
                "foreign": {**shop, "provider": "another"},
            }
        )
        self.queue = FakeQueue()

    def headers(self, body: bytes, at: int = NOW) -> dict[str, str]:
        return {"content-type": self.content_type, **self.sign(body, self.secrets, at)}

    def answer(self, event: Mapping[str, Any], now: float = NOW) -> dict[str, Any]:
        return self.open(self.known, self.queue, now)(event)

    def refused(self, event: Mapping[str, Any], status: int, now: float = NOW) -> dict[str, Any]:
        """Answer, and hold the answer to what every refusal owes; return it."""
        answer = self.answer(event, now)

        assert answer["statusCode"] == status
        assert answer["headers"]["content-type"] == "application/problem+json"
        problem = json.loads(answer["body"])
        assert set(problem) == {"type", "title", "status", "detail"}
        assert problem["status"] == status
        assert self.queue.envelopes == []
        return answer

    def unproven(self, headers: Mapping[str, str], now: float = NOW) -> dict[str, Any]:
        return self.refused(post(self.body, headers), 401, now)
