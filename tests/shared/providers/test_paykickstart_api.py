"""PayKickstart's API client, over a transport that answers as the test says."""

from __future__ import annotations

import logging
from functools import partial

import httpx
import pytest

from shared.domain.errors import Quarantined, Retryable
from shared.providers import paykickstart
from shared.providers.paykickstart_api import PayKickstartApi
from tests.support.scripted_api import Answer, ScriptedApi, rendered

_TOKEN = "token_canary"


def _answering(*answers: Answer) -> ScriptedApi[PayKickstartApi]:
    build = partial(PayKickstartApi, _TOKEN, "https://pk.example.com/api/")
    return ScriptedApi(build, *answers, clock=100.0)


def test_a_purchase_is_asked_for_by_its_invoice_id() -> None:
    stand_in = _answering(rendered(amount="19.00"))

    found = stand_in.api.fetch("subscription", "PK-P1&x=1")

    assert found == {"amount": "19.00"}
    (request,) = stand_in.requests
    assert (request.method, request.url.host) == ("GET", "pk.example.com")
    assert request.url.path == "/api/purchase/get"
    assert dict(request.url.params) == {"id": "PK-P1&x=1", "auth_token": _TOKEN}


def test_the_token_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """httpx logs the address of every request, and the token is a part of it."""
    refused = httpx.ConnectError("no way", request=httpx.Request("GET", f"https://x/?t={_TOKEN}"))
    stand_in = _answering(rendered(), httpx.Response(401), refused, refused, refused)

    with caplog.at_level(logging.DEBUG):
        stand_in.api.fetch("subscription", "PK-P1")
        errors = []
        for _ in range(2):
            with pytest.raises(Retryable) as failed:
                stand_in.api.fetch("subscription", "PK-P1")
            errors.append(failed.value)

    assert "purchase/get" in caplog.text
    assert _TOKEN not in caplog.text
    assert all(_TOKEN not in repr(error) + repr(error.__cause__) for error in errors)


def test_what_is_unknown_is_none() -> None:
    assert _answering(httpx.Response(404)).api.fetch("subscription", "PK-P1") is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("", 1.0), ("soon", 1.0), ("Thu, 01 Jan 1970 00:01:47 GMT", 7.0)],
)
def test_who_is_busy_is_left_alone_as_long_as_asked(header: str, seconds: float) -> None:
    busy = httpx.Response(429, headers={"retry-after": header})
    stand_in = _answering(busy, rendered(amount="1"))

    assert stand_in.api.fetch("subscription", "PK-P1") == {"amount": "1"}
    assert stand_in.waits == [seconds]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401),
        httpx.Response(403),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(503, headers={"retry-after": "3600"}),
    ],
)
def test_what_may_pass_is_tried_again_by_the_queue(answer: httpx.Response) -> None:
    with pytest.raises(Retryable):
        _answering(answer).api.fetch("subscription", "PK-P1")


def test_who_stays_busy_is_given_up_after_three_tries() -> None:
    stand_in = _answering(*(httpx.Response(500) for _ in range(3)))

    with pytest.raises(Retryable):
        stand_in.api.fetch("subscription", "PK-P1")
    assert stand_in.waits == [1.0, 2.0]


@pytest.mark.parametrize("status", [302, 400, 422])
def test_what_will_never_be_answered_is_refused_and_redirects_are_not_followed(
    status: int,
) -> None:
    answer = httpx.Response(status, headers={"location": "https://evil.example.com"})
    stand_in = _answering(answer)

    with pytest.raises(Quarantined):
        stand_in.api.fetch("subscription", "PK-P1")
    assert len(stand_in.requests) == 1


def test_nothing_else_is_asked_for() -> None:
    stand_in = _answering()

    with pytest.raises(Quarantined):
        stand_in.api.fetch("customer", "ada@example.com")
    assert stand_in.requests == []


def test_an_answer_becomes_an_event_of_its_moment() -> None:
    api, call = _answering().api, {"id": "PK-P1", "object": "subscription"}
    found = {"subscriptions": [{"next_date": "2026-02-01"}]}

    first, body = api.event(call, found, 1_767_258_000_123)
    again, _ = api.event(call, found, 1_767_258_000_999)
    later, _ = api.event(call, found, 1_767_258_001_000)

    assert first == again != later
    parsed = paykickstart.parse(body, {})
    assert (parsed.event_id, parsed.occurred_at) == (first, 1_767_258_000_000)
    assert parsed.subscriptions[0].subscription_id == "PK-P1"


def test_closing_ends_the_connections() -> None:
    stand_in = _answering()

    stand_in.api.close()

    with pytest.raises(RuntimeError):
        stand_in.api.fetch("subscription", "PK-P1")
