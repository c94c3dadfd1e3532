"""One attempt: what goes out, what is made of the answer, and what is kept of it."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from shared.adapters import outbound_dial
from shared.adapters.outbound import EXCERPT_LENGTH, Attempted, Outbound
from shared.domain import standard_webhooks
from shared.domain.delivery_schedule import decide
from tests.support.loopback_server import LoopbackServer, http
from tests.support.wires import HOST, PUBLIC, URL, Clock, Network, ScriptedWire, answer

SECRET = standard_webhooks.new_secret(os.urandom)
BODY = '{"type":"recurring_payment.updated","data":{"name":"Zoë"}}'.encode()


def signed(body: bytes = BODY) -> dict[str, str]:
    now = int(time.time() * 1_000)
    headers = standard_webhooks.headers([SECRET], "msg_1", now, body)
    return {"content-type": "application/json", **headers}


def over(network: Network, **options: Any) -> Outbound:
    return Outbound(
        resolve=network.resolve, connect=network.connect, secure=network.secure, **options
    )


def attempt(*parts: bytes, url: str = URL, clock: Clock | None = None) -> Attempted:
    network = Network(wire=lambda: ScriptedWire(parts))
    return over(network, clock=clock or Clock()).post(url, signed(), BODY)


def test_bytes_that_arrive_are_verified_by_the_public_library() -> None:
    with LoopbackServer(lambda _: http(204, b"")) as server:
        attempted = Outbound(local=True).post(f"{server.url}/in?key=1", signed(), BODY)

    (received,) = server.received
    assert (attempted.status, attempted.fault, attempted.address) == (204, "", "127.0.0.1")
    assert received.first_line == "POST /in?key=1 HTTP/1.1"
    assert received.body == BODY
    assert Webhook(SECRET).verify(received.body, received.headers)["data"] == {"name": "Zoë"}


def test_request_asks_for_a_plain_short_answer_and_says_who_sends_it() -> None:
    wire = ScriptedWire([answer()])

    over(Network(wire=lambda: wire)).post(URL, {"content-type": "application/json"}, b"{}")

    assert bytes(wire.sent) == (
        b"POST /in HTTP/1.1\r\nhost: hooks.example.com\r\ncontent-length: 2\r\naccept: */*\r\n"
        b"accept-encoding: identity\r\nconnection: close\r\nuser-agent: paysignal\r\n"
        b"content-type: application/json\r\n\r\n{}"
    )
    assert wire.closed


def test_host_is_resolved_once_and_proved_by_its_name_at_the_address_that_was_judged() -> None:
    network = Network()

    attempted = over(network).post("https://Hooks.Example.com:8443/in", signed(), BODY)

    assert network.resolved == [HOST]
    assert network.dialled == [(PUBLIC, 8443)]
    assert network.secured == [HOST]
    assert (attempted.status, attempted.address) == (200, PUBLIC)


def test_next_address_is_dialled_where_one_does_not_answer_the_door() -> None:
    network = Network([["192.0.3.1", "2606:4700::1111", PUBLIC]])
    dead = {"192.0.3.1": ConnectionRefusedError, "2606:4700::1111": TimeoutError}

    def connect(address: str, port: int, seconds: float) -> outbound_dial.Wire:
        wire = network.connect(address, port, seconds)
        if address in dead:
            raise dead[address]
        return wire

    attempted = Outbound(resolve=network.resolve, connect=connect, secure=network.secure).post(
        URL, signed(), BODY
    )

    assert [address for address, _ in network.dialled] == [*dead, PUBLIC]
    assert network.resolved == [HOST]
    assert (attempted.status, attempted.address) == (200, PUBLIC)


@pytest.mark.parametrize(
    ("error", "fault"),
    [(ConnectionRefusedError, "connect_failed"), (TimeoutError, "connect_timeout")],
)
def test_host_that_nobody_answers_at_is_a_fault(error: type[OSError], fault: str) -> None:
    def connect(address: str, port: int, seconds: float) -> outbound_dial.Wire:
        raise error

    attempted = Outbound(resolve=Network().resolve, connect=connect).post(URL, signed(), BODY)

    assert (attempted.status, attempted.fault) == (0, fault)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such host"), "dns_error"),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "dns_error"),
        (TimeoutError(), "dns_timeout"),
    ],
)
def test_host_that_does_not_resolve_is_tried_again(error: OSError, fault: str) -> None:
    def resolve(host: str, port: int, seconds: float) -> list[str]:
        raise error

    attempted = Outbound(resolve=resolve).post(URL, signed(), BODY)

    decision = decide(
        status=attempted.status,
        fault=attempted.fault,
        attempt=1,
        first_attempt_at=0,
        now=0,
        random=lambda: 0.5,
    )
    assert (attempted.status, attempted.fault) == (0, fault)
    assert decision.outcome == "retry"


def test_host_without_any_address_is_a_dns_error() -> None:
    assert over(Network([[]])).post(URL, signed(), BODY).fault == "dns_error"


def test_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> list[Any]:
        time.sleep(1)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    began = time.monotonic()
    attempted = Outbound(total_seconds=0.1).post(URL, signed(), BODY)

    assert attempted.fault == "dns_timeout"
    assert time.monotonic() - began < 0.6


def test_systems_resolver_gives_addresses_and_its_errors() -> None:
    assert set(outbound_dial.resolve("localhost", 80, 5)) <= {"127.0.0.1", "::1"}
    with pytest.raises(OSError, match=r".") as raised:
        outbound_dial.resolve("no-such-host.invalid", 80, 5)
    assert isinstance(raised.value, socket.gaierror | TimeoutError)


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


def test_url_that_is_no_endpoint_any_more_is_not_even_resolved() -> None:
    network = Network()

    faults = [
        over(network).post(url, signed(), BODY).fault
        for url in ("http://hooks.example.com/", "https://10.0.0.1/", "", "https://a.example:22/")
    ]

    assert faults == ["url_refused"] * 4
    assert (network.resolved, network.dialled) == ([], [])


def test_deployment_does_not_call_itself() -> None:
    network = Network()

    attempted = over(network, own_hosts={HOST}).post(URL, signed(), BODY)

    assert (attempted.fault, network.resolved) == ("url_refused", [])


@pytest.mark.parametrize(
    "header",
    [("x", "a\r\nhost: evil.example"), ("x: y\r\nz", "a"), ("x y", "a"), ("", "a"), ("x", "é")],
)
def test_header_that_would_break_the_request_is_our_own_fault(header: tuple[str, str]) -> None:
    network = Network()

    with pytest.raises(ValueError, match="a header"):
        over(network).post(URL, dict([header]), BODY)

    assert network.dialled == []


@pytest.mark.parametrize("local", [False, True])
def test_this_machine_is_dialled_by_a_local_stack_alone(local: bool) -> None:
    with LoopbackServer(lambda _: http(200, b"")) as server:
        attempted = Outbound(local=local).post(server.url, signed(), BODY)

    assert attempted.fault == ("" if local else "url_refused")
    assert len(server.received) == local


def test_local_stack_reaches_this_machine_by_name_and_by_address() -> None:
    with LoopbackServer(lambda _: http(200, b"")) as server:
        port = server.url.rpartition(":")[2]
        statuses = [
            Outbound(local=True).post(f"http://{host}:{port}/", signed(), BODY).status
            for host in ("localhost", "127.0.0.1")
        ]

    assert statuses == [200, 200]


@pytest.mark.parametrize("found", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_local_stack_dials_this_machine_only_where_the_url_names_it(found: str) -> None:
    network = Network([[found]])

    attempted = over(network, local=True).post(URL, signed(), BODY)

    assert (attempted.fault, network.dialled) == ("address_refused", [])


def test_name_of_this_machine_that_leads_elsewhere_is_not_followed() -> None:
    network = Network([[PUBLIC]])

    attempted = over(network, local=True).post("http://localhost:8000/", signed(), BODY)

    assert (attempted.fault, network.dialled) == ("address_refused", [])


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        LoopbackServer(lambda _: http(200, b"")) as server,
        LoopbackServer(lambda _: http(200, b"")) as proxy,
    ):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        attempted = Outbound(local=True).post(server.url, signed(), BODY)

    assert attempted.status == 200
    assert (len(server.received), len(proxy.received)) == (1, 0)
