"""Fetching a certificate: one answer, no redirect, a cap; everything else passes."""

from __future__ import annotations

import pytest

from functions.ingest_paypal.fetch import BYTES_MAX, fetch
from shared.domain.errors import Retryable
from tests.support.loopback_server import LoopbackServer, Received, Reply, http


def test_file_is_returned_as_it_is() -> None:
    asked = []

    def respond(request: Received) -> Reply:
        asked.append(request.first_line)
        return http(200, b"x" * BYTES_MAX)

    with LoopbackServer(respond) as server:
        found = fetch(f"{server.url}/certs/CERT-1")

    assert found == b"x" * BYTES_MAX
    assert asked == ["GET /certs/CERT-1 HTTP/1.1"]


@pytest.mark.parametrize(
    "reply",
    [
        http(302, b"", "Location: /elsewhere"),
        http(301, b"", "Location: http://127.0.0.1:1/"),
        http(404, b"gone"),
        http(500, b"sorry"),
        http(200, b"x" * (BYTES_MAX + 1)),
        Reply(None),
        Reply(b"not http\r\n\r\n", hang_up=True),
    ],
)
def test_every_other_answer_passes_and_nothing_else_is_asked(reply: Reply) -> None:
    asked = []

    def respond(request: Received) -> Reply:
        asked.append(request.first_line)
        return reply

    with LoopbackServer(respond) as server, pytest.raises(Retryable):
        fetch(f"{server.url}/certs/CERT-1")

    assert asked == ["GET /certs/CERT-1 HTTP/1.1"]


def test_nobody_there_passes() -> None:
    with pytest.raises(Retryable):
        fetch("http://127.0.0.1:1/certs/CERT-1")
