"""The report `cohorts`: the months after the first order, as the definition tells them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.log_books import Books

YEAR = {"since": "2026-01-01", "to": "2026-04-30"}


def customer(books: Books, name: str, *orders: tuple[str, int], **more: Any) -> None:
    books.contact(name, orders[0][0], **more)
    for when, gross in orders:
        books.order(when, gross, contact_id=name)


def group(books: Books, key: str | None, **asked: str) -> dict[str, Any]:
    found = books.report("cohorts", **{**YEAR, **asked})["groups"]
    return next(dict(each) for each in found if each["key"] == key)


def test_a_cohort_has_its_months_up_to_the_ranges_end() -> None:
    books = Books()
    customer(books, "ada", ("2026-02-03", 1000), ("2026-03-01", 500), ("2026-03-09", 250))
    customer(books, "bob", ("2026-02-27", 2000))

    found = group(books, "2026-02")

    assert {name: found[name] for name in ("label", "customers", "revenue", "retention")} == {
        "label": "2026-02",
        "customers": 2,
        "revenue": "37.50",
        "retention": 0.5,
    }
    told = [list(each.values()) for each in found["months"]]
    assert told == [
        [0, "2026-02-01", 2, 1.0, "30.00", "30.00"],
        [1, "2026-03-01", 1, 0.5, "7.50", "37.50"],
        [2, "2026-04-01", 0, 0.0, "0.00", "37.50"],
    ]


def test_the_figures_are_of_all_cohorts_and_the_repeat_rate_of_those_whose_time_has_come() -> None:
    books = Books()
    customer(books, "ada", ("2026-02-03", 1000), ("2026-03-01", 500))
    customer(books, "bob", ("2026-03-05", 100))
    customer(books, "cyd", ("2026-04-05", 100))

    kpis = books.kpis("cohorts", **YEAR)

    assert kpis == {"customers": 3, "revenue": "17.00", "retention": 0.5}


def test_a_first_order_before_the_range_is_nobodys_first_in_it() -> None:
    books = Books()
    customer(books, "ada", ("2025-12-31", 1000), ("2026-02-01", 500))

    found = books.report("cohorts", **YEAR)

    assert [each["value"] for each in found["kpis"].values()] == [0, "0.00", None]
    assert found["groups"] == []


def test_months_are_those_of_the_timezone() -> None:
    books = Books()
    customer(books, "ada", ("2026-01-31T23:30", 1000), ("2026-03-31T22:30", 500))

    found = group(books, "2026-02", timezone="Europe/Paris")

    assert [each["customers"] for each in found["months"]] == [1, 0, 1]


def test_what_goes_back_counts_in_the_month_it_went_or_by_order_in_that_of_the_order() -> None:
    books = Books()
    books.contact("ada", "2026-02-03")
    books.order("2026-02-03", 1000, contact_id="ada", back=[("refund", "2026-04-01", 400)])

    cash = group(books, "2026-02")["months"]
    order = group(books, "2026-02", basis="order")["months"]

    assert [each["revenue"] for each in cash] == ["10.00", "0.00", "-4.00"]
    assert [each["cumulative_revenue"] for each in order] == ["6.00", "6.00", "6.00"]


def test_a_declined_order_begins_nothing_and_a_payment_without_a_contact_is_nobodys() -> None:
    books = Books()
    books.contact("ada", "2026-03-01")
    books.order("2026-02-03", 1000, contact_id="ada", status="declined")
    books.order("2026-03-03", 1000, contact_id="ada")
    books.order("2026-03-04", 700)

    kpis = books.kpis("cohorts", **YEAR)

    assert (kpis["customers"], kpis["revenue"]) == (1, "10.00")
    assert [each["key"] for each in books.report("cohorts", **YEAR)["groups"]] == ["2026-03"]


def test_money_of_another_currency_is_named_and_its_customer_counted() -> None:
    books = Books()
    customer(books, "ada", ("2026-02-03", 1000))
    books.order("2026-03-03", 900, contact_id="ada", currency="EUR")

    found = books.report("cohorts", **YEAR)

    assert found["other_currencies"] == ["EUR"]
    assert found["kpis"]["revenue"]["value"] == "10.00"
    assert [each["customers"] for each in found["groups"][0]["months"]] == [1, 1, 0]


def test_the_previous_period_has_customers_money_and_repeats_of_its_own() -> None:
    books = Books()
    customer(books, "ada", ("2026-01-03", 1000), ("2026-02-05", 300), ("2026-03-05", 5000))
    customer(books, "bob", ("2026-02-03", 200))
    customer(books, "cyd", ("2026-03-03", 100))

    # The 59 days before are 1 January to 28 February.
    kpis = books.report("cohorts", since="2026-03-01", to="2026-04-28")["kpis"]

    assert {name: each["previous"] for name, each in kpis.items()} == {
        "customers": 2,
        "revenue": "15.00",
        "retention": 1.0,
    }
    assert kpis["revenue"]["value"] == "1.00"


def test_other_groups_have_months_of_each_customers_own() -> None:
    books = Books()
    customer(books, "ada", ("2026-02-03", 1000), ("2026-03-01", 500), first_source="ads")
    customer(books, "bob", ("2026-04-03", 300), first_source="ads")

    found = group(books, "ads", group_by="source")

    assert [list(each.values())[:5] for each in found["months"]] == [
        [0, None, 2, 1.0, "13.00"],
        [1, None, 1, 1.0, "5.00"],
        [2, None, 0, 0.0, "0.00"],
    ]


def test_a_refund_dated_before_its_order_counts_in_month_0() -> None:
    books = Books()
    books.contact("ada", "2026-03-03")
    books.order("2026-03-03", 1000, contact_id="ada", back=[("refund", "2026-02-01", 400)])

    found = group(books, "2026-03")

    assert found["months"][0]["revenue"] == found["revenue"] == "6.00"


def test_the_rows_of_a_cohorts_month_are_what_it_moved() -> None:
    books = Books()
    customer(books, "ada", ("2026-02-03", 1000), ("2026-03-01", 500), ("2026-03-09", 250))
    customer(books, "bob", ("2026-03-03", 5000))
    asked = {**YEAR, "interval": "month", "key": "2026-02", "group_by": "cohort"}

    rows = books.ledger("cohorts", **asked, kpi="revenue", date="2026-03-01")

    assert [row["amount"] for row in rows] == ["5.00", "2.50"]


@pytest.mark.parametrize("asked", [{"connection": "club"}, {"provider": "paypal"}])
def test_a_connection_has_first_orders_of_its_own(asked: dict[str, str]) -> None:
    books = Books()
    books.connection("club", provider="paypal")
    customer(books, "ada", ("2026-02-03", 1000))
    books.order("2026-03-03", 900, contact_id="ada", connection_id="club")

    found = books.report("cohorts", **YEAR, **asked)

    assert [each["key"] for each in found["groups"]] == ["2026-03"]
    assert found["kpis"]["revenue"]["value"] == "9.00"


def test_without_from_every_cohort_is_there() -> None:
    books = Books()
    customer(books, "ada", ("2025-02-03", 1000))

    found = books.report("cohorts", to="2026-01-31")

    assert (found["from"], len(found["groups"][0]["months"])) == ("2025-02-03", 12)
    assert found["kpis"]["customers"]["previous"] is None
