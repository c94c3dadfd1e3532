"""`paysignal report custom`: what it asks the API, and how it shows the answer or the refusal."""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from functions.query import custom_routes, report_routes
from infra.cli import report
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.outbound import Outbound
from infra.local.stack import Endpoints
from shared.api.problems import problem_of
from shared.api.route import Request
from shared.domain.errors import Rejected
from tests.support.custom_reports import SCOPES, shop
from tests.support.loopback_server import LoopbackServer, http

NOWHERE = Endpoints(api_url="http://127.0.0.1:1", admin_key="ps_", webhooks={})


class Books(Outbound):
    """The API over the books of a shop, which remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(NOWHERE)
        self.asked: dict[str, Any] = {}

    def fetch(self, path: str, body: Any) -> tuple[int, bytes]:
        assert path == "/v1/reports/custom"
        self.asked = body
        request = Request(raw=json.dumps(body).encode(), scopes=SCOPES)
        try:
            answer = custom_routes.ask_custom_report(request, shop().adapters)
        except Rejected as error:
            problem = problem_of(error)
            return problem.status, json.dumps(problem.body()).encode()
        if isinstance(answer.body, bytes):
            return 200, answer.body
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        return 200, text.encode()

    def read(self, path: str) -> tuple[int, Any]:
        request = Request(params={"report": path.split("/")[3]})
        return 200, report_routes.read_report_definition(request, shop().adapters).body


def ask(monkeypatch: pytest.MonkeyPatch, *argv: str) -> tuple[Books, str]:
    api = Books()
    monkeypatch.setattr(report, "outbound", lambda _: api)
    output = io.StringIO()
    parser = argparse.ArgumentParser()
    report.configure(parser)
    asked = parser.parse_args(["custom", *argv])
    assert report.run(asked, Console(file=output, width=100, highlight=False)) == 0
    return api, output.getvalue()


def test_rows_are_drawn_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    dimensions = ("--dimension", "status", "--dimension", "occurred_date:month")
    measures = ("--measure", "count", "--measure", "sum:gross")

    _, text = ask(monkeypatch, "--dataset", "orders", *dimensions, *measures)

    assert [line.rstrip() for line in text.splitlines()] == [
        "status     occurred_date  count  sum_gross",
        "completed  2026-10-01         2      29.00",
        "declined   2026-11-01         1       5.00",
        "note: money in EUR is not in these figures; ask by currency",
    ]


def test_everything_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = """--dataset orders --from 2026-10-01 --to 2026-10-31 --match any --date-field
        occurred_date --order-by=-count --limit 5 --timezone Europe/Paris --json""".split()
    where = ("gross between 1 and 20", "status is_not declined", "email is_blank")

    api, text = ask(monkeypatch, *argv, *(part for each in where for part in ("--where", each)))

    assert api.asked == {
        "dataset": "orders",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "match": "any",
        "date_field": "occurred_date",
        "order_by": "-count",
        "limit": 5,
        "timezone": "Europe/Paris",
        "dimensions": [],
        "measures": [{"measure": "count"}],
        "filters": [
            {"field": "gross", "operator": "between", "value": ["1", "20"]},
            {"field": "status", "operator": "is_not", "value": "declined"},
            {"field": "email", "operator": "is_blank"},
        ],
        "format": "json",
    }
    assert json.loads(text)["items"] == [{"count": 2}]


def test_a_yes_or_no_is_asked_for_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ("--dataset", "recurring_payments", "--where", "is_trial is false")

    api, _ = ask(monkeypatch, *argv)

    assert api.asked["filters"] == [{"field": "is_trial", "operator": "is", "value": False}]


def test_it_is_written_as_csv_and_as_parquet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked, path = ("--dataset", "orders", "--dimension", "currency"), tmp_path / "orders.parquet"

    _, text = ask(monkeypatch, *asked, "--csv")
    _, told = ask(monkeypatch, *asked, "--parquet", str(path))

    assert list(csv.reader(io.StringIO(text))) == [
        ["currency", "count"],
        ["EUR", "1"],
        ["USD", "3"],
    ]
    assert duckdb.read_parquet(str(path)).fetchall() == [("EUR", 1), ("USD", 3)]
    assert told == f"{path} is written\n"


def test_what_there_is_to_ask_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = ask(monkeypatch, "--dataset", "activity", "--explain")

    lines = [line.split() for line in text.splitlines()]
    assert ["activity", "email", "text", "needs", "contacts:read"] in lines
    assert {line[0] for line in lines[1:]} == {"activity"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "dataset: is not one of recurring_payments, orders"),
        (["--dataset", "orders", "--dimension", "grosss"], 'did you mean "gross"?'),
        (["--dataset", "orders", "--html", "x.html"], "has no page and no ledger"),
        (["--dataset", "orders", "--parquet", "/nowhere/x"], "cannot be written"),
    ],
)
def test_what_is_wrong_is_told(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], message: str
) -> None:
    with pytest.raises(CliError) as caught:
        ask(monkeypatch, *argv)

    assert message in str(caught.value)


def test_a_large_answer_is_fetched_from_where_it_lies_without_the_key() -> None:
    with LoopbackServer(lambda _: http(200, b"the file")) as bucket:
        told = json.dumps({"url": f"{bucket.url}/exports/1.csv"}).encode()
        with LoopbackServer(lambda _: http(303, told)) as server:
            api = Api(Endpoints(api_url=server.url, admin_key="ps_key", webhooks={}))

            found = api.fetch("/v1/reports/custom", {"dataset": "orders"})
            api.close()

    assert found == (200, b"the file")
    assert "authorization" not in bucket.received[0].headers
    assert server.received[0].headers["authorization"] == "Bearer ps_key"


@pytest.mark.parametrize("url", ["file:///etc/hostname", "http://127.0.0.1:1/x"])
def test_an_answer_that_cannot_be_fetched_is_told_in_words(url: str) -> None:
    with LoopbackServer(lambda _: http(303, json.dumps({"url": url}).encode())) as server:
        api = Api(Endpoints(api_url=server.url, admin_key="ps_key", webhooks={}))

        with pytest.raises(CliError):
            api.fetch("/v1/reports/custom", {})
        api.close()
