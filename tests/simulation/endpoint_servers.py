"""The receivers of webhooks: servers with manners good and bad, and what each of them was sent.

Between the product and them is the very seam of its adapter: a resolver, a connector, TLS, and
wires. Time that passes on a wire passes for that post alone; posts that run side by side end each
at its own time, and the rest of the world goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from functions.run_automations.deliver import Attempted, Posting
from functions.run_automations.process_batch import Post
from shared.adapters.aws import AwsError
from shared.adapters.outbound import Outbound
from shared.adapters.outbound_dial import Wire
from tests.simulation.world import World

ADDRESS = "93.184.216.34"
# What a name may come to resolve to: an address inside, or one beside that of its server.
FLIPPED = (["169.254.169.254"], ["10.0.0.7", ADDRESS], ["::ffff:127.0.0.1"], [ADDRESS, "127.0.0.1"])
# What a server does with a request: whatever is not named here answers 204.
MANNERS = {
    "ok": "answers 204",
    "body": "answers 200 with a body",
    "broken": "answers 500",
    "throttled": "answers 429 and asks for two minutes",
    "moved": "answers 302",
    "gone": "answers 410",
    "slow": "answers 200 after six seconds",
    "hanging": "takes the request and never answers",
    "refusing": "takes no connection",
    "hung_up": "takes the request and hangs up",
    "cut_off": "answers 200 and hangs up within its body",
}
_HEADS = {
    "body": (200, "content-length: 2\r\n", b"ok"),
    "broken": (500, "content-length: 0\r\n", b""),
    "throttled": (429, "retry-after: 120\r\ncontent-length: 0\r\n", b""),
    "moved": (302, "location: https://elsewhere.example.com/\r\ncontent-length: 0\r\n", b""),
    "gone": (410, "content-length: 0\r\n", b""),
    "slow": (200, "content-length: 0\r\n", b""),
    "cut_off": (200, "content-length: 1000\r\n", b"the answer was"),
}
_SECONDS = {"slow": 6.0, "hanging": 1e9}


@dataclass(frozen=True, slots=True)
class Received:
    """One request as its server saw it; status 0 is no answer."""

    at_ms: int
    host: str
    message_id: str
    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass(frozen=True, slots=True)
class Tried:
    """One post as it began, whatever came of it: no server knows of those that never got there."""

    at_ms: int
    host: str
    message_id: str


@dataclass
class Server:
    """One receiver; `manners` are those towards its first requests, `then` those ever after."""

    host: str
    manners: Sequence[str] = ()
    then: str = "ok"
    requests: list[Received] = field(default_factory=list)
    dialled: int = 0

    def manner(self) -> str:
        """Return how the request to come will be met."""
        met = self.dialled
        return self.manners[met] if met < len(self.manners) else self.then


class Internet:
    """All servers there are."""

    def __init__(self, world: World, servers: Sequence[Server]) -> None:
        self.world = world
        self.servers = {server.host: server for server in servers}
        # All posts that were begun, in order.
        self.tried: list[Tried] = []

    def deliver(self, server: Server, request: bytes, status: int) -> None:
        """Hand a request over to its server: a step, at which the poster may die or lose touch."""
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:]]
        headers = {name: value for name, _, value in lines}
        received = Received(
            self.world.clock(), server.host, headers["webhook-id"], headers, body, status
        )

        def effect() -> None:
            server.requests.append(received)

        detail: dict[str, Any] = {"host": server.host, "id": received.message_id}
        self.world.steps.perform("http", "Post", detail, effect)


class Uplink:
    """One execution environment's way to the internet."""

    def __init__(self, internet: Internet) -> None:
        self._internet = internet
        self._world = internet.world
        self._resolved = ""
        # How far the post that is under way is ahead of the world's clock.
        self._ahead_seconds = 0.0

    def outbound(self, **options: Any) -> Outbound:
        """Return the product's own door out, led to this internet."""
        return Outbound(
            **options,
            resolve=self._resolve,
            connect=self._connect,
            secure=lambda plain, host, seconds: plain,  # TLS has tests of its own.
            clock=lambda: self._world.clock() / 1000 + self._ahead_seconds,
        )

    def wait(self, seconds: float) -> None:
        """Let the post under way wait."""
        self._ahead_seconds += seconds

    def side_by_side(
        self, postings: Sequence[Posting], post: Post
    ) -> Iterator[tuple[int, Attempted | BaseException]]:
        """Post all as threads would, and yield each answer when it comes."""
        ended: list[tuple[int, int, Attempted]] = []
        for index, posting in enumerate(postings):
            self._ahead_seconds = 0.0
            self._note(posting)
            answer = post(posting)
            at_ms = self._world.clock() + round(self._ahead_seconds * 1000)
            ended.append((at_ms, index, answer))
        self._ahead_seconds = 0.0
        for at_ms, index, answer in sorted(ended, key=lambda each: each[:2]):
            self._world.pass_until(at_ms)
            yield index, answer

    def _note(self, posting: Posting) -> None:
        host = str(urlsplit(posting.url).hostname)
        message_id = (posting.headers or {}).get("webhook-id", "")
        self._internet.tried.append(Tried(self._world.clock(), host, message_id))

    def _resolve(self, host: str, port: int, seconds: float) -> list[str]:
        if host not in self._internet.servers:
            raise OSError(f"no such host: {host}")
        self._resolved = host
        flip = self._world.steps.take("dns_flip")
        return [ADDRESS] if flip is None else FLIPPED[flip % len(FLIPPED)]

    def _connect(self, address: str, port: int, seconds: float) -> Wire:
        # I-17: whatever a name resolves to, nobody inside is ever dialled.
        if address != ADDRESS:
            self._world.steps.violation = AssertionError(f"{address} was dialled")
        server = self._internet.servers[self._resolved]
        manner = server.manner()
        server.dialled += 1
        self._world.steps.took[f"receiver {manner}"] += 1
        if manner == "refusing":
            raise ConnectionRefusedError(f"{server.host} takes no connection")
        return _Wire(self, self._internet, server, manner)


class _Wire:
    """One connection to a server, for one request and its answer."""

    def __init__(self, uplink: Uplink, internet: Internet, server: Server, manner: str) -> None:
        self._uplink = uplink
        self._internet = internet
        self._server = server
        self._request = bytearray()
        self._wait = _SECONDS.get(manner, 0.0)
        self._answer: bytes | None = None
        self._manner = manner
        self._timeout = 0.0

    def settimeout(self, seconds: float, /) -> None:
        self._timeout = seconds

    def send(self, data: memoryview, /) -> int:
        self._request += data
        return len(data)

    def recv(self, size: int, /) -> bytes:
        if self._answer is None:
            self._answer = self._asked()
        if self._wait > self._timeout:
            self._uplink.wait(self._timeout)
            self._wait -= self._timeout
            raise TimeoutError
        self._uplink.wait(self._wait)
        self._wait = 0.0
        part, self._answer = self._answer[:size], self._answer[size:]
        return part

    def close(self) -> None:
        self._wait = 0.0

    def _asked(self) -> bytes:
        """Hand the request over and return the answer; nothing, if the server hangs up."""
        silent = self._manner in ("hanging", "hung_up")
        status, lines, body = _HEADS.get(self._manner, (204, "", b""))
        try:
            self._internet.deliver(self._server, bytes(self._request), 0 if silent else status)
        except AwsError as lost:
            raise ConnectionResetError("the connection was lost") from lost
        return b"" if silent else f"HTTP/1.1 {status} As Said\r\n{lines}\r\n".encode() + body
