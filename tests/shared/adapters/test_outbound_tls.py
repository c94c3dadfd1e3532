"""TLS towards endpoints: the name that was configured is proved, wherever the address leads."""

from __future__ import annotations

import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters import outbound_dial
from shared.adapters.outbound import Attempted, Outbound
from tests.support.loopback_server import LoopbackServer, http
from tests.support.rude_server import RudeServer
from tests.support.stand_in_authority import StandInAuthority
from tests.support.wires import HOST, PUBLIC, URL


def post(port: int, ca_file: Path | None, *, seconds: float = 5.0) -> Attempted:
    """Post to the public host, which the connector leads to a port of this machine."""
    sender = Outbound(
        resolve=lambda *_: [PUBLIC],
        # With a timeout of its own, longer than what is left for the handshake.
        connect=lambda _, __, ___: outbound_dial.connect("127.0.0.1", port, 5.0),
        ca_file=str(ca_file) if ca_file else None,
        total_seconds=seconds,
    )
    return sender.post(URL, {"webhook-id": "msg_1"}, b"{}")


def port_of(server: LoopbackServer) -> int:
    return int(server.url.rpartition(":")[2])


def test_endpoint_with_the_names_certificate_is_told_the_name_and_heard(tmp_path: Path) -> None:
    authority = StandInAuthority(tmp_path)
    context = authority.server_context(HOST)
    context.set_alpn_protocols(["h2", "http/1.1"])
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    with LoopbackServer(lambda _: http(202, b"taken"), context) as server:
        attempted = post(port_of(server), authority.ca_file)

    assert (attempted.status, attempted.excerpt, attempted.address) == (202, "taken", PUBLIC)
    assert asked == [HOST]
    assert server.received[0].headers["host"] == HOST
    assert server.received[0].body == b"{}"


@pytest.mark.parametrize("other", ["example.com", "other.example.com", "a.hooks.example.com"])
def test_endpoint_with_another_names_certificate_hears_nothing(tmp_path: Path, other: str) -> None:
    authority = StandInAuthority(tmp_path)
    with LoopbackServer(lambda _: http(200, b""), authority.server_context(other)) as server:
        attempted = post(port_of(server), authority.ca_file)

    assert (attempted.status, attempted.fault) == (0, "tls_untrusted")
    assert server.received == []


def test_endpoint_whose_authority_nobody_knows_hears_nothing(tmp_path: Path) -> None:
    authority = StandInAuthority(tmp_path)
    stranger = StandInAuthority(tmp_path, "stranger")
    with LoopbackServer(lambda _: http(200, b""), authority.server_context(HOST)) as server:
        faults = [post(port_of(server), file).fault for file in (stranger.ca_file, None)]

    assert faults == ["tls_untrusted", "tls_untrusted"]
    assert server.received == []


def test_endpoint_with_an_expired_certificate_hears_nothing(tmp_path: Path) -> None:
    authority = StandInAuthority(tmp_path)
    context = authority.server_context(HOST, valid_for=timedelta(hours=-1))
    with LoopbackServer(lambda _: http(200, b""), context) as server:
        attempted = post(port_of(server), authority.ca_file)

    assert (attempted.fault, server.received) == ("tls_untrusted", [])


def test_endpoint_that_only_knows_old_tls_hears_nothing(tmp_path: Path) -> None:
    authority = StandInAuthority(tmp_path)
    context = authority.server_context(HOST)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with LoopbackServer(lambda _: http(200, b""), context) as server:
        attempted = post(port_of(server), authority.ca_file)

    assert (attempted.fault, server.received) == ("tls_failed", [])


def test_endpoint_that_speaks_no_tls_is_a_fault_and_not_spoken_to_in_the_clear(
    tmp_path: Path,
) -> None:
    heard = bytearray()

    def listen(connected: socket.socket) -> None:
        heard.extend(connected.recv(65_536))
        connected.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RudeServer(listen) as server:
        attempted = post(server.port, StandInAuthority(tmp_path).ca_file)

    assert attempted.fault == "tls_failed"
    assert heard.startswith(b"\x16\x03")
    assert b"msg_1" not in heard


def test_handshake_that_hangs_or_drips_ends_with_the_attempts_time(tmp_path: Path) -> None:
    ca_file = StandInAuthority(tmp_path).ca_file

    def hang(connected: socket.socket) -> None:
        while connected.recv(65_536):
            pass

    def drip(connected: socket.socket) -> None:
        connected.sendall(b"\x16\x03\x03\x40\x00")
        while not server.ending.wait(0.02):
            connected.sendall(b"\x02")

    for behave in (hang, drip):
        with RudeServer(behave) as server:
            attempted = post(server.port, ca_file, seconds=0.3)

        assert attempted.fault == "timeout"
        assert 200 < attempted.duration_ms < 1_000
