"""What all API clients share: whatever a network does comes out as an error of our own."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from shared.domain.errors import Quarantined, Retryable
from shared.providers.api_calls import ApiCalls, KeyRefused

Answer = Callable[[httpx.Request], httpx.Response]


def _garbled(request: httpx.Request) -> httpx.Response:
    body = httpx.ByteStream(b"no gzip")
    return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=body)


def _calls(answer: Answer, waits: list[float], rate: float | None = None) -> ApiCalls:
    http = httpx.Client(
        base_url="https://api.example.com",
        headers={"authorization": "Bearer canary"},
        transport=httpx.MockTransport(answer),
    )
    return ApiCalls("The shop", http, rate=rate, sleep=waits.append, monotonic=lambda: 0.0)


def test_an_answer_that_cannot_be_unpacked_is_tried_again_and_then_left_to_the_queue() -> None:
    waits: list[float] = []

    with pytest.raises(Retryable) as caught:
        _calls(_garbled, waits).send("GET", "/orders")

    assert str(caught.value) == "The shop is out of reach: DecodingError"
    assert len(waits) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart_and_never_quoted(status: int) -> None:
    calls = _calls(lambda _: httpx.Response(status, text="canary"), [])

    with pytest.raises(KeyRefused) as caught:
        calls.found(calls.send("GET", "/orders"))

    assert str(caught.value) == f"The shop refuses the API key of this connection: {status}"


def test_what_will_never_be_answered_is_not_tried_again() -> None:
    calls = _calls(lambda _: httpx.Response(400, text="canary"), [])

    with pytest.raises(Quarantined, match="call_refused"):
        calls.found(calls.send("GET", "/orders"))


def test_requests_are_spaced_out_evenly() -> None:
    waits: list[float] = []
    calls = _calls(lambda _: httpx.Response(200, json={}), waits, rate=4.0)

    for _ in range(3):
        calls.send("GET", "/orders")

    assert waits == [0.25, 0.5]
