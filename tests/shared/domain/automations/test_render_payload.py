"""The bytes of webhooks: the standard body's shape, one's own payload, and their limit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.automations import render_payload
from shared.domain.automations.render_payload import BODY_BYTES_MAX, TooLarge

FIRING: dict[str, Any] = {
    "firing_id": "001790000000000-ab",
    "record": {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"},
    "change": {
        "kind": "updated",
        "changes": [["status", "active", "payment_failed"]],
        "at": 1_790_000_000_000,
    },
    "cause": {
        "provider": "stripe",
        "connection_id": "shop",
        "event_id": "evt_1",
        "event_type": "customer.subscription.updated",
        "occurred_at": 1_790_000_000_000,
        "late": False,
        "mode": "live",
    },
}
AUTOMATION = {"id": "rescue", "name": "Rescue"}


def test_the_standard_body_has_the_designs_shape() -> None:
    body = render_payload.standard(FIRING, AUTOMATION, {"email": "é@example.com"}, {"name": "Tea"})

    assert json.loads(body) == {
        "type": "recurring_payment.updated",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "data": {
            "firing_id": "001790000000000-ab",
            "automation": {"id": "rescue", "name": "Rescue"},
            "contact": {"email": "é@example.com"},
            "recurring_payment": {"name": "Tea"},
            "changes": [{"field": "status", "from": "active", "to": "payment_failed"}],
            "cause": {
                "provider": "stripe",
                "connection_id": "shop",
                "event_id": "evt_1",
                "event_type": "customer.subscription.updated",
                "occurred_date": "2026-09-21T14:13:20.000Z",
                "late": False,
                "mode": "live",
            },
        },
    }
    assert body == render_payload.standard(
        FIRING, AUTOMATION, {"email": "é@example.com"}, {"name": "Tea"}
    )


def test_an_order_and_another_type_are_told_where_they_are_the_subject() -> None:
    body = json.loads(
        render_payload.standard(FIRING, None, None, None, {"gross": "1.00"}, kind="order.created")
    )

    assert body["type"] == "order.created"
    assert body["data"]["order"] == {"gross": "1.00"}
    assert (body["data"]["automation"], body["data"]["recurring_payment"]) == (None, None)


def test_a_body_that_would_be_too_long_leaves_out_what_it_can_and_says_so() -> None:
    tags = [{"tag": f"tag {number}", "applied_date": "x"} for number in range(1_000)]
    contact = {"email": "ada@example.com", "tags": tags}
    items = [{"name": "x" * 50}] * 100

    body = render_payload.standard(FIRING, AUTOMATION, contact, {"line_items": items})

    data = json.loads(body)["data"]
    assert len(body) <= BODY_BYTES_MAX
    assert data["left_out"] == ["recurring_payment.line_items", "contact.tags"]
    assert (data["contact"]["tags"], data["contact"]["email"]) == ([], "ada@example.com")
    assert len(contact["tags"]) == 1_000, "what was handed in stays as it was"
    assert data["changes"]


def test_what_cannot_be_made_short_is_refused() -> None:
    with pytest.raises(TooLarge):
        render_payload.standard(FIRING, AUTOMATION, {"email": "x" * BODY_BYTES_MAX}, None)
    with pytest.raises(TooLarge):
        render_payload.own({"a": ["x" * 999] * 30})


def test_an_own_payload_is_sent_as_that_very_json() -> None:
    body = render_payload.own({"text": "Hi you", "n": 1})

    assert body == b'{"text":"Hi you","n":1}'


def test_half_a_character_does_not_stop_a_webhook() -> None:
    assert json.loads(render_payload.own({"a": "\ud800"})) == {"a": "?"}
