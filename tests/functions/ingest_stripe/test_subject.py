"""Whom a Stripe event is about, as far as the door can tell without knowing its meaning."""

from __future__ import annotations

from typing import Any

import pytest

from functions.ingest_stripe.signature import event_and_subject
from shared.domain.webhooks import Request

_REQUEST = Request(method="POST", connection_id="shop", headers={}, query={}, body=b"")


@pytest.mark.parametrize(
    ("thing", "subject"),
    [
        ({"object": "customer", "id": "cus_1"}, "cus_1"),
        ({"object": "customer", "id": "cus_1", "customer": "cus_2"}, "cus_1"),
        (
            {"object": "invoice", "id": "in_1", "customer": "cus_1", "subscription": "sub_1"},
            "cus_1",
        ),
        ({"object": "invoice", "id": "in_1", "customer": {"id": "cus_1"}}, "cus_1"),
        ({"object": "invoice", "id": "in_1", "customer": None, "subscription": "sub_1"}, "sub_1"),
        ({"object": "charge", "id": "ch_1", "customer": None, "payment_intent": "pi_1"}, "pi_1"),
        (
            {"object": "invoice_payment", "id": "inpay_1", "payment": {"payment_intent": "pi_1"}},
            "pi_1",
        ),
        ({"object": "refund", "id": "re_1", "charge": "ch_1"}, "ch_1"),
        ({"object": "payment_intent", "id": "pi_1", "customer": None}, "pi_1"),
        ({"object": "product", "id": "prod_1"}, "prod_1"),
        ({"object": "customer", "id": 7}, None),
        ({}, None),
        ("text", None),
        (None, None),
        ([], None),
    ],
)
def test_subject_is_the_customer_else_the_next_best_id(thing: object, subject: str | None) -> None:
    found = event_and_subject({"id": "evt_1", "data": {"object": thing}}, _REQUEST)

    assert found == ("evt_1", subject)


def test_thin_event_is_about_its_related_object() -> None:
    body = {"id": "evt_1", "object": "v2.core.event", "related_object": {"id": "cus_1"}}

    assert event_and_subject(body, _REQUEST) == ("evt_1", "cus_1")


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": None, "data": []}, {"data": {"object": 1}}])
def test_event_that_names_nothing_is_nobodys(body: dict[str, Any]) -> None:
    assert event_and_subject(body, _REQUEST) == (None, None)
