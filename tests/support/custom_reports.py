"""Asks the report `custom` in process: what tests of it share."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from functions.query import custom_routes
from shared.api import custom_answers
from shared.api.route import Answer, Request
from shared.domain.errors import Invalid
from tests.support.log_books import Books, item, state

SCOPES = frozenset({"reports:read", "contacts:read"})


def answer(books: Books, scopes: frozenset[str] = SCOPES, **body: Any) -> Answer:
    asked = {"from" if name == "since" else name: value for name, value in body.items()}
    request = Request(raw=json.dumps(asked).encode(), scopes=scopes)
    return custom_routes.ask_custom_report(request, books.adapters)


def ask(books: Books, dataset: str = "orders", **body: Any) -> dict[str, Any]:
    found = answer(books, dataset=dataset, **body).body
    custom_answers.CustomReport.model_validate_json(json.dumps(found))
    return dict(found)


def rows(books: Books, dataset: str = "orders", **body: Any) -> list[tuple[Any, ...]]:
    return [tuple(each.values()) for each in ask(books, dataset, **body)["items"]]


def faults(books: Books, **body: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        answer(books, **{"dataset": "orders", **body})
    return dict(caught.value.errors)


def measure(function: str, field: str) -> dict[str, str]:
    return {"measure": function, "field": field}


def by(field: str, bucket: str) -> dict[str, str]:
    return {"field": field, "bucket": bucket}


@cache
def shop() -> Books:
    """Return a shop that tests only ask."""
    books = Books()
    books.connection("club", provider="paypal")
    books.connection("trial", mode="test")
    books.contact("ada", "2026-10-01", tagged={"VIP": "2026-09-01", "Tea": "2026-09-02"})
    books.contact("bob", "2026-10-02", tagged={"Tea": "2026-09-02"}, aliases=["b@example.com"])
    lines = [item("tea", 600, "Tea"), item("cup", 400, "Cup"), item("tea", 900, "Tea")]
    books.order("2026-10-01T10:00", 1900, contact_id="ada", line_items=lines, tax=100)
    books.order("2026-10-01T23:30", 1000, contact_id="bob", connection_id="club", kind="one_time")
    books.order("2026-11-02", 500, contact_id="ada", status="declined")
    books.order("2026-10-03", 700, currency="EUR")
    books.order("2026-10-03", 900, mirror_of=["club", "x"][0])
    books.order("2026-10-03", 800, connection_id="trial")
    books.recurring_payment("2026-10-01", state("2026-10-01"), contact_id="ada")
    books.activity("ada@example.com", "open", "2026-10-01")
    books.activity("b@example.com", "click", "2026-10-01")
    books.activity("nobody@example.com", "open", "2026-10-01")
    books.segment("vips", conditions=[{"field": "contact.tags", "operator": "is", "value": "VIP"}])
    books.change("in_1", "2026-10-01")
    return books
