"""SQL from parts: values are bound, and parameters stand in the order of their marks."""

from __future__ import annotations

import pytest

from shared.domain.reports.sql import FALSE, TRUE, Sql, among, compose, every, joined


def test_what_is_no_sql_is_bound_whatever_it_says() -> None:
    found = compose("a = {evil}", evil="1; DROP TABLE orders --")

    assert found == Sql("a = ?", ("1; DROP TABLE orders --",))


def test_parameters_are_in_the_order_of_their_marks() -> None:
    inner = compose("b = {two} AND c = {three}", two=2, three=3)

    found = compose("a = {one} AND {inner} AND d = {four}", four=4, inner=inner, one=1)

    assert found == Sql("a = ? AND b = ? AND c = ? AND d = ?", (1, 2, 3, 4))


def test_a_part_that_is_named_twice_is_there_twice() -> None:
    assert compose("{x} {x}", x=7) == Sql("? ?", (7, 7))


def test_a_name_nobody_gave_is_an_error() -> None:
    with pytest.raises(KeyError):
        compose("{missing}")


def test_no_value_at_all_is_never_met() -> None:
    assert among(Sql("a"), []) == FALSE
    assert among(Sql("a"), ["x", "y"]) == Sql("a IN (?, ?)", ("x", "y"))


def test_conditions_that_always_hold_stay_out() -> None:
    assert every([TRUE, Sql("a"), TRUE, Sql("b = ?", (1,))]) == Sql("a AND b = ?", (1,))
    assert every([TRUE]) == TRUE
    assert joined([Sql("a"), Sql("b")], ", ") == Sql("a, b")
