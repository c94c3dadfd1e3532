"""The rows behind every number: they add up to it, and there are as many as it counts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.domain.errors import BadRequest
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import Definition, Kind
from tests.functions.query.reports.test_groups import OCTOBER, business, cents
from tests.support.log_books import Books, item, state

EVERY = [(definition, kpi) for definition in REPORTS.values() for kpi in definition.kpis]

# One figure of each kind of rows.
_OF_A_KIND = {
    "orders": ("net", "refunds", "orders", "declined"),
    "subscriptions": ("mrr", "active", "mrr_churn", "revenue", "new"),
    "customers": ("customers", "new_customers"),
    "acquisition": ("new_contacts", "new_customers", "new_customer_revenue"),
    "nurture": ("contacts", "customers", "revenue", "revenue_after_touch"),
    "engagement": ("engaged_contacts", "revenue", "visits", "opens"),
    "campaigns": ("sent", "contacts", "revenue_after_touch"),
    "cohorts": ("customers", "revenue"),
    "automations": ("fired", "contacts", "delivered", "failed", "revenue_after"),
}
# What is worked out from rows of its own, which are no figure.
_AVERAGES = ("lead_value", "average_first_order")


def named(value: Any) -> str:
    return str(value.name)


def agrees(definition: Definition, kpi: str, shown: Any, rows: list[dict[str, Any]]) -> bool:
    """Tell whether rows are those of a figure that is not worked out from others."""
    if next(each.kind for each in definition.kpis if each.name == kpi) is Kind.MONEY:
        return sum(cents(row["amount"]) for row in rows) == cents(shown)
    return len(rows) == int(shown)


def own(definition: Definition) -> list[str]:
    return [
        kpi.name
        for kpi in definition.kpis
        if kpi.kind in (Kind.MONEY, Kind.COUNT) and kpi.rows == "" and kpi.name not in _AVERAGES
    ]


@pytest.mark.parametrize("definition", REPORTS.values(), ids=named)
def test_rows_add_up_to_every_figure(definition: Definition) -> None:
    books = business()
    kpis = books.kpis(definition.name, **OCTOBER)

    for kpi in own(definition):
        rows = books.ledger(definition.name, **OCTOBER, kpi=kpi, limit="2")
        assert agrees(definition, kpi, kpis[kpi], rows), kpi


@pytest.mark.parametrize("definition", REPORTS.values(), ids=named)
def test_rows_add_up_to_every_bucket(definition: Definition) -> None:
    books = business()
    asked = {**OCTOBER, "interval": "week"}
    series = books.report(definition.name, **asked)["series"]

    for kpi in own(definition):
        for bucket in series:
            rows = books.ledger(definition.name, **asked, kpi=kpi, date=bucket["date"])
            assert agrees(definition, kpi, bucket[kpi], rows), (kpi, bucket)


@pytest.mark.parametrize("definition", REPORTS.values(), ids=named)
def test_rows_add_up_to_every_group(definition: Definition) -> None:
    books = business()
    # Groups by person are made alike for all reports.
    own = definition.groups if definition.name in ("orders", "subscriptions") else ("source", "tag")

    for group in dict.fromkeys((*definition.groups[:2], *own)):
        asked = {**OCTOBER, "group_by": group}
        for found in books.report(definition.name, **asked)["groups"]:
            for kpi in _OF_A_KIND[definition.name]:
                rows = books.ledger(definition.name, **asked, kpi=kpi, key=found["key"] or "")
                assert agrees(definition, kpi, found[kpi], rows), (group, kpi, found)


@pytest.mark.parametrize(("definition", "kpi"), EVERY, ids=named)
def test_every_figure_has_rows_of_its_own_or_of_the_one_it_follows_from(
    definition: Definition, kpi: Any
) -> None:
    books = business()

    rows = books.ledger(definition.name, **OCTOBER, kpi=kpi.name)

    if kpi.rows:
        assert rows == books.ledger(definition.name, **OCTOBER, kpi=kpi.rows)
    assert len({json.dumps(row) for row in rows}) == len(rows)


def test_pages_hold_every_row_once_in_the_order_of_time() -> None:
    books = business()

    whole = books.ledger("orders", **OCTOBER, kpi="net")

    for limit in ("1", "2", "5", "1000"):
        assert books.ledger("orders", **OCTOBER, kpi="net", limit=limit) == whole
    assert [row["date"] for row in whole] == sorted(row["date"] for row in whole)


def test_a_row_says_what_it_is_and_whose() -> None:
    books = Books()
    books.order(
        "2026-10-01T10:00",
        1900,
        contact_id="ada",
        email="ada@example.com",
        back=[("refund", "2026-10-02", 400), ("dispute", "2026-10-03", 1500)],
    )

    rows = books.ledger("orders", **OCTOBER, kpi="net")

    assert rows[0] == {
        "kind": "order",
        "date": "2026-10-01T10:00:00.000Z",
        "connection_id": "shop",
        "id": "in_1",
        "contact_id": "ada",
        "email": "ada@example.com",
        "amount": "19.00",
        "currency": "USD",
        "detail": None,
    }
    assert [(row["kind"], row["amount"], row["detail"]) for row in rows[1:]] == [
        ("refund", "-4.00", "refund_0"),
        ("dispute", "-15.00", "dispute_1"),
    ]


def test_two_lines_of_one_product_are_one_row() -> None:
    books = Books()
    lines = [item("tea", 100), item("cup", 100), item("tea", 100)]
    books.order("2026-10-01", 1000, line_items=lines, back=[("refund", "2026-10-02", 500)])
    books.order("2026-10-01", 1000, line_items=lines, status="declined")
    tea = {**OCTOBER, "group_by": "product", "key": "tea"}

    rows = {kpi: books.ledger("orders", **tea, kpi=kpi) for kpi in ("gross", "net", "orders")}

    assert [row["amount"] for row in rows["gross"]] == ["6.67"]
    assert [row["amount"] for row in rows["net"]] == ["6.67", "-3.33"]
    assert len(rows["orders"]) == 1


def test_the_rows_of_a_movement_are_its_steps() -> None:
    books = Books()
    books.recurring_payment(
        "2026-01-01", state("2026-01-01"), state("2026-10-05", "paused"), contact_id="ada"
    )

    (row,) = books.ledger("subscriptions", **OCTOBER, kpi="mrr_churn")

    assert (row["kind"], row["date"][:10], row["id"]) == ("movement", "2026-10-05", "sub_1")
    assert (row["amount"], row["detail"], row["contact_id"]) == ("-19.00", "paused", "ada")


def test_a_contact_is_listed_with_the_day_it_became_a_customer() -> None:
    books = Books()
    books.contact("ada", "2026-10-05")

    (row,) = books.ledger("customers", **OCTOBER, kpi="new_customers")

    assert (row["kind"], row["id"], row["email"]) == ("contact", "ada", "ada@example.com")
    assert (row["date"], row["amount"]) == ("2026-10-05T00:00:00.000Z", None)


@pytest.mark.parametrize(
    "place",
    ["", "[]", "[1]", '[1,"a","b","c","d"]', '["1","a","b","c",1]', "{}", "null", "[1,2,3,4,5]"],
)
def test_a_cursor_nobody_gave_out_is_refused(place: str) -> None:
    cursor = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")

    with pytest.raises(BadRequest):
        Books().ledger_page("orders", **OCTOBER, kpi="net", cursor=cursor or "!")


def test_a_date_that_names_no_bucket_is_refused_by_name() -> None:
    with pytest.raises(BadRequest) as caught:
        Books().ledger_page("orders", **OCTOBER, kpi="net", interval="week", date="2026-10-06")

    assert [path for path, _ in caught.value.errors] == ["date"]
