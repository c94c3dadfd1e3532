"""Orders' money as events arrive: refunds, disputes, and what subscriptions hear."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.observations import UPDATED, OrderSaid, Parsed
from tests.laws import words
from tests.laws.recorded import drifted
from tests.support.shop import Shop

ADA = words.customer("1", 0, "ada@example.com")


def _shop(*events: Parsed) -> Shop:
    shop = Shop()
    shop.hear_all([ADA, *events])
    return shop


def _orders(shop: Shop) -> dict[str, tuple[str, str, int]]:
    return {key: (o["kind"], o["status"], o["gross"]) for key, o in shop.orders().items()}


def _money(shop: Shop) -> int:
    assert drifted(shop) == []
    return sum(
        each["amount"] for contact in shop.contacts().values() for each in contact["revenue"]
    )


def test_refund_that_comes_before_its_payment_waits_for_it() -> None:
    shop = _shop(words.refund("1", 60, 400), words.refunded("1", 60, 400))
    assert shop.orders() == {}

    shop.hear(words.charge("1", 0))

    assert shop.orders()["pi_1"]["refunded"] == 400
    assert _money(shop) == 1500


def test_refund_that_failed_gives_the_money_back() -> None:
    shop = _shop(
        words.charge("1", 0),
        words.refund("1", 60, 1900),
        words.refunded("1", 60, 1900),
        words.refund("1", 5000, 1900, status="failed"),
    )

    assert _orders(shop)["pi_1"] == ("one_time", "completed", 1900)
    assert _money(shop) == 1900


def test_refund_after_one_that_failed_counts_by_what_is_stated_then() -> None:
    shop = _shop(
        words.charge("1", 0),
        words.refunded("1", 60, 1900),
        words.refund("1", 500, 1900, status="failed"),
        words.refunded("1", 600, 700),
    )

    assert shop.orders()["pi_1"]["refunded"] == 700


@pytest.mark.parametrize(("verdict", "money"), [("won", 1900), ("lost", 0)])
def test_dispute_takes_its_money_until_the_verdict(verdict: str, money: int) -> None:
    shop = _shop(words.charge("1", 0), words.dispute("1", 60, 1900))
    assert _money(shop) == 0

    shop.hear(words.dispute("1", 900, 1900, verdict))

    assert _money(shop) == money


def test_invoice_over_nothing_is_no_order_and_brings_nothing() -> None:
    shop = _shop(words.invoice("1", 0, amount=0))

    assert shop.orders() == {}
    assert _money(shop) == 0


def test_invoice_paid_out_of_band_counts() -> None:
    shop = _shop(words.invoice("1", 0))

    assert _money(shop) == 1900


def test_several_payments_pay_one_invoice() -> None:
    shop = _shop(
        words.invoice("1", 0, state="open"),
        words.link("1", "a", 1, amount=900),
        words.charge("a", 1, amount=900),
        words.charge("b", 700, amount=1000),
        words.link("1", "b", 700, amount=1000),
    )

    assert _orders(shop) == {"in_1": ("subscription", "completed", 1900)}
    assert len(shop.orders()["in_1"]["payments"]) == 2


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 2900), ("KWD", 19500), ("ISK", 2900)])
def test_money_is_counted_in_its_own_minor_units(currency: str, amount: int) -> None:
    shop = _shop(words.charge("1", 0, currency=currency, amount=amount))

    (contact,) = shop.contacts().values()
    assert contact["revenue"] == [{"currency": currency, "amount": amount}]


# What the subscription hears.


def _subscription(shop: Shop) -> dict[str, Any]:
    view = shop.view("recurring_payment", "sub_1")
    assert view is not None
    return view


def test_subscription_hears_of_its_payment_at_the_payments_own_time() -> None:
    shop = _shop(words.subscription("1", 0, creation=True), words.invoice("1", 5))

    *_, told = shop.history("recurring_payment", "sub_1")

    assert told.at == words.at(5)
    assert {each.field for each in told.changes} == {
        "last_payment_status",
        "last_payment_date",
        "cycles_completed",
    }


def test_payment_known_before_its_subscription_is_not_lost() -> None:
    shop = _shop(words.invoice("1", 5))
    assert shop.recurring_payments() == {}

    shop.hear(words.subscription("1", 0, creation=True))

    assert _subscription(shop)["cycles_completed"] == 1


def test_guess_that_was_wrong_is_taken_back_from_the_subscription() -> None:
    """The invoice failed; a charge taken for its payment turns out to pay something else."""
    shop = _shop(
        words.subscription("1", 0, creation=True),
        words.invoice("1", 10, state="failed"),
        words.charge("other", 12),
    )
    assert _subscription(shop)["last_payment_status"] == "completed"

    shop.hear(words.link("elsewhere", "other", 12))

    assert _subscription(shop)["last_payment_status"] == "declined"
    assert _subscription(shop)["cycles_completed"] == 0


def test_payment_told_ten_times_changes_its_subscription_once() -> None:
    shop = _shop(words.subscription("1", 0, creation=True), words.invoice("1", 5))
    before = shop.history("recurring_payment", "sub_1")

    shop.hear(words.charge("1", 5))
    shop.hear(words.link("1", "1", 5))
    shop.hear(words.invoice("1", 5, event_name="again"))

    assert shop.history("recurring_payment", "sub_1") == before


def test_invoice_that_waits_for_its_payer_makes_the_payment_pending() -> None:
    waits = {"document": words.document(5, state="open"), "attempt": {"date": words.at(5)}}
    waits["attempt"]["action_required"] = True
    said = OrderSaid(("document:in_1",), UPDATED, waits)

    shop = _shop(words.subscription("1", 0), words.event("asked", 5, orders=[said]))

    assert _subscription(shop)["last_payment_status"] == "pending"


def test_late_payment_of_a_cancelled_subscription_revives_nothing() -> None:
    shop = _shop(
        words.subscription("1", 0, creation=True), words.subscription("1", 60, "cancelled")
    )

    shop.hear(words.invoice("1", 30))

    assert _subscription(shop)["status"] == "cancelled"
    assert _subscription(shop)["cycles_completed"] == 1
