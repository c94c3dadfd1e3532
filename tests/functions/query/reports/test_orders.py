"""The report `orders`: worked examples, reckoned by hand."""

from __future__ import annotations

from tests.support.log_books import Books, item

OCTOBER = {"since": "2026-10-01", "to": "2026-10-31"}


def october() -> Books:
    """Four orders of October, one of September that is given back in October, one declined."""
    books = Books()
    books.contact("ada", "2026-10-03")
    books.contact("bob", "2025-01-01")
    books.order("2026-10-03", 5000, contact_id="ada", back=[("refund", "2026-10-20", 1000)])
    books.order("2026-10-04", 1900, contact_id="bob")
    books.order("2026-10-05", 700)
    books.order(
        "2026-10-06",
        400,
        contact_id="bob",
        status="disputed",
        back=[
            ("dispute", "2026-10-09", 400),
        ],
    )
    books.order("2026-10-07", 1900, contact_id="bob", status="declined")
    books.order(
        "2026-09-10",
        900,
        contact_id="bob",
        status="refunded",
        back=[
            ("refund", "2026-10-02", 900),
        ],
    )
    books.order("2026-10-08", 1900, contact_id="bob", status="pending")
    return books


def test_a_month_of_orders() -> None:
    assert october().kpis("orders", **OCTOBER) == {
        "gross": "80.00",
        "refunds": "19.00",
        "withheld": "4.00",
        "net": "57.00",
        "orders": 4,
        "average_order_value": "14.25",
        "new_revenue": "40.00",
        "returning_revenue": "10.00",
        "declined": 1,
        "disputed": 1,
        "unmatched": "7.00",
    }


def test_the_previous_period_is_as_many_days_just_before() -> None:
    books = october()

    found = books.report("orders", **OCTOBER)["kpis"]

    # 31 days: from the 31st of August on, so September's order is in it, gross and unreturned.
    assert found["gross"] == {"value": "80.00", "previous": "9.00", "change": 7.888889}
    assert found["refunds"] == {"value": "19.00", "previous": "0.00", "change": None}
    assert found["orders"] == {"value": 4, "previous": 1, "change": 3.0}


def test_the_previous_period_has_its_own_new_customers() -> None:
    books = Books()
    books.contact("eve", "2026-09-10")
    books.order("2026-09-10", 900, contact_id="eve")
    books.order("2026-10-10", 300, contact_id="eve")

    found = books.report("orders", **OCTOBER)["kpis"]

    assert found["new_revenue"] == {"value": "0.00", "previous": "9.00", "change": -1.0}
    assert found["returning_revenue"]["value"] == "3.00"


def test_without_a_beginning_all_there_is_counts_and_nothing_lies_before() -> None:
    found = october().report("orders", to="2026-10-31")

    assert found["from"] == "2026-09-10"
    assert found["kpis"]["net"] == {"value": "66.00", "previous": None, "change": None}
    assert len(found["series"]) == 52


def test_a_business_without_orders_has_zeros_and_no_average() -> None:
    found = Books().report("orders", to="2026-10-31")

    assert (found["from"], found["to"]) == ("2026-10-31", "2026-10-31")
    assert found["kpis"]["gross"]["value"] == "0.00"
    assert found["kpis"]["average_order_value"]["value"] is None


def test_by_order_what_went_back_counts_on_the_orders_day() -> None:
    found = october().kpis("orders", **OCTOBER, basis="order")

    assert (found["refunds"], found["net"]) == ("10.00", "66.00")


def test_what_goes_back_of_an_order_that_brought_nothing_is_not_counted() -> None:
    books = Books()
    books.order("2026-10-01", 500, status="declined", back=[("refund", "2026-10-02", 100)])

    found = books.kpis("orders", **OCTOBER)

    assert (found["gross"], found["refunds"], found["net"]) == ("0.00", "0.00", "0.00")


def test_a_series_has_no_gaps_and_its_days_sum_to_its_months_and_the_whole() -> None:
    books = october()
    asked = {"since": "2026-09-01", "to": "2026-11-30"}

    answers = [books.report("orders", **asked, interval=each) for each in ("day", "week", "month")]

    assert [len(each["series"]) for each in answers] == [91, 14, 3]
    for found in answers:
        for kpi in ("gross", "refunds", "net", "new_revenue", "returning_revenue", "unmatched"):
            cents = sum(int(each[kpi].replace(".", "")) for each in found["series"])
            assert cents == int(found["kpis"][kpi]["value"].replace(".", "")), kpi
        for kpi in ("orders", "declined", "disputed"):
            assert sum(each[kpi] for each in found["series"]) == found["kpis"][kpi]["value"]
    assert [each["date"] for each in answers[2]["series"]] == [
        "2026-09-01",
        "2026-10-01",
        "2026-11-01",
    ]
    assert answers[1]["series"][0]["date"] == "2026-08-31"


def test_other_currencies_are_left_out_and_named() -> None:
    books = october()
    books.order("2026-10-05", 1000, currency="JPY")
    books.order("2026-08-05", 1000, currency="EUR")

    dollars = books.report("orders", **OCTOBER)
    yen = books.report("orders", **OCTOBER, currency="JPY")

    assert dollars["kpis"]["gross"]["value"] == "80.00"
    assert dollars["other_currencies"] == ["JPY"]
    assert yen["kpis"]["gross"]["value"] == "1000"
    assert yen["other_currencies"] == ["USD"]


def test_mirrors_and_tests_do_not_count() -> None:
    books = Books()
    books.connection("twin", role="mirror")
    books.connection("trial", mode="test")
    books.order("2026-10-01", 100)
    books.order("2026-10-01", 200, mirror_of="other/in_1")
    books.order("2026-10-01", 400, connection_id="twin")
    books.order("2026-10-01", 800, connection_id="trial")
    books.order("2026-10-01", 1600, connection_id="trial", mirror_of="other/in_2")
    books.order("2026-10-01", 3200, connection_id="deleted")

    assert books.kpis("orders", **OCTOBER)["gross"] == "33.00"
    assert books.kpis("orders", **OCTOBER, mode="test")["gross"] == "8.00"


def test_a_connection_or_a_provider_narrows_what_counts() -> None:
    books = Books()
    books.connection("club", provider="paypal")
    books.connection("trial", provider="paypal", mode="test")
    books.order("2026-10-01", 100)
    books.order("2026-10-01", 200, connection_id="club")
    books.order("2026-10-01", 400, connection_id="trial")

    assert books.kpis("orders", **OCTOBER, connection="club")["gross"] == "2.00"
    assert books.kpis("orders", **OCTOBER, connection="trial")["gross"] == "0.00"
    assert books.kpis("orders", **OCTOBER, connection="trial", mode="test")["gross"] == "4.00"
    assert books.kpis("orders", **OCTOBER, provider="paypal")["gross"] == "2.00"
    assert books.kpis("orders", **OCTOBER, provider="woocommerce")["gross"] == "0.00"


def test_a_segment_narrows_to_its_members_as_of_now() -> None:
    books = october()
    books.contact("cyd", tagged={"VIP": "2026-01-01"})
    books.order("2026-10-05", 300, contact_id="cyd")
    tagged = {"field": "contact.tags", "operator": "is", "value": "vip"}
    books.segment("vips", conditions=[tagged])
    books.segment("plain", match="none", conditions=[tagged])
    books.segment("picked", kind="static")
    books.contact("dan", segments=["picked"])
    books.order("2026-10-05", 200, contact_id="dan")

    assert books.kpis("orders", **OCTOBER, segment="vips")["net"] == "3.00"
    assert books.kpis("orders", **OCTOBER, segment="plain")["net"] == "52.00"
    assert books.kpis("orders", **OCTOBER, segment="picked")["net"] == "2.00"
    assert books.kpis("orders", **OCTOBER, segment="plain")["unmatched"] == "0.00"


def test_an_order_is_split_over_its_lines_to_the_last_cent() -> None:
    books = Books()
    lines = [item("tea", 100), item("cup", 100), item("tea", 100), item("pot", 0)]
    books.order("2026-10-01", 1000, line_items=lines, back=[("refund", "2026-10-02", 500)])

    found = books.report("orders", **OCTOBER, group_by="product")["groups"]

    # Each line reaches to its cumulative share, rounded down: tea has 333 + 334 of 1000 and
    # 166 + 167 of the 500 that went back.
    assert [(each["key"], each["gross"], each["refunds"], each["orders"]) for each in found] == [
        ("tea", "6.67", "3.33", 1),
        ("cup", "3.33", "1.67", 1),
        ("pot", "0.00", "0.00", 1),
    ]


def test_a_credit_line_gets_nothing_and_without_amounts_the_first_line_gets_all() -> None:
    books = Books()
    books.order("2026-10-01", 500, line_items=[item("old", -500), item("new", 1000)])
    books.order("2026-10-02", 300, line_items=[item("gift", 0), item("card", 0)])

    found = books.report("orders", **OCTOBER, group_by="product")["groups"]

    assert {each["key"]: each["net"] for each in found} == {
        "new": "5.00",
        "gift": "3.00",
        "card": "0.00",
        "old": "0.00",
    }


def test_whoever_wants_no_previous_period_gets_none() -> None:
    found = october().report("orders", **OCTOBER, compare="none")["kpis"]

    assert found["net"] == {"value": "57.00", "previous": None, "change": None}
    assert found["new_revenue"]["value"] == "40.00"
