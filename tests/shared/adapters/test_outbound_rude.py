"""Endpoints that stream for ever, drip, lie about sizes, hang, or hang up; over real sockets.

The resolver answers with a public address, so the judgement is the real one, and the connector
leads that address to a server on loopback.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest

from shared.adapters import outbound_answer, outbound_dial
from shared.adapters.outbound import TOTAL_SECONDS, Attempted, Outbound
from tests.support.rude_server import RudeServer, take_request
from tests.support.wires import PUBLIC, URL, Clock, Network, ScriptedWire

OK = b"HTTP/1.1 200 OK\r\n"
BODY = b'{"type":"recurring_payment.updated"}'


def attempt(
    behave: Callable[[socket.socket], None], *, seconds: float = 5.0, body: bytes = BODY
) -> tuple[Attempted, float]:
    """Post once to the rude server; return the record and the seconds it really took."""
    with RudeServer(behave) as server:
        sender = Outbound(
            resolve=lambda *_: [PUBLIC],
            connect=lambda _, __, timeout: outbound_dial.connect("127.0.0.1", server.port, timeout),
            secure=lambda plain, _, __: plain,
            total_seconds=seconds,
        )
        began = time.monotonic()
        attempted = sender.post(URL, {}, body)
        took = time.monotonic() - began
        assert server.connections == 1
    return attempted, took


def saying(
    *parts: bytes, then: Callable[[socket.socket], None] | None = None
) -> Callable[..., None]:
    def behave(connected: socket.socket) -> None:
        take_request(connected)
        for part in parts:
            connected.sendall(part)
        if then is not None:
            then(connected)
        connected.shutdown(socket.SHUT_RDWR)

    return behave


def for_ever(part: bytes) -> Callable[[socket.socket], None]:
    def stream(connected: socket.socket) -> None:
        while True:
            connected.sendall(part)

    return stream


def hang(connected: socket.socket) -> None:
    connected.recv(1)


def test_body_without_end_is_left_when_enough_was_read() -> None:
    attempted, took = attempt(saying(OK + b"\r\n", then=for_ever(b"x " * 4_096)))

    assert (attempted.status, attempted.fault) == (200, "")
    assert len(attempted.excerpt) <= 1_024
    assert took < 2


def test_chunks_without_end_are_left_when_enough_was_read() -> None:
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"

    attempted, took = attempt(saying(head, then=for_ever(b"1\r\nx\r\n" * 1_000)))

    assert (attempted.status, attempted.fault) == (200, "")
    assert took < 2


def test_claim_of_a_gigabyte_of_gzip_is_neither_read_nor_unpacked() -> None:
    head = OK + b"Content-Length: 1073741824\r\nContent-Encoding: gzip\r\n\r\n"

    attempted, took = attempt(saying(head, then=for_ever(b"\x1f\x8b\x08\x00" * 4_096)))

    assert (attempted.status, attempted.fault, attempted.excerpt) == (200, "", "")
    assert took < 2


def test_claim_of_a_chunk_beyond_all_measure_is_not_believed() -> None:
    head = OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"

    attempted, _ = attempt(saying(head, b"some text"))

    assert (attempted.status, attempted.excerpt) == (200, "some text")


def test_hundred_thousand_headers_are_too_many() -> None:
    headers = b"".join(b"x-%d: y\r\n" % number for number in range(100_000))

    attempted, took = attempt(saying(OK + headers + b"\r\n"))

    assert (attempted.status, attempted.fault) == (0, "answer_too_big")
    assert took < 2


def test_headers_are_counted_however_short_they_are() -> None:
    attempted, _ = attempt(saying(OK + b"x:\r\n" * 300 + b"\r\n"))

    assert (attempted.status, attempted.fault) == (0, "answer_too_big")


@pytest.mark.parametrize(
    "endless",
    [b"x" * 8_192, b"x: y\r\n" * 1_000, b"HTTP/1.1 100 Continue\r\n\r\n" * 500],
    ids=["a line", "headers", "interim answers"],
)
def test_head_without_end_is_too_big(endless: bytes) -> None:
    first = b"" if endless.startswith(b"HTTP") else OK

    attempted, took = attempt(saying(first, then=for_ever(endless)))

    assert (attempted.status, attempted.fault) == (0, "answer_too_big")
    assert took < 2


def test_status_counts_where_the_connection_ends_in_the_body() -> None:
    attempted, _ = attempt(saying(OK + b"Content-Length: 100\r\n\r\n", b"half of it"))

    assert (attempted.status, attempted.fault, attempted.excerpt) == (200, "", "half of it")


def test_status_counts_where_the_body_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_answer, "BODY_SECONDS", 0.2)

    attempted, took = attempt(saying(OK + b"Content-Length: 100\r\n\r\n", then=hang))

    assert (attempted.status, attempted.fault, attempted.excerpt) == (200, "", "")
    assert took < 1


@pytest.mark.parametrize(
    "chunk", [b"zz\r\n", b"-1\r\n", b"\r\n", b"1_0\r\n", b"f" * 17 + b"\r\n", b"5\r\nab"]
)
def test_status_counts_where_the_chunks_are_none(chunk: bytes) -> None:
    attempted, _ = attempt(saying(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk))

    assert (attempted.status, attempted.fault) == (200, "")


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"\xb2", b"9" * 5_000, b"1, 1", b""])
def test_status_counts_where_the_length_is_none(length: bytes) -> None:
    attempted, _ = attempt(saying(OK + b"Content-Length: " + length + b"\r\n\r\n", b"text"))

    assert (attempted.status, attempted.fault) == (200, "")


def test_endpoint_that_never_answers_is_left() -> None:
    attempted, took = attempt(saying(then=hang), seconds=0.3)

    assert (attempted.status, attempted.fault) == (0, "timeout")
    assert 0.2 < took < 1
    assert 200 < attempted.duration_ms < 1_000


def test_endpoint_that_never_reads_is_left() -> None:
    def deaf(connected: socket.socket) -> None:
        time.sleep(1)

    attempted, took = attempt(deaf, seconds=0.3, body=b"x" * 20_000_000)

    assert (attempted.status, attempted.fault) == (0, "timeout")
    assert took < 1


def test_endpoint_that_drips_is_left_when_the_attempts_time_is_over() -> None:
    def drip(connected: socket.socket) -> None:
        for byte in OK * 100:
            connected.sendall(bytes([byte]))
            time.sleep(0.02)

    attempted, took = attempt(saying(then=drip), seconds=0.4)

    assert (attempted.status, attempted.fault) == (0, "timeout")
    assert 0.3 < took < 1


@pytest.mark.parametrize("seconds_each", [0.5, 1.0, 14.0])
def test_fifteen_seconds_are_all_an_endpoint_gets_however_busy_it_keeps_us(
    seconds_each: float,
) -> None:
    clock = Clock()
    drips: Iterator[bytes] = repeat(b"x")
    wire = ScriptedWire(drips, clock=clock, seconds_each=seconds_each)
    network = Network(wire=lambda: wire)

    attempted = Outbound(
        resolve=network.resolve, connect=network.connect, secure=network.secure, clock=clock
    ).post(URL, {}, BODY)

    assert (attempted.status, attempted.fault) == (0, "timeout")
    assert clock.seconds == TOTAL_SECONDS == 15
    assert wire.closed


def test_time_spent_before_the_answer_is_part_of_the_fifteen_seconds() -> None:
    clock = Clock()

    def slowly(*_: object) -> list[str]:
        clock.seconds += 9
        return [PUBLIC]

    wire = ScriptedWire([], hang=True, clock=clock)
    network = Network(wire=lambda: wire)
    attempted = Outbound(
        resolve=slowly, connect=network.connect, secure=network.secure, clock=clock
    ).post(URL, {}, BODY)

    assert (attempted.fault, attempted.duration_ms) == ("timeout", 15_000)


def test_no_more_is_taken_off_the_wire_than_the_caps_allow() -> None:
    wire = ScriptedWire([OK + b"\r\n", *[b"x" * 16_384] * 1_000])
    network = Network(wire=lambda: wire)

    Outbound(resolve=network.resolve, connect=network.connect, secure=network.secure).post(
        URL, {}, BODY
    )

    assert wire.received <= outbound_answer.BODY_BYTES_MAX + 2 * 16_384


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError])
def test_answer_of_who_hangs_up_before_reading_all_is_heard(error: type[OSError]) -> None:
    class Impatient(ScriptedWire):
        def send(self, data: memoryview, /) -> int:
            if self.sent:
                raise error
            return super().send(data)

    wire = Impatient([b"HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n"])
    network = Network(wire=lambda: wire)

    attempted = Outbound(
        resolve=network.resolve, connect=network.connect, secure=network.secure
    ).post(URL, {}, b"x" * 20_000)

    assert (attempted.status, attempted.fault) == (413, "")
    assert len(wire.sent) == 1_000


def test_who_hangs_up_at_once_is_lost() -> None:
    attempted, _ = attempt(lambda connected: connected.shutdown(socket.SHUT_RDWR))

    assert (attempted.status, attempted.fault) == (0, "connection_lost")


def test_nobody_at_the_port_is_a_failed_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sender = Outbound(
        resolve=lambda *_: [PUBLIC],
        connect=lambda _, __, timeout: outbound_dial.connect("127.0.0.1", port, timeout),
    )

    attempted = sender.post(URL, {}, BODY)

    assert (attempted.status, attempted.fault, attempted.address) == (0, "connect_failed", "")


def test_connector_takes_addresses_alone() -> None:
    for name in ("localhost", "127.1", "2130706433", ""):
        with pytest.raises(OSError, match="illegal IP"):
            outbound_dial.connect(name, 80, 1)
