"""Reads what an endpoint answers, as from a stranger: little of it, and not for long.

The status decides, and it is known once the head of the answer is whole. The body is only there to
be looked at, so whatever goes wrong in it (no end, no more bytes, chunks that are none) ends the
reading and not the delivery: what was acknowledged must not be sent again because a log is short.
Nothing is decompressed.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.adapters.outbound_dial import Deadline, Fault, Wire

HEAD_BYTES_MAX = 65_536
HEADERS_MAX = 200
BODY_BYTES_MAX = 65_536
# For a body that does not come though the status did.
BODY_SECONDS = 2.0
_RECEIVE_BYTES = 16_384


class Answer(NamedTuple):
    """Status, headers in small letters, and as much of the body as was taken, as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


def read(wire: Wire, deadline: Deadline) -> Answer:
    """Return the answer. Raise Fault or OSError while its head is not whole."""
    reader = _Reader(wire, deadline)
    status, headers = reader.head()
    while 100 <= status < 200 and status != 101:
        status, headers = reader.head()
    body = bytearray()
    if status not in (204, 304):
        _read_body(_Reader(wire, deadline.sooner(BODY_SECONDS), reader), headers, body)
    return Answer(status, headers, bytes(body))


def _read_body(reader: _Reader, headers: dict[str, str], body: bytearray) -> None:
    """Add to `body` what comes of it; a part is as good as the whole."""
    try:
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            while (size := _chunk_size(reader.line())) and len(body) < BODY_BYTES_MAX:
                reader.take_into(body, size)
                reader.line()
            return
        length = headers.get("content-length", "")
        reader.take_into(body, int(length) if length.isdecimal() else BODY_BYTES_MAX)
    except (OSError, Fault, ValueError):
        return


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits.isalnum() or len(digits) > 16:
        raise ValueError("a chunk without a size")
    return int(digits, 16)


class _Reader:
    """Takes lines and bytes off the wire, with one budget for all heads together."""

    def __init__(self, wire: Wire, deadline: Deadline, before: _Reader | None = None) -> None:
        self._wire = wire
        self._deadline = deadline
        self._buffer: bytearray = before._buffer if before else bytearray()
        self._line_bytes_left = HEAD_BYTES_MAX

    def head(self) -> tuple[int, dict[str, str]]:
        """Return status and headers of the next head. Raise Fault where it is not HTTP/1.x."""
        version, _, rest = self.line().partition(b" ")
        code = rest[:3]
        if version not in (b"HTTP/1.1", b"HTTP/1.0") or len(code) < 3 or not code.isdigit():
            raise Fault("bad_answer")
        headers: dict[str, str] = {}
        lines = 0
        while line := self.line():
            lines += 1
            if lines > HEADERS_MAX:
                raise Fault("answer_too_big")
            name, _, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        if not 100 <= int(code) <= 599:
            raise Fault("bad_answer")
        return int(code), headers

    def line(self) -> bytes:
        """Return the next line without its end. Raise Fault when lines have taken too much."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) >= self._line_bytes_left:
                raise Fault("answer_too_big")
            self._receive()
        self._line_bytes_left -= end + 1
        if self._line_bytes_left < 0:
            raise Fault("answer_too_big")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def take_into(self, body: bytearray, size: int) -> None:
        """Move `size` bytes into `body`, or as many as it still may have, as they come."""
        wanted = min(size, BODY_BYTES_MAX - len(body))
        while wanted > 0:
            if not self._buffer:
                self._receive()
            part = self._buffer[:wanted]
            body += part
            del self._buffer[: len(part)]
            wanted -= len(part)

    def _receive(self) -> None:
        self._wire.settimeout(self._deadline.remaining())
        part = self._wire.recv(_RECEIVE_BYTES)
        if not part:
            raise ConnectionError("the endpoint hung up")
        self._buffer += part
