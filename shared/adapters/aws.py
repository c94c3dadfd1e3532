"""AWS calls without boto3: hand-signed JSON over one kept-alive connection per service.

For the paths where every millisecond is paid for by each event: the doors and the processor. A
boto3 client costs 0.4 s of CPU to start and five times as much per call. Everything else may use
boto3. A call may reach AWS more than once (an answer can be lost), so what it asks for must be
repeatable: conditions, tokens and de-duplication ids are the caller's.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence

from shared.adapters.aws_signing import Signer
from shared.adapters.http_connection import HttpConnection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Caller(Protocol):
        """What users of an AWS service ask for: the client below, or a fake of the service."""

        def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
            """Perform the operation and return its answer. Raise AwsError."""


# Service: the prefix of its operations, and the version of its JSON protocol.
_PROTOCOLS = {
    "dynamodb": ("DynamoDB_20120810", "1.0"),
    "events": ("AWSEvents", "1.1"),
    "sqs": ("AmazonSQS", "1.0"),
    "ssm": ("AmazonSSM", "1.1"),
}
_PASSING_CODES = frozenset(
    """ConnectionError BadAnswer InternalServerError InternalFailure ServiceUnavailable
    RequestTimeout RequestTimeoutException PriorRequestNotComplete RequestThrottled
    RequestThrottledException Throttling ThrottlingException ThrottledException ThrottlingError
    TooManyRequestsException ProvisionedThroughputExceeded ProvisionedThroughputExceededException
    RequestLimitExceeded TransactionInProgressException TransactionConflict
    TransactionConflictException SlowDown""".split()
)
# A door has about ten seconds before its provider gives up: it must say 503 by then, not hang.
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
LAST_TRY_SECONDS = 3.0
FIRST_WAIT_SECONDS = 0.1
_encode = json.JSONEncoder(separators=(",", ":")).encode


class AwsError(Exception):
    """A call that AWS refused or never answered; `status` is 0 where there was no answer.

    `payload` is the whole error answer: a cancelled transaction's `CancellationReasons` are there.
    """

    def __init__(self, code: str, message: str, status: int, payload: dict[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.payload = payload

    @property
    def cancellation_codes(self) -> list[str]:
        """Return why each item of a cancelled transaction was refused; `None` where it was not."""
        reasons = self.payload.get("CancellationReasons") or []
        return [reason.get("Code") or "None" for reason in reasons]

    @property
    def retryable(self) -> bool:
        """Say whether the same request may succeed later: throttles, conflicts, faults of AWS."""
        if self.code == "TransactionCanceledException":
            causes = set(self.cancellation_codes) - {"None"}
            return bool(causes) and causes <= _PASSING_CODES
        return self.status >= 500 or self.code in _PASSING_CODES


def _jitter() -> float:
    return int.from_bytes(os.urandom(4), "big") / 2**32


class SignedEndpoint:
    """One AWS service in one region: signs, sends, and retries what passes, `tries` times in all.

    Waits have full jitter: Lambdas throttled together would else come back together. No try begins
    later than 3 s after the first. Not for use from several threads at once.
    """

    def __init__(
        self,
        signer: Signer,
        connection: HttpConnection,
        *,
        tries: int = 3,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = _jitter,
    ) -> None:
        self._signer = signer
        self._connection = connection
        self._tries = tries
        self._clock = clock
        self._sleep = sleep
        self._random = random

    @classmethod
    def from_environment(
        cls,
        service: str,
        environ: Mapping[str, str],
        host: str = "",
        answer_seconds: float = ANSWER_SECONDS,
        tries: int = 3,
    ) -> SignedEndpoint:
        """Return the endpoint a Lambda's environment means: the emulator's, else the region's.

        `answer_seconds` is how long sending may take, and each silence while an answer comes. Raise
        KeyError where the environment holds no region or credentials.
        """
        region = environ["AWS_REGION"]
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        url = environ.get("AWS_ENDPOINT_URL") or f"https://{host or service}.{region}.{suffix}"
        connection = HttpConnection(
            url, CONNECT_SECONDS, answer_seconds, environ.get("AWS_CA_BUNDLE") or None
        )
        return cls(Signer.from_environment(service, environ), connection, tries=tries)

    def send(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> bytes:
        """Return the body of a 2xx answer. Raise AwsError for any other, or for none."""
        return self.exchange(method, path, headers, body)[1]

    def exchange(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> tuple[dict[str, str], bytes]:
        """Return headers (lower-case names) and body of a 2xx answer. Raise AwsError as `send`."""
        body_hash = hashlib.sha256(body).hexdigest()
        last_try_at = self._clock() + LAST_TRY_SECONDS
        wait_seconds = FIRST_WAIT_SECONDS
        for _ in range(self._tries - 1):
            try:
                return self._attempt(method, path, headers, body, body_hash)
            except AwsError as error:
                if not error.retryable or self._clock() > last_try_at:
                    raise
            self._sleep(wait_seconds * self._random())
            wait_seconds *= 2
        return self._attempt(method, path, headers, body, body_hash)

    def _attempt(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        body_hash: str,
    ) -> tuple[dict[str, str], bytes]:
        named = [*headers, ("host", self._connection.host)]
        signed = self._signer.sign(method, path, named, body_hash, self._clock())
        lines = "".join([f"{name}: {value}\r\n" for name, value in signed])
        head = f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        try:
            status, told, answer = self._connection.exchange(head.encode("latin-1") + body)
        except OSError as error:
            raise AwsError("ConnectionError", str(error), 0, {}) from error
        if 200 <= status < 300:
            return told, answer
        raise _read_error(status, answer)


class AwsClient:
    """Calls operations of a service that speaks AWS's JSON protocol."""

    def __init__(self, service: str, endpoint: SignedEndpoint) -> None:
        prefix, version = _PROTOCOLS[service]
        self._prefix = prefix
        self._content_type = f"application/x-amz-json-{version}"
        self._endpoint = endpoint

    @classmethod
    def from_environment(cls, service: str, environ: Mapping[str, str]) -> AwsClient:
        """Return the client of a service of `_PROTOCOLS` for a Lambda's own role and region."""
        return cls(service, SignedEndpoint.from_environment(service, environ))

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        """Perform the operation and return its answer. Raise AwsError."""
        headers = [
            ("content-type", self._content_type),
            ("x-amz-target", f"{self._prefix}.{operation}"),
        ]
        answer = self._endpoint.send("POST", "/", headers, _encode(payload).encode())
        if not answer:
            return {}
        try:
            result: dict[str, Any] = json.loads(answer)
        except ValueError as error:
            raise AwsError("BadAnswer", "the answer is not JSON", 0, {}) from error
        return result


def _read_error(status: int, answer: bytes) -> AwsError:
    """Return the error of an answer in JSON, in S3's XML, or in whatever a proxy said."""
    payload: dict[str, Any] = {}
    if answer.startswith(b"{"):
        try:
            payload = json.loads(answer)
        except ValueError:
            payload = {}
    code = str(payload.get("__type", "")).rpartition("#")[2] or _xml_text(answer, "Code")
    message = payload.get("message") or payload.get("Message") or _xml_text(answer, "Message")
    return AwsError(code or f"HTTP{status}", str(message), status, payload)


def _xml_text(answer: bytes, tag: str) -> str:
    text = answer.decode("utf-8", "replace")
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
