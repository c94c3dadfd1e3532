"""From a host's name to a socket that is proved to lead to the public internet.

The name is resolved once, every address it has is judged, and the very address that was judged is
dialled: there is no second look-up in between, which could answer otherwise (a rebinding). TLS
then proves the host by its name, not by the address. Nothing here reads a proxy setting.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from shared.domain import addresses
from shared.domain.endpoint_urls import Target

# Of a host with many addresses; the whole attempt has only seconds.
_DIALS_MAX = 3


class Wire(Protocol):
    """What is asked of a connected socket, plain or TLS."""

    def settimeout(self, seconds: float, /) -> None:
        """Bound the next call."""

    def send(self, data: memoryview, /) -> int:
        """Send some of it and return how much."""

    def recv(self, size: int, /) -> bytes:
        """Return what there is, empty at the end."""

    def close(self) -> None:
        """Hang up."""


Resolve = Callable[[str, int, float], Sequence[str]]
"""From host, port and seconds to all addresses. Raises OSError; TimeoutError when late."""
Connect = Callable[[str, int, float], Wire]
"""From address, port and seconds to a connected socket. Raises OSError."""
Secure = Callable[[Wire, str, float], Wire]
"""From a plain socket, the host's name and seconds to a TLS one. Raises OSError."""


class Fault(Exception):
    """The attempt ended without an answer; `code` says where, in a word for the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Deadline:
    """The moment by which an attempt ends, however busily the other side drips."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds left, more than none. Raise TimeoutError when they are over."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError("the attempt's time is over")
        return left

    def sooner(self, seconds: float) -> Deadline:
        """Return the deadline that is at most `seconds` away."""
        return Deadline(self._clock, min(seconds, max(0.0, self._end - self._clock())))


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return every address of the host, as the system's resolver has them, aliases followed."""
    # The system's call knows no timeout, so it is left behind in a thread when it takes too long.
    answers: list[str] = []
    errors: list[OSError] = []

    def look_up() -> None:
        try:
            # As bytes: text would be led through Python's IDNA tables, which map names anew.
            found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
        except OSError as error:
            errors.append(error)
        else:
            answers.extend(str(address[0]) for *_, address in found)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if thread.is_alive():
        raise TimeoutError("the resolver did not answer in time")
    return answers


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """Return a socket connected to the address, which has to be one: no name is resolved here."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.settimeout(seconds)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.connect((socket.inet_ntop(family, packed), port))
    except BaseException:
        connected.close()
        raise
    return connected


class Tls:
    """Makes plain sockets secure: certificate and name are always verified."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None

    def __call__(self, plain: Wire, host: str, seconds: float) -> Wire:
        """Return the secure socket. Raise OSError where the other side is not `host`."""
        if self._context is None:
            # Once, and only when needed: it reads all certificate authorities.
            self._context = ssl.create_default_context(cafile=self._ca_file)
            self._context.set_alpn_protocols(["http/1.1"])
        if not isinstance(plain, socket.socket):
            raise TypeError("TLS needs a socket")
        secure = self._context.wrap_socket(
            plain, server_hostname=host.encode("ascii"), do_handshake_on_connect=False
        )
        try:
            # With a timeout, a handshake and each later call are bounded as a whole.
            secure.settimeout(seconds)
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure


class Dialler:
    """Opens one connection per attempt to what a Target means."""

    def __init__(
        self, *, resolve: Resolve, connect: Connect, secure: Secure, connect_seconds: float
    ) -> None:
        self._resolve = resolve
        self._connect = connect
        self._secure = secure
        self._connect_seconds = connect_seconds

    def dial(self, target: Target, deadline: Deadline) -> tuple[Wire, str]:
        """Return the connection and the address it leads to. Raise Fault."""
        found = self._judged(target, deadline)
        for address in found[:-1]:
            try:
                return self._open(target, address, deadline), address
            except Fault as fault:
                # Nothing was said yet, so the next address may be tried; not after a bad proof.
                if not fault.code.startswith("connect_"):
                    raise
        return self._open(target, found[-1], deadline), found[-1]

    def _judged(self, target: Target, deadline: Deadline) -> list[str]:
        try:
            found = list(self._resolve(target.host, target.port, deadline.remaining()))
        except TimeoutError:
            raise Fault("dns_timeout") from None
        except OSError:
            raise Fault("dns_error") from None
        if not found:
            raise Fault("dns_error")
        if not all(_may_be_dialled(address, target) for address in found):
            raise Fault("address_refused")
        return list(dict.fromkeys(found))[:_DIALS_MAX]

    def _open(self, target: Target, address: str, deadline: Deadline) -> Wire:
        try:
            seconds = min(self._connect_seconds, deadline.remaining())
            plain = self._connect(address, target.port, seconds)
        except TimeoutError:
            raise Fault("connect_timeout") from None
        except OSError:
            raise Fault("connect_failed") from None
        if target.scheme != "https":
            return plain
        try:
            return self._secure(plain, target.host, deadline.remaining())
        except OSError as error:
            plain.close()
            raise Fault(_tls_code(error)) from None


def _may_be_dialled(address: str, target: Target) -> bool:
    # A name of this machine has to lead to it, and no other name may.
    if target.is_loopback:
        return addresses.is_loopback(address)
    return addresses.refusal(address) is None


def _tls_code(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls_untrusted"
    return "timeout" if isinstance(error, TimeoutError) else "tls_failed"
