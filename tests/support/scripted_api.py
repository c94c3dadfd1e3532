"""A provider's API that answers in turn what a test wrote down, over a transport without a network.

It remembers the requests it got and the waits its client took; seconds pass by themselves, so that
no call has to wait for the client's own pace.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Generic, TypeVar

import httpx

Api = TypeVar("Api")
Answer = httpx.Response | Exception


class ScriptedApi(Generic[Api]):
    """Stands in for a provider: `build` makes its client over this transport."""

    def __init__(
        self, build: Callable[..., Api], *answers: Answer, clock: float = 0.0, **more: str
    ) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self.api = build(
            transport=httpx.MockTransport(self._answer),
            sleep=self.waits.append,
            clock=lambda: clock,
            monotonic=itertools.count().__next__,
            **more,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def rendered(**thing: object) -> httpx.Response:
    """Return the answer that renders a thing."""
    return httpx.Response(200, json=thing)
