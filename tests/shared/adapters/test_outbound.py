"""One attempt on its way out: what is sent, who is dialled, and who never is."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from shared.adapters import outbound_dial
from shared.adapters.outbound import Outbound
from shared.domain.delivery_schedule import decide
from tests.support.attempts import BODY, SECRET, over, signed
from tests.support.loopback_server import LoopbackServer, http
from tests.support.wires import HOST, PUBLIC, URL, Network, ScriptedWire, answer


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
