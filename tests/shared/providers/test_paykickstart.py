"""What PayKickstart's notifications mean, one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.samples import paykickstart as story
from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers import paykickstart
from tests.support.shop import Shop

_FIXTURES = Path(__file__).parents[2] / "fixtures" / "paykickstart"
_AT, _NEXT = 1_767_258_000, 1_769_936_400  # the first of January and of February 2026
_FIELDS = {
    "event": "sales",
    "mode": "live",
    "amount": "19.00",
    "currency": "USD",
    "buyer_first_name": "Zoé",
    "buyer_last_name": "Lefèvre",
    "buyer_email": "Zoe@Example.com",
    "transaction_id": "PK-T1",
    "invoice_id": "PK-P1",
    "transaction_time": str(_AT),
    "product_id": "880",
    "product_name": "Lantern Letters",
    "campaign_id": "4410",
    "campaign_name": "Lantern Press",
}


def _body(**fields: str) -> bytes:
    return urlencode({**_FIELDS, **fields}).encode()


def _parse(**fields: str) -> Parsed:
    return paykickstart.parse(_body(**fields), {})


def _shop(*bodies: bytes, **settings_: Any) -> Shop:
    shop = Shop(provider="paykickstart", **settings_)
    shop.receive_all(bodies)
    return shop


def _record(*bodies: bytes) -> dict[str, Any]:
    ((_, record),) = _shop(*bodies).recurring_payments().items()
    return record


def _order(*bodies: bytes) -> dict[str, Any]:
    ((_, order),) = _shop(*bodies).orders().items()
    return order


def _renewal(**fields: str) -> bytes:
    told = {"event": "subscription-payment", "transaction_id": "PK-T2", "is_rebill": "1"}
    return _body(**{**told, "transaction_time": str(_NEXT), **fields})


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
    record = _record(_body(next_billing_date=str(_NEXT)))

    assert record["status"] == "active"
    assert record["payment_amount"] == 1_900
    assert (record["billing_interval"], record["billing_interval_count"]) == ("monthly", 1)
    assert record["inferred"] == ["billing_interval"]
    assert record["start_date"] == record["last_payment_date"] == _AT * 1_000
    assert record["next_payment_date"] == _NEXT * 1_000
    assert record["cycles_completed"] == 1
    assert record["email"] == "zoe@example.com"
    assert record["line_items"][0]["store_primary_id"] == "880"


def test_sale_without_one_is_a_single_purchase() -> None:
    shop = _shop(_body())

    assert shop.recurring_payments() == {}
    (order,) = shop.orders().values()
    assert (order["kind"], order["status"], order["gross"]) == ("one_time", "completed", 1_900)
    assert order["line_items"][0]["category"] == "Lantern Press"
    assert shop.contacts()["zoe@example.com"]["first_name"] == "Zoé"


def test_a_sale_is_announced_as_created_and_a_renewal_seen_first_is_not() -> None:
    sold, renewed = _shop(_body(next_billing_date=str(_NEXT))), _shop(_renewal())

    kinds = [
        [entry.kind for entry in shop.history("recurring_payment", "PK-P1")]
        for shop in (sold, renewed)
    ]

    assert kinds[0].count("created") == 1
    assert kinds[1].count("created") == 0


def test_first_charge_that_is_called_no_sale_is_a_creation_too() -> None:
    shop = _shop(_renewal(is_rebill="0"))

    assert shop.history("recurring_payment", "PK-P1")[0].kind == "created"


def test_failure_is_a_declined_order_and_its_recovery_another() -> None:
    sold = _body(next_billing_date=str(_NEXT))
    failed = _renewal(event="subscription-payment-failed")
    paid = _renewal(transaction_id="PK-T3", transaction_time=str(_NEXT + 86_400))

    down, up = _shop(sold, failed), _shop(sold, failed, paid)

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
    later = str(_NEXT + 86_400)
    failed = _renewal(event="subscription-payment-failed", transaction_time=later)

    shop = _shop(_renewal(), failed)

    order = shop.orders()["PK-T2"]
    assert order["status"] == "completed"
    assert [each["status"] for each in order["payments"]] == ["completed"]
    assert shop.recurring_payments()["PK-P1"]["status"] == "payment_failed"


def test_failure_without_a_transaction_is_an_order_of_its_second() -> None:
    shop = _shop(_renewal(event="subscription-payment-failed", transaction_id=""))

    assert list(shop.orders()) == [f"PK-P1@{_NEXT}"]


def test_cancellation_ends_it_and_keeps_what_was_known() -> None:
    gone = _body(
        event="subscription-cancelled", transaction_id="", transaction_time=str(_AT + 86_400)
    )

    record = _record(_body(next_billing_date=str(_NEXT)), gone)

    assert record["status"] == "cancelled"
    assert record["cancelled_date"] == (_AT + 86_400) * 1_000
    assert record["next_payment_date"] is None
    assert (record["billing_interval"], record["payment_amount"]) == ("monthly", 1_900)


def test_cancellation_in_the_second_of_the_last_payment_comes_after_it() -> None:
    paid = _renewal()
    gone = _renewal(event="subscription-cancelled")

    assert _record(paid, gone)["status"] == _record(gone, paid)["status"] == "cancelled"


def test_renewal_after_a_cancellation_makes_it_active_again() -> None:
    gone = _body(event="subscription-cancelled")

    assert _record(gone, _renewal())["status"] == "active"


def test_free_trial_is_no_order_and_its_interval_is_not_guessed() -> None:
    shop = _shop(_body(amount="0.00", next_billing_date=str(_AT + 14 * 86_400)))

    assert shop.orders() == {}
    record = shop.recurring_payments()["PK-P1"]
    assert (record["status"], record["is_trial"]) == ("active", True)
    assert record["billing_interval"] is None
    assert record["inferred"] == ["is_trial"]


def test_end_of_a_trial_is_no_payment() -> None:
    trial = _body(amount="0.00", next_billing_date=str(_AT + 14 * 86_400))
    ended = _body(event="subscription-trial-end", transaction_time=str(_AT + 14 * 86_400))

    shop = _shop(trial, ended)

    record = shop.recurring_payments()["PK-P1"]
    assert (record["status"], record["is_trial"], record["inferred"]) == ("active", False, [])
    assert shop.orders() == {}


def test_update_happens_when_it_is_received_and_leaves_the_state_alone() -> None:
    updated = _body(event="subscription-updated", amount="24.00")
    failed = _renewal(event="subscription-payment-failed")

    record = _record(_body(next_billing_date=str(_NEXT)), failed, updated)

    assert paykickstart.parse(updated, {}).occurred_at is None
    assert record["payment_amount"] == 2_400
    assert record["status"] == "payment_failed"
    assert record["next_payment_date"] == _NEXT * 1_000


def test_update_seen_first_is_taken_for_active_and_says_so() -> None:
    record = _record(_body(event="subscription-updated"))

    assert (record["status"], record["inferred"]) == ("active", ["status"])


def test_two_updates_of_one_transaction_are_two_events_and_a_copy_is_none() -> None:
    shop = Shop(provider="paykickstart")
    bodies = [_body(event="subscription-updated", amount=each) for each in ("24.00", "29.00")]

    outcomes = shop.receive_all([*bodies, bodies[1]])

    assert outcomes == ["applied", "applied", "duplicate"]
    assert shop.recurring_payments()["PK-P1"]["payment_amount"] == 2_900


def test_refund_of_a_charge_in_parts() -> None:
    def back(amount: str, at: int) -> bytes:
        return _renewal(event="refund", amount=amount, transaction_time=str(at))

    part = _order(_renewal(), back("5.00", _NEXT + 1))
    whole = _order(_renewal(), back("-5.00", _NEXT + 1), back("14.00", _NEXT + 2))

    assert (part["status"], part["refunded"]) == ("partially_refunded", 500)
    assert (whole["status"], whole["refunded"]) == ("refunded", 1_900)
    assert len(whole["refunds"]) == 2


def test_refund_with_a_transaction_of_its_own_finds_the_first_charge_by_its_purchase() -> None:
    back = _body(event="refund", transaction_id="PK-T9", is_rebill="0")

    order = _order(_body(is_rebill="0"), back)

    assert (order["status"], order["refunded"]) == ("refunded", 1_900)


def test_refunds_of_two_renewals_stay_two() -> None:
    later = {"transaction_id": "PK-T3", "transaction_time": str(_NEXT + 9)}
    first, second = _renewal(event="refund"), _renewal(event="refund", **later)

    shop = _shop(_renewal(), _renewal(**later), first, second)

    assert {key: each["refunded"] for key, each in shop.orders().items()} == {
        "PK-T2": 1_900,
        "PK-T3": 1_900,
    }


def test_tax_and_coupon_are_parts_of_what_was_paid() -> None:
    taxed = _order(_renewal(amount="12.00", tax_amount="2.00"))
    flat = _order(_renewal(coupon_type="flat", coupon_rate="4.00"))
    percent = _order(_renewal(amount="15.00", coupon_type="percent", coupon_rate="25"))

    assert (taxed["gross"], taxed["tax"]) == (1_200, 200)
    assert (flat["gross"], flat["discount"]) == (1_900, 400)
    assert (percent["gross"], percent["discount"]) == (1_500, 500)
    record = _record(_renewal(amount="15.00", coupon_type="percent", coupon_rate="25"))
    assert (record["payment_amount"], record["discount_amount"]) == (1_500, 500)


@pytest.mark.parametrize("rate", ["100", "0", "-5", "a lot", "NaN", "Infinity", "1e9"])
def test_percentage_that_is_none_takes_nothing_off(rate: str) -> None:
    order = _order(_renewal(coupon_type="percent", coupon_rate=rate))

    assert (order["gross"], order["discount"]) == (1_900, 0)


@pytest.mark.parametrize(
    ("fields", "live"),
    [
        ({"mode": "live"}, True),
        ({"mode": "test"}, False),
        ({"mode": "TEST"}, False),
        ({"mode": "live", "payment_processor": "testmode"}, False),
        ({"mode": ""}, None),
    ],
)
def test_mode_tells_tests_apart(fields: dict[str, str], live: bool | None) -> None:
    assert _parse(**fields).live is live


def test_test_mode_on_a_live_connection_is_quarantined() -> None:
    shop = _shop(_body(mode="test"))

    assert [each["code"] for each in shop.quarantined()] == ["wrong_mode"]
    assert shop.orders() == {}


def test_unknown_slug_is_kept_counted_and_says_nothing() -> None:
    shop = Shop(provider="paykickstart")

    assert shop.receive(_body(event="lead-created", transaction_id="", invoice_id="")) == "ignored"
    assert not _parse(event="lead-created").known
    assert shop.orders() == {}


def test_copy_signed_with_the_next_secret_is_the_same_event() -> None:
    bodies = [_body(hash=secret, verification_code="v" + secret) for secret in ("a", "b")]
    shop = Shop(provider="paykickstart")

    assert shop.receive_all(bodies) == ["applied", "duplicate"]


def test_same_transaction_and_second_with_another_amount_is_quarantined() -> None:
    """No signature binds names to values: another account of a payment is no more money."""
    shop = _shop(_body(), _body(amount="190.00"))

    assert [each["code"] for each in shop.quarantined()] == ["id_reuse"]
    assert shop.orders()["PK-T1"]["gross"] == 1_900


def test_what_the_checkout_was_given_is_mentioned_and_names_the_processors_charge() -> None:
    (said,) = _parse(custom_charge="ch_3ABCDEFGH12", custom_ref="order-10045").orders

    assert set(said.mentions) == {"ch_3ABCDEFGH12", "order-10045"}
    assert said.facets["payment:charge"]["reference"] == "ch_3ABCDEFGH12"
    (named,) = _parse(processor_transaction_id="8XY12345AB678901C").orders
    assert named.facets["payment:charge"]["reference"] == "8XY12345AB678901C"
    (plain,) = _parse().orders
    assert plain.facets["payment:charge"]["reference"] == "PK-T1"


@pytest.mark.parametrize("alphabet", ["utf-8", "iso-8859-1"])
def test_names_are_read_in_either_alphabet(alphabet: str) -> None:
    body = urlencode(_FIELDS, encoding=alphabet).encode()

    (person,) = paykickstart.parse(body, {}).customers

    assert person.facets["customer"]["last_name"] == "Lefèvre"


def test_single_name_splits_at_its_first_space() -> None:
    (person,) = _parse(buyer_first_name="Mary Ann Lee", buyer_last_name="").customers

    facet = person.facets["customer"]
    assert (facet["first_name"], facet["last_name"]) == ("Mary", "Ann Lee")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": "19,00"}, "bad_amount"),
        ({"amount": "-19.00"}, "bad_amount"),
        ({"amount": "1e3"}, "bad_amount"),
        ({"amount": "19.001"}, "bad_amount"),
        ({"amount": "9" * 20}, "bad_amount"),
        ({"amount": ""}, "bad_field"),
        ({"currency": "EURO"}, "unknown_currency"),
        ({"transaction_time": "yesterday"}, "bad_field"),
        ({"transaction_time": "١٢"}, "bad_field"),
        ({"transaction_time": "253402300800"}, "bad_field"),
        ({"transaction_time": "9" * 5_000}, "bad_field"),
        ({"transaction_time": ""}, "bad_field"),
        ({"next_billing_date": "-1"}, "bad_field"),
        ({"transaction_id": "a\nb"}, "bad_id"),
        ({"transaction_id": "x" * 256}, "bad_id"),
        ({"transaction_id": ""}, "bad_field"),
        ({"next_billing_date": str(_NEXT), "invoice_id": ""}, "bad_field"),
        ({"event": ""}, "bad_field"),
    ],
)
def test_what_cannot_be_right_is_quarantined(fields: dict[str, str], code: str) -> None:
    with pytest.raises(Quarantined) as refused:
        _parse(**fields)

    assert refused.value.code == code


def test_currency_that_is_not_told_is_the_dollar() -> None:
    assert _order(_body(currency=""))["currency"] == "USD"


def _answered(**purchase: object) -> bytes:
    told = {"id": "fetch_1", "invoice_id": "PK-P1", "created": _AT + 5, "purchase": purchase}
    return json.dumps(told).encode()


def test_interval_that_had_to_be_inferred_is_asked_for_where_there_is_a_key() -> None:
    sold = _body(next_billing_date=str(_NEXT))
    with_key, without = _shop(sold, has_api=True), _shop(sold)

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
    shop = _shop(_body(next_billing_date=str(_NEXT)), has_api=True)

    shop.receive(_answered(subscriptions=[{"next_date": _NEXT}]), source="fetched")

    assert shop.recurring_payments()["PK-P1"]["inferred"] == ["billing_interval"]
    assert len(shop.outbox.calls) == 1


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda raw: b"{" + raw)))
def test_any_bytes_are_read_or_quarantined(raw: bytes) -> None:
    try:
        paykickstart.parse(raw, {})
    except Quarantined:
        return
    assert b"=" in raw or raw.startswith(b"{")


_SLUGS = st.sampled_from([*paykickstart.MEANING, paykickstart.UPDATED, "other"])
_VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["0", "1", "19.00", str(_AT), "-1"]))


@settings(max_examples=300, deadline=None)
@given(_SLUGS, st.dictionaries(st.sampled_from(sorted({*_FIELDS} - {"event"})), _VALUES))
def test_any_values_are_read_or_quarantined(slug: str, fields: dict[str, str]) -> None:
    body = urlencode({**_FIELDS, **fields, "event": slug}, errors="replace").encode()

    try:
        parsed = paykickstart.parse(body, {})
    except Quarantined:
        return
    assert parsed.event_type == slug
