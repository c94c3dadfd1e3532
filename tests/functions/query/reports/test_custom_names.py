"""The report `custom` as the way in: whatever a request names is checked, and only ever a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.query import report_routes
from shared.api import report_answers
from shared.api.route import Request
from shared.domain.errors import BadRequest, Forbidden
from shared.domain.reports.custom_fields import CUSTOM_DATASETS
from shared.domain.segments.fields import Kind
from tests.support.custom_reports import answer, ask, by, faults, measure, rows, shop
from tests.support.log_books import Books


def test_personal_fields_need_the_scope_that_reads_contacts_unless_only_counted() -> None:
    books, scope = shop(), frozenset({"reports:read"})
    counted = {"dataset": "orders", "measures": [measure("count_distinct", "email")]}
    condition = {"field": "email", "operator": "is", "value": "ada@example.com"}

    assert answer(books, scope, **counted).status == 200
    for asked in (
        {"dimensions": ["email"]},
        {"filters": [condition]},
        {"dimensions": ["contact_id"]},
    ):
        with pytest.raises(Forbidden):
            answer(books, scope, **{"dataset": "orders", **asked})


_EVIL = ["status; DROP TABLE x", '"gross"', "m.gross", "gross) FROM contacts --", "1", "*", "", "n"]


@pytest.mark.parametrize("name", _EVIL)
def test_a_name_outside_of_the_catalogue_is_refused_wherever_it_stands(name: str) -> None:
    books = Books()
    asked: list[tuple[str, dict[str, Any]]] = [
        ("dimensions[0].field", {"dimensions": [name]}),
        ("dimensions[0].bucket", {"dimensions": [by("occurred_date", name)]}),
        ("measures[0].measure", {"measures": [measure(name, "gross")]}),
        ("measures[0].field", {"measures": [measure("sum", name)]}),
        ("filters[0].field", {"filters": [{"field": name, "operator": "is", "value": "x"}]}),
        ("filters[0].operator", {"filters": [{"field": "status", "operator": name, "value": "x"}]}),
        ("date_field", {"date_field": name}),
        ("order_by", {"order_by": name}),
        ("format", {"format": name}),
        ("dataset", {"dataset": name}),
        ("currency", {"currency": name}),
        ("timezone", {"timezone": name}),
    ]

    for path, body in asked:
        assert path in faults(books, **body), path


@pytest.mark.parametrize("value", ["'", "' OR 1=1 --", '"; SELECT 1', "?", "{text}", "\\", "%"])
def test_a_value_is_only_ever_a_value(value: str) -> None:
    books = Books()
    books.order("2026-10-01", status=value)
    books.order("2026-10-01")
    operators = ("is", "contains", "starts_with", "ends_with")

    found = [
        rows(
            books,
            dimensions=["status"],
            filters=[{"field": "status", "operator": each, "value": value}],
        )
        for each in operators
    ]

    assert found == [[(value, 1)]] * len(operators)


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"dimensions": ["grosss"]}, "dimensions[0].field", 'did you mean "gross"?'),
        ({"measures": [measure("sum", "status")]}, "measures[0].measure", "does not apply to text"),
        ({"measures": [measure("count", "status")]}, "measures[0].field", "count has none"),
        ({"dimensions": [by("status", "day")]}, "dimensions[0].bucket", "is for dates"),
        ({"dimensions": ["status", "status"]}, "dimensions[1]", "is there twice"),
        ({"dimensions": ["line_items.sku", "returned.kind"]}, "dimensions", "several lists"),
        ({"measures": []}, "measures", "has to name something"),
        ({"dimensions": ["status"] * 11}, "dimensions", "are more than 10"),
        ({"dimensions": "status"}, "dimensions", "has to be a list"),
        ({"dimensions": [1]}, "dimensions[0]", "has to be text, or an object"),
        ({"date_field": "status"}, "date_field", "has to be a date of the record"),
        ({"limit": 50_001}, "limit", "from 1 to 50000"),
        ({"limit": True}, "limit", "from 1 to 50000"),
        ({"sql": "SELECT 1"}, "sql", "Extra inputs are not permitted"),
        ({"from": 1}, "from", "has to be text"),
        ({"from": "2026-10-40"}, "from", "has to be a date"),
        ({"match": "some"}, "match", "has to be all, any or none"),
        ({"filters": {"match": "all", "conditions": []}, "match": "any"}, "match", "inside"),
        ({"filters": [{"segment_id": "x"}]}, "filters[0].segment_id", "there is no segment"),
        ({"dataset": "activity", "currency": "USD"}, "currency", "have no money"),
    ],
)
def test_every_fault_is_told_with_its_place(body: dict[str, Any], path: str, message: str) -> None:
    told = faults(Books(), **body)

    assert message in told[path]


def test_the_definition_tells_every_field_and_which_are_personal() -> None:
    request = Request(params={"report": "custom"})

    told = report_routes.read_report_definition(request, Books().adapters).body

    report_answers.ReportDefinition.model_validate_json(json.dumps(told))
    fields = {each["dataset"]: {f["name"]: f for f in each["fields"]} for each in told["datasets"]}
    assert fields["orders"]["email"]["personal"]
    assert not fields["orders"]["status"]["personal"]
    assert fields["orders"]["line_items.sku"]["list"] == "line_items"
    assert {"position", "epoch", "deleted"}.isdisjoint(fields["changes"])


def test_an_unknown_connection_is_refused() -> None:
    with pytest.raises(BadRequest):
        answer(Books(), dataset="orders", connection="nowhere")


def chunks(dataset: Any, size: int) -> Iterator[list[str]]:
    """Return the names of all fields, those of one list together."""
    for listed in dict.fromkeys(each.listed for each in dataset.fields.values()):
        names = [each.name for each in dataset.fields.values() if each.listed == listed]
        for start in range(0, len(names), size):
            yield names[start : start + size]


@pytest.mark.parametrize("dataset", CUSTOM_DATASETS.values(), ids=lambda each: each.name)
def test_every_field_of_every_dataset_can_be_a_dimension_a_condition_and_counted(
    dataset: Any,
) -> None:
    books = shop()
    values = {
        Kind.TEXT: ("is", "x"),
        Kind.BOOLEAN: ("is", True),
        Kind.DATE: ("on", "2026-10-01"),
        Kind.MONEY: ("is", "1.00"),
        Kind.NUMBER: ("is", "1"),
    }

    asked = []
    for field in dataset.fields.values():
        operator, value = values[field.kind]
        asked.append({"field": field.name, "operator": operator, "value": value})

    for chunk in chunks(dataset, 10):
        counted = [measure("count_distinct", name) for name in chunk]
        found = ask(books, dataset.name, dimensions=chunk, measures=["count", *counted])
        assert found["total"] == len(found["items"]) > 0, chunk
    assert ask(books, dataset.name, filters=asked)["total"] == 1
