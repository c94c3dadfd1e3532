"""A server on loopback that answers as a test tells it to, byte by byte, and remembers all it got.

Real sockets, because what the AWS adapter must survive lies below HTTP: servers that close idle
connections, hang up half-way, or say what is no HTTP at all.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self


class Received:
    """One request as it came: which connection brought it, its first line, headers and body."""

    def __init__(self, connection: int, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.connection = connection
        self.first_line = first
        self.headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        self.body = body

    @property
    def operation(self) -> str:
        """The operation of a JSON-protocol call, such as `SendMessage`."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    def json(self) -> Any:
        return json.loads(self.body)


class Reply:
    """What to put on the wire: nothing at all (`None`), or bytes, and whether to hang up then."""

    def __init__(self, content: bytes | None, hang_up: bool = False) -> None:
        self.content = content
        self.hang_up = hang_up or content is None


def http(status: int, body: bytes | dict[str, Any], *headers: str, hang_up: bool = False) -> Reply:
    """Return a well-formed answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", *headers]
    return Reply("\r\n".join(lines).encode() + b"\r\n\r\n" + content, hang_up)


def in_turn(*replies: Reply) -> Callable[[Received], Reply]:
    """Answer with each reply once, in order."""
    waiting = iter(replies)
    return lambda _: next(waiting)


class LoopbackServer:
    """Serves on a free port while its `with` block lasts; over TLS where it is given a context."""

    def __init__(
        self, respond: Callable[[Received], Reply], tls: ssl.SSLContext | None = None
    ) -> None:
        self._respond = respond
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.received: list[Received] = []
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def operations(self) -> list[str]:
        return [request.operation for request in self.received]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Wakes the thread that waits in accept; closing alone would leave it there.
        self._listener.shutdown(socket.SHUT_RDWR)
        self.hang_up_all()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()
        for each in self._sockets:
            each.close()

    def hang_up_all(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        for each in self._sockets:
            _shut(each)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            if self._tls is not None:
                try:
                    connected = self._tls.wrap_socket(connected, server_side=True)
                except OSError:
                    connected.close()  # The client did not like the certificate.
                    continue
            self._sockets.append(connected)
            self._start(self._serve, connected, len(self._sockets))

    def _serve(self, connected: socket.socket, number: int) -> None:
        with connected.makefile("rb") as stream:
            while (request := _read(stream, number)) is not None:
                self.received.append(request)
                reply = self._respond(request)
                if reply.content is not None:
                    connected.sendall(reply.content)
                if reply.hang_up:
                    break
        _shut(connected)


def _read(stream: Any, number: int) -> Received | None:
    lines = []
    try:
        while (line := stream.readline()) not in (b"\r\n", b""):
            lines.append(line.rstrip(b"\r\n"))
        if not lines:
            return None
        request = Received(number, b"\r\n".join(lines), b"")
        request.body = stream.read(int(request.headers.get("content-length", "0")))
    except OSError:
        return None
    return request


def _shut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
