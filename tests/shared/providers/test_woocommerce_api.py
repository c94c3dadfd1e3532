"""A shop's API client, over a transport that answers as the test says."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from functools import partial

import httpx
import pytest

from infra.samples import woocommerce as story
from shared.domain.errors import Quarantined, Retryable
from shared.providers import woocommerce
from shared.providers.woocommerce_api import WooCommerceApi
from tests.support.scripted_api import Answer, ScriptedApi, rendered

_KEY, _SECRET = "ck_canary", "cs_canary"


def _answering(*answers: Answer, clock: float = 0.0, **more: str) -> ScriptedApi[WooCommerceApi]:
    build = partial(WooCommerceApi, "https://shop.example.com/store/", _KEY, _SECRET)
    return ScriptedApi(build, *answers, clock=clock, **more)


@pytest.mark.parametrize("kind", ["subscription", "order", "product"])
def test_an_object_is_asked_for_by_its_id_and_key(kind: str) -> None:
    shop = _answering(rendered(id=5))

    found = shop.api.fetch(kind, "5")

    assert found == {"id": 5}
    (request,) = shop.requests
    assert str(request.url) == f"https://shop.example.com/store/wp-json/wc/v3/{kind}s/5"
    key = b64encode(f"{_KEY}:{_SECRET}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {key}"


def test_an_old_site_has_another_namespace() -> None:
    shop = _answering(rendered(id=5), namespace="wc/v1")

    shop.api.fetch("subscription", "5")

    assert shop.requests[0].url.path == "/store/wp-json/wc/v1/subscriptions/5"


def test_an_id_cannot_lead_elsewhere() -> None:
    shop = _answering(rendered(id=5))

    shop.api.fetch("order", "../../users?x=1#y")

    raw = shop.requests[0].url.raw_path.decode()
    assert raw == "/store/wp-json/wc/v3/orders/..%2F..%2Fusers%3Fx%3D1%23y"


def test_what_is_not_there_is_none() -> None:
    assert _answering(httpx.Response(404)).api.fetch("order", "5") is None


@pytest.mark.parametrize("status", [301, 302, 400, 410])
def test_a_refusal_is_final_and_redirects_are_not_followed(status: int) -> None:
    shop = _answering(httpx.Response(status, headers={"location": "https://elsewhere.example.com"}))

    with pytest.raises(Quarantined) as refused:
        shop.api.fetch("order", "5")

    assert refused.value.code == "call_refused"
    assert len(shop.requests) == 1


def test_other_objects_are_not_asked_for() -> None:
    shop = _answering()

    with pytest.raises(Quarantined):
        shop.api.fetch("customer", "5")

    assert shop.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_may_be_mended(status: int) -> None:
    with pytest.raises(Retryable):
        _answering(httpx.Response(status)).api.fetch("order", "5")


def test_a_busy_shop_is_tried_again_when_it_says() -> None:
    date = {"retry-after": "Thu, 01 Jan 1970 00:00:05 GMT"}
    shop = _answering(
        httpx.Response(429, headers={"retry-after": "3"}),
        httpx.Response(503, headers=date),
        rendered(id=5),
        clock=1.0,
    )

    assert shop.api.fetch("order", "5") == {"id": 5}
    assert shop.waits == [3.0, 4.0]


def test_a_shop_that_wants_a_long_rest_is_left_to_the_queue() -> None:
    shop = _answering(httpx.Response(429, headers={"retry-after": "60"}))

    with pytest.raises(Retryable):
        shop.api.fetch("order", "5")

    assert shop.waits == []


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(500), httpx.ConnectTimeout("canary"), httpx.ConnectError("canary")],
    ids=["500", "timeout", "unreachable"],
)
def test_a_shop_that_stays_away_is_tried_three_times(answer: Answer) -> None:
    shop = _answering(answer, answer, answer)

    with pytest.raises(Retryable) as raised:
        shop.api.fetch("order", "5")

    assert shop.waits == [1.0, 2.0]
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_an_answer_that_is_no_object_may_become_one(body: bytes) -> None:
    with pytest.raises(Retryable):
        _answering(httpx.Response(200, content=body)).api.fetch("order", "5")


def test_neither_key_nor_error_text_is_ever_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop = _answering(httpx.Response(400, json={"message": "canary"}))

    with pytest.raises(Quarantined) as raised:
        shop.api.fetch("order", "5")

    assert "canary" not in f"{raised.value}{raised.value.reason}{caplog.text}"


def test_an_answer_becomes_an_event_the_parser_reads() -> None:
    thing = story.sample("subscription.updated").event.content
    shop = _answering(rendered(**thing))
    call = {"object": "subscription", "id": str(thing["id"])}
    found = shop.api.fetch(call["object"], call["id"])
    assert found is not None

    event_id, body = shop.api.event(call, found, 1_795_000_000_000)

    said = woocommerce.parse(body, {})
    assert said.event_type == "fetched.subscription"
    assert said.subscriptions[0].subscription_id == call["id"]
    assert event_id == shop.api.event(call, json.loads(json.dumps(found)), 0)[0]
    shop.api.close()
