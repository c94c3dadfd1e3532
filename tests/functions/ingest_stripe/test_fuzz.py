"""Anything may be posted to a door: only documented answers come back, and no fault of ours."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.ingest_stripe.signature import event_and_subject, verify
from shared.door import Door
from tests.contracts.door_contract import NOW, FakeQueue, FakeSecrets, counted
from tests.functions.ingest_stripe.test_handler import signature

# 503 is documented for a connection without a secret only: nothing else fails in here.
_DOCUMENTED = {200, 400, 401, 404, 405, 413, 415}
_ANY_TEXT = st.text(st.characters(), max_size=60)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_ANY_TEXT, inner, max_size=3)
    ),
    max_leaves=12,
)
_NAMES = ("id", "object", "data", "customer", "subscription", "related_object", "payment")
_EVENTS = st.dictionaries(
    st.sampled_from(_NAMES),
    st.recursive(
        st.one_of(_JSON, st.just("cus_1")),
        lambda inner: st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
        max_leaves=8,
    ),
)
_BODIES = st.one_of(
    st.binary(max_size=200),
    _ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
    _JSON.map(lambda value: json.dumps(value).encode()),
    _EVENTS.map(lambda value: json.dumps(value).encode()),
)


@st.composite
def _requests(draw: st.DrawFn) -> dict[str, Any]:
    """Return HTTP API events: half of them signed, with anything in every place."""
    body = draw(_BODIES)
    headers = draw(st.dictionaries(_ANY_TEXT, _ANY_TEXT, max_size=3))
    if draw(st.booleans()):
        at = NOW + draw(st.sampled_from([0, -299, 59]))
        headers["Stripe-Signature"] = f"t={at},v1={signature(body, 'whsec_shop', at)}"
    elif draw(st.booleans()):
        headers["stripe-signature"] = draw(_ANY_TEXT)
    if draw(st.booleans()):
        headers["Content-Type"] = draw(
            st.sampled_from(["application/json", "multipart/form-data", "text/plain", "", "\0"])
        )
    try:
        text, is_base64 = body.decode(), draw(st.booleans())
    except UnicodeDecodeError:
        text, is_base64 = "", True
    if is_base64:
        text = draw(st.sampled_from([b64encode(body).decode()] * 5 + ["*", "ab=c", "é", text]))
    return {
        "headers": draw(st.sampled_from([headers] * 9 + [None])),
        "pathParameters": draw(
            st.sampled_from([{"connection_id": "shop"}] * 8 + [{"connection_id": "\0"}, {}, None])
        ),
        "queryStringParameters": draw(st.sampled_from([None, {"a": "b"}])),
        "requestContext": {"http": {"method": draw(st.sampled_from(["POST"] * 9 + ["PATCH"]))}},
        "body": draw(st.sampled_from([text] * 19 + [None, "\ud800"])),
        "isBase64Encoded": is_base64,
    }


def _door(queue: FakeQueue, secrets: dict[str, Any]) -> Door:
    return Door(
        "stripe",
        verify,
        event_and_subject,
        secrets=FakeSecrets({"shop": {"provider": "stripe", **secrets}}),
        queue=queue,
        queue_url="https://queue/events.fifo",
        clock=lambda: NOW,
    )


@settings(
    max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(event=_requests())
def test_every_request_gets_a_documented_answer(
    event: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """G13, symfony#65772: never a 5xx but the documented 503, never an uncaught exception."""
    queue = FakeQueue()

    answer = _door(queue, {"signing_secrets": ["whsec_shop"]})(event)

    metrics = counted(capsys.readouterr().out)
    assert answer["statusCode"] in _DOCUMENTED
    assert "door_fault" not in metrics
    assert (answer["statusCode"] == 200) == (len(queue.envelopes) == 1) == (metrics == [])
    for envelope in queue.envelopes:
        assert envelope.to_message().isascii()


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(event=_requests(), secret=st.sampled_from([None, "", " ", "whsec_"]))
def test_nothing_comes_in_without_a_secret(
    event: dict[str, Any], secret: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = FakeQueue()

    answer = _door(queue, {"signing_secrets": [secret]})(event)

    assert answer["statusCode"] in {400, 404, 405, 413, 503}
    assert queue.envelopes == []
    assert "door_fault" not in counted(capsys.readouterr().out)
