"""The report `customers`: by tag and by segment, without any payment provider."""

from __future__ import annotations

from typing import Any

from tests.support.log_books import Books

OCTOBER = {"since": "2026-10-01", "to": "2026-10-31"}


def tags(operator: str, value: str) -> dict[str, Any]:
    return {"field": "contact.tags", "operator": operator, "value": value}


def members() -> Books:
    """A business without any connection: its customers are those with a tag."""
    books = Books()
    del books.store.documents["connection", "shop"]
    books.contact("ada", tagged={"PURCHASE: Tea": "2026-09-05", "Reader": "2026-10-30"})
    books.contact("bob", tagged={"PURCHASE: Tea": "2026-10-31T23:59:59.999"})
    books.contact("cyd", tagged={"PURCHASE: Cup": "2026-10-02", "PURCHASE: Tea": "2026-11-01"})
    books.contact("dan", tagged={"Reader": "2026-10-02"})
    return books


def test_a_tag_makes_a_customer_from_the_day_it_was_applied() -> None:
    found = members().report("customers", **OCTOBER, tag="purchase: tea")

    assert found["kpis"] == {
        "customers": {"value": 2, "previous": 1, "change": 1.0},
        "new_customers": {"value": 1, "previous": 1, "change": 0.0},
    }
    assert found["notes"] == []
    assert found["series"][-2:] == [
        {"date": "2026-10-30", "customers": 1, "new_customers": 0},
        {"date": "2026-10-31", "customers": 2, "new_customers": 1},
    ]


def test_a_tag_nobody_has_makes_no_customers() -> None:
    found = members().kpis("customers", **OCTOBER, tag="PURCHASE")

    assert found == {"customers": 0, "new_customers": 0}


def test_a_segments_members_are_customers_since_the_first_tag_it_asks_for() -> None:
    books = members()
    books.segment(
        "buyers",
        conditions=[
            tags("contains", "purchase:"),
            {"match": "none", "conditions": [tags("is", "Reader")]},
        ],
    )
    books.segment("all-buyers", conditions=[tags("contains", "purchase:")])

    some = books.report("customers", **OCTOBER, segment="buyers")
    everybody = books.report("customers", **OCTOBER, segment="all-buyers")

    # Bob since the 31st and Cyd since the 2nd, by the cup.
    assert some["kpis"]["new_customers"] == {"value": 2, "previous": 0, "change": None}
    assert everybody["kpis"]["customers"] == {"value": 3, "previous": 1, "change": 2.0}


def test_members_without_such_a_tag_are_customers_since_their_purchase_or_their_making() -> None:
    books = Books()
    books.contact("ada", "2026-10-05", first_source="ads")
    books.contact("bob", created_date=1_791_000_000_000, first_source="ads")
    books.contact("cyd", "2026-10-05")
    books.segment(
        "ads",
        conditions=[{"field": "contact.source.first_source", "operator": "is", "value": "ads"}],
    )

    found = books.report("customers", **OCTOBER, segment="ads")["series"]

    assert [each["date"] for each in found if each["new_customers"]] == ["2026-10-03", "2026-10-05"]


def test_with_neither_tag_nor_segment_customers_are_those_who_bought() -> None:
    books = Books()
    books.contact("ada", "2026-10-05")
    books.contact("bob", "2026-08-05")
    books.contact("cyd")

    assert books.kpis("customers", **OCTOBER) == {"customers": 2, "new_customers": 1}


def test_a_connection_limits_customers_to_those_with_a_record_there() -> None:
    books = Books()
    books.connection("club", provider="paypal")
    books.connection("trial", mode="test")
    for name in ("ada", "bob", "cyd"):
        books.contact(name, "2026-10-05")
    books.order("2026-10-05", contact_id="ada", connection_id="club")
    books.order("2026-10-05", contact_id="bob", connection_id="trial")
    books.order("2026-10-05", contact_id="cyd", connection_id="club", mirror_of="x")

    assert books.kpis("customers", **OCTOBER)["customers"] == 3
    assert books.kpis("customers", **OCTOBER, connection="club")["customers"] == 1
    assert books.kpis("customers", **OCTOBER, mode="test")["customers"] == 1


def test_a_segment_and_a_tag_together_ask_for_both() -> None:
    books = members()
    books.segment("readers", conditions=[tags("is", "Reader")])

    found = books.kpis("customers", **OCTOBER, segment="readers", tag="PURCHASE: Tea")

    assert found == {"customers": 1, "new_customers": 0}
