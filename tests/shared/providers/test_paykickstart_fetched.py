"""What an answer of PayKickstart's API tells, and what it may leave out or get wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.errors import Quarantined
from shared.providers import paykickstart

_CREATED = 1_767_258_005


def _facets(**purchase: object) -> dict[str, Any]:
    event = {"id": "fetch_1", "invoice_id": "PK-P1", "created": _CREATED, "purchase": purchase}
    parsed = paykickstart.parse(json.dumps(event).encode(), {})
    assert parsed.event_type == "fetched.subscription"
    assert parsed.occurred_at == _CREATED * 1_000
    assert parsed.live is None
    return dict(parsed.subscriptions[0].facets) if parsed.subscriptions else {}


@pytest.mark.parametrize(
    ("following", "charged"),
    [
        ("2026-02-01 09:00:00", "2026-01-01 09:00:00"),
        ("2026-02-01T09:00:00Z", "2026-01-01T09:00:00Z"),
        ("1769936400", "1767258000"),
        (1_769_936_400, 1_767_258_000),
    ],
)
def test_interval_follows_from_the_last_charge_and_the_next(
    following: object, charged: object
) -> None:
    older = {"created_at": "2025-06-01", "amount": "19.00"}

    facets = _facets(
        subscriptions=[{"next_date": following}], transactions=[{"created_at": charged}, older]
    )

    assert facets["terms:next"] == {"next_payment_date": 1_769_936_400_000}
    assert facets["terms:interval"] == {"billing_interval": "monthly", "billing_interval_count": 1}


def test_next_date_without_a_charge_tells_the_date_alone() -> None:
    assert set(_facets(subscriptions=[{"next_date": "2026-02-01"}])) == {"terms:next"}


@pytest.mark.parametrize("amount", ["0.00", "0", 0, 0.0])
def test_free_trial_says_nothing_of_the_interval(amount: object) -> None:
    """The next charge is due when the trial ends, not when a cycle does."""
    trial = {"created_at": "2026-01-18", "amount": amount}

    facets = _facets(subscriptions=[{"next_date": "2026-02-01"}], transactions=[trial])

    assert set(facets) == {"terms:next"}


@pytest.mark.parametrize(
    "purchase",
    [
        {},
        {"subscriptions": None, "transactions": "text"},
        {"subscriptions": [None, 7, {}], "transactions": [[]]},
        {"subscriptions": [{"next_date": "soon"}]},
        {"subscriptions": [{"next_date": "9" * 5_000}]},
        {"subscriptions": [{"next_date": True}]},
        {"subscriptions": [{"next_date": 0}]},
    ],
)
def test_answer_that_tells_nothing_says_nothing(purchase: dict[str, Any]) -> None:
    assert _facets(**purchase) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}",
        b'{"id":1,"invoice_id":"PK-P1","created":1,"purchase":{}}',
        b'{"id":"a","invoice_id":"PK-P1","created":true,"purchase":{}}',
        b'{"id":"a","invoice_id":"PK-P1","created":1,"purchase":[]}',
        b'{"id":' + b"[" * 100_000,
    ],
)
def test_what_is_no_answer_is_quarantined(body: bytes) -> None:
    with pytest.raises(Quarantined):
        paykickstart.parse(body, {})
