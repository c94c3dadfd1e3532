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

        `path` is already percent-encoded, `body_hash` is the SHA-256 in hex, `seconds` the time
        since 1970.
        """
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
        signed = [*headers, ("x-amz-date", stamp)]
        if self._session_token:
            signed.append(("x-amz-security-token", self._session_token))
        signed.sort()
        names = ";".join([name for name, _ in signed])
        lines = "".join([f"{name}:{value}\n" for name, value in signed])
        request = f"{method}\n{path}\n\n{lines}\n{names}\n{body_hash}"
        scope = f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}"
        signature = hmac.digest(self._key_of(stamp[:8]), text.encode(), "sha256").hex()
        authorization = (
            f"{_ALGORITHM} Credential={self._access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return [*signed, ("authorization", authorization)]

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = f"AWS4{self._secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day_key, self._day = key, day
        return self._day_key
