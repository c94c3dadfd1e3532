"""Invoice payments: what links an invoice of the newer shape to the money that pays it."""

from __future__ import annotations

from shared.domain.observations import TERMINAL, UPDATED
from tests.shared.providers.stripe_bodies import NOW, Json, listed, parse


def _invoice_payment(**other: object) -> Json:
    return {
        "id": "inpay_1",
        "object": "invoice_payment",
        "amount_paid": 1900,
        "amount_requested": 2500,
        "created": NOW - 9,
        "currency": "usd",
        "invoice": "in_1",
        "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": NOW - 3},
        **other,
    }


def test_a_paid_one_links_both_and_accounts_for_the_payment() -> None:
    (said,) = parse("invoice_payment.paid", _invoice_payment()).orders

    assert said.refs == ("document:in_1", "intent:pi_1")
    assert said.rank == TERMINAL
    told = said.facets["payment:inpay_1"]
    assert (told["payment"], told["weight"], told["status"]) == ("intent:pi_1", 1, "completed")
    assert (told["amount"], told["date"]) == (1900, (NOW - 3) * 1000)


def test_an_open_one_asks_for_what_it_requests() -> None:
    thing = _invoice_payment(status="open", amount_paid=None, status_transitions=None)

    (said,) = parse("invoice_payment.paid", thing).orders

    told = said.facets["payment:inpay_1"]
    assert (told["amount"], told["status"]) == (2500, "pending")
    assert told["date"] == (NOW - 9) * 1000
    assert said.rank == UPDATED


def test_one_by_charge_names_the_charge() -> None:
    thing = _invoice_payment(payment={"type": "charge", "charge": {"id": "py_1"}})

    (said,) = parse("invoice_payment.paid", thing).orders

    assert said.refs == ("document:in_1", "charge:py_1")
    assert said.facets["payment:inpay_1"]["payment"] == "charge:py_1"


def test_one_outside_stripe_is_a_payment_of_its_own() -> None:
    thing = _invoice_payment(payment={"type": "payment_record", "payment_record": "pr_1"})

    (said,) = parse("invoice_payment.paid", thing).orders

    assert said.facets["payment:inpay_1"]["payment"] == "record:inpay_1"


def test_a_fetched_list_links_each_and_may_be_empty() -> None:
    both = listed(_invoice_payment(), _invoice_payment(id="inpay_2", invoice="in_2"))

    orders = parse("fetched.invoice_payments", both).orders

    assert [said.refs[0] for said in orders] == ["document:in_1", "document:in_2"]
    assert parse("fetched.invoice_payments", listed()).orders == ()
