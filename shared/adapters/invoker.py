"""Calling another Lambda without waiting for it, signed by hand as all our calls are.

Lambda keeps the call and begins it within moments, again if it fails; so what is called has to be
repeatable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import quote

from shared.adapters.aws import AwsError, SignedEndpoint
from shared.domain.errors import Retryable


class Endpoint(Protocol):
    """The service, real or fake."""

    def send(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> bytes:
        """Return the body of a 2xx answer. Raise AwsError for any other, or for none."""


class Invoker:
    """One Lambda, to be called."""

    def __init__(self, function: str, endpoint: Endpoint) -> None:
        """Take the Lambda of this name."""
        self._path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
        self._endpoint = endpoint

    @classmethod
    def from_environment(cls, function: str, environ: Mapping[str, str]) -> Invoker:
        """Return the Lambda as the caller's own role may call it."""
        return cls(function, SignedEndpoint.from_environment("lambda", environ))

    def begin(self, job_id: str) -> None:
        """Have a job begun. Raise Retryable where that may work later, AwsError else."""
        headers = [("content-type", "application/json"), ("x-amz-invocation-type", "Event")]
        body = json.dumps({"job_id": job_id}).encode()
        try:
            self._endpoint.send("POST", self._path, headers, body)
        except AwsError as error:
            if error.retryable:
                raise Retryable(f"Lambda answered {error.code}") from error
            raise
