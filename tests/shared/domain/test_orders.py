"""What an order's facets add up to."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import orders
from tests.laws import words
from tests.laws.words import at
from tests.support.order_facets import dispute, facets_of, refund, shown, stated

PAID, CHARGED = words.document(0), words.payment("1", 0)


# What is no order.


@pytest.mark.parametrize(
    "facets",
    [
        {},
        {"document": words.document(0, amount=0)},
        {"document": words.document(0, state="draft")},
        {"document": words.document(0, state="void")},
        {"payment_cs_1": words.payment("1", 0, weight=0, status="pending")},
        {"payment_cs_1": words.payment("1", 0, weight=0, status="cancelled")},
        {"refund_re_1": refund(500)},
        {"refunded_pi_1": stated(500)},
        {"dispute_dp_1": dispute(500, "open")},
        {"customer": {"email": "ada@example.com"}},
    ],
    ids=[
        "nothing",
        "invoice over nothing",
        "draft",
        "voided untried",
        "checkout unpaid",
        "checkout abandoned",
        "refund of an unknown payment",
        "sum of an unknown payment",
        "dispute of an unknown payment",
        "customer alone",
    ],
)
def test_no_order_is_shown(facets: dict[str, Any]) -> None:
    assert orders.show(facets_of(**facets)) is None


def test_paid_checkout_is_an_order_until_its_payment_tells_more() -> None:
    session = words.payment("1", 0, weight=0, amount=1900)

    assert shown(payment_cs_1=session)["status"] == "completed"


# Status.


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("open", "pending"),
        ("paid", "completed"),
        ("failed", "declined"),
        ("uncollectible", "declined"),
    ],
)
def test_status_is_the_documents(state: str, status: str) -> None:
    assert shown(document=words.document(0, state=state))["status"] == status


def test_invoice_voided_after_it_was_tried_is_declined() -> None:
    void = words.document(0, state="void")

    assert shown(document=void, attempt={"date": at(3)})["status"] == "declined"
    assert shown(document=void, payment_ch_1=words.payment("1", 3, status="declined"))[
        "status"
    ] == ("declined")


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("completed", "completed"),
        ("pending", "pending"),
        ("declined", "declined"),
        ("cancelled", "declined"),
    ],
)
def test_status_of_a_purchase_without_invoice_is_its_payments(status: str, wanted: str) -> None:
    assert shown(payment_ch_1=words.payment("1", 0, status=status))["status"] == wanted


def test_open_invoice_whose_payment_arrived_is_paid() -> None:
    view = shown(document=words.document(0, state="open"), payment_ch_1=CHARGED)

    assert view["status"] == "completed"


def test_open_invoice_paid_in_part_is_not_paid_yet() -> None:
    part = words.payment("1", 0, amount=900)

    view = shown(document=words.document(0, state="open"), payment_ch_1=part)

    assert view["status"] == "pending"


def test_several_payments_pay_one_invoice() -> None:
    view = shown(
        document=words.document(0, state="open"),
        payment_ch_1=words.payment("1", 0, amount=900, fee=30),
        payment_ch_2=words.payment("2", 5, amount=1000, fee=40),
    )

    assert (view["status"], view["gross"], view["fee"]) == ("completed", 1900, 70)
    assert [each["amount"] for each in view["payments"]] == [900, 1000]


def test_invoice_paid_out_of_band_needs_no_payment() -> None:
    view = shown(document=PAID)

    assert (view["status"], view["gross"], view["payments"]) == ("completed", 1900, [])
    assert orders.net(view) == 1900


def test_credit_on_the_account_pays_what_is_not_due() -> None:
    part = words.document(0, state="open", due=400)

    view = shown(document=part, payment_ch_1=words.payment("1", 0, amount=400))

    assert (view["status"], view["gross"]) == ("completed", 1900)


# One payment, many accounts.


def test_one_payment_of_many_accounts_is_told_by_the_best_one() -> None:
    view = shown(
        payment_cs_1=words.payment("1", 2, weight=0),
        payment_pi_1=words.payment("1", 1, weight=2, email="b@example.com"),
        payment_ch_1=words.payment("1", 0, weight=3, fee=85),
        payment_inpay_1=words.payment("1", 3, weight=1),
    )

    assert view["payments"] == [
        {"id": "pi_1", "amount": 1900, "date": at(0), "status": "completed"}
    ]
    assert (view["gross"], view["fee"]) == (1900, 85)


def test_payment_that_was_tried_twice_is_the_successful_try() -> None:
    view = shown(
        payment_ch_1=words.payment("1", 0, status="declined", reference="ch_1"),
        payment_ch_2=words.payment("1", 5, status="completed", reference="ch_2"),
    )

    assert view["status"] == "completed"
    assert (view["gross"], view["processor_reference"]) == (1900, "ch_2")


def test_completed_payment_stays_completed_whatever_a_better_account_says() -> None:
    view = shown(
        payment_pi_1=words.payment("1", 9, weight=2, status="completed"),
        payment_ch_1=words.payment("1", 0, weight=3, status="pending"),
    )

    assert view["status"] == "completed"


def test_declined_tries_count_no_money() -> None:
    view = shown(
        payment_ch_1=words.payment("1", 0, status="declined"),
        payment_ch_2=words.payment("2", 5, status="declined", amount=2500),
    )

    assert (view["status"], view["gross"], orders.net(view)) == ("declined", 2500, 0)


# When, whose, and of what.


def test_order_occurred_when_it_was_paid() -> None:
    bill = words.document(0, paid_date=at(60))

    assert shown(document=bill, payment_ch_1=CHARGED)["occurred_date"] == at(60)


@pytest.mark.parametrize(
    ("facets", "minutes"),
    [
        ({"payment_ch_1": words.payment("1", 5)}, 5),
        ({"attempt": {"date": at(7)}}, 7),
        ({"payment_ch_1": words.payment("1", 5, status="declined")}, 5),
        ({}, 0),
    ],
)
def test_unpaid_order_occurred_when_it_was_last_tried(
    facets: dict[str, Any], minutes: float
) -> None:
    bill = words.document(0, state="open")

    assert shown(document=bill, **facets)["occurred_date"] == at(minutes)


def test_order_is_of_the_subscription_its_invoice_or_payment_names() -> None:
    named = words.payment("1", 0, subscription_id="sub_9")

    assert shown(document=PAID)["recurring_payment_id"] == "sub_1"
    assert shown(payment_ch_1=named)["kind"] == "subscription"
    assert shown(payment_ch_1=CHARGED)["kind"] == "one_time"


def test_email_is_the_customers_of_today_before_the_invoices_and_the_payments() -> None:
    bill = words.document(0, email="then@example.com")
    charged = words.payment("1", 0, email="paid@example.com")
    today = {"email": "today@example.com"}

    whole = {"document": bill, "payment_ch_1": charged}
    assert shown(**whole, customer=today)["email"] == "today@example.com"
    assert shown(**whole)["email"] == "then@example.com"
    assert shown(payment_ch_1=charged)["email"] == "paid@example.com"


def test_id_is_the_strongest_names() -> None:
    names = ["session:cs_1", "charge:ch_1", "intent:pi_1", "document:in_1"]

    assert [orders.order_id(set(names[:count])) for count in (1, 2, 3, 4)] == [
        "cs_1",
        "ch_1",
        "pi_1",
        "in_1",
    ]
