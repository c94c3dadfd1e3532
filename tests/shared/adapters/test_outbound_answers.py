"""The answer to an attempt: what is made of its bytes, and what of it is kept."""

from __future__ import annotations

import pytest

from shared.adapters.outbound import EXCERPT_LENGTH
from tests.support.attempts import BODY, SECRET, attempt, over, signed
from tests.support.wires import HOST, URL, Clock, Network, ScriptedWire, answer


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_status_is_what_the_endpoint_said(status: int) -> None:
    attempted = attempt(answer(status, b"said so", "Location: https://elsewhere.example.com/"))

    assert (attempted.status, attempted.fault) == (status, "")
    assert attempted.excerpt == ("" if status == 204 else "said so")


def test_interim_answers_are_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"

    assert attempt(early + answer(202, b"later")).status == 202


def test_retry_after_travels_as_it_came_and_short() -> None:
    assert attempt(answer(429, b"", "Retry-After: 120")).retry_after == "120"
    assert attempt(answer(429, b"", "Retry-After: " + "9" * 1_000)).retry_after == "9" * 64


def test_answer_in_chunks_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    attempted = attempt(chunked + b"4\r\nsome", b"\r\n6;x=y\r\n thing\r\n", b"0\r\n\r\n")

    assert (attempted.status, attempted.excerpt) == (200, "some thing")


def test_answer_that_comes_byte_by_byte_is_the_same_answer() -> None:
    whole = answer(201, b"made it", "X: y")

    attempted = attempt(*(whole[index : index + 1] for index in range(len(whole))))

    assert (attempted.status, attempted.excerpt) == (201, "made it")


def test_answer_without_a_length_ends_with_the_connection() -> None:
    assert attempt(b"HTTP/1.0 200 OK\r\n\r\n", b"to the ", b"end").excerpt == "to the end"


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 -20 OK\r\n\r\n",
        b"HTTP/1.1 999 Much\r\n\r\n",
        b"HTTP/1.1 042 Less\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\n",
        "HTTP/1.1 ２００ OK\r\n\r\n".encode(),  # noqa: RUF001
    ],
)
def test_answer_that_is_no_http_is_a_fault(said: bytes) -> None:
    attempted = attempt(said)

    assert (attempted.status, attempted.fault, attempted.excerpt) == (0, "bad_answer", "")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\nX: y\r\n"])
def test_connection_that_ends_before_the_status_is_whole_is_lost(said: bytes) -> None:
    attempted = attempt(said)

    assert (attempted.status, attempted.fault) == (0, "connection_lost")


def test_excerpt_is_short_and_redacted() -> None:
    headers = signed()
    echo = f"{headers['webhook-signature']} ada@example.com /in/tok3n-4711 " + "word " * 1_000
    network = Network(wire=lambda: ScriptedWire([answer(400, echo.encode())]))

    attempted = over(network).post(f"https://{HOST}/in/tok3n-4711?k=s3cr3t-key", headers, BODY)

    assert attempted.excerpt.startswith("[redacted] [redacted] /in/[redacted] word")
    assert len(attempted.excerpt) == EXCERPT_LENGTH


def test_nothing_secret_of_the_request_is_kept_even_where_all_of_it_is_echoed() -> None:
    headers = signed()
    url = f"https://{HOST}/hooks/catch/8f14e45f/?token=c9f0f895"
    request = f"{url} {headers}".encode()
    network = Network(wire=lambda: ScriptedWire([answer(500, request)]))

    kept = str(over(network).post(url, headers, BODY))

    for secret in (SECRET, headers["webhook-signature"], "8f14e45f", "c9f0f895"):
        assert secret not in kept


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\x1f\x8b" + bytes(range(256)), ["Content-Encoding: gzip"]),
        (b"plain", ["Content-Encoding: br"]),
        (bytes(range(256)), []),
        (b"\xff\xd8\xff\xe0" * 50, ["Content-Type: image/jpeg"]),
    ],
)
def test_nothing_is_kept_of_what_is_not_text(body: bytes, headers: list[str]) -> None:
    attempted = attempt(answer(200, body, *headers))

    assert (attempted.status, attempted.excerpt) == (200, "")


def test_duration_is_told_in_milliseconds() -> None:
    clock = Clock()
    network = Network(wire=lambda: ScriptedWire([answer()], clock=clock, seconds_each=1.25))

    assert over(network, clock=clock).post(URL, signed(), BODY).duration_ms == 1_250
