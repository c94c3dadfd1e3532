"""A server on loopback that does to each connection whatever a test tells it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class RudeServer:
    """Hands each accepted socket to `behave`, on a thread, while its `with` block lasts."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepted: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.ending = threading.Event()

    @property
    def connections(self) -> int:
        """How many connections came."""
        return len(self._accepted)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ending.set()
        # Wakes the thread that waits in accept; closing alone would leave it there.
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in self._accepted:
            hang_up(each)
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()
        for each in self._accepted:
            each.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._accepted.append(accepted)
            self._start(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        try:
            self._behave(accepted)
        except OSError:
            return  # The other side had enough of it.


def take_request(connected: socket.socket) -> bytes:
    """Read a request whole and return it."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        part = connected.recv(65_536)
        if not part:
            return bytes(received)
        received += part
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connected.recv(65_536)
    return head + b"\r\n\r\n" + body


def hang_up(connected: socket.socket) -> None:
    """End the connection, both ways."""
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
