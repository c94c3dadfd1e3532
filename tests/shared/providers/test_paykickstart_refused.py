"""What PayKickstart sends that cannot be right, comes twice, or is of test mode."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import Quarantined
from shared.providers import paykickstart
from tests.support.paykickstart_forms import (
    AT,
    FIELDS,
    NEXT,
    form,
    order_of,
    read,
    renewal,
    shop_of,
)
from tests.support.shop import Shop


@pytest.mark.parametrize("rate", ["100", "0", "-5", "a lot", "NaN", "Infinity", "1e9"])
def test_percentage_that_is_none_takes_nothing_off(rate: str) -> None:
    order = order_of(renewal(coupon_type="percent", coupon_rate=rate))

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
    assert read(**fields).live is live


def test_test_mode_on_a_live_connection_is_quarantined() -> None:
    shop = shop_of(form(mode="test"))

    assert [each["code"] for each in shop.quarantined()] == ["wrong_mode"]
    assert shop.orders() == {}


def test_unknown_slug_is_kept_counted_and_says_nothing() -> None:
    shop = Shop(provider="paykickstart")

    assert shop.receive(form(event="lead-created", transaction_id="", invoice_id="")) == "ignored"
    assert not read(event="lead-created").known
    assert shop.orders() == {}


def test_copy_signed_with_the_next_secret_is_the_same_event() -> None:
    bodies = [form(hash=secret, verification_code="v" + secret) for secret in ("a", "b")]
    shop = Shop(provider="paykickstart")

    assert shop.receive_all(bodies) == ["applied", "duplicate"]


def test_same_transaction_and_second_with_another_amount_is_quarantined() -> None:
    """No signature binds names to values: another account of a payment is no more money."""
    shop = shop_of(form(), form(amount="190.00"))

    assert [each["code"] for each in shop.quarantined()] == ["id_reuse"]
    assert shop.orders()["PK-T1"]["gross"] == 1_900


@pytest.mark.parametrize("alphabet", ["utf-8", "iso-8859-1"])
def test_names_are_read_in_either_alphabet(alphabet: str) -> None:
    body = urlencode(FIELDS, encoding=alphabet).encode()

    (person,) = paykickstart.parse(body, {}).customers

    assert person.facets["customer"]["last_name"] == "Lefèvre"


def test_single_name_splits_at_its_first_space() -> None:
    (person,) = read(buyer_first_name="Mary Ann Lee", buyer_last_name="").customers

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
        ({"next_billing_date": str(NEXT), "invoice_id": ""}, "bad_field"),
        ({"event": ""}, "bad_field"),
    ],
)
def test_what_cannot_be_right_is_quarantined(fields: dict[str, str], code: str) -> None:
    with pytest.raises(Quarantined) as refused:
        read(**fields)

    assert refused.value.code == code


def test_currency_that_is_not_told_is_the_dollar() -> None:
    assert order_of(form(currency=""))["currency"] == "USD"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda raw: b"{" + raw)))
def test_any_bytes_are_read_or_quarantined(raw: bytes) -> None:
    try:
        paykickstart.parse(raw, {})
    except Quarantined:
        return
    assert b"=" in raw or raw.startswith(b"{")


_SLUGS = st.sampled_from([*paykickstart.MEANING, paykickstart.UPDATED, "other"])


_VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["0", "1", "19.00", str(AT), "-1"]))


@settings(max_examples=300, deadline=None)
@given(_SLUGS, st.dictionaries(st.sampled_from(sorted({*FIELDS} - {"event"})), _VALUES))
def test_any_values_are_read_or_quarantined(slug: str, fields: dict[str, str]) -> None:
    body = urlencode({**FIELDS, **fields, "event": slug}, errors="replace").encode()

    try:
        parsed = paykickstart.parse(body, {})
    except Quarantined:
        return
    assert parsed.event_type == slug
