"""`paysignal report`: what it asks the API, and how it shows the answer or the refusal."""

from __future__ import annotations

import argparse
import io
import json
import webbrowser
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from rich.console import Console

from infra.cli import report
from infra.cli.command import CliError
from infra.cli.outbound import Outbound
from infra.cli.reports_api import Reports
from infra.drawing.report import Report
from infra.local.stack import Endpoints
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import told
from shared.domain.reports.request import PARAMETERS
from tests.infra.cli.test_outbound import served
from tests.infra.drawing.answers import answer
from tests.support.api_client import ApiClient

DEFINITION = {
    **told(REPORTS["orders"]),
    "defaults": {"timezone": "Pacific/Kiritimati", "currency": "USD"},
}
ROWS = [
    {"kind": "order", "id": f"in_{number}", "email": "ada@example.com", "amount": "19.00"}
    for number in range(1_250)
]


class Canned(Outbound):
    """An API that answers each path with what a test put there, and remembers the questions."""

    def __init__(self, answers: Mapping[str, tuple[int, Any]]) -> None:
        super().__init__(Endpoints(api_url="http://127.0.0.1:1", admin_key="ps_", webhooks={}))
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._answers = {
            "/v1/reports/orders": (200, answer()),
            "/v1/reports/orders/definition": (200, DEFINITION),
            **answers,
        }

    def read(self, path: str) -> tuple[int, Any]:
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        self.asked.append((parts.path, query))
        if parts.path.endswith("/ledger"):
            start, limit = int(query.get("cursor", "0")), int(query["limit"])
            following = str(start + limit) if start + limit < len(ROWS) else None
            return 200, {"items": ROWS[start : start + limit], "next_cursor": following}
        return self._answers[parts.path]

    def question(self) -> dict[str, str]:
        """What the report itself was asked."""
        return next(query for path, query in self.asked if path == "/v1/reports/orders")


def ask(
    monkeypatch: pytest.MonkeyPatch, *argv: str, **answers: tuple[int, Any]
) -> tuple[Canned, str]:
    api = Canned({f"/v1/{name.replace('__', '/')}": each for name, each in answers.items()})
    monkeypatch.setattr(report, "outbound", lambda _: api)
    output = io.StringIO()
    parser = argparse.ArgumentParser()
    report.configure(parser)
    code = report.run(parser.parse_args(argv), Console(file=output, width=100, highlight=False))
    assert code == 0
    return api, output.getvalue()


def test_thirty_days_up_to_today_of_the_business_are_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far_east = (datetime.now(UTC) + timedelta(hours=14)).date()

    api, _ = ask(monkeypatch, "orders")

    assert [path for path, _ in api.asked].count("/v1/reports/orders/definition") == 1
    assert api.question() == {"from": (far_east - timedelta(days=29)).isoformat()}


@pytest.mark.parametrize(
    ("argv", "query"),
    [
        (["--from", "all"], {}),
        (["--from", "2026-10-01"], {"from": "2026-10-01"}),
        (["--to", "2026-10-31"], {"from": "2026-10-02", "to": "2026-10-31"}),
        (["--to", "soon"], {"to": "soon"}),
        (["--to", "0001-01-05"], {"to": "0001-01-05"}),
        (["--timezone", "Mars/Olympus"], {"timezone": "Mars/Olympus"}),
        (
            ["--as-known-at", "2026-10-31T11:00:00Z", "--normalisation", "month"],
            # It was the first of November in the business's zone.
            {
                "as_known_at": "2026-10-31T11:00:00Z",
                "normalisation": "month",
                "from": "2026-10-03",
            },
        ),
        (["--as-known-at", "yesterday"], {"as_known_at": "yesterday"}),
        (
            ["--from", "all", "--group-by", "product", "--currency", "EUR", "--segment", "vip"],
            {"group_by": "product", "currency": "EUR", "segment": "vip"},
        ),
    ],
)
def test_the_api_is_asked_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], query: dict[str, str]
) -> None:
    api, _ = ask(monkeypatch, "orders", *argv)

    assert api.question() == query


def test_every_parameter_of_the_api_can_be_asked() -> None:
    parser = argparse.ArgumentParser()
    report.configure(parser)

    options = {option for action in parser._actions for option in action.option_strings}

    wanted = {f"--{name.replace('_', '-')}" for name in PARAMETERS if name != "format"}
    assert wanted <= options


def test_json_is_the_answer_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = ask(monkeypatch, "orders", "--json")

    assert json.loads(text) == answer()


def test_csv_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = ask(monkeypatch, "orders", "--csv")

    assert text.startswith("part,date,key,label,currency,")
    assert text.count("\r\n") == len(text.splitlines()) == 9


def test_a_page_is_written_and_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)

    ask(monkeypatch, "orders", "--html", str(tmp_path / "orders.html"), "--open")

    assert (tmp_path / "orders.html").read_text("utf-8").startswith("<!doctype html>")
    assert opened == [(tmp_path / "orders.html").as_uri()]


def test_a_page_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CliError, match="cannot be written: No such file"):
        ask(monkeypatch, "orders", "--html", str(tmp_path / "nowhere" / "x.html"))


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--open"], "add --html FILE"),
        (["--ledger", "net", "--html", "x"], "have no page"),
        (["--chart", "nets"], "There is no figure nets to draw. There are: net, orders"),
    ],
)
def test_what_cannot_be_shown_is_said(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], told: str
) -> None:
    with pytest.raises(CliError, match=told):
        ask(monkeypatch, "orders", *argv)


def test_an_unknown_report_is_answered_with_the_names_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detail = "There is no such report; there are orders, subscriptions, customers."

    with pytest.raises(CliError, match="there are orders, subscriptions, customers"):
        ask(monkeypatch, "ordres", reports__ordres__definition=(404, {"detail": detail}))


def test_a_refused_question_is_told_field_by_field(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = {
        "title": "Bad request",
        "detail": "The query breaks the rules of this report.",
        "errors": [
            {"path": "timezone", "message": "is not a time zone"},
            {"path": "\x1b[2Jfrom", "message": "lies after to"},
        ],
    }

    with pytest.raises(CliError) as refused:
        ask(monkeypatch, "orders", reports__orders=(400, problem))

    assert str(refused.value).splitlines() == [
        "The query breaks the rules of this report.",
        "  timezone: is not a time zone",
        "  \ufffd[2Jfrom: lies after to",
    ]


@pytest.mark.parametrize("broken", [None, [], {"errors": None}])
def test_an_answer_that_is_no_problem_document_is_an_error_too(
    monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    with pytest.raises(CliError, match="The API answered 502"):
        ask(monkeypatch, "orders", reports__orders=(502, broken))


def test_the_rows_behind_a_figure_are_drawn_a_screen_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api, text = ask(
        monkeypatch, "orders", "--from", "all", "--group-by", "product",
        "--ledger", "net", "--date", "2026-10-01", "--key", "p",
    )  # fmt: skip

    assert api.asked == [
        (
            "/v1/reports/orders/ledger",
            {"group_by": "product", "kpi": "net", "date": "2026-10-01", "key": "p", "limit": "21"},
        )
    ]
    assert "in_19" in text
    assert "in_20" not in text
    assert "these are the first 20; more: --limit N; all of each: --csv" in text


def test_all_rows_behind_a_figure_are_written_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api, text = ask(monkeypatch, "orders", "--from", "all", "--ledger", "net", "--csv")
    _, some = ask(
        monkeypatch, "orders", "--from", "all", "--ledger", "net", "--json", "--limit", "3"
    )

    lines = text.split("\r\n")
    assert lines[0] == "kind,id,email,amount"
    assert len(lines) == 1 + len(ROWS) + 1
    assert [query.get("cursor") for _, query in api.asked] == [None, "1000"]
    assert json.loads(some) == {"items": ROWS[:3]}


def test_a_figure_without_rows_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = ask(monkeypatch, "orders", "--from", "all", "--ledger", "net", "--limit", "0")

    assert text == "no rows: the figure is nothing here\n"


def test_other_programs_get_utf8_whatever_the_terminal_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = [{"key": "p", "label": "Café", "net": "1.00"}]
    api = Canned({"/v1/reports/orders": (200, answer(groups=groups))})
    monkeypatch.setattr(report, "outbound", lambda _: api)
    parser = argparse.ArgumentParser()
    report.configure(parser)
    raw = io.BytesIO()
    output = io.TextIOWrapper(raw, encoding="ascii", newline="\r")

    report.run(parser.parse_args(["orders", "--from", "all", "--csv"]), Console(file=output))

    lines = raw.getvalue().split(b"\r\n")
    assert lines[-2].startswith("group,,p,Café,USD,".encode())


def test_the_real_api_is_understood() -> None:
    with served(ApiClient(local=True)) as endpoints:
        api = Reports(Outbound(endpoints))

        answers = {name: api.report(name, {"from": "2026-09-01"}) for name in REPORTS}
        definitions = {name: api.definition(name) for name in REPORTS}
        rows = list(api.ledger("orders", {"kpi": "net"}))
        with pytest.raises(CliError) as unknown:
            api.report("ordres", {})
        with pytest.raises(CliError) as refused:
            api.report("orders", {"interval": "year"})

    for name, found in answers.items():
        shown = Report.of(found, definitions[name])
        assert [kpi.name for kpi in shown.kpis] == [each.name for each in REPORTS[name].kpis]
        assert shown.columns(shown.series) == [kpi.name for kpi in shown.kpis]
    assert rows == []
    assert f"there are {', '.join(REPORTS)}" in str(unknown.value)
    assert "\n  interval: is not one of day, week, month" in str(refused.value)
