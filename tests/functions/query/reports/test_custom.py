"""The report `custom`: each dimension and measure by example."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.custom_reports import ask, by, faults, measure, rows, shop
from tests.support.log_books import Books, state

_DAYS = ("10-01", "10-02", "10-03", "11-02")


def test_without_dimensions_there_is_one_row() -> None:
    assert rows(shop()) == [(4,)]


def test_every_measure_by_example() -> None:
    measures = [
        "count",
        measure("count_distinct", "contact_id"),
        measure("sum", "gross"),
        measure("avg", "gross"),
        measure("min", "gross"),
        measure("max", "gross"),
        measure("min", "occurred_date"),
        measure("count_distinct", "status"),
        measure("sum", "tax"),
    ]

    found = ask(shop(), measures=measures)

    assert found["items"] == [
        {
            "count": 3,
            "count_distinct_contact_id": 2,
            "sum_gross": "34.00",
            "avg_gross": "11.33",
            "min_gross": "5.00",
            "max_gross": "19.00",
            "min_occurred_date": "2026-10-01T10:00:00.000Z",
            "count_distinct_status": 2,
            "sum_tax": "1.00",
        }
    ]
    assert (found["currency"], found["other_currencies"]) == ("USD", ["EUR"])


def test_numbers_have_sums_and_averages_too() -> None:
    books = Books()
    for cycles in (1, 2, 2):
        books.recurring_payment("2026-10-01", state("2026-10-01"), cycles_completed=cycles)
    measures = [measure(each, "cycles_completed") for each in ("sum", "avg", "min", "max")]

    assert rows(books, "recurring_payments", measures=measures) == [(5, 1.666667, 1, 2)]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("status", [("completed", 3), ("declined", 1)]),
        ("kind", [("one_time", 1), (None, 3)]),
        (by("occurred_date", "day"), [(f"2026-{day}", 1) for day in _DAYS]),
        (by("occurred_date", "week"), [("2026-09-28", 3), ("2026-11-02", 1)]),
        (by("occurred_date", "month"), [("2026-10-01", 3), ("2026-11-01", 1)]),
        ("currency", [("EUR", 1), ("USD", 3)]),
        ("line_items.store_primary_id", [("cup", 1), ("tea", 1), (None, 3)]),
        ("connection_id", [("club", 1), ("shop", 3)]),
    ],
)
def test_every_kind_of_dimension_by_example(dimension: Any, expected: list[Any]) -> None:
    found = rows(shop(), dimensions=[dimension], timezone="Europe/Paris")

    assert found == expected


def test_other_kinds_of_dimensions() -> None:
    books = Books()
    trial = state("2026-10-01", is_trial=True)
    expiry = 1_790_812_800_000
    books.recurring_payment(
        "2026-10-01T05:06:07",
        trial,
        payment_method_expiration=expiry,
        billing_address={"country": "FR"},
    )
    dimensions = [
        "is_trial",
        "payment_amount",
        "billing_interval_count",
        "billing_address.country",
        by("start_date", "time"),
        by("payment_method_expiration", "month"),
    ]

    found = rows(books, "recurring_payments", dimensions=dimensions, timezone="America/New_York")

    times = ("2026-10-01T05:06:07.000Z", "2026-10-01")
    assert found == [(True, "19.00", 1, "FR", *times, 1)]


def test_a_record_counts_once_in_each_group_of_its_elements() -> None:
    found = rows(
        shop(),
        dimensions=["line_items.store_primary_id"],
        measures=["count", measure("sum", "gross"), measure("sum", "line_items.amount")],
        filters=[{"field": "line_items.sku", "operator": "is_blank"}],
    )

    assert found == [
        ("cup", 1, "19.00", "4.00"),
        ("tea", 1, "19.00", "15.00"),
        (None, 2, "15.00", None),
    ]


def test_by_currency_each_row_is_in_its_own() -> None:
    books = Books()
    books.order("2026-10-01", 1900)
    books.order("2026-10-01", 1900, currency="JPY")
    books.order("2026-10-01", 1900, currency="KWD")

    found = ask(books, dimensions=["currency"], measures=[measure("avg", "gross")])

    assert [tuple(each.values()) for each in found["items"]] == [
        ("JPY", "1900"),
        ("KWD", "1.900"),
        ("USD", "19.00"),
    ]
    assert (found["currency"], found["other_currencies"]) == (None, [])


def test_the_money_of_contacts_is_of_one_currency_or_told_by_it() -> None:
    books = Books()
    revenue = [
        {"currency": "USD", "orders": 2, "net": 3800},
        {"currency": "EUR", "orders": 1, "net": 500},
    ]
    books.contact("ada", revenue=revenue)
    books.contact("bob")
    measures = ["count", measure("sum", "revenue.net")]

    one = ask(books, "contacts", measures=measures)
    each = ask(books, "contacts", measures=measures, dimensions=["revenue.currency"])

    assert [tuple(row.values()) for row in one["items"]] == [(2, "38.00")]
    assert one["other_currencies"] == ["EUR"]
    assert [tuple(row.values()) for row in each["items"]] == [
        ("EUR", 1, "5.00"),
        ("USD", 1, "38.00"),
        (None, 1, None),
    ]


def test_an_amount_of_a_condition_is_in_the_currency_that_is_counted() -> None:
    books = Books()
    revenue = [{"currency": "EUR", "orders": 1, "net": 9900}]
    books.contact("ada", revenue=revenue)
    rich = [{"field": "revenue.net", "operator": "at_least", "value": "50"}]

    found = [rows(books, "contacts", filters=rich, currency=each) for each in ("EUR", "USD")]

    assert found == [[(1,)], [(0,)]]


@pytest.mark.parametrize(
    ("filters", "match", "count"),
    [
        ([("status", "is", "DECLINED")], "all", 1),
        ([("status", "is_not", "declined")], "all", 3),
        ([("gross", "at_least", "10")], "all", 2),
        ([("gross", "at_least", "10"), ("status", "is", "declined")], "any", 3),
        ([("gross", "at_least", "10"), ("status", "is", "declined")], "none", 0),
        ([("occurred_date", "on", "2026-10-01")], "all", 2),
        ([("line_items.name", "contains", "ea")], "all", 1),
        ([("contact_id", "is_blank", None)], "all", 1),
        ([], "all", 4),
        ([], "none", 4),
    ],
)
def test_conditions_are_those_of_segments(
    filters: list[tuple[str, str, Any]], match: str, count: int
) -> None:
    asked = [
        {"field": field, "operator": operator, **({"value": value} if value else {})}
        for field, operator, value in filters
    ]

    assert rows(shop(), filters=asked, match=match) == [(count,)]


def test_conditions_may_be_a_group_of_groups() -> None:
    tree = {
        "match": "any",
        "conditions": [
            {"field": "status", "operator": "is", "value": "declined"},
            {
                "match": "none",
                "conditions": [{"field": "currency", "operator": "is", "value": "USD"}],
            },
        ],
    }

    assert rows(shop(), filters=tree) == [(2,)]


def test_a_range_is_of_the_datasets_date_or_of_another() -> None:
    books = Books()
    books.contact("ada", "2026-10-05")
    books.contact("bob", "2026-09-05")
    october = {"since": "2026-10-01", "to": "2026-10-31"}

    assert rows(books, "contacts", **october) == [(0,)]
    assert rows(books, "contacts", **october, date_field="customer_since") == [(1,)]
    assert rows(books, "contacts", to="2026-10-31", date_field="customer_since") == [(2,)]


@pytest.mark.parametrize(
    ("asked", "count"),
    [({"connection": "club"}, 1), ({"provider": "stripe"}, 3), ({"mode": "test"}, 1)],
)
def test_whose_records_they_are_can_be_said(asked: dict[str, str], count: int) -> None:
    assert rows(shop(), **asked) == [(count,)]


def test_a_segment_limits_every_dataset_that_has_contacts() -> None:
    books = shop()

    found = [rows(books, each, segment="vips") for each in ("orders", "contacts", "activity")]

    assert found == [[(2,)], [(1,)], [(1,)]]
    assert faults(books, segment="none") == {"segment": "is no segment's id"}


def test_activity_is_of_contacts_by_any_of_their_addresses() -> None:
    found = rows(shop(), "activity", dimensions=["contact_id", "kind"])

    assert found == [("ada", "open", 1), ("bob", "click", 1), (None, "open", 1)]


def test_without_measures_there_are_the_values_alone() -> None:
    assert rows(shop(), dimensions=["currency"], measures=[]) == [("EUR",), ("USD",)]


def test_tags_overlap_and_their_dates_have_buckets() -> None:
    found = rows(shop(), "contacts", dimensions=["tags.tag", by("tags.applied_date", "day")])

    assert found == [("Tea", "2026-09-02", 2), ("VIP", "2026-09-01", 1)]


def test_rows_come_by_their_dimensions_or_as_asked_and_no_more_than_wanted() -> None:
    measures = ["count", measure("avg", "gross")]
    asked: dict[str, Any] = {"dimensions": ["currency"], "measures": measures}

    whole = rows(shop(), **asked)
    largest = ask(shop(), **asked, order_by="-avg_gross", limit=1)

    assert [each[0] for each in whole] == ["EUR", "USD"]
    assert ([each["currency"] for each in largest["items"]], largest["total"]) == (["USD"], 2)
    assert [each["code"] for each in largest["notes"]] == ["rows_limited"]
