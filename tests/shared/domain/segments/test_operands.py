"""Values of conditions: what each type takes, and what it is told where it will not do."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.segments.fields import FIELDS
from shared.domain.segments.moments import HIGHEST, LOWEST, Relative
from shared.domain.segments.operands import Unfit, read

TEXT, TAG = "recurring_payment.name", "contact.tags"
NUMBER, MONEY = "contact.orders_count", "recurring_payment.payment_amount"
DATE, BOOLEAN = "contact.created_date", "recurring_payment.is_trial"

A_DECIMAL = 'has to be a decimal number as text, like "50" or "19.99"'
A_DAY = 'has to be a date like "2026-11-22"'
A_DATE = 'has to be a date like "2026-11-22" or a time like "2026-11-22T08:00:00Z"'
A_LENGTH = 'has to be a length of time like "24 hours", "7 days" or "1 month"'
A_PAIR = "has to be a list of two, the lower and the upper bound"


def operand(field: str, operator: str, value: Any) -> Any:
    return read(FIELDS[field], operator, {"value": value})


def refusal(field: str, operator: str, value: Any) -> list[tuple[str, str]]:
    with pytest.raises(Unfit) as unfit:
        operand(field, operator, value)
    return list(unfit.value.faults)


@pytest.mark.parametrize(
    ("field", "operator", "value", "message"),
    [
        (TEXT, "is", 3, "has to be text"),
        (TEXT, "contains", "", "may not be empty"),
        (TEXT, "is", None, "is missing"),
        (TEXT, "is", "x" * 1_001, "is longer than 1000 characters"),
        (TEXT, "is", ["Tea"], "has to be text"),
        (TAG, "contains", True, "has to be text"),
        (TEXT, "is_blank", "", '"is_blank" takes no value'),
        (TEXT, "is_not_blank", False, '"is_not_blank" takes no value'),
        (BOOLEAN, "is", "true", "has to be true or false"),
        (BOOLEAN, "is", 1, "has to be true or false"),
        (DATE, "on", "2026-11-22T08:00:00Z", A_DAY),
        (DATE, "on", "2026-02-30", A_DAY),
        (DATE, "before", "2026-02-30", A_DATE),
        (DATE, "before", "20261122", A_DATE),
        (DATE, "before", "2026-W47-1", A_DATE),
        (DATE, "before", "1066-10-14", A_DATE),
        (DATE, "after", "2026-11-22T25:00:00Z", A_DATE),
        (DATE, "after", "2026-11-22T08:00:00+0100", A_DATE),
        (DATE, "after", 1_790_000_000_000, A_DATE),
        (DATE, "between", "2026-11-22", A_PAIR),
        (DATE, "between", ["2026-11-22"], A_PAIR),
        (NUMBER, "between", {"from": "1", "to": "2"}, A_PAIR),
        (DATE, "in_last", "7", A_LENGTH),
        (DATE, "in_last", "0 days", A_LENGTH),
        (DATE, "in_last", "P7D", A_LENGTH),
        (DATE, "in_next", "-7 days", A_LENGTH),
        (DATE, "in_next", "7 fortnights", A_LENGTH),
        (DATE, "not_in_last", 7, A_LENGTH),
        (DATE, "in_last", "101 years", "is longer than 100 years"),
        (DATE, "in_last", "9999999 hours", "is longer than 100 years"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    field: str, operator: str, value: Any, message: str
) -> None:
    assert refusal(field, operator, value) == [("", message)]


@pytest.mark.parametrize("field", [NUMBER, MONEY])
@pytest.mark.parametrize(
    "value",
    [1.5, True, "", " 1", "1e3", "+1", "1,000", "$5", "NaN", "Infinity", ".5", "5.", "--1"],
)
def test_a_number_is_decimal_text_or_a_whole_number_and_nothing_else(
    field: str, value: Any
) -> None:
    assert refusal(field, "is", value) == [("", A_DECIMAL)]


@pytest.mark.parametrize("field", [NUMBER, MONEY])
@pytest.mark.parametrize("value", ["1" * 16, 10**15, -(10**15), "0.1234567", "\u0663", [], {}])
def test_a_number_no_record_could_hold_is_refused(field: str, value: Any) -> None:
    assert refusal(field, "is", value) == [("", A_DECIMAL)]


def test_a_number_too_long_to_be_printed_is_refused_like_any_other() -> None:
    assert refusal(NUMBER, "is", 10**9_000) == [("", A_DECIMAL)]


@pytest.mark.parametrize(
    ("operator", "value", "interval"),
    [
        ("is", "3", (3, 3)),
        ("is", 3, (3, 3)),
        ("is", "3.000000", (3, 3)),
        ("is_not", "3.0", (3, 3)),
        ("greater_than", "3", (4, HIGHEST)),
        ("greater_than", "3.5", (4, HIGHEST)),
        ("at_least", "3.5", (4, HIGHEST)),
        ("at_least", "-3.5", (-3, HIGHEST)),
        ("less_than", "3", (LOWEST, 2)),
        ("less_than", "3.5", (LOWEST, 3)),
        ("at_most", "-3.5", (LOWEST, -4)),
        ("between", ["2.5", "4.5"], (3, 4)),
        ("between", [2, "2"], (2, 2)),
    ],
)
def test_numbers_become_intervals_of_whole_numbers(
    operator: str, value: Any, interval: tuple[int, int]
) -> None:
    assert operand(NUMBER, operator, value) == interval


def test_a_number_no_count_can_be_is_an_interval_without_any() -> None:
    low, high = operand(NUMBER, "is", "3.5")

    assert low > high


def test_money_is_compared_in_thousandths() -> None:
    assert operand(MONEY, "is", "19.99") == (19_990, 19_990)
    assert operand(MONEY, "greater_than", "0.000001") == (1, HIGHEST)
    assert operand(MONEY, "at_most", "9" * 15) == (LOWEST, 999_999_999_999_999_000)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (NUMBER, ["4", "3"], "is less than the first"),
        (MONEY, ["0.02", "0.01"], "is less than the first"),
        (DATE, ["2026-11-22", "2026-11-21"], "lies before the first"),
        (DATE, ["2026-11-22T08:00:00Z", "2026-11-22T08:00:00+01:00"], "lies before the first"),
        (DATE, ["2026-11-22T08:00", "2026-11-22T07:59"], "lies before the first"),
    ],
)
def test_a_range_may_not_end_before_it_begins(field: str, value: Any, message: str) -> None:
    assert refusal(field, "between", value) == [("[1]", message)]


def test_a_range_may_mix_a_day_with_a_time() -> None:
    mixed = operand(DATE, "between", ["2026-11-22", "2026-11-22T08:00:00Z"])

    assert mixed.operator == "between"


def test_both_bounds_of_a_range_are_told_of() -> None:
    assert refusal(DATE, "between", ["soon", None]) == [("[0]", A_DATE), ("[1]", A_DATE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7 days", (False, 7, "day")),
        ("1 day", (False, 1, "day")),
        ("24 hours", (False, 24, "hour")),
        ("2 Weeks", (False, 2, "week")),
        ("1 month", (False, 1, "month")),
        ("30 minutes", (False, 30, "minute")),
        ("100 years", (False, 100, "year")),
    ],
)
def test_lengths_of_time_are_written_in_words(text: str, expected: tuple[bool, int, str]) -> None:
    assert operand(DATE, "in_last", text) == Relative(*expected, civil=False)
    assert operand(DATE, "not_in_last", text) == Relative(*expected, civil=False)
    assert operand(DATE, "in_next", text) == Relative(True, *expected[1:], civil=False)


def test_a_value_may_be_null_where_none_is_taken() -> None:
    assert operand(TEXT, "is_blank", None) is None
    assert read(FIELDS[TEXT], "is_not_blank", {}) is None
