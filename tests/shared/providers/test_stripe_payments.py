"""Charges, payment intents and checkout sessions: accounts of one payment, by one name."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Quarantined
from shared.domain.observations import CREATED, TERMINAL, UPDATED, OrderSaid
from tests.shared.providers.stripe_bodies import (
    NOW,
    Json,
    charge,
    intent,
    listed,
    parse,
    refund,
    session,
)


def _said(kind: str, thing: Json, previous: Json | None = None) -> OrderSaid:
    (said,) = parse(kind, thing, previous).orders
    return said


def _charge(kind: str = "succeeded", **other: object) -> Any:
    return _said(f"charge.{kind}", charge(**other)).facets["payment:ch_1"]


def _intent(kind: str, **other: object) -> Any:
    return _said(f"payment_intent.{kind}", intent(**other)).facets["payment:pi_1"]


def test_all_accounts_of_one_payment_name_it_alike_and_the_charge_weighs_most() -> None:
    told = [
        _charge(),
        _intent("succeeded"),
        _said("checkout.session.completed", session()).facets["payment:cs_1"],
    ]

    assert [account["payment"] for account in told] == ["intent:pi_1"] * 3
    assert [account["weight"] for account in told] == [3, 2, 0]
    assert {account["amount"] for account in told} == {1900}
    assert {account["status"] for account in told} == {"completed"}


def test_a_charge_of_the_old_shape_links_its_invoice() -> None:
    said = _said("charge.succeeded", charge(invoice="in_1"))

    assert said.refs == ("document:in_1", "intent:pi_1", "charge:ch_1")


def test_an_expanded_intent_tells_the_invoice_as_well() -> None:
    thing = charge(payment_intent={"id": "pi_1", "invoice": {"id": "in_1"}})

    assert _said("charge.succeeded", thing).refs[0] == "document:in_1"


def test_an_order_reference_that_may_be_cut_off_is_no_link() -> None:
    reference = {"order_reference": "in_1SRzp4KXBGcbgpbZ9xmUJ3"}

    said = _said("payment_intent.succeeded", intent(payment_details=reference))

    assert said.refs == ("intent:pi_1", "charge:ch_1")


def test_a_charge_without_an_intent_is_a_payment_of_its_own() -> None:
    said = _said("charge.succeeded", charge(payment_intent=None))

    assert said.refs == ("charge:ch_1",)
    assert said.facets["payment:ch_1"]["payment"] == "charge:ch_1"


@pytest.mark.parametrize(
    ("kind", "thing", "status"),
    [
        ("succeeded", {}, "completed"),
        ("failed", {"status": "failed", "captured": False}, "declined"),
        ("pending", {"status": "pending"}, "pending"),
        ("succeeded", {"captured": False}, "pending"),
        ("refunded", {"captured": False, "refunded": True, "amount_refunded": 1900}, "cancelled"),
        ("expired", {"captured": False}, "cancelled"),
        ("succeeded", {"status": None, "paid": True}, "completed"),
        ("failed", {"status": None, "paid": False}, "declined"),
    ],
)
def test_a_charge_is_told_by_its_status_and_capture(kind: str, thing: Json, status: str) -> None:
    assert _charge(kind, **thing)["status"] == status


def test_a_charge_keeps_its_date_whatever_is_told_of_it_later() -> None:
    assert _charge("updated")["date"] == (NOW - 5) * 1000


def test_a_part_that_was_never_captured_counts_as_refunded_or_not_at_all() -> None:
    both: dict[str, Any] = {"amount": 2000, "amount_captured": 1500}

    assert _charge(**both, amount_refunded=500)["amount"] == 2000
    assert _charge(**both, amount_refunded=0)["amount"] == 1500


def test_a_charge_tells_the_fee_where_it_is_in_its_own_currency() -> None:
    assert _charge(balance_transaction={"currency": "usd", "fee": 85})["fee"] == 85
    assert _charge(balance_transaction={"currency": "eur", "fee": 85})["fee"] is None
    assert _charge()["fee"] is None


def test_the_payer_of_a_charge_is_who_the_card_or_the_receipt_names() -> None:
    billing = {"email": "Ada@Example.com", "name": "Ada", "address": {"city": "London"}}
    named = parse("charge.succeeded", charge(billing_details=billing))
    receipt = parse("charge.succeeded", charge(receipt_email="r@example.com"))

    assert named.orders[0].facets["payment:ch_1"]["email"] == "ada@example.com"
    assert named.customers[0].facets["payer"]["billing_address"]["city"] == "London"
    assert receipt.customers[0].facets["payer"]["email"] == "r@example.com"
    assert parse("charge.succeeded", charge()).customers == ()


def test_a_refunded_charge_states_how_much_went_back_by_now() -> None:
    said = _said("charge.refunded", charge(amount_refunded=500))

    assert said.facets["refunded:intent:pi_1"] == {
        "amount": 500,
        "date": NOW * 1000,
        "payment": "intent:pi_1",
    }


def test_other_news_of_a_charge_does_not_move_the_date_of_its_refunds() -> None:
    later = _said("charge.updated", charge(amount_refunded=500), {"description": None})
    counted = _said("charge.updated", charge(amount_refunded=500), {"amount_refunded": 0})

    assert "refunded:intent:pi_1" not in later.facets
    assert "refunded:intent:pi_1" in counted.facets


def test_refunds_a_charge_lists_are_told_one_by_one() -> None:
    said = _said("charge.refunded", charge(amount_refunded=500, refunds=listed(refund())))

    assert said.facets["refund:re_1"]["amount"] == 500
    assert said.facets["refund:re_1"]["payment"] == "intent:pi_1"


def test_a_pending_charge_comes_before_whatever_it_becomes() -> None:
    assert _said("charge.pending", charge(status="pending")).rank == CREATED
    assert _said("charge.succeeded", charge()).rank == UPDATED


@pytest.mark.parametrize(
    ("kind", "thing", "status", "rank"),
    [
        ("succeeded", {}, "completed", TERMINAL),
        ("canceled", {"status": "canceled"}, "cancelled", TERMINAL),
        ("processing", {"status": "processing"}, "pending", CREATED),
        ("requires_action", {"status": "requires_action"}, "pending", CREATED),
        ("amount_capturable_updated", {"status": "requires_capture"}, "pending", CREATED),
        ("payment_failed", {"status": "requires_payment_method"}, "declined", UPDATED),
        ("payment_failed", {"status": "requires_source"}, "declined", UPDATED),
        (
            "created",
            {"status": "requires_payment_method", "last_payment_error": {"code": "x"}},
            "declined",
            UPDATED,
        ),
    ],
)
def test_an_intent_is_told_by_its_status(kind: str, thing: Json, status: str, rank: int) -> None:
    said = _said(f"payment_intent.{kind}", intent(**thing))

    assert said.facets["payment:pi_1"]["status"] == status
    assert said.rank == rank


def test_a_completed_intent_brought_what_was_received() -> None:
    assert _intent("succeeded", amount_received=1500)["amount"] == 1500
    assert _intent("processing", status="processing", amount_received=0)["amount"] == 1900


def test_an_intent_nobody_tried_to_pay_says_nothing() -> None:
    thing = intent(status="requires_payment_method", latest_charge=None)

    assert parse("payment_intent.created", thing).orders == ()


def test_an_untried_intent_of_the_old_shape_still_links_its_invoice() -> None:
    thing = intent(status="requires_confirmation", latest_charge=None, invoice="in_1")

    said = _said("payment_intent.created", thing)

    assert (said.refs, said.facets) == (("document:in_1", "intent:pi_1"), {})


def test_an_intent_of_the_old_shape_carries_its_charges() -> None:
    thing = intent(charges=listed(charge(id="ch_7", billing_details={"email": "a@example.com"})))
    del thing["latest_charge"]

    said = _said("payment_intent.succeeded", thing)

    assert said.refs == ("intent:pi_1", "charge:ch_7")
    assert said.facets["payment:pi_1"]["email"] == "a@example.com"
    assert said.facets["payment:pi_1"]["reference"] == "ch_7"


@pytest.mark.parametrize(
    ("kind", "thing", "code"),
    [
        ("charge.succeeded", charge(status="lost"), "bad_field"),
        ("charge.succeeded", charge(amount=None), "bad_field"),
        ("charge.succeeded", charge(amount=-1900), "bad_amount"),
        ("charge.succeeded", charge(amount_refunded=1.5), "bad_amount"),
        ("charge.succeeded", charge(currency="usdd"), "unknown_currency"),
        ("charge.succeeded", charge(payment_intent=["pi_1"]), "bad_field"),
        ("payment_intent.succeeded", intent(amount_received=True), "bad_amount"),
        ("payment_intent.canceled", intent(status="canceled", amount=None), "bad_field"),
        ("payment_intent.succeeded", intent(currency="isk", amount=1950), "bad_amount"),
    ],
)
def test_what_cannot_be_right_is_quarantined_by_its_code(kind: str, thing: Json, code: str) -> None:
    with pytest.raises(Quarantined) as caught:
        parse(kind, thing)

    assert caught.value.code == code
