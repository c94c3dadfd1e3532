"""Files too large for a request or an answer: kept in S3, which people reach by addresses.

A file to be imported is put by its sender, and an answer is fetched, with an address that lets
anybody store or read this one object for an hour; an address is therefore as secret as a key. What
is imported is read part by part. The buckets' lifecycles remove it all; nothing here deletes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from shared.adapters.aws import AwsError, SignedEndpoint
from shared.adapters.aws_signing import Signer
from shared.adapters.bodies import quoted

ADDRESS_SECONDS = 3600
# A file of 5 MB is sent whole.
_ANSWER_SECONDS = 20.0


class Uploads:
    """The uploads of one bucket, by keys; `base` is where the bucket answers."""

    def __init__(
        self, endpoint: SignedEndpoint, signer: Signer, base: str, path_prefix: str = ""
    ) -> None:
        self._endpoint = endpoint
        self._signer = signer
        self._base = base
        self._path_prefix = path_prefix

    @classmethod
    def from_environment(cls, bucket: str, environ: Mapping[str, str]) -> Uploads:
        """Return the bucket as the region serves it, or as the emulator does (in the path)."""
        emulator = environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
        endpoint = SignedEndpoint.from_environment(
            "s3", environ, host="" if emulator else f"{bucket}.s3", answer_seconds=_ANSWER_SECONDS
        )
        region = environ["AWS_REGION"]
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        base = emulator or f"https://{bucket}.s3.{region}.{suffix}"
        signer = Signer.from_environment("s3", environ)
        return cls(endpoint, signer, base, f"/{bucket}" if emulator else "")

    def put(self, key: str, content: bytes, content_type: str | None = None) -> None:
        """Store `content` under `key`. Raise AwsError."""
        told = [("content-type", content_type)] if content_type else []
        self._send("PUT", key, content, told)

    def part(self, key: str, start: int, size: int) -> bytes | None:
        """Return up to `size` bytes from `start` on, None where nothing lies under the key.

        Raise AwsError, also where `start` lies behind the end.
        """
        found = self._range(key, start, size)
        return None if found is None else found[1]

    def size(self, key: str) -> int | None:
        """Return how many bytes lie under `key`, None where nothing does. Raise AwsError."""
        try:
            found = self._range(key, 0, 1)
        except AwsError as error:
            if error.status == 416:  # not even a first byte
                return 0
            raise
        if found is None:
            return None
        headers, content = found
        total = headers.get("content-range", "").rpartition("/")[2]
        return int(total) if total.isdigit() else len(content)

    def address(self, key: str, now: int) -> str:
        """Return a URL that takes a PUT of this object for an hour from `now` (ms) on."""
        return self._presigned("PUT", key, now)

    def reading_address(self, key: str, now: int) -> str:
        """Return a URL that gives this object to anybody for an hour from `now` (ms) on."""
        return self._presigned("GET", key, now)

    def _presigned(self, method: str, key: str, now: int) -> str:
        host = self._base.partition("://")[2]
        path = f"{self._path_prefix}/{quoted(key)}"
        return self._base + self._signer.presigned(method, host, path, now / 1000, ADDRESS_SECONDS)

    def _range(self, key: str, start: int, size: int) -> tuple[dict[str, str], bytes] | None:
        try:
            return self._send("GET", key, b"", [("range", f"bytes={start}-{start + size - 1}")])
        except AwsError as error:
            # Whoever may not list a bucket is not told what is missing there: that is denied too.
            if error.status == 404 or error.code == "AccessDenied":
                return None
            raise

    def _send(
        self, method: str, key: str, content: bytes, extra: Sequence[tuple[str, str]] = ()
    ) -> tuple[dict[str, str], bytes]:
        # S3, alone among the services, wants the body's hash as a header too.
        headers = [("x-amz-content-sha256", hashlib.sha256(content).hexdigest()), *extra]
        path = f"{self._path_prefix}/{quoted(key)}"
        return self._endpoint.exchange(method, path, headers, content)
