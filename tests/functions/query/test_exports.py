"""Answers in other formats and of any size: CSV, Parquet, and those fetched by an address."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from functions.query import custom_routes, report_routes
from functions.query.exports import INLINE_BYTES_MAX, sent
from shared.api import custom_answers
from shared.api.route import Answer, Request
from shared.domain.reports.catalogue import REPORTS
from tests.functions.query.reports.test_groups import OCTOBER, business
from tests.support.custom_reports import answer, ask, by, measure, shop
from tests.support.log_books import NOW, Books, state

_FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"]  # noqa: RUF001


whole_business = cache(business)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def parquet(content: bytes, folder: Path) -> duckdb.DuckDBPyRelation:
    path = folder / "answer.parquet"
    path.write_bytes(content)
    return duckdb.read_parquet(str(path))


def large(content: str | bytes | dict[str, Any], content_type: str) -> tuple[Books, Answer]:
    books = Books()
    given = Answer(200, content, content_type, {"ETag": "x", "X-Total-Count": "7"})
    return books, sent(given, books.adapters)


def test_a_custom_report_as_csv_has_the_rows_of_the_same_as_json() -> None:
    dimensions = ["currency", by("occurred_date", "month")]
    asked: dict[str, Any] = {"dimensions": dimensions, "measures": ["count"]}

    told = answer(shop(), dataset="orders", **asked, format="csv")
    same = ask(shop(), **asked)["items"]

    assert told.content_type == "text/csv; charset=utf-8"
    assert read(str(told.body)) == [{k: str(v) for k, v in each.items()} for each in same]
    assert told.headers["X-Total-Count"] == "3"


@pytest.mark.parametrize("text", _FORMULAS)
def test_no_cell_of_a_custom_report_is_a_formula(text: str) -> None:
    books = Books()
    books.order("2026-10-01", product_name=text, back=[("refund", "2026-10-02", 400)])
    measures = [measure("sum", "returned.amount")]
    asked: dict[str, Any] = {"dimensions": ["product_name"], "measures": measures}

    told = answer(books, dataset="orders", **asked, format="csv")

    (row,) = csv.reader(io.StringIO(str(told.body).partition("\r\n")[2], newline=""))
    assert row == [f"'{text}", "4.00"]


def test_parquet_has_the_same_rows_with_their_types(tmp_path: Path) -> None:
    books = Books()
    started = "2026-10-01T05:06:07.089"
    books.recurring_payment(started, state(started), cycles_completed=3, name="Tea")
    books.recurring_payment("2026-10-02", state("2026-10-02", currency="KWD"))
    asked: dict[str, Any] = {
        "dimensions": ["currency", "name", "is_trial", by("start_date", "time"), "anchor_date"],
        "measures": [
            "count",
            measure("sum", "payment_amount"),
            measure("sum", "cycles_completed"),
            measure("avg", "cycles_completed"),
            measure("max", "start_date"),
        ],
    }

    told = answer(books, dataset="recurring_payments", **asked, format="parquet")
    same = ask(books, "recurring_payments", **asked)

    table = parquet(bytes(told.body), tmp_path)
    assert table.columns == [each["name"] for each in same["columns"]]
    kinds = """VARCHAR VARCHAR BOOLEAN TIMESTAMP DATE BIGINT DECIMAL(38,3) DECIMAL(38,0) DOUBLE
        TIMESTAMP"""
    assert [str(each) for each in table.types] == kinds.split()
    kwd, usd = (dict(zip(table.columns, row, strict=True)) for row in table.fetchall())
    assert (kwd["sum_payment_amount"], usd["sum_payment_amount"]) == (Decimal("1.9"), Decimal(19))
    assert (usd["name"], usd["is_trial"], usd["count"], kwd["name"]) == ("Tea", False, 1, None)
    assert usd["start_date"].isoformat() + "Z" == "2026-10-01T05:06:07.089000Z"
    assert (usd["sum_cycles_completed"], usd["avg_cycles_completed"]) == (3, 3.0)
    assert [row["sum_payment_amount"] for row in same["items"]] == ["1.900", "19.00"]


def test_parquet_of_nothing_has_its_columns(tmp_path: Path) -> None:
    told = answer(Books(), dataset="orders", dimensions=["status"], format="parquet")

    table = parquet(bytes(told.body), tmp_path)
    assert (table.columns, table.fetchall()) == (["status", "count"], [])


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_and_ledger_has_a_table(name: str) -> None:
    books, definition = whole_business(), REPORTS[name]
    query = {"from": OCTOBER["since"], "to": OCTOBER["to"], "format": "csv"}
    whole = books.report(name, **OCTOBER)
    kpi = definition.kpis[0].name

    series = read(str(books.answer(name, query).body))
    groups = read(str(books.answer(name, {**query, "group_by": "source"}).body))
    request = Request(params={"report": name}, query={**query, "kpi": kpi})
    ledger = read(str(report_routes.read_report_ledger(request, books.adapters).body))

    if name == "cohorts":
        told = [month for group in whole["groups"] for month in group["months"]]
        assert [each["revenue"] for each in series] == [each["revenue"] for each in told]
    else:
        assert [each["date"] for each in series] == [each["date"] for each in whole["series"]]
    assert "ads" in {each["key"] for each in groups}
    assert len(ledger) == len(books.ledger(name, **OCTOBER, kpi=kpi))


def test_a_ledger_as_csv_has_all_rows_and_says_where_those_beyond_the_cap_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    books = Books()
    for number in range(30):
        books.order(f"2026-10-01T00:{number:02d}", 100)
    query = {"from": OCTOBER["since"], "to": OCTOBER["to"], "format": "csv", "kpi": "net"}

    def ledger(**more: str) -> Answer:
        request = Request(params={"report": "orders"}, query={**query, **more})
        return report_routes.read_report_ledger(request, books.adapters)

    whole = ledger()
    monkeypatch.setattr(report_routes, "ROWS_MAX", 20)
    first = ledger()
    rest = ledger(cursor=first.headers["X-Next-Cursor"])

    assert (len(read(str(whole.body))), "X-Next-Cursor" in whole.headers) == (30, False)
    assert read(str(whole.body)) == read(str(first.body)) + read(str(rest.body))


@pytest.mark.parametrize(
    ("content", "content_type", "ending"),
    [
        ("x" * (INLINE_BYTES_MAX + 1), "text/csv; charset=utf-8", "csv"),
        ("ä" * (INLINE_BYTES_MAX // 2 + 1), "text/csv; charset=utf-8", "csv"),
        (b"x" * (INLINE_BYTES_MAX * 3 // 4 + 3), custom_routes.PARQUET, "parquet"),
        ({"items": ["x" * INLINE_BYTES_MAX]}, "application/json", "json"),
        ({"items": ['"' * (INLINE_BYTES_MAX // 4)]}, "application/json", "json"),
    ],
    ids=["text", "letters of two bytes", "bytes", "json", "quotation marks"],
)
def test_an_answer_above_5_mb_is_fetched_by_an_address(
    content: str | bytes | dict[str, Any], content_type: str, ending: str
) -> None:
    books, told = large(content, content_type)

    (key,) = books.exports.files
    kept = books.exports.files[key]
    as_json = json.dumps(content).encode() if isinstance(content, dict) else b""
    plain = content.encode() if isinstance(content, str) else content
    assert kept == plain if not as_json else json.loads(kept) == content
    assert (key.startswith("exports/"), key.rpartition(".")[2]) == (True, ending)
    assert books.exports.types[key] == content_type
    assert told.status == 303
    assert told.headers == {"X-Total-Count": "7", "Location": told.body["url"]}
    assert told.body["url"] == f"https://bodies.example.com/{key}?reading&signed-at={NOW}"
    assert (told.body["bytes"], told.body["content_type"]) == (len(kept), content_type)
    custom_answers.Export.model_validate(told.body)


@pytest.mark.parametrize("content", ["x" * INLINE_BYTES_MAX, b"x" * (INLINE_BYTES_MAX * 3 // 4)])
def test_an_answer_of_5_mb_is_sent_as_it_is(content: str | bytes) -> None:
    books, told = large(content, "text/csv; charset=utf-8")

    assert (told.status, told.body, books.exports.files) == (200, content, {})


def test_two_large_answers_never_share_a_name() -> None:
    books = Books()
    given = Answer(200, "x" * (INLINE_BYTES_MAX + 1), "text/csv; charset=utf-8")

    sent(given, books.adapters)
    sent(given, books.adapters)

    assert len(books.exports.files) == 2
