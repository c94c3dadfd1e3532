"""What PayKickstart's notifications mean, one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.samples import paykickstart as story
from shared.providers import paykickstart
from tests.support.paykickstart_forms import (
    AT,
    NEXT,
    form,
    order_of,
    read,
    record_of,
    renewal,
    shop_of,
)
from tests.support.shop import Shop

_FIXTURES = Path(__file__).parents[2] / "fixtures" / "paykickstart"


@pytest.mark.parametrize("path", sorted(_FIXTURES.glob("*.form")), ids=lambda path: path.stem)
def test_every_fixture_is_read_and_is_what_the_samples_say(path: Path) -> None:
    slug = path.name.partition(".")[0]

    parsed = paykickstart.parse(path.read_bytes(), {})

    assert parsed.event_type == slug
    assert parsed.known == (slug != story.UNKNOWN)
    assert story.fixtures()[path.name] == path.read_bytes()


def test_there_is_a_fixture_of_every_slug() -> None:
    told = {path.name.partition(".")[0] for path in _FIXTURES.glob("*.form")}

    assert told == {*paykickstart.MEANING, paykickstart.UPDATED, story.UNKNOWN}


def test_sale_with_a_next_billing_date_is_a_subscriptions_first_charge() -> None:
    record = record_of(form(next_billing_date=str(NEXT)))

    assert record["status"] == "active"
    assert record["payment_amount"] == 1_900
    assert (record["billing_interval"], record["billing_interval_count"]) == ("monthly", 1)
    assert record["inferred"] == ["billing_interval"]
    assert record["start_date"] == record["last_payment_date"] == AT * 1_000
    assert record["next_payment_date"] == NEXT * 1_000
    assert record["cycles_completed"] == 1
    assert record["email"] == "zoe@example.com"
    assert record["line_items"][0]["store_primary_id"] == "880"


def test_sale_without_one_is_a_single_purchase() -> None:
    shop = shop_of(form())

    assert shop.recurring_payments() == {}
    (order,) = shop.orders().values()
    assert (order["kind"], order["status"], order["gross"]) == ("one_time", "completed", 1_900)
    assert order["line_items"][0]["category"] == "Lantern Press"
    assert shop.contacts()["zoe@example.com"]["first_name"] == "Zoé"


def test_a_sale_is_announced_as_created_and_a_renewal_seen_first_is_not() -> None:
    sold, renewed = shop_of(form(next_billing_date=str(NEXT))), shop_of(renewal())

    kinds = [
        [entry.kind for entry in shop.history("recurring_payment", "PK-P1")]
        for shop in (sold, renewed)
    ]

    assert kinds[0].count("created") == 1
    assert kinds[1].count("created") == 0


def test_first_charge_that_is_called_no_sale_is_a_creation_too() -> None:
    shop = shop_of(renewal(is_rebill="0"))

    assert shop.history("recurring_payment", "PK-P1")[0].kind == "created"


def test_failure_is_a_declined_order_and_its_recovery_another() -> None:
    sold = form(next_billing_date=str(NEXT))
    failed = renewal(event="subscription-payment-failed")
    paid = renewal(transaction_id="PK-T3", transaction_time=str(NEXT + 86_400))

    down, up = shop_of(sold, failed), shop_of(sold, failed, paid)

    assert down.recurring_payments()["PK-P1"]["status"] == "payment_failed"
    assert down.recurring_payments()["PK-P1"]["last_payment_status"] == "declined"
    assert down.orders()["PK-T2"]["status"] == "declined"
    assert up.recurring_payments()["PK-P1"]["status"] == "active"
    assert {key: each["status"] for key, each in up.orders().items()} == {
        "PK-T1": "completed",
        "PK-T2": "declined",
        "PK-T3": "completed",
    }


def test_failure_that_repeats_a_paid_charges_id_does_not_unsay_it() -> None:
    later = str(NEXT + 86_400)
    failed = renewal(event="subscription-payment-failed", transaction_time=later)

    shop = shop_of(renewal(), failed)

    order = shop.orders()["PK-T2"]
    assert order["status"] == "completed"
    assert [each["status"] for each in order["payments"]] == ["completed"]
    assert shop.recurring_payments()["PK-P1"]["status"] == "payment_failed"


def test_failure_without_a_transaction_is_an_order_of_its_second() -> None:
    shop = shop_of(renewal(event="subscription-payment-failed", transaction_id=""))

    assert list(shop.orders()) == [f"PK-P1@{NEXT}"]


def test_cancellation_ends_it_and_keeps_what_was_known() -> None:
    gone = form(
        event="subscription-cancelled", transaction_id="", transaction_time=str(AT + 86_400)
    )

    record = record_of(form(next_billing_date=str(NEXT)), gone)

    assert record["status"] == "cancelled"
    assert record["cancelled_date"] == (AT + 86_400) * 1_000
    assert record["next_payment_date"] is None
    assert (record["billing_interval"], record["payment_amount"]) == ("monthly", 1_900)


def test_cancellation_in_the_second_of_the_last_payment_comes_after_it() -> None:
    paid = renewal()
    gone = renewal(event="subscription-cancelled")

    assert record_of(paid, gone)["status"] == record_of(gone, paid)["status"] == "cancelled"


def test_renewal_after_a_cancellation_makes_it_active_again() -> None:
    gone = form(event="subscription-cancelled")

    assert record_of(gone, renewal())["status"] == "active"


def test_free_trial_is_no_order_and_its_interval_is_not_guessed() -> None:
    shop = shop_of(form(amount="0.00", next_billing_date=str(AT + 14 * 86_400)))

    assert shop.orders() == {}
    record = shop.recurring_payments()["PK-P1"]
    assert (record["status"], record["is_trial"]) == ("active", True)
    assert record["billing_interval"] is None
    assert record["inferred"] == ["is_trial"]


def test_end_of_a_trial_is_no_payment() -> None:
    trial = form(amount="0.00", next_billing_date=str(AT + 14 * 86_400))
    ended = form(event="subscription-trial-end", transaction_time=str(AT + 14 * 86_400))

    shop = shop_of(trial, ended)

    record = shop.recurring_payments()["PK-P1"]
    assert (record["status"], record["is_trial"], record["inferred"]) == ("active", False, [])
    assert shop.orders() == {}


def test_update_happens_when_it_is_received_and_leaves_the_state_alone() -> None:
    updated = form(event="subscription-updated", amount="24.00")
    failed = renewal(event="subscription-payment-failed")

    record = record_of(form(next_billing_date=str(NEXT)), failed, updated)

    assert paykickstart.parse(updated, {}).occurred_at is None
    assert record["payment_amount"] == 2_400
    assert record["status"] == "payment_failed"
    assert record["next_payment_date"] == NEXT * 1_000


def test_update_seen_first_is_taken_for_active_and_says_so() -> None:
    record = record_of(form(event="subscription-updated"))

    assert (record["status"], record["inferred"]) == ("active", ["status"])


def test_two_updates_of_one_transaction_are_two_events_and_a_copy_is_none() -> None:
    shop = Shop(provider="paykickstart")
    bodies = [form(event="subscription-updated", amount=each) for each in ("24.00", "29.00")]

    outcomes = shop.receive_all([*bodies, bodies[1]])

    assert outcomes == ["applied", "applied", "duplicate"]
    assert shop.recurring_payments()["PK-P1"]["payment_amount"] == 2_900


def test_refund_of_a_charge_in_parts() -> None:
    def back(amount: str, at: int) -> bytes:
        return renewal(event="refund", amount=amount, transaction_time=str(at))

    part = order_of(renewal(), back("5.00", NEXT + 1))
    whole = order_of(renewal(), back("-5.00", NEXT + 1), back("14.00", NEXT + 2))

    assert (part["status"], part["refunded"]) == ("partially_refunded", 500)
    assert (whole["status"], whole["refunded"]) == ("refunded", 1_900)
    assert len(whole["refunds"]) == 2


def test_refund_with_a_transaction_of_its_own_finds_the_first_charge_by_its_purchase() -> None:
    back = form(event="refund", transaction_id="PK-T9", is_rebill="0")

    order = order_of(form(is_rebill="0"), back)

    assert (order["status"], order["refunded"]) == ("refunded", 1_900)


def test_refunds_of_two_renewals_stay_two() -> None:
    later = {"transaction_id": "PK-T3", "transaction_time": str(NEXT + 9)}
    first, second = renewal(event="refund"), renewal(event="refund", **later)

    shop = shop_of(renewal(), renewal(**later), first, second)

    assert {key: each["refunded"] for key, each in shop.orders().items()} == {
        "PK-T2": 1_900,
        "PK-T3": 1_900,
    }


def test_tax_and_coupon_are_parts_of_what_was_paid() -> None:
    taxed = order_of(renewal(amount="12.00", tax_amount="2.00"))
    flat = order_of(renewal(coupon_type="flat", coupon_rate="4.00"))
    percent = order_of(renewal(amount="15.00", coupon_type="percent", coupon_rate="25"))

    assert (taxed["gross"], taxed["tax"]) == (1_200, 200)
    assert (flat["gross"], flat["discount"]) == (1_900, 400)
    assert (percent["gross"], percent["discount"]) == (1_500, 500)
    record = record_of(renewal(amount="15.00", coupon_type="percent", coupon_rate="25"))
    assert (record["payment_amount"], record["discount_amount"]) == (1_500, 500)


def test_what_the_checkout_was_given_is_mentioned_and_names_the_processors_charge() -> None:
    (said,) = read(custom_charge="ch_3ABCDEFGH12", custom_ref="order-10045").orders

    assert set(said.mentions) == {"ch_3ABCDEFGH12", "order-10045"}
    assert said.facets["payment:charge"]["reference"] == "ch_3ABCDEFGH12"
    (named,) = read(processor_transaction_id="8XY12345AB678901C").orders
    assert named.facets["payment:charge"]["reference"] == "8XY12345AB678901C"
    (plain,) = read().orders
    assert plain.facets["payment:charge"]["reference"] == "PK-T1"


def _answered(**purchase: object) -> bytes:
    told = {"id": "fetch_1", "invoice_id": "PK-P1", "created": AT + 5, "purchase": purchase}
    return json.dumps(told).encode()


def test_interval_that_had_to_be_inferred_is_asked_for_where_there_is_a_key() -> None:
    sold = form(next_billing_date=str(NEXT))
    with_key, without = shop_of(sold, has_api=True), shop_of(sold)

    (call,) = with_key.outbox.calls
    assert without.outbox.calls == []
    about = (call["provider"], call["object"], call["id"])
    assert about == ("paykickstart", "subscription", "PK-P1")

    charged = [{"created_at": "2025-11-01 09:00:00", "amount": "19.00"}]
    answer = _answered(subscriptions=[{"next_date": "2026-02-01 09:00:00"}], transactions=charged)
    with_key.receive(answer)

    record = with_key.recurring_payments()["PK-P1"]
    assert (record["billing_interval"], record["billing_interval_count"]) == ("monthly", 3)
    assert record["inferred"] == []
    assert len(with_key.outbox.calls) == 1


def test_answer_that_tells_no_interval_is_not_asked_for_again_and_again() -> None:
    shop = shop_of(form(next_billing_date=str(NEXT)), has_api=True)

    shop.receive(_answered(subscriptions=[{"next_date": NEXT}]), source="fetched")

    assert shop.recurring_payments()["PK-P1"]["inferred"] == ["billing_interval"]
    assert len(shop.outbox.calls) == 1
