"""Bodies too large for a queue message: put into S3 by the sender, fetched by the reader.

The queue then carries the key (a claim check). Keys are derived from the content, so that sending
again stores nothing twice. The bucket's lifecycle removes what is old; only what is of somebody
erased is deleted before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from shared.adapters.aws import SignedEndpoint

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/")


class S3Objects:
    """One bucket, by keys."""

    def __init__(self, endpoint: SignedEndpoint, path_prefix: str = "") -> None:
        self._endpoint = endpoint
        self._path_prefix = path_prefix

    @classmethod
    def from_environment(cls, bucket: str, environ: Mapping[str, str]) -> S3Objects:
        """Return the bucket as the region serves it, or as the emulator does (in the path)."""
        if environ.get("AWS_ENDPOINT_URL"):
            return cls(SignedEndpoint.from_environment("s3", environ), f"/{bucket}")
        return cls(SignedEndpoint.from_environment("s3", environ, host=f"{bucket}.s3"))

    def put(self, key: str, content: bytes) -> None:
        """Store `content` under `key`, replacing what lay there. Raise AwsError."""
        self._send("PUT", key, content)

    def get(self, key: str) -> bytes:
        """Return what lies under `key`. Raise AwsError (status 404 where nothing does)."""
        return self._send("GET", key, b"")

    def delete(self, key: str) -> None:
        """Remove what lies under `key`, if anything does. Raise AwsError."""
        self._send("DELETE", key, b"")

    def _send(self, method: str, key: str, content: bytes) -> bytes:
        # S3, alone among the services, wants the body's hash as a header too.
        headers = [("x-amz-content-sha256", hashlib.sha256(content).hexdigest())]
        return self._endpoint.send(method, f"{self._path_prefix}/{quoted(key)}", headers, content)


def quoted(key: str) -> str:
    """Return a key percent-encoded as S3 signs it: slashes stay."""
    return "".join([chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in key.encode()])
