"""The dialler by its parts: how long each may take, what it is given, and what it leaves open."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any, ClassVar

import pytest

from shared.adapters.outbound_dial import Deadline, Dialler, Fault, Tls, Wire, connect, resolve
from shared.domain.endpoint_urls import parse
from tests.support.wires import HOST, PUBLIC, URL, Clock, Network, ScriptedWire

TARGET = parse(URL)
MANY = ["1.1.1.1", "8.8.8.8", "9.9.9.9", PUBLIC]


class Secured:
    """Takes wires and notes how long it was given for each; raises what a test says."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.seconds: list[float] = []

    def __call__(self, plain: Wire, host: str, seconds: float) -> Wire:
        self.seconds.append(seconds)
        if self.error is not None:
            raise self.error
        return plain


def dialler(network: Network, secure: Secured, **options: Any) -> Dialler:
    given = {"resolve": network.resolve, "connect": network.connect, **options}
    return Dialler(secure=secure, connect_seconds=2.0, **given)


def test_deadline_gives_what_is_left_and_ends_with_its_last_moment() -> None:
    clock = Clock()
    deadline = Deadline(clock, 5.0)

    assert deadline.remaining() == 5.0
    clock.seconds = 4.5
    assert deadline.remaining() == 0.5
    for clock.seconds in (5.0, 6.0):
        with pytest.raises(TimeoutError):
            deadline.remaining()


def test_sooner_deadline_is_never_later_than_the_one_it_is_of() -> None:
    clock = Clock()
    deadline = Deadline(clock, 5.0)
    clock.seconds = 1.0

    assert deadline.sooner(2.0).remaining() == 2.0
    assert deadline.sooner(10.0).remaining() == 4.0
    clock.seconds = 6.0
    with pytest.raises(TimeoutError):
        deadline.sooner(2.0).remaining()
    clock.seconds = 5.5
    late = deadline.sooner(2.0)
    clock.seconds = 5.5 - 0.25
    assert late.remaining() == 0.25


def test_three_addresses_of_a_host_are_dialled_and_each_once() -> None:
    network = Network([[MANY[0], *MANY]])

    def refuse(address: str, port: int, seconds: float) -> Wire:
        network.connect(address, port, seconds)
        raise ConnectionRefusedError

    with pytest.raises(Fault, match="connect_failed"):
        dialler(network, Secured(), connect=refuse).dial(TARGET, Deadline(Clock(), 5.0))

    assert [address for address, _ in network.dialled] == MANY[:3]


def test_after_a_bad_proof_no_other_address_is_dialled_and_the_first_is_hung_up() -> None:
    network = Network([MANY])
    secure = Secured(ssl.SSLCertVerificationError("canary"))

    with pytest.raises(Fault) as raised:
        dialler(network, secure).dial(TARGET, Deadline(Clock(), 5.0))

    (wire,) = network.wires
    assert isinstance(wire, ScriptedWire)
    assert (raised.value.code, wire.closed) == ("tls_untrusted", True)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ssl.SSLCertVerificationError("no"), "tls_untrusted"),
        (ssl.SSLError("no"), "tls_failed"),
        (ConnectionResetError(), "tls_failed"),
        (TimeoutError(), "timeout"),
    ],
)
def test_tls_that_fails_is_a_fault_of_its_kind(error: OSError, code: str) -> None:
    with pytest.raises(Fault) as raised:
        dialler(Network(), Secured(error)).dial(TARGET, Deadline(Clock(), 5.0))

    assert raised.value.code == code


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], "dns_error"),
        (OSError(), "dns_error"),
        (TimeoutError(), "dns_timeout"),
        (["10.0.0.1"], "address_refused"),
    ],
)
def test_name_that_leads_nowhere_is_a_fault_of_its_kind(
    found: list[str] | OSError, code: str
) -> None:
    def answer(*_: object) -> list[str]:
        if isinstance(found, OSError):
            raise found
        return found

    network = Network()
    with pytest.raises(Fault) as raised:
        dialler(network, Secured(), resolve=answer).dial(TARGET, Deadline(Clock(), 5.0))

    assert (raised.value.code, network.dialled) == (code, [])


@pytest.mark.parametrize(("seconds", "for_connect"), [(5.0, 2.0), (1.5, 1.5)])
def test_each_step_has_what_is_left_and_a_connect_two_seconds_at_most(
    seconds: float, for_connect: float
) -> None:
    network, secure, given = Network(), Secured(), []

    def note(*asked: Any) -> Any:
        given.append(asked[-1])
        return [PUBLIC] if len(given) == 1 else network.connect(*asked)

    dialler(network, secure, resolve=note, connect=note).dial(TARGET, Deadline(Clock(), seconds))

    assert [*given, *secure.seconds] == [seconds, for_connect, seconds]


def test_time_that_is_over_before_a_step_is_a_fault_of_that_step() -> None:
    clock = Clock()

    def too_late(*_: object) -> list[str]:
        clock.seconds = 5.0
        return [PUBLIC]

    for resolver, code in ((Network().resolve, "dns_timeout"), (too_late, "connect_timeout")):
        deadline = Deadline(clock, 0.0 if code == "dns_timeout" else 5.0)
        with pytest.raises(Fault) as raised:
            dialler(Network(), Secured(), resolve=resolver).dial(TARGET, deadline)
        assert raised.value.code == code


def test_resolver_is_asked_once_by_the_name_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def look_up(host: bytes, port: int, *, type: int) -> list[Any]:
        asked.append((host, port, type))
        return [(0, 0, 0, "", (PUBLIC, port)), (0, 0, 0, "", ("2606:4700::1", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    assert resolve(HOST, 443, 5.0) == [PUBLIC, "2606:4700::1"]
    assert asked == [(HOST.encode(), 443, socket.SOCK_STREAM)]


def test_resolvers_fault_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(socket.gaierror, match="no such host"):
        resolve(HOST, 443, 5.0)


def test_resolver_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ending = threading.Event()

    def hang(*_: object, **__: object) -> list[Any]:
        ending.wait(5.0)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    before = set(threading.enumerate())

    with pytest.raises(TimeoutError):
        resolve(HOST, 443, 0.01)

    (left,) = set(threading.enumerate()) - before
    assert left.daemon, "it must not keep the process"
    ending.set()
    left.join()


class Noted:
    """In place of a socket: keeps what is done to it; `error` is raised by connecting."""

    made: ClassVar[list[Noted]] = []
    error: ClassVar[OSError | None] = None

    def __init__(self, *kind: int) -> None:
        self.did: list[Any] = [kind]
        self.made.append(self)

    def settimeout(self, seconds: float) -> None:
        self.did.append(seconds)

    def setsockopt(self, *option: int) -> None:
        self.did.append(option)

    def connect(self, address: tuple[str, int]) -> None:
        self.did.append(address)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.did.append("closed")


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> type[Noted]:
    monkeypatch.setattr(socket, "socket", Noted)
    monkeypatch.setattr(Noted, "made", [])
    return Noted


AT_ONCE = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, PUBLIC), (socket.AF_INET6, "2606:4700::1111")]
)
def test_connect_is_bounded_and_what_is_sent_leaves_at_once(
    noted: type[Noted], family: int, address: str
) -> None:
    connect(address, 443, 1.25)

    (made,) = noted.made
    assert made.did == [(family, socket.SOCK_STREAM), 1.25, AT_ONCE, (address, 443)]


def test_socket_that_cannot_connect_is_closed(
    noted: type[Noted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noted, "error", ConnectionRefusedError())

    with pytest.raises(ConnectionRefusedError):
        connect(PUBLIC, 443, 1.0)

    (made,) = noted.made
    assert made.did[-1] == "closed"


@pytest.mark.parametrize("name", ["localhost", "127.1", "::1%lo"])
def test_what_is_no_address_is_not_connected_to(name: str) -> None:
    with pytest.raises(OSError, match="illegal IP address"):
        connect(name, 443, 1.0)


def test_tls_is_only_made_of_sockets() -> None:
    with pytest.raises(TypeError, match="needs a socket"):
        Tls()(ScriptedWire([]), HOST, 1.0)


def test_authorities_are_read_once_for_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made, offered = [], []
    create = ssl.create_default_context

    def note(*, cafile: str | None) -> ssl.SSLContext:
        made.append(cafile)
        context = create()
        monkeypatch.setattr(
            type(context), "set_alpn_protocols", lambda _, all_: offered.append(all_)
        )
        return context

    monkeypatch.setattr(ssl, "create_default_context", note)
    tls = Tls()

    for _ in range(2):
        ours, theirs = socket.socketpair()
        theirs.close()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            tls(ours, HOST, 1.0)

    assert (made, offered) == ([None], [["http/1.1"]])
