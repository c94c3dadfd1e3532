"""Refunds and disputes: money that went back, and money that is withheld."""

from __future__ import annotations

import pytest

from shared.domain.errors import Quarantined
from shared.domain.observations import CREATED, TERMINAL, UPDATED
from tests.shared.providers.stripe_bodies import NOW, Json, dispute, parse, refund


def test_a_refund_belongs_to_its_payment() -> None:
    (said,) = parse("refund.created", refund()).orders

    assert said.refs == ("intent:pi_1", "charge:ch_1")
    assert said.facets == {
        "refund:re_1": {
            "id": "re_1",
            "amount": 500,
            "date": (NOW - 2) * 1000,
            "status": "completed",
            "payment": "intent:pi_1",
        }
    }


@pytest.mark.parametrize(
    ("raw", "status", "rank"),
    [
        ("succeeded", "completed", UPDATED),
        ("pending", "pending", CREATED),
        ("requires_action", "pending", CREATED),
        ("failed", "failed", TERMINAL),
        ("canceled", "failed", TERMINAL),
        (None, "completed", UPDATED),
    ],
)
def test_a_refund_may_fail_even_after_it_was_done(raw: str | None, status: str, rank: int) -> None:
    (said,) = parse("charge.refund.updated", refund(status=raw)).orders

    assert said.facets["refund:re_1"]["status"] == status
    assert said.rank == rank


def test_a_refund_of_before_intents_belongs_to_its_charge() -> None:
    thing = refund()
    del thing["payment_intent"]

    (said,) = parse("refund.updated", thing).orders

    assert said.refs == ("charge:ch_1",)
    assert said.facets["refund:re_1"]["payment"] == "charge:ch_1"


def test_an_expanded_charge_tells_the_intent_of_its_refund() -> None:
    thing = refund(payment_intent=None, charge={"id": "ch_1", "payment_intent": "pi_1"})

    (said,) = parse("refund.updated", thing).orders

    assert said.facets["refund:re_1"]["payment"] == "intent:pi_1"


def test_a_refund_of_no_payment_concerns_no_order() -> None:
    assert parse("refund.created", refund(charge=None, payment_intent=None)).orders == ()


@pytest.mark.parametrize(
    ("raw", "status", "rank"),
    [
        ("needs_response", "open", UPDATED),
        ("under_review", "open", UPDATED),
        ("appeal_under_review", "open", UPDATED),
        ("something_new", "open", UPDATED),
        ("won", "won", TERMINAL),
        ("lost", "lost", TERMINAL),
        ("charge_refunded", "won", TERMINAL),
    ],
)
def test_a_dispute_withholds_until_it_is_settled(raw: str, status: str, rank: int) -> None:
    (said,) = parse("charge.dispute.updated", dispute(status=raw)).orders

    assert said.refs == ("intent:pi_1", "charge:ch_1")
    assert said.facets["dispute:dp_1"] == {
        "id": "dp_1",
        "amount": 1900,
        "date": (NOW - 2) * 1000,
        "status": status,
    }
    assert said.rank == rank


@pytest.mark.parametrize("raw", ["warning_needs_response", "warning_closed", "prevented"])
def test_an_inquiry_withholds_nothing(raw: str) -> None:
    parsed = parse("charge.dispute.created", dispute(status=raw))

    assert parsed.known
    assert parsed.orders == ()


def test_disputes_of_before_they_had_ids_go_by_their_charge() -> None:
    thing = dispute(payment_intent=None)
    del thing["id"]

    (said,) = parse("charge.dispute.closed", thing).orders

    assert list(said.facets) == ["dispute:ch_1"]


@pytest.mark.parametrize(
    ("kind", "thing", "code"),
    [
        ("refund.created", refund(amount=-500), "bad_amount"),
        ("refund.created", refund(amount=None), "bad_field"),
        ("refund.created", refund(status="lost"), "bad_field"),
        ("refund.created", refund(id=""), "bad_id"),
        ("charge.dispute.created", dispute(amount=19.5), "bad_amount"),
        ("charge.dispute.created", dispute(amount=None), "bad_field"),
        ("charge.dispute.created", dispute(currency=7), "unknown_currency"),
    ],
)
def test_what_cannot_be_right_is_quarantined_by_its_code(kind: str, thing: Json, code: str) -> None:
    with pytest.raises(Quarantined) as caught:
        parse(kind, thing)

    assert caught.value.code == code
