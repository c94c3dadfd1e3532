"""Calling a Lambda without waiting for it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from shared.adapters.aws import AwsError
from shared.adapters.invoker import Invoker
from shared.domain.errors import Retryable


class Service:
    """Lambda, which may refuse."""

    def __init__(self, error: AwsError | None = None) -> None:
        self.sent: list[tuple[str, str, dict[str, str], bytes]] = []
        self._error = error

    def send(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> bytes:
        if self._error is not None:
            raise self._error
        self.sent.append((method, path, dict(headers), body))
        return b""


def test_a_call_is_an_event_that_nobody_waits_for() -> None:
    service = Service()

    Invoker("stack-backtest", service).begin("job-1")

    ((method, path, headers, body),) = service.sent
    assert (method, path) == ("POST", "/2015-03-31/functions/stack-backtest/invocations")
    assert headers["x-amz-invocation-type"] == "Event"
    assert json.loads(body) == {"job_id": "job-1"}


def test_what_may_work_later_is_said_to() -> None:
    service = Service(AwsError("TooManyRequestsException", "slow down", 429, {}))

    with pytest.raises(Retryable):
        Invoker("stack-backtest", service).begin("job-1")


def test_what_will_never_work_is_raised_as_it_is() -> None:
    service = Service(AwsError("AccessDeniedException", "no", 403, {}))

    with pytest.raises(AwsError, match="AccessDenied"):
        Invoker("stack-backtest", service).begin("job-1")
