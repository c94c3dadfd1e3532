"""The connection against a real server that behaves, hangs up, stalls or talks nonsense."""

from __future__ import annotations

import select

import pytest
from typing_extensions import override

from shared.adapters.http_connection import Answer, HttpConnection
from tests.support.loopback_server import LoopbackServer, Reply, http, in_turn

_GET = b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"


def _connection(url: str, answer_seconds: float = 2.0) -> HttpConnection:
    return HttpConnection(url, 2.0, answer_seconds)


def test_requests_share_one_connection() -> None:
    with LoopbackServer(lambda _: http(200, b"yes")) as server:
        connection = _connection(server.url)

        answers = [connection.exchange(_GET)[2] for _ in range(5)]
        connection.close()

    assert answers == [b"yes"] * 5
    assert {request.connection for request in server.received} == {1}


def test_connection_closed_while_idle_is_reopened_without_a_sound() -> None:
    """Every thaw of a frozen Lambda finds its connections closed by the server."""
    with LoopbackServer(lambda _: http(200, b"yes")) as server:
        connection = _connection(server.url)
        connection.exchange(_GET)
        server.hang_up_all()

        status, _, body = connection.exchange(_GET)
        connection.close()

    assert (status, body) == (200, b"yes")
    assert [request.connection for request in server.received] == [1, 2]


def test_farewell_that_has_arrived_is_noticed_before_anything_is_sent() -> None:
    """What is sent into a closed connection may or may not have been taken up: better not to."""
    attempts: list[bytes] = []

    class Watched(HttpConnection):
        @override
        def _attempt(self, request: bytes) -> Answer:
            attempts.append(request)
            return super()._attempt(request)

    with LoopbackServer(lambda _: http(200, b"yes")) as server:
        connection = Watched(server.url, 2.0, 2.0)
        connection.exchange(_GET)
        server.hang_up_all()
        assert connection._socket is not None
        select.select([connection._socket], [], [], 2.0)

        connection.exchange(_GET)
        connection.close()

    assert len(attempts) == 2


def test_connection_closed_upon_the_next_request_is_reopened_without_a_sound() -> None:
    """The farewell may cross with the request: nothing was answered, so it is sent again."""
    replies = in_turn(http(200, b"first"), Reply(None), http(200, b"second"))
    with LoopbackServer(replies) as server:
        connection = _connection(server.url)
        connection.exchange(_GET)

        _, _, body = connection.exchange(_GET)
        connection.close()

    assert body == b"second"
    assert [request.connection for request in server.received] == [1, 1, 2]


def test_fresh_connection_that_answers_nothing_is_a_fault_at_once() -> None:
    with LoopbackServer(lambda _: Reply(None)) as server:
        connection = _connection(server.url)

        with pytest.raises(ConnectionError):
            connection.exchange(_GET)

    assert len(server.received) == 1


def test_answer_cut_off_in_the_middle_is_a_fault_and_never_sent_again_here() -> None:
    """Some of an answer means that the request was taken up: whether to repeat it is not ours."""
    cut = Reply(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", hang_up=True)
    with LoopbackServer(in_turn(http(200, b""), cut)) as server:
        connection = _connection(server.url)
        connection.exchange(_GET)

        with pytest.raises(ConnectionError):
            connection.exchange(_GET)

    assert len(server.received) == 2


def test_server_that_wants_to_close_gets_a_new_connection_next_time() -> None:
    replies = in_turn(http(200, b"1", "Connection: close"), http(200, b"2"))
    with LoopbackServer(replies) as server:
        connection = _connection(server.url)

        bodies = [connection.exchange(_GET)[2], connection.exchange(_GET)[2]]
        connection.close()

    assert bodies == [b"1", b"2"]
    assert [request.connection for request in server.received] == [1, 2]


def test_bytes_beyond_an_answer_never_become_the_next_one() -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright"
    more = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
    with LoopbackServer(in_turn(Reply(smuggled + more), http(200, b"also right"))) as server:
        connection = _connection(server.url)

        bodies = [connection.exchange(_GET)[2], connection.exchange(_GET)[2]]
        connection.close()

    assert bodies == [b"right", b"also right"]


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, b""),
        (b"HTTP/1.1 204 None\r\n\r\n", 204, b""),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", 200, b"1"),
    ],
)
def test_answers_of_every_legal_form_are_read(wire: bytes, status: int, body: bytes) -> None:
    chunks = b"0\r\n\r\n" if b"chunked" in wire else b""
    with LoopbackServer(lambda _: Reply(wire + chunks)) as server:
        connection = _connection(server.url)

        answer = connection.exchange(_GET)
        again = connection.exchange(_GET)
        connection.close()

    assert (answer[0], answer[2]) == (again[0], again[2]) == (status, body)
    assert {request.connection for request in server.received} == {1}


def test_chunks_are_put_together_and_trailers_skipped() -> None:
    wire = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4;note=x\r\nWiki\r\nA\r\npedia, 100\r\n0\r\nX-Trailer: yes\r\n\r\n"
    )
    with LoopbackServer(lambda _: Reply(wire)) as server:
        connection = _connection(server.url)

        bodies = [connection.exchange(_GET)[2], connection.exchange(_GET)[2]]
        connection.close()

    assert bodies == [b"Wikipedia, 100"] * 2


def test_body_without_a_length_ends_with_the_connection() -> None:
    reply = Reply(b"HTTP/1.0 200 OK\r\n\r\neverything", hang_up=True)
    with LoopbackServer(lambda _: reply) as server:
        connection = _connection(server.url)

        bodies = [connection.exchange(_GET)[2], connection.exchange(_GET)[2]]

    assert bodies == [b"everything"] * 2


def test_large_bodies_arrive_whole() -> None:
    large = bytes(range(256)) * 8_000
    with LoopbackServer(lambda request: http(200, request.body)) as server:
        connection = _connection(server.url)

        request = b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(large) + large
        _, headers, body = connection.exchange(request)
        connection.close()

    assert headers["content-length"] == str(len(large))
    assert body == large


@pytest.mark.parametrize(
    "wire",
    [
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"\x16\x03\x01\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n",
        b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"n%d: v\r\n" % n for n in range(300)),
    ],
)
def test_what_is_no_http_is_a_connection_fault(wire: bytes) -> None:
    with LoopbackServer(lambda _: Reply(wire, hang_up=True)) as server:
        connection = _connection(server.url)

        with pytest.raises(ConnectionError, match=r"the (answer|connection)"):
            connection.exchange(_GET)


def test_server_that_never_answers_is_a_timeout() -> None:
    with LoopbackServer(lambda _: Reply(b"", hang_up=False)) as server:
        connection = _connection(server.url, answer_seconds=0.05)

        with pytest.raises(TimeoutError):
            connection.exchange(_GET)


def test_nobody_listening_is_a_connection_fault() -> None:
    with LoopbackServer(lambda _: http(200, b"")) as server:
        url = server.url

    with pytest.raises(ConnectionError):
        _connection(url).exchange(_GET)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://sqs.eu-central-1.amazonaws.com", "sqs.eu-central-1.amazonaws.com"),
        ("https://sqs.eu-central-1.amazonaws.com:443/", "sqs.eu-central-1.amazonaws.com"),
        ("http://localhost:4566", "localhost:4566"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("https://example.com:8443", "example.com:8443"),
        ("http://[::1]:4566", "[::1]:4566"),
        ("http://[::1]", "[::1]"),
    ],
)
def test_host_header_is_the_one_that_is_signed_everywhere(url: str, host: str) -> None:
    assert _connection(url).host == host
