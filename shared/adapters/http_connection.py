"""One kept-alive HTTP/1.1 connection to one AWS endpoint.

The standard library's client loads `email` and `ssl` and parses every answer's headers as a mail:
18 ms of a door's start and half of a warm call's time. AWS speaks plain HTTP/1.1, which is little
enough to read here. It follows no redirects, knows no proxy and must never be pointed at a host
that is not AWS or its emulator: answers are trusted to be of sane size.
"""

from __future__ import annotations

import select
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

_LINE_BYTES_MAX = 65_536
_HEADERS_MAX = 200

Answer = tuple[int, dict[str, str], bytes]


class HttpConnection:
    """Sends one request at a time; opens, reopens and closes its socket as needed.

    Every failure is an OSError: refused, timed out, or an answer that is no HTTP. A server closes
    a connection that idles (and always does while a Lambda is frozen), so a kept connection that
    fails before the first byte of an answer is reopened once, without a sound.
    """

    def __init__(
        self, url: str, connect_seconds: float, answer_seconds: float, ca_file: str | None = None
    ) -> None:
        self._socket: socket.socket | None = None
        scheme, _, rest = url.partition("://")
        address = rest.partition("/")[0]
        host, colon, port = address.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = address, ""
        self._tls = scheme == "https"
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        # As bytes: a host in text is led through Python's IDNA tables, which take 2 ms to load.
        self._name = host.strip("[]").encode("ascii")
        self._port = int(port or (443 if self._tls else 80))
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self.host = host if port in ("", "443" if self._tls else "80") else address

    def exchange(self, request: bytes) -> Answer:
        """Return status, headers (lower-case names) and body of the answer. Raise OSError."""
        kept = self._socket is not None and not self._has_gone_stale()
        try:
            return self._attempt(request)
        except _Unanswered:
            if not kept:
                raise
        return self._attempt(request)

    def close(self) -> None:
        """Close the socket, if one is open; the next exchange opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __del__(self) -> None:
        self.close()

    def _has_gone_stale(self) -> bool:
        # Between answers a healthy connection is silent: anything to read is the server's farewell.
        poll = select.poll()
        poll.register(self._socket or -1, select.POLLIN)
        if poll.poll(0):
            self.close()
        return self._socket is None

    def _attempt(self, request: bytes) -> Answer:
        try:
            if self._socket is None:
                self._socket = self._open()
            try:
                self._socket.sendall(request)
            except ConnectionError as error:
                raise _Unanswered("the connection broke while sending") from error
            answer = _Answer(self._socket)
            result = answer.read()
        except BaseException:
            self.close()
            raise
        if not answer.leaves_connection_open:
            self.close()
        return result

    def _open(self) -> socket.socket:
        address: Any = (self._name, self._port)
        plain = socket.create_connection(address, self._connect_seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._tls:
            plain.settimeout(self._answer_seconds)
            return plain
        if self._context is None:
            # Only here: reading all certificate authorities costs more than the rest of a door.
            from ssl import create_default_context

            self._context = create_default_context(cafile=self._ca_file)
        try:
            secure = self._context.wrap_socket(plain, server_hostname=self._name)
        except BaseException:
            plain.close()
            raise
        secure.settimeout(self._answer_seconds)
        return secure


class _Unanswered(ConnectionError):
    """The connection ended before any byte of an answer: the request was not taken up."""


class _Answer:
    """Reads one answer off a socket; whatever is not HTTP/1.x raises ConnectionError."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._buffer = bytearray()
        self._begun = False
        self._reusable = True

    def read(self) -> Answer:
        """Return status, headers and body, past any interim (1xx) answers."""
        status, headers = self._read_head()
        while 100 <= status < 200:
            status, headers = self._read_head()
        if headers.get("connection", "").lower() == "close":
            self._reusable = False
        length = headers.get("content-length", "")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        elif length.isascii() and length.isdigit():
            body = self._take(int(length))
        elif status in (204, 304):
            body = b""
        else:
            body = self._read_to_end()
        return status, headers, body

    @property
    def leaves_connection_open(self) -> bool:
        """Say whether the server keeps the connection and nothing of it is left unread."""
        return self._reusable and not self._buffer

    def _read_head(self) -> tuple[int, dict[str, str]]:
        version, _, rest = self._take_line().partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise ConnectionError("the answer is not HTTP/1.x")
        self._reusable = version == b"HTTP/1.1"
        headers = {}
        while line := self._take_line():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
            if len(headers) > _HEADERS_MAX:
                raise ConnectionError("the answer's headers have no end")
        return int(rest[:3]), headers

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := _chunk_size(self._take_line()):
            body += self._take(size)
            self._take_line()
        while self._take_line():
            pass  # trailers say nothing we need
        return bytes(body)

    def _read_to_end(self) -> bytes:
        self._reusable = False
        while part := self._source.recv(65_536):
            self._buffer += part
        return self._take(len(self._buffer))

    def _take_line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LINE_BYTES_MAX:
                raise ConnectionError("the answer has a line without an end")
            self._receive()
        return self._take(end + 2)[:-2]

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        # A view: a slice would copy what may be hundreds of megabytes once more.
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> None:
        try:
            part = self._source.recv(65_536)
        except ConnectionError as error:
            raise (error if self._begun else _Unanswered("the connection broke")) from error
        if not part:
            raise (ConnectionError if self._begun else _Unanswered)("the connection ended")
        self._begun = True
        self._buffer += part


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits.isalnum() or len(digits) > 8:
        raise ConnectionError("the answer has a chunk without a size")
    try:
        return int(digits, 16)
    except ValueError as error:
        raise ConnectionError("the answer has a chunk without a size") from error
