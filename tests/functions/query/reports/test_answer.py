"""Answers over the routes: notes, formats, freshness, and faults that name their parameters."""

from __future__ import annotations

import csv
import io
import json

import pytest

from functions.query import report_routes
from shared.api import report_answers
from shared.api.route import Request
from shared.domain.errors import BadRequest, Conflict, NotFound
from shared.domain.reports.catalogue import REPORTS
from tests.laws import words
from tests.support.api_client import ApiClient
from tests.support.log_books import Books, item, state
from tests.support.shop import Shop

OCTOBER = {"from": "2026-10-01", "to": "2026-10-31"}


def test_what_events_have_told_is_in_the_reports() -> None:
    shop = Shop()
    shop.hear_all(
        [
            words.customer("1", 0, "ada@example.com"),
            words.subscription("1", 1, creation=True),
            words.invoice("1", 2, "intent:pi_1"),
            words.charge("1", 3, "document:in_1"),
            words.refund("1", 60 * 24 * 3, 400),
            words.subscription("1", 60 * 24 * 5, "cancelled", was="active"),
        ]
    )
    client = ApiClient(shop.memory)

    orders = client.get("/v1/reports/orders", query={"to": "2026-09-30"}).body
    subscriptions = client.get("/v1/reports/subscriptions", query={"to": "2026-09-30"}).body
    customers = client.get("/v1/reports/customers", query={"to": "2026-09-30"}).body

    assert orders["kpis"]["net"]["value"] == "15.00"
    assert orders["kpis"]["new_revenue"]["value"] == "15.00"
    assert subscriptions["kpis"]["mrr_new"]["value"] == "19.00"
    assert subscriptions["kpis"]["cancelled"]["value"] == 1
    assert subscriptions["kpis"]["revenue"]["value"] == "15.00"
    assert customers["kpis"]["customers"]["value"] == 1
    assert orders["as_of"] == "2026-09-21T14:13:20.000Z"


@pytest.mark.parametrize("name", REPORTS)
def test_a_deployment_without_anything_answers_zeros(name: str) -> None:
    found = ApiClient().get(f"/v1/reports/{name}").body

    assert found["groups"] == found["notes"] == found["other_currencies"] == []
    assert len(found["series"]) == 1


@pytest.mark.parametrize("name", REPORTS)
def test_a_definition_tells_every_figure_and_the_businesss_defaults(name: str) -> None:
    client = ApiClient()
    client.put("/v1/settings", {"timezone": "Europe/Paris", "currency": "EUR"})

    found = client.get(f"/v1/reports/{name}/definition").body

    asked = client.get(f"/v1/reports/{name}").body
    assert [each["name"] for each in found["kpis"]] == list(asked["kpis"])
    assert found["defaults"] == {"timezone": "Europe/Paris", "currency": "EUR"}
    assert (asked["timezone"], asked["currency"]) == ("Europe/Paris", "EUR")


def test_faults_are_answered_with_the_names_of_their_parameters() -> None:
    client = ApiClient()

    reply = client.get("/v1/reports/orders", query={"from": "soon", "group_by": "mood"})

    assert reply.status == 400
    assert set(reply.faults) == {"from", "group_by"}
    assert client.get("/v1/reports/orders", query={"segment": "nobody"}).status == 404
    assert client.get("/v1/reports/orders", query={"connection": "nobody"}).faults == {
        "connection": "is no connection's id"
    }
    assert client.get("/v1/reports/churn").status == 404
    assert client.get("/v1/reports/orders/ledger").faults.keys() == {"kpi"}


def test_the_rows_of_a_ledger_come_over_the_route() -> None:
    shop = Shop()
    shop.hear_all([words.invoice("1", 2), words.invoice("2", 3)])
    client = ApiClient(shop.memory)
    asked = {"kpi": "orders", "to": "2026-09-30", "limit": "1"}

    first = client.get("/v1/reports/orders/ledger", query=asked).body
    second = client.get(
        "/v1/reports/orders/ledger", query={**asked, "cursor": first["next_cursor"]}
    ).body

    assert [each["id"] for each in first["items"] + second["items"]] == ["in_1", "in_2"]
    assert second["next_cursor"] is None


def test_the_same_question_of_the_same_log_is_not_answered_twice() -> None:
    books = Books()
    books.order("2026-10-01")
    tag = books.answer("orders", OCTOBER).headers["ETag"]

    again = books.answer("orders", OCTOBER, {"if-none-match": tag})
    other = books.answer("orders", {**OCTOBER, "interval": "week"}, {"if-none-match": tag})
    as_table = books.answer("orders", OCTOBER, {"if-none-match": tag, "accept": "text/csv"})
    books.connection("trial", mode="test")
    changed = books.answer("orders", OCTOBER, {"if-none-match": tag})

    assert (again.status, again.body) == (304, None)
    assert {other.status, as_table.status, changed.status} == {200}


def test_connections_without_history_are_named() -> None:
    books = Books()
    books.connection("young", history={"status": "none", "imported": 0, "total": None})
    books.connection("old", history={"status": "none"}, role="mirror")

    notes = books.report("customers")["notes"]

    assert notes == [
        {
            "code": "history_incomplete",
            "message": "What happened before these connections were made was not imported: young",
        }
    ]
    assert books.report("customers", connection="shop")["notes"] == []


@pytest.mark.parametrize(
    ("history", "noted"),
    [
        (None, True),
        ({"status": "none", "imported": 0, "total": None}, True),
        ({"status": "queued", "imported": 0, "total": None, "ready_date": None}, True),
        ({"status": "running", "imported": 7, "total": 9}, True),
        ({"status": "failed", "imported": 7, "total": 9}, True),
        ({"status": "ready", "imported": 9, "total": 9}, False),
        ({"status": "running", "imported": 1, "total": None, "ready_date": 5}, False),
        ({"status": "failed", "imported": 1, "total": None, "ready_date": 5}, False),
        ({"status": "ready", "imported": 9, "total": 9, "from": "2026-01-01"}, True),
        ({"status": "ready", "imported": 9, "from": "2026-01-01", "ready_date": 5}, False),
    ],
)
def test_a_history_is_incomplete_until_it_was_imported_once(
    history: dict[str, object] | None, noted: bool
) -> None:
    books = Books()
    books.connection("old", history=history)

    notes = books.report("customers", connection="old")["notes"]

    assert [each["code"] for each in notes] == ["history_incomplete"] * noted


def test_who_tells_no_history_is_not_asked_for_it() -> None:
    books = Books()
    books.connection("kiosk", provider="api", history={"status": "none", "imported": 0})

    assert books.report("customers", connection="kiosk")["notes"] == []


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("way", ["format", "accept"])
def test_a_series_as_csv(way: str) -> None:
    books = Books()
    books.order("2026-10-02", 1900)
    query = {**OCTOBER, "format": "csv"} if way == "format" else OCTOBER

    found = books.answer("orders", query, {"accept": "text/csv"} if way == "accept" else {})

    assert found.content_type == "text/csv; charset=utf-8"
    rows = table(found.body)
    assert len(rows) == 31
    assert (rows[1]["date"], rows[1]["net"], rows[1]["orders"]) == ("2026-10-02", "19.00", "1")
    assert rows[0]["average_order_value"] == ""


def test_what_is_asked_for_as_json_is_json_whatever_is_accepted() -> None:
    found = Books().answer("orders", {**OCTOBER, "format": "json"}, {"accept": "text/csv"})

    report_answers.Report.model_validate_json(json.dumps(found.body))


def test_groups_as_csv_hold_no_formula() -> None:
    books = Books()
    books.order(
        "2026-10-02", line_items=[item("=HYPERLINK(1)", 100)], back=[("refund", "2026-10-03", 2900)]
    )

    (row,) = table(books.answer("orders", {**OCTOBER, "format": "csv", "group_by": "product"}).body)

    assert row["key"] == "'=HYPERLINK(1)"
    assert row["net"] == "-10.00"


def test_a_grouping_without_groups_is_a_table_without_rows() -> None:
    asked = {**OCTOBER, "format": "csv", "group_by": "product"}

    found = Books().answer("orders", asked).body

    assert found.splitlines() == [
        "key,label,gross,refunds,withheld,net,orders,average_order_value,new_revenue,"
        "returning_revenue,declined,disputed,unmatched"
    ]


def test_a_ledger_as_csv_tells_the_next_page_in_a_header() -> None:
    books = Books()
    books.order("2026-10-02")
    books.order("2026-10-03")
    query = {**OCTOBER, "kpi": "orders", "limit": "1", "format": "csv"}

    first = report_routes.read_report_ledger(
        Request(params={"report": "orders"}, query=query), books.adapters
    )
    cursor = first.headers["X-Next-Cursor"]
    second = report_routes.read_report_ledger(
        Request(params={"report": "orders"}, query={**query, "cursor": cursor}), books.adapters
    )

    assert [table(each.body)[0]["id"] for each in (first, second)] == ["in_1", "in_2"]
    assert "X-Next-Cursor" not in second.headers


def test_a_segment_that_makes_no_sense_any_more_is_a_conflict_or_nobody() -> None:
    books = Books()
    books.segment("broken", conditions=[{"field": "contact.nothing", "operator": "is"}])

    with pytest.raises(Conflict):
        books.report("orders", segment="broken")
    with pytest.raises(NotFound):
        books.report("orders", segment="nobody")
    assert books.report("orders", group_by="segment")["groups"] == []


@pytest.mark.parametrize(
    "evil", ["' OR 1=1 --", "x'; DROP TABLE tails_orders; --", "\0", "%", "🫖"]
)
def test_nobodys_text_becomes_sql(evil: str) -> None:
    books = Books()
    books.contact("ada", "2026-10-01", tagged={evil: "2026-10-01"}, campaign=evil)
    books.order("2026-10-01", 1900, contact_id="ada", line_items=[item(evil, 1)])
    asked = {"since": "2026-10-01", "to": "2026-10-31"}

    assert books.kpis("customers", **asked, tag=evil)["customers"] == 1
    for group in ("product", "tag", "campaign"):
        rows = books.ledger("orders", **asked, kpi="net", group_by=group, key=evil)
        assert [row["id"] for row in rows] == ["in_1"]
    assert books.kpis("orders", **asked, provider=evil)["net"] == "0.00"
    with pytest.raises(BadRequest):
        books.kpis("orders", **asked, group_by=evil)


def test_a_change_of_what_fell_below_nothing_is_told_as_the_definition_has_it() -> None:
    books = Books()
    books.recurring_payment("2026-09-05", state("2026-09-05"), state("2026-09-06", "paused"))
    books.recurring_payment(
        "2026-10-05",
        state("2026-10-05"),
        state("2026-10-06", amount=3800),
        state("2026-10-07", "paused"),
    )

    churn = books.report("subscriptions", since="2026-10-01", to="2026-10-31")["kpis"]["mrr_churn"]

    assert churn == {"value": "-38.00", "previous": "-19.00", "change": 1.0}
