"""One call answered: the object comes back as an event, or there is nothing to tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from functions.call_providers.fetch_object import Answer, fetch_object, read_call
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Quarantined, Retryable
from shared.providers import stripe
from shared.providers.stripe_api import StripeApi

_NOW = 1_790_000_000_123
_CALL = {
    "v": 1,
    "connection_id": "shop",
    "provider": "stripe",
    "object": "customer",
    "id": "cus_1",
    "subject": "cus_1",
}
_ADA = {"id": "cus_1", "object": "customer", "email": "ada@example.com", "livemode": True}


class _World:
    """A connection with a key, a provider with one answer, and a queue that keeps what it gets."""

    def __init__(self, answer: Mapping[str, Any] | Exception | None = None) -> None:
        self.secrets: dict[str, Any] | None = {
            "provider": "stripe",
            "api": {"secret_key": "sk_1", "base_url": "http://127.0.0.1:1"},
        }
        self.answer = answer
        self.asked: list[tuple[str, ...]] = []
        self.sent: list[tuple[str, EventEnvelope]] = []

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        assert (connection_id, now) == ("shop", 5.0)
        return self.secrets

    def api_of(self, provider: str, **credentials: str) -> _World:
        self.asked.append((provider, *sorted(credentials)))
        return self

    def fetch(self, kind: str, identity: str) -> Mapping[str, Any] | None:
        self.asked.append((kind, identity))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        with closing(StripeApi("sk_1")) as api:
            return api.event(call, found, now)

    def send_event(self, url: str, envelope: EventEnvelope) -> None:
        self.sent.append((url, envelope))

    def call(self, now: int = _NOW, **other: object) -> Answer:
        return fetch_object(
            read_call(json.dumps({**_CALL, **other})),
            secrets=self,
            api_of=self.api_of,
            queue=self,
            events_url="https://sqs.example.com/events.fifo",
            now=now,
            monotonic=5.0,
        )


def test_the_object_comes_back_through_the_queue_as_an_event() -> None:
    world = _World(_ADA)

    answer = world.call()

    assert answer.outcome == "fetched"
    assert world.asked == [("stripe", "base_url", "secret_key"), ("customer", "cus_1")]
    ((url, envelope),) = world.sent
    assert url.endswith("events.fifo")
    assert (envelope.source, envelope.subject, envelope.connection_id) == (
        "fetched",
        "cus_1",
        "shop",
    )
    assert envelope.received_at == _NOW


def test_the_parser_understands_what_was_fetched() -> None:
    world = _World(_ADA)
    world.call()
    envelope = world.sent[0][1]

    parsed = stripe.parse(envelope.body(), {})

    assert parsed.event_type == "fetched.customer"
    assert parsed.event_id == envelope.event_id
    assert (parsed.occurred_at, parsed.live) == (1_790_000_000_000, True)
    assert parsed.customers[0].facets["customer"]["email"] == "ada@example.com"


def test_an_object_that_does_not_say_whether_it_is_live_is_of_either_mode() -> None:
    world = _World({"object": "list", "data": []})

    world.call(object="invoice_payments", id="pi_1")

    assert stripe.parse(world.sent[0][1].body(), {}).live is None


def test_the_same_answer_at_another_time_is_another_event() -> None:
    world = _World(_ADA)

    world.call()
    world.call()
    world.call(now=_NOW + 1000)

    ids = [envelope.event_id for _, envelope in world.sent]
    assert ids[0] == ids[1]
    assert world.sent[0][1].body() == world.sent[1][1].body()
    assert ids[2] != ids[0]


@pytest.mark.parametrize(
    ("secrets", "outcome"),
    [
        (None, "no_connection"),
        ({"disabled": True, "api": {"secret_key": "sk_1"}}, "no_connection"),
        ({"signing_secrets": ["whsec_1"]}, "no_api_key"),
        ({"api": {}}, "no_api_key"),
    ],
)
def test_without_a_key_there_is_nothing_to_wait_for(
    secrets: dict[str, Any] | None, outcome: str
) -> None:
    world = _World(_ADA)
    world.secrets = secrets

    assert world.call().outcome == outcome
    assert (world.asked, world.sent) == ([], [])


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(None, "not_found"), (Quarantined("call_refused", "400"), "call_refused")],
)
def test_what_the_provider_will_not_give_is_let_be(answer: Exception | None, outcome: str) -> None:
    world = _World(answer)

    assert world.call().outcome == outcome
    assert world.sent == []


def test_what_may_pass_is_raised_for_the_queue_to_try_again() -> None:
    with pytest.raises(Retryable):
        _World(Retryable("busy")).call()


@pytest.mark.parametrize(
    "message", ["[]", "{}", json.dumps({**_CALL, "id": 7}), json.dumps({**_CALL, "object": "page"})]
)
def test_a_message_nobody_sends_is_raised_to_become_a_dead_letter(message: str) -> None:
    with pytest.raises(ValueError, match="not a call"):
        read_call(message)


def test_what_is_logged_is_ids_and_codes() -> None:
    answer = _World(_ADA).call()

    assert answer.about() == {
        "outcome": "fetched",
        "connection_id": "shop",
        "provider": "stripe",
        "object": "customer",
        "id": "cus_1",
    }


def test_an_answer_tells_when_what_it_was_asked_for_has_happened() -> None:
    world = _World(_ADA)

    world.call()
    world.call(asked_at="17")

    assert [each.headers for _, each in world.sent] == [{}, {"asked-at": "17"}]
