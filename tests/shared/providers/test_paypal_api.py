"""PayPal's API: one token for many calls, politeness, and answers as events."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
import pytest

from infra.samples import paypal as story
from shared.domain.errors import Quarantined, Retryable
from shared.providers import paypal
from shared.providers.api_calls import KeyRefused
from shared.providers.paypal_api import PayPalApi

_ID, _SECRET = "client-id", "client-secret"
_NOW = 1_795_000_000_123


class _PayPal:
    """PayPal behind a transport: it hands out tokens and answers from a dict of paths."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.asked: list[str] = []
        self.waited: list[float] = []
        self.first: list[httpx.Response] = []
        self.lives = 32_400
        self.tokens = 0
        self.clock = 0.0
        self.refused: set[str] = set()

    def api(self, secret: str = _SECRET, **other: Any) -> PayPalApi:
        return PayPalApi(
            _ID,
            secret,
            transport=httpx.MockTransport(self._respond),
            sleep=self.waited.append,
            clock=lambda: _NOW / 1_000,
            monotonic=lambda: self.clock,
            rate=None,
            **other,
        )

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url}")
        if self.first:
            return self.first.pop(0)
        given = request.headers.get("authorization")
        if request.url.path.endswith("/v1/oauth2/token"):
            wanted = b64encode(f"{_ID}:{_SECRET}".encode()).decode()
            assert request.content == b"grant_type=client_credentials"
            if given != f"Basic {wanted}":
                return httpx.Response(401, json={"error_description": f"no {given}"})
            self.tokens += 1
            token = {"access_token": f"token-{self.tokens}", "expires_in": self.lives}
            return httpx.Response(200, json=token)
        if given != f"Bearer token-{self.tokens}" or given in self.refused:
            return httpx.Response(401, json={"error": f"bad token {given}"})
        found = self.objects.get(request.url.path)
        return httpx.Response(404) if found is None else httpx.Response(200, json=found)


def _paths(asked: list[str]) -> list[str]:
    return [each.partition(".com")[2] for each in asked]


def test_each_object_has_its_path() -> None:
    it = _PayPal()
    it.objects = {
        "/v1/notifications/webhooks-events/WH-1": {"id": "WH-1"},
        "/v1/billing/subscriptions/I-1": {"id": "I-1"},
        "/v1/billing/plans/P-1": {"id": "P-1"},
        "/v1/catalogs/products/a/b": {"id": "a/b"},
    }

    with closing(it.api()) as api:
        found = [
            api.fetch("event", "WH-1"),
            api.fetch("subscription", "I-1"),
            api.fetch("customer", "I-1"),
            api.fetch("plan", "P-1"),
            api.fetch("product", "a/b"),
        ]

    assert [each and each["id"] for each in found] == ["WH-1", "I-1", "I-1", "P-1", "a/b"]
    assert _paths(it.asked) == [
        "/v1/oauth2/token",
        "/v1/notifications/webhooks-events/WH-1",
        "/v1/billing/subscriptions/I-1?fields=plan,last_failed_payment",
        "/v1/billing/subscriptions/I-1?fields=plan,last_failed_payment",
        "/v1/billing/plans/P-1",
        "/v1/catalogs/products/a%2Fb",
    ]


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({}, "https://api-m.paypal.com/"),
        ({"environment": "sandbox"}, "https://api-m.sandbox.paypal.com/"),
        ({"base_url": "https://proxy.example.com/paypal/"}, "https://proxy.example.com/paypal/"),
    ],
)
def test_environment_or_a_url_of_ones_own_says_where(settings: dict[str, str], host: str) -> None:
    it = _PayPal()

    with closing(it.api(**settings)) as api:
        api.fetch("plan", "P-1")

    assert all(each.split(" ")[1].startswith(host) for each in it.asked)


def test_what_paypal_does_not_know_is_nothing_and_a_payer_is_not_asked_for() -> None:
    it = _PayPal()

    with closing(it.api()) as api:
        assert api.fetch("plan", "P-1") is None
        it.asked.clear()
        assert api.fetch("customer", "2J6QB8YJQSJRJ") is None

    assert it.asked == []


def test_token_is_kept_until_shortly_before_its_end() -> None:
    it = _PayPal()

    with closing(it.api()) as api:
        for it.clock in (0.0, 32_000.0, 32_101.0):
            api.fetch("plan", "P-1")

    assert it.tokens == 2


def test_token_that_was_taken_back_is_renewed_once() -> None:
    it = _PayPal()
    it.objects = {"/v1/billing/plans/P-1": {"id": "P-1"}}

    with closing(it.api()) as api:
        api.fetch("plan", "P-1")
        it.refused = {"Bearer token-1"}
        assert api.fetch("plan", "P-1") == {"id": "P-1"}
        it.refused = {f"Bearer token-{number}" for number in range(9)}
        with pytest.raises(Retryable, match="refuses the credentials"):
            api.fetch("plan", "P-1")


def test_wrong_credentials_pass_and_stay_out_of_sight() -> None:
    it = _PayPal()

    with closing(it.api("wrong-secret")) as api, pytest.raises(KeyRefused) as caught:
        api.fetch("plan", "P-1")

    assert str(caught.value) == "PayPal refuses the credentials of this connection: 401"


def test_paypal_is_left_alone_as_long_as_it_says() -> None:
    it = _PayPal()
    it.first = [httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(503)]

    with closing(it.api()) as api:
        api.fetch("plan", "P-1")

    assert it.waited == [7.0, 2.0]


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("canary", request=request)


def _busy(request: httpx.Request) -> httpx.Response:
    return httpx.Response(429, headers={"retry-after": "3600"}, text="canary")


def _not_json(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="canary")


def _a_list(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=["canary"])


@pytest.mark.parametrize("respond", [_unreachable, _busy, _not_json, _a_list])
def test_what_may_pass_is_retryable_and_quotes_nothing(
    respond: Callable[[httpx.Request], httpx.Response],
) -> None:
    api = PayPalApi(_ID, _SECRET, transport=httpx.MockTransport(respond), sleep=lambda _: None)

    with closing(api), pytest.raises(Retryable) as caught:
        api.fetch("plan", "P-1")

    assert "canary" not in str(caught.value)
    assert _SECRET not in str(caught.value)


def test_what_paypal_will_never_answer_is_let_be() -> None:
    it = _PayPal()

    with closing(it.api()) as api:
        api.fetch("plan", "P-1")
        it.first = [httpx.Response(422, text="canary")]
        with pytest.raises(Quarantined) as refused:
            api.fetch("plan", "P-1")
        with pytest.raises(Quarantined):
            api.fetch("invoice", "INV-1")

    assert refused.value.code == "call_refused"
    assert "canary" not in str(refused.value)


def test_event_that_was_asked_for_is_itself_to_the_digest() -> None:
    event = story.sample("PAYMENT.SALE.COMPLETED").event
    call = {"object": "event", "id": event.id}

    with closing(_PayPal().api()) as api:
        event_id, body = api.event(call, event.exported().content, _NOW)

    delivered, confirmed = paypal.parse(event.body, {}), paypal.parse(body, {})
    assert event_id == event.id
    assert (confirmed.digest, confirmed.orders) == (delivered.digest, delivered.orders)


@pytest.mark.parametrize("kind", ["subscription", "customer"])
def test_subscription_comes_back_as_an_event_of_its_own_with_its_plan(kind: str) -> None:
    world = story.whole_life(1)
    (it, *_) = world.truth.subscriptions.values()
    found = world.object("subscription", it.id) or {}

    with closing(_PayPal().api()) as api:
        answers = [api.event({"object": kind, "id": it.id}, found, at) for at in (_NOW, _NOW, 0)]

    parsed = paypal.parse(answers[0][1], {})
    assert (parsed.event_id, parsed.event_type) == (answers[0][0], "FETCHED.SUBSCRIPTION")
    assert parsed.occurred_at == _NOW
    assert parsed.subscriptions[0].facets["terms:plan"]["amount"] == it.amount
    assert answers[0] == answers[1]
    assert answers[2][0] != answers[0][0]
