"""Connections without a network: they say what a test wrote down, and tell what was dialled."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence

from shared.adapters.outbound_dial import Wire

PUBLIC = "93.184.216.34"
HOST = "hooks.example.com"
URL = f"https://{HOST}/in"


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class ScriptedWire:
    """Answers with the given parts, each one `recv`; then hangs up, or hangs until a timeout."""

    def __init__(
        self,
        parts: Iterable[bytes],
        *,
        hang: bool = False,
        clock: Clock | None = None,
        seconds_each: float = 0.0,
    ) -> None:
        self._parts = iter(parts)
        self._hang = hang
        self._clock = clock or Clock()
        self._seconds_each = seconds_each
        self._timeout = 0.0
        self.sent = bytearray()
        self.received = 0
        self.closed = False

    def settimeout(self, seconds: float, /) -> None:
        assert seconds > 0, "a timeout of zero would not wait, none would wait for ever"
        self._timeout = seconds

    def send(self, data: memoryview, /) -> int:
        self.sent += data[:1_000]
        return min(len(data), 1_000)

    def recv(self, size: int, /) -> bytes:
        part = next(self._parts, b"")
        if (not part and self._hang) or self._seconds_each > self._timeout:
            self._clock.seconds += self._timeout
            raise TimeoutError
        self._clock.seconds += self._seconds_each
        assert len(part) <= size
        self.received += len(part)
        return part

    def close(self) -> None:
        self.closed = True


def answer(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    """Return the bytes of a well-formed answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Network:
    """A resolver and a connector in one: what they are asked for is kept."""

    def __init__(
        self,
        answers: Sequence[Sequence[str]] = ((PUBLIC,),),
        wire: Callable[[], Wire] = lambda: ScriptedWire([answer()]),
    ) -> None:
        self._answers = list(answers)
        self._wire = wire
        self.resolved: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.secured: list[str] = []
        self.wires: list[Wire] = []

    def resolve(self, host: str, port: int, seconds: float) -> Sequence[str]:
        """Give each list of answers once, in order, and the last one for ever."""
        self.resolved.append(host)
        return self._answers[min(len(self.resolved), len(self._answers)) - 1]

    def connect(self, address: str, port: int, seconds: float) -> Wire:
        self.dialled.append((address, port))
        self.wires.append(self._wire())
        return self.wires[-1]

    def secure(self, plain: Wire, host: str, seconds: float) -> Wire:
        self.secured.append(host)
        return plain


class Zone:
    """A name server of one's own: each name is an alias of another, or has addresses."""

    def __init__(self, records: Mapping[str, str | Sequence[str]]) -> None:
        self._records = records
        self.asked: list[str] = []

    def resolve(self, host: str, port: int, seconds: float) -> Sequence[str]:
        """Follow aliases as a recursive resolver does, and return the addresses at their end."""
        name: str | Sequence[str] = host
        while isinstance(name, str):
            self.asked.append(name)
            if len(self.asked) > 20 or name not in self._records:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            name = self._records[name]
        return name
