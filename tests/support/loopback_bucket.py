"""A bucket on loopback as S3 has it: etags, conditions, lists by the page."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qs, unquote

from tests.support.loopback_server import LoopbackServer, Received, Reply, http

ENVIRON = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "LOG_BUCKET": "log",
}
_PAGE = 2


class LoopbackBucket:
    """One bucket named `log`; what lies in it, and what it was asked."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.server = LoopbackServer(self._respond)
        self.busy = False

    @property
    def environ(self) -> dict[str, str]:
        return {**ENVIRON, "AWS_ENDPOINT_URL": self.server.url}

    @property
    def asked(self) -> list[str]:
        return [request.first_line.removesuffix(" HTTP/1.1") for request in self.server.received]

    def _respond(self, request: Received) -> Reply:
        method, target, _ = request.first_line.split(" ")
        path, _, query = target.partition("?")
        key = unquote(path.removeprefix("/log").removeprefix("/"))
        if query:
            return self._list(parse_qs(query, keep_blank_values=True))
        held = self.stored.get(key)
        if method == "PUT":
            return self._put(key, held, request)
        if method == "DELETE":
            self.stored.pop(key, None)
            return http(204, b"")
        if held is None:
            return _refused(404, "NoSuchKey")
        if request.headers.get("if-none-match") == etag(held):
            return http(304, b"")
        return http(200, held, f"ETag: {etag(held)}")

    def _put(self, key: str, held: bytes | None, request: Received) -> Reply:
        expected = request.headers.get("if-match")
        if self.busy:
            return _refused(409, "ConditionalRequestConflict")
        if expected is not None and held is None:
            return _refused(404, "NoSuchKey")
        if expected is not None and held is not None and etag(held) != expected:
            return _refused(412, "PreconditionFailed")
        if request.headers.get("if-none-match") == "*" and held is not None:
            return _refused(412, "PreconditionFailed")
        self.stored[key] = request.body
        return http(200, b"", f"ETag: {etag(request.body)}")

    def _list(self, query: dict[str, list[str]]) -> Reply:
        (prefix,), (after,) = query["prefix"], query.get("continuation-token", [""])
        keys = sorted(key for key in self.stored if key.startswith(prefix) and key > after)
        rows = "".join(
            f"<Contents><Key>{key.replace('&', '&amp;')}</Key>"
            f"<LastModified>2026-11-22T08:00:00.250Z</LastModified><ETag>&quot;x&quot;</ETag>"
            f"<Size>{len(self.stored[key])}</Size></Contents>"
            for key in keys[:_PAGE]
        )
        more = len(keys) > _PAGE
        token = f"<NextContinuationToken>{keys[_PAGE - 1]}</NextContinuationToken>" if more else ""
        return http(200, f"<ListBucketResult>{token}{rows}</ListBucketResult>".encode())


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _refused(status: int, code: str) -> Reply:
    return http(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())
