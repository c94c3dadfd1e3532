"""What Stripe's API answers, as history is made of it: what only a fetched object tells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shared.providers import stripe_bodies as bodies
from tests.shared.providers.stripe_bodies import NOW, listed, parse

_MS = 1_000


def _link(**other: object) -> dict[str, Any]:
    return {
        "id": "inpay_1",
        "object": "invoice_payment",
        "amount_paid": 1900,
        "amount_requested": 1900,
        "currency": "usd",
        "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        "status": "paid",
        "status_transitions": {"paid_at": NOW - 50},
        **other,
    }


def test_an_invoice_leads_to_the_payments_that_paid_it() -> None:
    parsed = parse("fetched.invoice", bodies.invoice(payments=listed(_link())))

    (order,) = parsed.orders
    assert order.refs == ("document:in_1", "intent:pi_1")
    assert order.facets["document"]["paid_date"] == (NOW - 60) * _MS
    assert order.facets["payment:inpay_1"]["payment"] == "intent:pi_1"
    assert order.facets["payment:inpay_1"]["date"] == (NOW - 50) * _MS


@pytest.mark.parametrize("status", ["open", "canceled"])
def test_a_payment_that_was_only_asked_for_links_and_says_nothing_of_money(status: str) -> None:
    link = _link(status=status, amount_paid=None)

    (order,) = parse("fetched.invoice", bodies.invoice(payments=listed(link))).orders

    assert "intent:pi_1" in order.refs
    assert list(order.facets) == ["document"]


def test_an_event_of_an_invoice_says_nothing_of_its_payments() -> None:
    (order,) = parse("invoice.paid", bodies.invoice(payments=listed(_link()))).orders

    assert list(order.facets) == ["document"]


def test_the_first_invoice_is_what_its_subscription_began_with() -> None:
    first = parse("fetched.invoice", bodies.invoice(billing_reason="subscription_create"))
    later = parse("fetched.invoice", bodies.invoice())
    manual = parse("fetched.invoice", bodies.invoice(billing_reason="manual", parent=None))

    (said,) = first.subscriptions
    assert (said.subscription_id, said.customer_id) == ("sub_1", "cus_1")
    assert said.facets == {"origin": {"order_id": "in_1"}}
    assert (later.subscriptions, manual.subscriptions) == ((), ())


def test_an_invoice_names_its_payer_as_of_when_it_was_finalised() -> None:
    transitions = {"paid_at": NOW - 60, "finalized_at": NOW - 70}

    (final,) = parse("fetched.invoice", bodies.invoice(status_transitions=transitions)).customers
    (other,) = parse("fetched.invoice", bodies.invoice()).customers
    (live,) = parse("invoice.paid", bodies.invoice()).customers

    assert (final.at, other.at, live.at) == ((NOW - 70) * _MS, (NOW - 3600) * _MS, None)


def test_a_charge_names_its_payer_as_of_when_it_was_made() -> None:
    charge = bodies.charge(receipt_email="ada@example.com")

    (fetched,) = parse("fetched.charge", charge).customers
    (live,) = parse("charge.succeeded", charge).customers

    assert (fetched.at, live.at) == ((NOW - 5) * _MS, None)


def test_a_charge_leaves_it_to_its_refunds_what_was_given_back_and_when() -> None:
    (charge,) = parse("fetched.charge", bodies.charge(amount_refunded=500)).orders
    (refund,) = parse("fetched.refund", bodies.refund()).orders

    assert list(charge.facets) == ["payment:ch_1"]
    assert refund.refs == ("intent:pi_1", "charge:ch_1")
    assert refund.facets["refund:re_1"]["date"] == (NOW - 2) * _MS


def test_a_dispute_withholds_what_its_events_would() -> None:
    (fetched,) = parse("fetched.dispute", bodies.dispute(status="lost")).orders
    (live,) = parse("charge.dispute.closed", bodies.dispute(status="lost")).orders

    assert fetched == live


@pytest.mark.parametrize(
    ("status", "told"),
    [("completed", ["sub_1"]), ("released", []), ("canceled", []), ("active", [])],
)
def test_of_schedules_only_a_completed_one_explains_an_end(status: str, told: list[str]) -> None:
    schedule = {"id": "sub_sched_1", "status": status, "subscription": "sub_1"}

    parsed = parse("fetched.subscription_schedule", schedule)

    assert [said.subscription_id for said in parsed.subscriptions] == told


def test_a_whole_subscription_says_that_nothing_is_taken_off() -> None:
    gone = {"discount": {"coupon": None, "percent": None, "amount": None}}

    (without,) = parse("fetched.subscription", bodies.subscription()).subscriptions
    (named,) = parse("fetched.subscription", bodies.subscription(discounts=["di_1"])).subscriptions
    (live,) = parse("customer.subscription.updated", bodies.subscription()).subscriptions

    assert {name: f for name, f in without.facets.items() if name == "discount"} == gone
    assert ("discount" in named.facets, "discount" in live.facets) == (False, False)


def test_a_subscription_brings_the_expiry_of_a_card_of_the_older_kind() -> None:
    card = {"id": "card_1", "object": "card", "exp_month": 4, "exp_year": 2031}

    parsed = parse("fetched.subscription", bodies.subscription(default_source=card))

    (said,), (person,) = parsed.subscriptions, parsed.customers
    assert said.facets["terms"]["payment_method"] == "card_1"
    assert person.facets["method:card_1"] == {"expires": "2031-04"}
