"""Fetching a certificate: one answer, no redirect, a cap; everything else passes."""

from __future__ import annotations

import socket
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.ingest_paypal.fetch import fetch
from shared.domain.errors import Retryable
from tests.support.loopback_server import LoopbackServer, Received, Reply, http
from tests.support.stand_in_authority import StandInAuthority

_BYTES_MAX = 65_536


def test_file_is_returned_as_it_is() -> None:
    asked = []

    def respond(request: Received) -> Reply:
        asked.append(request.first_line)
        return http(200, b"x" * _BYTES_MAX)

    with LoopbackServer(respond) as server:
        found = fetch(f"{server.url}/certs/CERT-1")

    assert found == b"x" * _BYTES_MAX
    assert asked == ["GET /certs/CERT-1 HTTP/1.1"]


@pytest.mark.parametrize(
    "reply",
    [
        http(302, b"", "Location: /elsewhere"),
        http(301, b"", "Location: http://127.0.0.1:1/"),
        http(404, b"gone"),
        http(500, b"sorry"),
        http(200, b"x" * (_BYTES_MAX + 1)),
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


def test_request_asks_for_one_file_and_says_nothing_of_us() -> None:
    with LoopbackServer(lambda _: http(200, b"file")) as server:
        fetch(f"{server.url}/certs/CERT-1")

    (received,) = server.received
    assert received.headers == {
        "host": server.url.removeprefix("http://"),
        "accept-encoding": "identity",
        "accept": "*/*",
        "connection": "close",
    }


def test_file_is_fetched_by_tls_from_the_host_that_the_machines_authorities_prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = StandInAuthority(tmp_path)
    with LoopbackServer(
        lambda _: http(200, b"file"), authority.server_context("localhost")
    ) as server:
        url = server.url.replace("127.0.0.1", "localhost") + "/certs/CERT-1"
        with pytest.raises(Retryable, match="SSLCertVerificationError"):
            fetch(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        with pytest.raises(Retryable, match="SSLCertVerificationError"):
            fetch(f"{server.url}/certs/CERT-1")

        found = fetch(url)

    assert found == b"file"
    assert len(server.received) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_url_without_a_host_passes(scheme: str) -> None:
    with pytest.raises(Retryable):
        fetch(f"{scheme}://:1/certs/CERT-1")


def test_each_step_has_a_second_and_a_half(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    create = socket.create_connection

    def note(address: Any, timeout: float, *rest: Any) -> socket.socket:
        given.append(timeout)
        return create(address, timeout, *rest)

    monkeypatch.setattr(socket, "create_connection", note)
    with LoopbackServer(lambda _: http(200, b"file")) as server:
        fetch(f"{server.url}/certs/CERT-1")

    assert given == [1.5]


@pytest.mark.parametrize(("spent", "in_time"), [(3.0, True), (3.01, False)])
def test_whole_file_has_three_seconds(
    spent: float, in_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = chain([100.0], repeat(100.0 + spent))
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr("functions.ingest_paypal.fetch.time", clock)

    with LoopbackServer(lambda _: http(200, b"file")) as server:
        if in_time:
            assert fetch(f"{server.url}/certs/CERT-1") == b"file"
        else:
            with pytest.raises(Retryable, match="takes too long"):
                fetch(f"{server.url}/certs/CERT-1")
