"""Money in minor units, and as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import money
from shared.domain.errors import Quarantined


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (1900, "USD", "19.00"),
        (5, "USD", "0.05"),
        (-5, "USD", "-0.05"),
        (0, "EUR", "0.00"),
        (1900, "JPY", "1900"),
        (2900, "ISK", "2900"),
        (2900, "UGX", "2900"),
        (19500, "KWD", "19.500"),
        (100, "HUF", "1.00"),
        (1900, None, "19.00"),
        (None, "USD", None),
    ],
)
def test_money_has_its_currencys_decimals(
    minor: int | None, code: str | None, text: str | None
) -> None:
    assert money.to_text(minor, code) == text


@given(
    st.integers(-money.LARGEST, money.LARGEST),
    st.sampled_from(sorted(money.DECIMALS)),
)
def test_money_printed_and_read_again_is_the_same(minor: int, code: str) -> None:
    text = money.to_text(minor, code)

    assert text is not None
    assert money.from_text(text, code) == minor


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("5", "USD", 500),
        ("5.0", "USD", 500),
        ("123.00", "JPY", 123),
        ("1.5000", "KWD", 1500),
        ("0" * 5_000 + "7", "USD", 700),
    ],
)
def test_zeros_beyond_the_decimals_are_harmless(text: str, code: str, minor: int) -> None:
    assert money.from_text(text, code) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.005", "USD"),
        ("1.5", "JPY"),
        ("", "USD"),
        (".", "USD"),
        ("1,50", "USD"),
        ("1e3", "USD"),
        ("NaN", "USD"),
        ("--1", "USD"),
        ("\u0661", "USD"),
        ("\u00b2", "USD"),
        ("90071992547409.93", "USD"),
        # Python refuses to read more than 4,300 digits with an error of its own.
        ("9" * 5_000, "USD"),
        ("0." + "0" * 5_000 + "1", "USD"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, code: str) -> None:
    with pytest.raises(Quarantined) as refused:
        money.from_text(text, code)

    assert refused.value.code == "bad_amount"


def test_currency_is_known_in_either_case() -> None:
    assert money.currency("usd") == money.currency("USD") == "USD"


@pytest.mark.parametrize("code", ["XXX", "", "US", None, 840, ["USD"], "\ufb01m"])
def test_unknown_currency_is_refused(code: object) -> None:
    with pytest.raises(Quarantined) as refused:
        money.currency(code)

    assert refused.value.code == "unknown_currency"
