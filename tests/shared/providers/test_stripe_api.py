"""Stripe's API client, over a transport that answers as the test says."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from shared.domain.errors import Quarantined, Retryable
from shared.providers.stripe_api import API_VERSION, StripeApi
from tests.support.scripted_api import Answer, ScriptedApi, rendered

_KEY = "sk_live_canary"


def _answering(*answers: Answer, clock: float = 0.0) -> ScriptedApi[StripeApi]:
    build = partial(StripeApi, _KEY, "https://stripe.example.com/")
    return ScriptedApi(build, *answers, clock=clock)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("customer", "/v1/customers/x_1"),
        ("subscription", "/v1/subscriptions/x_1"),
        ("product", "/v1/products/x_1"),
        ("price", "/v1/prices/x_1"),
        ("invoice", "/v1/invoices/x_1"),
        ("charge", "/v1/charges/x_1"),
        ("refund", "/v1/refunds/x_1"),
        ("dispute", "/v1/disputes/x_1"),
    ],
)
def test_an_object_is_asked_for_by_its_id(kind: str, path: str) -> None:
    stripe = _answering(rendered(id="x_1"))

    found = stripe.api.fetch(kind, "x_1")

    assert found == {"id": "x_1"}
    (request,) = stripe.requests
    assert request.url.host == "stripe.example.com"
    assert request.url.path == path
    assert request.headers["authorization"] == f"Bearer {_KEY}"
    assert request.headers["stripe-version"] == API_VERSION


def test_one_call_brings_along_what_an_event_leaves_out() -> None:
    stripe = _answering(rendered(id="sub_1"))

    stripe.api.fetch("subscription", "sub_1")

    assert stripe.requests[0].url.params.get_list("expand[]") == [
        "customer",
        "default_payment_method",
        "default_source",
        "discounts.source.coupon",
    ]


def test_the_invoices_of_a_payment_are_asked_for_as_a_list() -> None:
    stripe = _answering(rendered(object="list", data=[]))

    found = stripe.api.fetch("invoice_payments", "pi_1")

    assert found == {"object": "list", "data": []}
    params = stripe.requests[0].url.params
    assert params["payment[type]"] == "payment_intent"
    assert params["payment[payment_intent]"] == "pi_1"


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    stripe = _answering(rendered())

    stripe.api.fetch("product", "../v1/customers?a#b")

    assert stripe.requests[0].url.raw_path == b"/v1/products/..%2Fv1%2Fcustomers%3Fa%23b"


def test_a_key_that_may_not_expand_still_reads_the_object() -> None:
    stripe = _answering(httpx.Response(403, json={}), rendered(id="sub_1"))

    assert stripe.api.fetch("subscription", "sub_1") == {"id": "sub_1"}
    assert stripe.requests[1].url.query == b""


def test_what_stripe_does_not_know_is_none() -> None:
    assert _answering(httpx.Response(404, json={})).api.fetch("customer", "cus_1") is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("", 1.0), ("soon", 1.0), ("Thu, 01 Jan 1970 00:01:47 GMT", 7.0)],
)
def test_a_busy_stripe_is_left_alone_as_long_as_it_asks(header: str, seconds: float) -> None:
    busy = httpx.Response(429, headers={"retry-after": header})
    stripe = _answering(busy, rendered(id="cus_1"), clock=100.0)

    assert stripe.api.fetch("customer", "cus_1") == {"id": "cus_1"}
    assert stripe.waits == [seconds]


def test_a_long_wait_is_left_to_the_queue() -> None:
    stripe = _answering(httpx.Response(429, headers={"retry-after": "60"}))

    with pytest.raises(Retryable, match="busy: 429"):
        stripe.api.fetch("customer", "cus_1")

    assert stripe.waits == []


@pytest.mark.parametrize(
    "failure",
    [httpx.Response(500), httpx.Response(503), httpx.ReadTimeout("t"), httpx.ConnectError("c")],
)
def test_what_may_pass_is_tried_three_times(failure: Answer) -> None:
    stripe = _answering(failure, failure, failure)

    with pytest.raises(Retryable):
        stripe.api.fetch("product", "prod_1")

    assert len(stripe.requests) == 3
    assert stripe.waits == [1.0, 2.0]


def test_a_lost_answer_is_asked_for_again() -> None:
    stripe = _answering(httpx.ReadError("lost"), rendered(id="prod_1"))

    assert stripe.api.fetch("product", "prod_1") == {"id": "prod_1"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_said_clearly_and_waits_for_a_person(status: int) -> None:
    stripe = _answering(httpx.Response(status, json={"error": {"message": f"bad key {_KEY}"}}))

    with pytest.raises(Retryable, match=f"refuses the API key of this connection: {status}"):
        stripe.api.fetch("product", "prod_1")


@pytest.mark.parametrize("status", [302, 400, 402])
def test_what_will_never_be_answered_is_not_asked_again(status: int) -> None:
    answer = httpx.Response(status, headers={"location": "https://elsewhere.example.com/"})
    stripe = _answering(answer)

    with pytest.raises(Quarantined, match=f"call_refused: .*{status}"):
        stripe.api.fetch("product", "prod_1")

    assert len(stripe.requests) == 1


def test_an_object_we_do_not_ask_for_is_refused_before_any_call() -> None:
    stripe = _answering()

    with pytest.raises(Quarantined, match="unknown_object"):
        stripe.api.fetch("balance", "x")


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"", b"\xff"])
def test_an_answer_that_is_no_object_may_be_one_later(content: bytes) -> None:
    with pytest.raises(Retryable):
        _answering(httpx.Response(200, content=content)).api.fetch("product", "prod_1")


def _fetch_of(answer: Answer) -> Callable[[], Any]:
    return lambda: _answering(answer, answer, answer).api.fetch("product", "prod_1")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"error": {"message": f"Invalid API Key provided: {_KEY}"}}),
        httpx.Response(400, text=_KEY),
        httpx.Response(500, text=_KEY),
        httpx.ConnectError(f"refused {_KEY}"),
    ],
)
def test_the_key_is_in_no_message_and_no_log(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((Retryable, Quarantined)) as caught:
        _fetch_of(answer)()

    shown = json.dumps([str(caught.value), repr(caught.value), caplog.text])
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert _KEY not in shown
