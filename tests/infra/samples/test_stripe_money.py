"""Stripe's integers and its calendar, as its documentation states them."""

from datetime import UTC, datetime

import pytest

from infra.samples.stripe_money import Interval, add_interval, amount_of, share, text_of


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("19.00", "usd", 1_900),
        ("2900", "jpy", 2_900),
        ("2900", "isk", 290_000),
        ("45000", "ugx", 4_500_000),
        ("7990.50", "huf", 799_050),
        ("5.120", "kwd", 5_120),
        ("15000", "mga", 15_000),
    ],
)
def test_an_amount_is_written_and_read_in_the_currencys_way(
    text: str, currency: str, amount: int
) -> None:
    assert amount_of(text, currency) == amount
    assert text_of(amount, currency) == text


@pytest.mark.parametrize(
    ("text", "currency"), [("1.5", "jpy"), ("1.50", "isk"), ("1.005", "usd"), ("1.001", "kwd")]
)
def test_an_amount_the_currency_cannot_express_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=currency):
        amount_of(text, currency)


def test_negative_and_small_amounts_keep_their_zeros() -> None:
    assert text_of(-5, "usd") == "-0.05"
    assert text_of(0, "kwd") == "0.000"
    assert text_of(0, "ugx") == "0"


@pytest.mark.parametrize(("currency", "part"), [("usd", 333), ("kwd", 330), ("isk", 300)])
def test_a_share_is_rounded_to_what_can_be_charged(currency: str, part: int) -> None:
    assert share(1_000, 1, 3, currency) == part


@pytest.mark.parametrize(
    ("start", "interval", "count", "then"),
    [
        ("2027-01-31", "month", 1, "2027-02-28"),
        ("2027-12-15", "month", 1, "2028-01-15"),
        ("2028-02-29", "year", 1, "2029-02-28"),
        ("2027-03-01", "week", 2, "2027-03-15"),
        ("2027-03-01", "day", 3, "2027-03-04"),
        ("2027-11-30", "month", 3, "2028-02-29"),
    ],
)
def test_a_period_ends_on_the_anchors_day_or_the_months_last(
    start: str, interval: Interval, count: int, then: str
) -> None:
    moment = _at(start)

    assert add_interval(moment, interval, count, moment) == _at(then)


def test_a_short_month_does_not_move_the_anchor() -> None:
    anchor = _at("2027-01-31")

    february = add_interval(anchor, "month", 1, anchor)

    assert add_interval(february, "month", 1, anchor) == _at("2027-03-31")


def _at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
