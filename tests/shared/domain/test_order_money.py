"""What goes back of an order's money, and what its subscription hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import orders
from tests.laws import words
from tests.laws.words import at
from tests.support.order_facets import dispute, facets_of, refund, shown, stated

PAID, CHARGED = words.document(0), words.payment("1", 0)


@pytest.mark.parametrize(
    ("facets", "refunded", "status"),
    [
        ({"refund_a": refund(500)}, 500, "partially_refunded"),
        ({"refund_a": refund(500), "refund_b": refund(1400, 10)}, 1900, "refunded"),
        ({"refund_a": refund(500, status="pending")}, 0, "completed"),
        ({"refund_a": refund(500, status="failed")}, 0, "completed"),
        ({"refunded_x": stated(500)}, 500, "partially_refunded"),
        ({"refunded_x": stated(500), "refund_a": refund(500)}, 500, "partially_refunded"),
        ({"refunded_x": stated(500), "refund_a": refund(1900)}, 1900, "refunded"),
        ({"refunded_x": stated(None), "refund_a": refund(1900, status="failed")}, 0, "completed"),
        (
            {
                "refunded_x": stated(None),
                "refund_a": refund(1400, status="failed"),
                "refund_b": refund(500, 10),
            },
            500,
            "partially_refunded",
        ),
        ({"refund_a": refund(5000)}, 1900, "refunded"),
    ],
)
def test_refunds_are_counted_once(facets: dict[str, Any], refunded: int, status: str) -> None:
    view = shown(document=PAID, payment_ch_1=CHARGED, **facets)

    assert (view["refunded"], view["status"]) == (refunded, status)
    assert orders.net(view) == 1900 - refunded


def test_refunds_of_several_payments_add_up() -> None:
    other = {**refund(700, 11), "payment": "intent:pi_2"}

    view = shown(document=PAID, payment_ch_1=CHARGED, refunded_x=stated(500), refund_b=other)

    assert view["refunded"] == 1200


@pytest.mark.parametrize(
    ("status", "held", "net"),
    [("open", "disputed", 0), ("lost", "disputed", 0), ("won", "completed", 1900)],
)
def test_dispute_withholds_its_amount_until_it_is_won(status: str, held: str, net: int) -> None:
    view = shown(document=PAID, payment_ch_1=CHARGED, dispute_dp_1=dispute(1900, status))

    assert (view["status"], orders.net(view)) == (held, net)


def test_dispute_never_withholds_what_was_refunded_already() -> None:
    view = shown(
        document=PAID,
        payment_ch_1=CHARGED,
        refund_a=refund(1000),
        dispute_dp_1=dispute(1900, "open"),
    )

    assert (view["refunded"], view["withheld"], orders.net(view)) == (1000, 900, 0)


# What a subscription hears of it.


def _summary(**facets: Any) -> dict[str, Any] | None:
    state = facets_of(**facets)
    told = orders.summary(state, orders.show(state))
    return told[1] if told else None


def test_invoice_nobody_has_tried_to_pay_says_nothing_of_payment() -> None:
    assert _summary(document=words.document(0, state="open")) is None


def test_one_time_purchase_says_nothing_to_any_subscription() -> None:
    assert _summary(payment_ch_1=CHARGED) is None


def test_invoice_that_waits_for_its_payer_is_pending() -> None:
    waits = {"date": at(3), "action_required": True}

    told = _summary(document=words.document(0, state="open"), attempt=waits)

    assert told is not None
    assert (told["status"], told["date"], told["cycle_paid"]) == ("pending", at(3), False)


def test_payment_under_way_is_pending() -> None:
    waits = words.payment("1", 2, status="pending")

    told = _summary(document=words.document(0, state="open"), payment_ch_1=waits)

    assert told is not None
    assert told["status"] == "pending"


def test_failed_invoice_tells_its_next_attempt() -> None:
    failed = words.document(0, state="failed", next_attempt=at(99))

    told = _summary(document=failed, attempt={"date": at(1)})

    assert told is not None
    assert (told["status"], told["next_attempt"]) == ("declined", at(99))


@pytest.mark.parametrize(
    ("cycle", "counts"), [("create", True), ("cycle", True), ("update", False), (None, False)]
)
def test_paid_cycle_counts_and_a_proration_does_not(cycle: str | None, counts: bool) -> None:
    told = _summary(document=words.document(0, cycle=cycle), refund_a=refund(1900))

    assert told is not None
    assert (told["status"], told["cycle_paid"]) == ("refunded", counts)


def test_disputed_order_is_a_completed_payment_to_its_subscription() -> None:
    told = _summary(document=PAID, dispute_dp_1=dispute(1900, "open"))

    assert told is not None
    assert told["status"] == "completed"
