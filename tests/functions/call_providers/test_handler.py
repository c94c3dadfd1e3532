"""The Lambda that calls providers, as it runs on AWS: a call in, an event on the queue out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.errors import Retryable
from shared.domain.history_message import read_page
from shared.providers import stripe
from tests.support.loopback_aws import LoopbackAws
from tests.support.stripe_api import SECRET_KEY, StripeStandIn

_PARAMETER = "/paysignal/connections/shop/secrets"
_ADA = {"id": "cus_1", "object": "customer", "email": "ada@example.com", "livemode": True}


@pytest.fixture
def provider() -> Iterator[StripeStandIn]:
    """Yield Stripe's API with one customer."""
    with StripeStandIn() as stand_in:
        stand_in.put(_ADA)
        yield stand_in


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, provider: StripeStandIn) -> Iterator[LoopbackAws]:
    """Yield AWS with one connection that has an API key, and its environment."""
    deployment = LoopbackAws("stripe", "whsec_shop")
    _give_key(deployment, provider, SECRET_KEY)
    for name, value in {**deployment.environ, "TABLE_NAME": "table"}.items():
        monkeypatch.setenv(name, value)
    with deployment.server:
        yield deployment


@pytest.fixture
def lambda_module(aws: LoopbackAws, provider: StripeStandIn) -> Iterator[ModuleType]:
    """Yield the Lambda's module as it is when imported into that environment."""
    module = importlib.reload(importlib.import_module("functions.call_providers.handler"))
    yield module
    for key in (SECRET_KEY, "sk_wrong"):
        module._api("stripe", secret_key=key, base_url=provider.base_url).close()


def _give_key(deployment: LoopbackAws, provider: StripeStandIn, key: str | None) -> None:
    secrets: dict[str, Any] = {"provider": "stripe", "signing_secrets": ["whsec_shop"]}
    if key is not None:
        secrets["api"] = {"secret_key": key, "base_url": provider.base_url}
    deployment.parameters[_PARAMETER] = json.dumps(secrets)


def _batch(kind: str = "customer", identity: str = "cus_1") -> dict[str, Any]:
    call = {
        "v": 1,
        "connection_id": "shop",
        "provider": "stripe",
        "object": kind,
        "id": identity,
        "subject": "cus_1",
    }
    return {"Records": [{"messageId": "1", "body": json.dumps(call)}]}


def test_a_call_becomes_an_event_on_the_queue(
    aws: LoopbackAws, provider: StripeStandIn, lambda_module: ModuleType
) -> None:
    lambda_module.handler(_batch(), None)

    (message,) = aws.messages
    assert message["QueueUrl"].endswith("/events.fifo")
    envelope = read_message(message["MessageBody"])
    assert isinstance(envelope, EventEnvelope)
    assert (envelope.source, envelope.subject) == ("fetched", "cus_1")
    parsed = stripe.parse(envelope.body(), {})
    assert parsed.customers[0].facets["customer"]["email"] == "ada@example.com"
    assert provider.paths == ["/v1/customers/cus_1"]


def test_without_a_key_a_call_is_acknowledged_and_counted(
    aws: LoopbackAws,
    provider: StripeStandIn,
    lambda_module: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _give_key(aws, provider, None)

    lambda_module.handler(_batch(), None)

    assert (aws.messages, provider.paths) == ([], [])
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines()][-1]
    assert counted["CallsUnanswered"] == 1
    assert (counted["outcome"], counted["id"]) == ("no_api_key", "cus_1")


def test_what_stripe_does_not_know_sends_nothing(
    aws: LoopbackAws, provider: StripeStandIn, lambda_module: ModuleType
) -> None:
    lambda_module.handler(_batch("product", "prod_unknown"), None)

    assert aws.messages == []
    assert provider.paths == ["/v1/products/prod_unknown"]


def test_a_wrong_key_fails_the_message_and_stays_out_of_sight(
    aws: LoopbackAws,
    provider: StripeStandIn,
    lambda_module: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _give_key(aws, provider, "sk_wrong")

    with pytest.raises(Retryable, match="refuses the API key") as caught:
        lambda_module.handler(_batch(), None)

    assert "sk_wrong" not in str(caught.value) + capsys.readouterr().out


def test_a_call_for_a_page_is_answered_on_the_history_queue(
    aws: LoopbackAws, provider: StripeStandIn, lambda_module: ModuleType
) -> None:
    _give_key(aws, provider, None)
    call = {
        "connection_id": "shop", "provider": "stripe", "object": "page", "job_id": "j1",
        "number": 0, "phase": "", "cursor": "", "since": None, "resources": ["orders"],
    }  # fmt: skip
    record = {"body": json.dumps(call), "attributes": {"ApproximateReceiveCount": "1"}}

    lambda_module.handler({"Records": [record]}, None)

    (message,) = aws.messages
    assert message["QueueUrl"].endswith("/history")
    page = read_message(message["MessageBody"])
    assert isinstance(page, dict)
    assert "PUT its `api`" in (read_page(page).failure or "")
