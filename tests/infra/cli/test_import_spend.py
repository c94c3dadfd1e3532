"""Importing spend at the terminal: a sheet read, told to the API in parts, its faults by row."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.cli import import_contacts
from infra.cli.__main__ import main
from infra.cli.api import Api
from infra.local.stack import Endpoints
from tests.support.api_client import ApiClient
from tests.support.loopback_server import LoopbackServer, Received, Reply, http

HEADER = "Date,Source,Campaign,Amount,Currency\n"


class Stack:
    """The API behind an address; `sizes` are the numbers of items of its requests."""

    def __init__(self) -> None:
        self.client = ApiClient()
        self.sizes: list[int] = []

    def respond(self, request: Received) -> Reply:
        assert request.first_line.startswith("PUT /v1/spend ")
        body = json.loads(request.body)
        self.sizes.append(len(body["items"]))
        reply = self.client.put("/v1/spend", body)
        return http(reply.status, reply.body)

    def spent(self) -> dict[tuple[str, ...], int]:
        held = self.client.store.documents.items()
        return {name[1:]: each["amount"] for name, each in held if name[0] == "spend"}


def paysignal(
    stack: Stack, path: Path, monkeypatch: pytest.MonkeyPatch, *argv: str
) -> tuple[int, str]:
    output = io.StringIO()
    console = Console(file=output, width=100, highlight=False)
    with LoopbackServer(stack.respond) as server:
        api = Api(Endpoints(api_url=server.url, admin_key="ps_1", webhooks={}))
        monkeypatch.setattr(import_contacts, "outbound", lambda _: api)
        code = main(["import", "spend", str(path), *argv], console)
    return code, output.getvalue()


def sheet(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "ads.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_sheet_is_told_row_by_row_and_again_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack()
    text = "\ufeff" + HEADER + "2026-11-01,ads,tea,25.00,USD\n\n2026-11-02,podcast,,7.5,eur\n"
    path = sheet(tmp_path, text)

    first = paysignal(stack, path, monkeypatch)
    again = paysignal(stack, path, monkeypatch)

    assert (first, again) == ((0, "✓ 2 created\n"), (0, "✓ 2 unchanged\n"))
    assert stack.spent() == {
        ("2026-11-01", "ads", "tea", "USD"): 2500,
        ("2026-11-02", "podcast", "", "EUR"): 750,
    }


def test_what_the_api_rejects_is_told_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack()
    text = "date;amount;currency\n2026-11-01;25,00;USD\n2026-11-02;1;USD\n"

    code, output = paysignal(stack, sheet(tmp_path, text), monkeypatch)

    assert (code, list(stack.spent())) == (1, [("2026-11-02", "", "", "USD")])
    assert "1 created, 1 rejected" in output
    assert "2   │ amount" in output


def test_a_long_sheet_goes_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack()
    rows = "".join(f"2026-11-01,ads,c{number},1,USD\n" for number in range(501))

    code, _ = paysignal(stack, sheet(tmp_path, HEADER + rows), monkeypatch)

    assert (code, stack.sizes, len(stack.spent())) == (0, [500, 1], 501)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("date,amount\n", "has none for currency"),
        ("date,amount,currency,clicks\n", "does not know clicks"),
        ("date,date,amount,currency\n", "names a column twice"),
        ("", "has none for date, amount, currency"),
        (HEADER + "2026-11-01,ads\n", "Row 2 has 2 cells"),
        (HEADER + '"2026-11-01,ads,tea,1,USD\n', "breaks the rules of CSV"),
        (HEADER.encode() + b"2026-11-01,caf\xe9,tea,1,USD\n", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_such_sheet_is_refused_before_anything_is_told(
    text: Any, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack()

    code, output = paysignal(stack, sheet(tmp_path, text), monkeypatch)

    assert code == 1
    assert told in output.replace("\n", " ")
    assert stack.sizes == []


def test_a_file_that_is_not_there_and_another_format_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = paysignal(Stack(), tmp_path / "none.csv", monkeypatch)
    wrong = paysignal(Stack(), tmp_path / "none.csv", monkeypatch, "--format", "ndjson")

    assert (missing[0], wrong[0]) == (1, 1)
    assert "cannot be read" in missing[1]
    assert "Spend comes as CSV" in wrong[1]
