"""The one door out: the only code that posts to endpoints, whose URLs users choose.

Each attempt reads the URL anew, resolves its host once, dials an address that was judged, proves
the host by TLS, sends the bytes, and takes the status of the answer. Redirects are not followed,
proxies are not known, connections are not shared between endpoints, and everything together ends
in 15 seconds. It never raises for what an endpoint does: that is a record. What an endpoint
answered is kept short and redacted; what it was asked, with its signature, is not kept at all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from shared.adapters import outbound_dial
from shared.adapters.outbound_answer import Answer, read
from shared.adapters.outbound_dial import (
    Connect,
    Deadline,
    Dialler,
    Fault,
    Resolve,
    Secure,
    Tls,
    Wire,
)
from shared.domain.endpoint_urls import Target, parse
from shared.domain.errors import Invalid
from shared.domain.redaction import redacted

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
EXCERPT_LENGTH = 1_024
_RETRY_AFTER_LENGTH = 64
_HEADER = re.compile(r"[a-z0-9-]+: [\x20-\x7e]*", re.ASCII)


class Attempted(NamedTuple):
    """One attempt, fit for the log: `status` 0 and a `fault` code, or a status and no fault.

    Codes: `url_refused, address_refused, dns_error, dns_timeout, connect_failed, connect_timeout,
    tls_untrusted, tls_failed, timeout, connection_lost, bad_answer, answer_too_big`.
    """

    status: int
    fault: str
    duration_ms: int
    excerpt: str = ""
    retry_after: str = ""
    address: str = ""
    """The address that was dialled, where one was."""


class Outbound:
    """Posts to endpoints. With `local`, this machine's own addresses are endpoints too.

    `own_hosts` are this deployment's hosts, which it must not call; resolver, connector, TLS and
    clock are given by tests.
    """

    def __init__(
        self,
        *,
        local: bool = False,
        own_hosts: Collection[str] = (),
        ca_file: str | None = None,
        total_seconds: float = TOTAL_SECONDS,
        resolve: Resolve = outbound_dial.resolve,
        connect: Connect = outbound_dial.connect,
        secure: Secure | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local = local
        self._own_hosts = own_hosts
        self._total_seconds = total_seconds
        self._clock = clock
        self._dialler = Dialler(
            resolve=resolve,
            connect=connect,
            secure=secure or Tls(ca_file),
            connect_seconds=CONNECT_SECONDS,
        )

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempted:
        """Post once and return what came of it. Raise ValueError for a header that is none."""
        began = self._clock()
        deadline = Deadline(self._clock, self._total_seconds)
        answer, fault, address = Answer(0, {}, b""), "", ""
        try:
            target = parse(url, local=self._local, own_hosts=self._own_hosts)
        except Invalid:
            return Attempted(0, "url_refused", 0)
        request = _request(target, headers, body)
        try:
            wire, address = self._dialler.dial(target, deadline)
            answer = _exchange(wire, request, deadline)
        except Fault as failed:
            fault = failed.code
        except TimeoutError:
            fault = "timeout"
        except OSError:
            fault = "connection_lost"
        return Attempted(
            status=answer.status,
            fault=fault,
            duration_ms=round((self._clock() - began) * 1_000),
            excerpt=_excerpt(answer, [*_tokens(target.path), *_proofs(headers)]),
            retry_after=answer.headers.get("retry-after", "")[:_RETRY_AFTER_LENGTH],
            address=address,
        )


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [
        f"host: {target.authority}",
        f"content-length: {len(body)}",
        "accept: */*",
        "accept-encoding: identity",
        "connection: close",
        "user-agent: paysignal",
        *(f"{name.lower()}: {value}" for name, value in headers.items()),
    ]
    if not all(_HEADER.fullmatch(line) for line in lines):
        raise ValueError("a header holds what a header may not")
    head = "\r\n".join([f"POST {target.path} HTTP/1.1", *lines])
    return head.encode("ascii") + b"\r\n\r\n" + body


def _exchange(wire: Wire, request: bytes, deadline: Deadline) -> Answer:
    try:
        _send(wire, request, deadline)
        return read(wire, deadline)
    finally:
        wire.close()


def _send(wire: Wire, request: bytes, deadline: Deadline) -> None:
    """Send the request, or as much as is wanted: who hangs up early may have answered already."""
    left = memoryview(request)
    try:
        while left:
            wire.settimeout(deadline.remaining())
            left = left[wire.send(left) :]
    except ConnectionError:
        return


def _tokens(path: str) -> list[str]:
    """Return the parts of a URL that look given out, not named: they open it like a key."""
    words = re.split(r"[/?&=]", path)
    return [word for word in words if len(word) >= 20 or re.search(r"[0-9]", word)]


def _proofs(headers: Mapping[str, str]) -> list[str]:
    plain = ("content-type", "webhook-id", "webhook-timestamp")
    return [value for name, value in headers.items() if name.lower() not in plain]


def _excerpt(answer: Answer, hidden: Collection[str]) -> str:
    encoding = answer.headers.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        return ""
    text = answer.body.decode("utf-8", "replace")
    # Pictures and archives tell nobody anything.
    if "\x00" in text or text.count("\ufffd") * 4 > len(text):
        return ""
    return redacted(text, EXCERPT_LENGTH, hidden)
