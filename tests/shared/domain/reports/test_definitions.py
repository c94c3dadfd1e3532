"""What figures mean: formulas over sums, each told in a sentence."""

from __future__ import annotations

from fractions import Fraction

import pytest

from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import Definition, Kind, Value, told
from shared.domain.reports.definitions.orders import ORDERS
from shared.domain.reports.definitions.subscriptions import SUBSCRIPTIONS


def value(definition: Definition, name: str, **parts: int) -> Value:
    kpi = definition.kpi(name)
    assert kpi is not None
    return kpi.value(parts)


def test_an_average_is_rounded_half_to_even() -> None:
    assert value(ORDERS, "average_order_value", gross=5, orders=2) == 2
    assert value(ORDERS, "average_order_value", gross=7, orders=2) == 4


def test_what_is_divided_by_nothing_is_undefined() -> None:
    assert value(ORDERS, "average_order_value", gross=5) is None
    for name in ("churn_rate", "arpu", "ltv", "trial_conversion"):
        assert value(SUBSCRIPTIONS, name) is None


def test_net_is_gross_less_what_went_back() -> None:
    assert value(ORDERS, "net", gross=100, refunds=30, withheld=20) == 50


def test_ltv_is_arpu_by_the_churn_of_thirty_days() -> None:
    month = {"month": 12 * 30, "days": 30}
    parts = {"mrr": 10_000, "active": 4, "churned": 1, "opening": 10, **month}

    assert value(SUBSCRIPTIONS, "churn_rate", **parts) == Fraction(1, 10)
    assert value(SUBSCRIPTIONS, "ltv", **parts) == 25_000
    assert value(SUBSCRIPTIONS, "ltv", **{**parts, "days": 60}) == 50_000
    assert value(SUBSCRIPTIONS, "ltv", **{**parts, "month": 365}) == 24_658, (
        "of a twelfth of a year"
    )


def test_ltv_without_churn_is_undefined() -> None:
    assert value(SUBSCRIPTIONS, "ltv", mrr=100, active=1, opening=1, churned=0, days=30) is None


@pytest.mark.parametrize("definition", REPORTS.values(), ids=lambda each: each.name)
def test_every_figure_is_told_in_a_sentence_of_its_own(definition: Definition) -> None:
    abouts = [kpi.about for kpi in definition.kpis]

    assert all(each.endswith(".") and each[0].isupper() for each in abouts)
    assert len({*abouts}) == len(abouts)
    assert definition.kpi(definition.leading) is not None
    assert definition.kpi("nobody") is None


@pytest.mark.parametrize("definition", REPORTS.values(), ids=lambda each: each.name)
def test_the_rows_of_a_figure_that_follows_from_others_are_those_of_another(
    definition: Definition,
) -> None:
    names = {kpi.name for kpi in definition.kpis}

    for kpi in definition.kpis:
        assert kpi.rows in (names | {""})
        assert not (kpi.additive and kpi.kind is Kind.RATE)


def test_a_definition_is_told_with_all_its_figures() -> None:
    found = told(ORDERS)

    rows = {each["name"]: each["rows"] for each in found["kpis"]}
    assert found["report"] == "orders"
    assert list(rows) == [kpi.name for kpi in ORDERS.kpis]
    assert (rows["net"], rows["average_order_value"]) == ("net", "net")
