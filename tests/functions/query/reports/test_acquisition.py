"""The report `acquisition`: new contacts, new customers, their money and its cost."""

from __future__ import annotations

import pytest

from tests.support.log_books import Books, ms

OCTOBER = {"since": "2026-10-01", "to": "2026-10-31", "timezone": "UTC"}


def business() -> Books:
    books = Books()
    ads = {"first_source": "ads", "campaign": "Autumn"}
    books.contact("ada", "2026-10-03", created_date=ms("2026-10-02"), **ads)
    books.contact("bob", "2026-10-09", created_date=ms("2026-05-02"))
    books.contact("cyd", "2026-05-09", created_date=ms("2026-05-02"), **ads)
    books.contact("dan", created_date=ms("2026-10-30"), **ads)
    books.contact("eve", "2026-11-04", created_date=ms("2026-10-31"))
    books.order("2026-10-03", 1000, contact_id="ada")
    books.order("2026-10-20", 3000, contact_id="ada", back=[("refund", "2026-11-02", 500)])
    books.order("2026-11-05", 4000, contact_id="ada")
    books.order("2026-10-09", 700, contact_id="bob", currency="EUR")
    books.order("2026-10-10", 800, contact_id="bob")
    books.order("2026-05-09", 100, contact_id="cyd")
    books.order("2026-10-09", 5000, contact_id="cyd")
    books.order("2026-11-04", 600, contact_id="eve")
    books.order("2026-10-05", 9900)
    books.spend("2026-10-01", 1500, source="ads", campaign="Autumn")
    books.spend("2026-10-31", 500, source="fair")
    books.spend("2026-09-30", 250, source="ads")
    books.spend("2026-10-02", 777, source="ads", currency="EUR")
    return books


def test_new_customers_bring_what_they_paid_in_the_range_and_others_do_not() -> None:
    """The seeds' rule: acquisition excludes repeat purchases of existing customers."""
    found = business().report("acquisition", **OCTOBER)

    assert {name: each["value"] for name, each in found["kpis"].items()} == {
        "new_contacts": 3,
        "new_customers": 2,
        "conversion_rate": pytest.approx(2 / 3, abs=1e-6),
        "new_customer_revenue": "48.00",
        "lead_value": "27.00",
        "average_first_order": "10.00",
        "spend": "20.00",
        "cost_per_customer": "10.00",
        "roas": 2.4,
    }
    assert found["kpis"]["spend"]["previous"] == "2.50"
    assert found["other_currencies"] == ["EUR"]


def test_sources_and_campaigns_have_their_own_spend() -> None:
    rows = business().report("acquisition", **OCTOBER, group_by="source")["groups"]

    by_key = {each["key"]: each for each in rows}
    assert set(by_key) == {"ads", "fair", None}
    assert (by_key["ads"]["spend"], by_key["ads"]["roas"]) == ("15.00", pytest.approx(40 / 15))
    assert (by_key["fair"]["spend"], by_key["fair"]["new_customers"]) == ("5.00", 0)
    assert by_key["fair"]["cost_per_customer"] is None
    assert by_key[None]["new_customer_revenue"] == "8.00"


def test_days_hold_spend_and_money_where_they_fell() -> None:
    series = {each["date"]: each for each in business().report("acquisition", **OCTOBER)["series"]}

    assert series["2026-10-01"]["spend"] == "15.00"
    assert series["2026-10-20"]["new_customer_revenue"] == "30.00"
    assert series["2026-10-31"]["new_contacts"] == 1
    assert len(series) == 31


def test_spend_is_nobodys_where_a_segment_or_connection_is_asked_for() -> None:
    books = business()
    ads = {"field": "contact.source.first_source", "operator": "is", "value": "ads"}
    books.segment("ads", conditions=[ads])

    by_segment = books.kpis("acquisition", **OCTOBER, segment="ads")
    by_connection = books.kpis("acquisition", **OCTOBER, connection="shop")

    assert (by_segment["new_customers"], by_segment["spend"]) == (1, None)
    assert (by_segment["roas"], by_segment["cost_per_customer"]) == (None, None)
    assert (by_connection["new_contacts"], by_connection["spend"]) == (3, None)


def test_a_refund_counts_on_its_day_or_on_its_orders() -> None:
    since = {"since": "2026-10-01", "to": "2026-11-30", "timezone": "UTC"}

    cash = business().report("acquisition", **since, interval="month")["series"]
    order = business().report("acquisition", **since, interval="month", basis="order")["series"]

    assert [each["new_customer_revenue"] for each in cash] == ["48.00", "41.00"]
    assert [each["new_customer_revenue"] for each in order] == ["43.00", "46.00"]


def test_every_ledger_adds_up_to_its_figure() -> None:
    books = business()
    sums = {
        "lead_value": 8100,
        "average_first_order": 1000,
        "cost_per_customer": 2000,
        "roas": 4800,
    }

    for kpi, told in books.report("acquisition", **OCTOBER)["kpis"].items():
        rows = books.ledger("acquisition", **OCTOBER, kpi=kpi)
        if kpi == "conversion_rate":
            assert len(rows) == 3
        elif isinstance(told["value"], int):
            assert len(rows) == told["value"], kpi
        else:
            total = sum(round(float(row["amount"]) * 100) for row in rows)
            assert total == sums.get(kpi, round(float(told["value"]) * 100)), kpi


def test_a_groups_ledger_has_its_rows_alone() -> None:
    asked = {**OCTOBER, "group_by": "source", "key": "ads"}

    rows = business().ledger("acquisition", **asked, kpi="new_customer_revenue")
    spent = business().ledger("acquisition", **asked, kpi="spend")

    assert [row["amount"] for row in rows] == ["10.00", "30.00"]
    assert [(row["id"], row["amount"]) for row in spent] == [("ads/Autumn", "15.00")]
