"""A file of old records at the terminal: what is sent, what is told, what is kept to be mended."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from functions.manage.store_bodies import OrderItem, RecurringPaymentItem
from infra.cli import sync_columns, sync_csv
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.local.stack import Endpoints
from shared.providers.api_store import ORDER
from tests.support.loopback_server import LoopbackServer, Received, Reply, http
from tests.support.store_items import ApiStore

HEADER = "store_order_id,status,gross,currency,occurred_date,email"
ROW = "in_1,completed,19.00,USD,2024-02-01,ada@example.com"

Judge = Callable[[dict[str, Any]], dict[str, Any]]


def accepted(item: dict[str, Any]) -> dict[str, Any]:
    del item
    return {"status": "created", "errors": []}


class Stack:
    """The API as far as a file needs it; `bodies` are what it was sent, by path."""

    def __init__(self, judge: Judge = accepted) -> None:
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self._judge = judge
        self.server = LoopbackServer(self._respond)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for _, body in self.bodies for item in body["items"]]

    def _respond(self, request: Received) -> Reply:
        body = json.loads(request.body)
        self.bodies.append((request.first_line.removesuffix(" HTTP/1.1"), body))
        return http(200, {"results": [self._judge(item) for item in body["items"]]})


def sync(
    stack: Stack, path: Path, kind: str | None = None, errors: Path | None = None
) -> tuple[int, str]:
    """Import a file; return the exit code and what was printed."""
    output = io.StringIO()
    console = Console(file=output, width=100, highlight=False)
    with stack.server:
        api = Api(Endpoints(api_url=stack.server.url, admin_key="ps_1", webhooks={}))
        with closing(api):
            code = sync_csv.run(api, "shop", path, kind, console, errors=errors)
    return code, output.getvalue()


def file_of(folder: Path, *lines: str) -> Path:
    path = folder / "old.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_rows_become_orders_of_the_connection_as_history(tmp_path: Path) -> None:
    stack = Stack()

    code, told = sync(stack, file_of(tmp_path, HEADER, ROW))

    assert (code, told.strip()) == (0, "✓ orders: 1 created")
    ((line, body),) = stack.bodies
    assert (line, body["historical"]) == ("PUT /v1/orders", True)
    assert body["items"] == [
        {
            "connection_id": "shop",
            "store_order_id": "in_1",
            "status": "completed",
            "gross": "19.00",
            "currency": "USD",
            "occurred_date": "2024-02-01",
            "email": "ada@example.com",
        }
    ]


def test_columns_of_recurring_payments_are_told_from_those_of_orders(tmp_path: Path) -> None:
    stack = Stack()
    header = "Store recurring payment ID;Status;Start date;is_trial;total_cycles;billing_city"
    header += ";first_name;item_name;item_quantity"
    row = "sub_1;Active;2024-01-31;No;12;Chicago;Ada;Plan;2"

    sync(stack, file_of(tmp_path, header, row, ""))

    assert stack.bodies[0][0] == "PUT /v1/recurring-payments"
    assert stack.items == [
        {
            "connection_id": "shop",
            "store_recurring_payment_id": "sub_1",
            "status": "active",
            "start_date": "2024-01-31",
            "is_trial": False,
            "total_cycles": 12,
            "billing_address": {"city": "Chicago"},
            "customer": {"first_name": "Ada"},
            "line_items": [{"name": "Plan", "quantity": 2}],
        }
    ]


def test_a_hundred_rows_go_at_a_time(tmp_path: Path) -> None:
    stack = Stack()
    rows = [ROW.replace("in_1", f"in_{number}") for number in range(250)]

    code, told = sync(stack, file_of(tmp_path, HEADER, *rows))

    assert [len(body["items"]) for _, body in stack.bodies] == [100, 100, 50]
    assert (code, told.strip()) == (0, "✓ orders: 250 created")


def test_rejected_rows_are_told_by_number_and_column_and_fail_the_command(tmp_path: Path) -> None:
    def judge(item: dict[str, Any]) -> dict[str, Any]:
        if item["store_order_id"] != "in_2":
            return accepted(item)
        faults = [("line_items.0.amount", "is not an amount of USD"), ("", "is odd")]
        told = [{"path": path, "message": message} for path, message in faults]
        return {"status": "rejected", "errors": told}

    lines = [
        f"{HEADER},item_quantity",
        f"{ROW},1",
        f"{ROW},many",
        "",
        "in_2,,,,,,",
        "in_3,completed",
    ]

    code, told = sync(Stack(judge), file_of(tmp_path, *lines))

    assert code == 1
    assert "1 created, 3 rejected" in told
    shown = [line.split("│")[1:4] for line in told.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in shown] == [
        ["3", "item_quantity", "is not a whole number"],
        ["5", "item_amount", "is not an amount of USD"],
        ["5", "", "is odd"],
        ["6", "", "has 2 cells, while the first row has 7"],
    ]


def test_rejected_rows_are_kept_as_a_file_that_can_be_mended_and_imported(tmp_path: Path) -> None:
    kept = tmp_path / "rejected.csv"
    source = file_of(tmp_path, f"{HEADER},item_quantity", f"{ROW},many", f"{ROW},1")

    code, _ = sync(Stack(), source, errors=kept)

    with kept.open(newline="", encoding="utf-8") as file:
        header, row = csv.reader(file)
    assert code == 1
    assert header == [*HEADER.split(","), "item_quantity", "errors"]
    assert row == [*ROW.split(","), "many", "item_quantity is not a whole number"]
    kept.write_text(kept.read_text(encoding="utf-8").replace("many", "3"), encoding="utf-8")
    mended = Stack()
    assert sync(mended, kept)[0] == 0
    assert mended.items[0]["line_items"] == [{"quantity": 3}]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["", ROW], "The columns do not say what the rows are"),
        (["name,email", "x,y"], "Add --kind orders or recurring-payments"),
        ([f"{HEADER},colour", f"{ROW},red"], "Column 7 is none of those of orders"),
        ([f"{HEADER},email", f"{ROW},x"], "The first row names email twice"),
        (["store_order_id,status,gross", "in_1,completed,19"], "currency, occurred_date as well"),
        ([HEADER, f'"{ROW}'], "Row 2 breaks the rules of CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, lines: list[str], said: str) -> None:
    stack = Stack()

    with pytest.raises(CliError, match=said):
        sync(stack, file_of(tmp_path, *lines))

    assert stack.bodies == []


def test_a_file_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    path, stack = tmp_path / "old.csv", Stack()
    path.write_bytes(f"﻿{HEADER}\r\n{ROW}\r\n".encode())

    assert sync(stack, path)[0] == 0

    path.write_bytes(f"{HEADER},first_name\n{ROW},Jörg\n".encode("latin-1"))
    with pytest.raises(CliError, match="is not UTF-8"):
        sync(Stack(), path)
    with pytest.raises(CliError, match="cannot be read"):
        sync(Stack(), tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("kind", "model"), [("orders", OrderItem), ("recurring-payments", RecurringPaymentItem)]
)
def test_every_column_is_a_field_of_the_api_and_told_in_the_help(kind: str, model: Any) -> None:
    heads = {path.partition(".")[0] for path in sync_columns.COLUMNS[kind].values()}

    assert heads <= set(model.model_fields)
    for column in sync_columns.COLUMNS[kind]:
        known = column.removeprefix("billing_").removeprefix("shipping_")
        assert column in sync_columns.HELP or known in sync_columns.HELP


def test_the_example_in_the_help_is_one_that_can_be_imported(tmp_path: Path) -> None:
    store = ApiStore(provider="stripe")
    example = [line.strip() for line in sync_columns.HELP.splitlines()[-3:]]

    def judge(item: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = store.put(ORDER, item, historical=True)[0]
        return result

    code, told = sync(Stack(judge), file_of(tmp_path, *example))

    assert (code, told.strip()) == (0, "✓ orders: 2 created")
    refunded = {own: each["refunded"] for own, each in store.shop.orders().items()}
    assert refunded == {"in_1Abc": 0, "in_1Abd": 500}
