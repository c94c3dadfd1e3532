"""The objects of one S3 bucket: put on a condition, got with their etag, listed, deleted.

A condition decides a race: of two writers that have both seen an object as it was, one replaces it
and the other is told so. An answer can be lost, and then the call is repeated; so `Contended` may
mean that one's own write has won. Whoever puts on a condition reads again before giving up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import NamedTuple
from urllib.parse import quote

from shared.adapters.aws import AwsError, SignedEndpoint
from shared.adapters.bodies import quoted
from shared.domain.errors import Contended

# Files of the change log are sent whole: long enough for the largest, short of a Lambda's end.
ANSWER_SECONDS = 60.0
_CONTENTS = re.compile(r"<Contents>(.*?)</Contents>", re.DOTALL)


class Listed(NamedTuple):
    """An object as a list shows it; `modified_ms` is S3's time of its writing."""

    key: str
    size: int
    modified_ms: int


class Objects:
    """One bucket, by keys; every answer is as of now."""

    def __init__(self, endpoint: SignedEndpoint, path_prefix: str = "") -> None:
        self._endpoint = endpoint
        self._path_prefix = path_prefix

    @classmethod
    def from_environment(cls, bucket: str, environ: Mapping[str, str]) -> Objects:
        """Return the bucket as the region serves it, or as the emulator does (in the path)."""
        in_path = bool(environ.get("AWS_ENDPOINT_URL"))
        endpoint = SignedEndpoint.from_environment(
            "s3", environ, host="" if in_path else f"{bucket}.s3", answer_seconds=ANSWER_SECONDS
        )
        return cls(endpoint, f"/{bucket}" if in_path else "")

    def put(
        self, key: str, content: bytes, *, if_match: str | None = None, if_none_match: bool = False
    ) -> str:
        """Store `content` and return its etag.

        Raise Contended where the object has not the etag `if_match`, or exists in spite of
        `if_none_match`; also where another writer is at it now. Raise AwsError.
        """
        conditions = [("if-match", if_match)] if if_match is not None else []
        if if_none_match:
            conditions.append(("if-none-match", "*"))
        try:
            headers, _ = self._send("PUT", self._path(key), content, conditions)
        except AwsError as error:
            if conditions and error.status in (404, 409, 412):
                raise Contended(f"{key} is not what it was") from error
            raise
        return headers.get("etag", "")

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return what lies under `key` and its etag, None where nothing does. Raise AwsError."""
        try:
            headers, content = self._send("GET", self._path(key))
        except AwsError as error:
            if error.status == 404:
                return None
            raise
        return content, headers.get("etag", "")

    def get_unless(self, key: str, etag: str) -> tuple[bytes, str] | None:
        """Return what lies under `key` and its etag, None while it has the etag given.

        Raise AwsError (status 404 where nothing lies there).
        """
        try:
            headers, content = self._send("GET", self._path(key), b"", [("if-none-match", etag)])
        except AwsError as error:
            if error.status == 304:
                return None
            raise
        return content, headers.get("etag", "")

    def list(self, prefix: str, after: str = "") -> list[Listed]:
        """Return all objects whose keys begin with `prefix` and come after `after`, in order."""
        found: list[Listed] = []
        token: str | None = ""
        while token is not None:
            _, answer = self._send("GET", list_path(self._path_prefix, prefix, token, after))
            text = answer.decode()
            found += [_listed(each) for each in _CONTENTS.findall(text)]
            token = _text(text, "NextContinuationToken") or None
        return found

    def delete(self, key: str) -> None:
        """Remove what lies under `key`, if anything does. Raise AwsError."""
        self._send("DELETE", self._path(key))

    def _path(self, key: str) -> str:
        return f"{self._path_prefix}/{quoted(key)}"

    def _send(
        self, method: str, path: str, content: bytes = b"", extra: Sequence[tuple[str, str]] = ()
    ) -> tuple[dict[str, str], bytes]:
        # S3, alone among the services, wants the body's hash as a header too.
        digest = hashlib.sha256(content).hexdigest()
        headers = [("x-amz-content-sha256", digest), *extra]
        return self._endpoint.exchange(method, path, headers, content)


def list_path(path_prefix: str, prefix: str, token: str, after: str = "") -> str:
    """Return the path of a page of a list, its query as it is signed; `token` is "" at first."""
    following = f"continuation-token={quote(token, safe='')}&" if token else ""
    behind = f"&start-after={quote(after, safe='')}" if after else ""
    return f"{path_prefix or '/'}?{following}list-type=2&prefix={quote(prefix, safe='')}{behind}"


def _listed(element: str) -> Listed:
    modified = datetime.fromisoformat(_text(element, "LastModified"))
    size = int(_text(element, "Size"))
    return Listed(_text(element, "Key"), size, int(modified.timestamp() * 1000))


def _text(element: str, tag: str) -> str:
    return unescape(element.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0])
