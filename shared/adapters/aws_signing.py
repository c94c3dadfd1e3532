"""AWS's Signature Version 4, for the requests paysignal signs without botocore.

Importing botocore costs a door ten times its whole start, and its signer a third of a warm call.
The scheme is small and frozen, and the tests hold every byte of it to botocore's own signer. It
must never be handed headers with untrimmed values: they are signed as given.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


class Signer:
    """Signs requests to one service in one region with one set of credentials."""

    def __init__(
        self, service: str, region: str, access_key: str, secret_key: str, session_token: str = ""
    ) -> None:
        self._service = service
        self._region = region
        self._access_key = access_key
        self._secret_key = secret_key
        self._session_token = session_token
        self._day = ""
        self._day_key = b""

    @classmethod
    def from_environment(cls, service: str, environ: Mapping[str, str]) -> Signer:
        """Return the signer of a Lambda's own role. Raise KeyError where a variable is missing."""
        return cls(
            service,
            environ["AWS_REGION"],
            environ["AWS_ACCESS_KEY_ID"],
            environ["AWS_SECRET_ACCESS_KEY"],
            environ.get("AWS_SESSION_TOKEN", ""),
        )

    def sign(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]],
        body_hash: str,
        seconds: float,
    ) -> list[tuple[str, str]]:
        """Return `headers` (lower-case names) with the date, the token and the authorization.

        `path` is already percent-encoded; so is a query behind its `?`, which is sorted by names
        and gives each a `=`. `body_hash` is the SHA-256 in hex, `seconds` the time since 1970.
        """
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
        signed = [*headers, ("x-amz-date", stamp)]
        if self._session_token:
            signed.append(("x-amz-security-token", self._session_token))
        signed.sort()
        names = ";".join([name for name, _ in signed])
        lines = "".join([f"{name}:{value}\n" for name, value in signed])
        place, _, query = path.partition("?")
        request = f"{method}\n{place}\n{query}\n{lines}\n{names}\n{body_hash}"
        authorization = (
            f"{_ALGORITHM} Credential={self._access_key}/{self._scope(stamp)}, "
            f"SignedHeaders={names}, Signature={self._signature(request, stamp)}"
        )
        return [*signed, ("authorization", authorization)]

    def presigned(
        self, method: str, host: str, path: str, seconds: float, lasts_seconds: int
    ) -> str:
        """Return `path` with a query that lets anybody make this one request for so long.

        For S3 alone: the body is not signed. The role's own token may end the time earlier.
        """
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
        said = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self._access_key}/{self._scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(lasts_seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if self._session_token:
            said["X-Amz-Security-Token"] = self._session_token
        query = "&".join([f"{name}={_escaped(said[name])}" for name in sorted(said)])
        request = f"{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        return f"{path}?{query}&X-Amz-Signature={self._signature(request, stamp)}"

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"

    def _signature(self, request: str, stamp: str) -> str:
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{stamp}\n{self._scope(stamp)}\n{digest}"
        return hmac.digest(self._key_of(stamp[:8]), text.encode(), "sha256").hex()

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = f"AWS4{self._secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day_key, self._day = key, day
        return self._day_key


def _escaped(text: str) -> str:
    return "".join([chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode()])
