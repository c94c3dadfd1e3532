"""A receiver of webhooks on this machine: verifies what arrives, answers, and remembers it.

It is the other side of the outbound contract, as a subscriber would build it: `./paysignal listen`
prints what it hears, and tests ask it what came. It listens on loopback alone, answers 401 to what
is not proved, and 204 (or what it is told to answer) to what is.
"""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.domain import standard_webhooks
from shared.domain.webhooks import InvalidSignature

HOST = "127.0.0.1"
_BODY_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """One POST as it came. `message_id` is empty and `problem` says why where it is not proved."""

    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    received_at: int
    message_id: str = ""
    problem: str = ""
    repeated: bool = False
    """Whether the same message came before: an attempt more, which a receiver must not act on."""

    @property
    def verified(self) -> bool:
        """Say whether the signature, the time and the body were right."""
        return not self.problem

    def json(self) -> Any:
        """Return the body's JSON. Raise ValueError where it is none."""
        return json.loads(self.body)


Answer = Callable[[Arrival], int | tuple[int, dict[str, str]]]


class Receiver:
    """Listens from `start` to `stop`; any path will do.

    Verifies with one secret, or several while they rotate. `answer` chooses the status, and headers
    if need be, for a proved message; `on_arrival` sees each one after it was answered for.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        port: int = 0,
        answer: Answer = lambda _: 204,
        on_arrival: Callable[[Arrival], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.secrets = [secret] if isinstance(secret, str) else list(secret)
        for each in self.secrets:
            standard_webhooks.key_of(each)
        self._port = port
        self._answer = answer
        self._on_arrival = on_arrival
        self._clock = clock
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._arrivals: list[Arrival] = []

    @property
    def url(self) -> str:
        """Return the address to give to an endpoint. Raise RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the receiver does not listen")
        return f"http://{HOST}:{self._server.server_address[1]}/"

    @property
    def arrivals(self) -> list[Arrival]:
        """Return all that came so far, in order."""
        with self._changed:
            return list(self._arrivals)

    def start(self) -> Receiver:
        """Listen, in the background. Raise OSError where the port is taken."""
        receiver = self

        class Handler(_Handler):
            """Hands each request to this receiver."""

            take = receiver.take

        self._server = Server((HOST, self._port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; what came stays readable."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()
            server.server_close()

    @contextmanager
    def listening(self) -> Iterator[Receiver]:
        """Listen while the block lasts."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Arrival]:
        """Return all arrivals once there are `count`. Raise TimeoutError when they stay away."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._arrivals) >= count, seconds):
                raise TimeoutError(f"{len(self._arrivals)} of {count} webhooks came")
            return list(self._arrivals)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Judge one POST, remember it, and return the status and headers to answer with."""
        now = int(self._clock() * 1_000)
        message_id = problem = ""
        try:
            message_id = standard_webhooks.verify(self.secrets, headers, body, now)
        except InvalidSignature as error:
            problem = error.metric
        with self._changed:
            known = {each.message_id for each in self._arrivals if each.verified}
            arrival = Arrival(path, headers, body, now, message_id, problem, message_id in known)
            self._arrivals.append(arrival)
            self._changed.notify_all()
        answered = self._answer(arrival) if arrival.verified else 401
        self._on_arrival(arrival)
        return answered if isinstance(answered, tuple) else (answered, {})


class Server(http.server.ThreadingHTTPServer):
    """An HTTP server that asks no name server who it is: it could stall where none answers."""

    def server_bind(self) -> None:  # type: ignore[explicit-override]  # younger than 3.11
        """Take the address; the name that the standard library looks up is used by nobody."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])


class _Handler(http.server.BaseHTTPRequestHandler):
    """Reads one POST per connection; everything else is not for us."""

    take: Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str]]]
    server_version = "paysignal-receiver"
    sys_version = ""
    # For the time between two bytes: a client that is silent frees its thread.
    timeout = 10

    def do_POST(self) -> None:
        """Take a webhook in."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _BODY_BYTES_MAX:
            self._reply(413, {})
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._reply(*self.take(self.path, headers, body))

    def do_GET(self) -> None:
        """Say that something listens here, to a person with a browser."""
        self._reply(405, {"allow": "POST"})

    def log_message(  # type: ignore[explicit-override]  # `override` is younger than 3.11
        self, format: str, *arguments: object
    ) -> None:
        """Write nothing: whoever listens prints what came."""

    def _reply(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()
