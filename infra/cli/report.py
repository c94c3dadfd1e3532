"""`paysignal report`: a report of the API, drawn in the terminal, or as a page, CSV or JSON.

The figures are the API's own, the command adds none. Where a question is refused, what was wrong
is told field by field, as the API said it.
"""

from __future__ import annotations

import argparse
import json
import webbrowser
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from infra.cli import report_custom
from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.reports_api import PAGE, Reports
from infra.drawing import sheet
from infra.drawing.page import page
from infra.drawing.report import Report
from infra.drawing.tables import ledger_table
from infra.drawing.terminal import draw
from shared.domain.reports.catalogue import REPORTS

SUMMARY = "draw a report in the terminal, or write it as a page, CSV or JSON"
EXAMPLES = """  ./paysignal report orders                         the last 30 days
  ./paysignal report orders --from 2026-10-01 --to 2026-10-31 --group-by product
  ./paysignal report subscriptions --from all --interval month --chart active
  ./paysignal report customers --tag VIP --explain
  ./paysignal report subscriptions --normalisation month --as-known-at 2026-11-01T08:00:00Z
  ./paysignal report orders --html orders.html --open
  ./paysignal report cohorts --interval month       who came back, month by month
  ./paysignal report custom --dataset orders --dimension status --measure sum:gross
  ./paysignal report orders --csv                   for a spreadsheet; add > orders.csv
  ./paysignal report orders --ledger refunds        the rows behind a figure
  ./paysignal report orders --api https://pay.example.com     a stack elsewhere"""
_DAYS = 30
_ROWS = 20
# The API's own parameters, each with its help; `from` and `to` have rules of this command.
_ASKED = {
    "timezone": "whose calendar days are meant (default: the business's)",
    "interval": "day, week or month",
    "group-by": "what to split by: product, provider, tag, source, …",
    "currency": "one currency's money (default: the business's)",
    "segment": "only contacts of this segment",
    "tag": "customers: those who have this tag; nurture: who was given it",
    "list": "nurture: who was put on this list",
    "connection": "only what came by this connection",
    "provider": "only what came from this provider",
    "compare": "previous (the default) or none",
    "basis": "when a refund counts: cash (its own day) or order (the order's)",
    "normalisation": "recurring revenue of 30d (the default) or a month of 365/12 days",
    "as-known-at": "the report as it stood at a time such as 2026-11-22T08:00:00Z",
    "mode": "test: what connections in test mode brought, instead of the rest",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME", help=", ".join((*REPORTS, report_custom.NAME)))
    asked = parser.add_argument_group("what to ask")
    asked.add_argument(
        "--from",
        dest="first",
        metavar="DATE",
        help=f"first day, or `all` (default: {_DAYS} days in all)",
    )
    asked.add_argument("--to", dest="last", metavar="DATE", help="last day (default: today)")
    for name, told in _ASKED.items():
        asked.add_argument(f"--{name}", metavar=name.upper().replace("-", "_"), help=told)
    behind = parser.add_argument_group("the rows behind a figure")
    behind.add_argument("--ledger", metavar="FIGURE", help="such as net, refunds or active")
    behind.add_argument("--date", metavar="DATE", help="of this bucket alone")
    behind.add_argument("--key", metavar="KEY", help="of this group alone")
    behind.add_argument(
        "--limit", type=int, metavar="N", help=f"so many rows (default: {_ROWS} drawn, else all)"
    )
    shown = parser.add_argument_group("how to show it")
    ways = shown.add_mutually_exclusive_group()
    ways.add_argument("--csv", action="store_true", help="RFC 4180: totals, series and groups")
    ways.add_argument("--json", action="store_true", help="the API's answer itself")
    ways.add_argument("--html", metavar="FILE", type=Path, help="one page that needs nothing else")
    shown.add_argument("--open", action="store_true", help="show the page of --html in a browser")
    shown.add_argument("--chart", metavar="FIGURE", help="the figure to draw")
    shown.add_argument("--explain", action="store_true", help="say what each figure means")
    report_custom.configure(parser)
    add_api(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Ask for the report and show it. Raise CliError where the API refuses the question."""
    if arguments.open and not arguments.html:
        raise CliError("--open needs a page to show: add --html FILE.")
    if arguments.ledger and arguments.html:
        raise CliError("The rows behind a figure have no page. Write them with --csv or --json.")
    api = Reports(outbound(arguments.api))
    if arguments.name == report_custom.NAME:
        return _custom(arguments, api, console)
    query = _query(arguments, api)
    if arguments.ledger:
        return _ledger(arguments, api, query, console)
    answer = api.report(arguments.name, query)
    if arguments.json:
        _put_out(json.dumps(answer, indent=2, ensure_ascii=False) + "\n", console)
        return 0
    report = Report.of(answer, api.definition(arguments.name), arguments.group_by)
    _check_figure(arguments.chart, report)
    if arguments.csv:
        _put_out(sheet.sheet(report), console)
    elif arguments.html:
        _write(arguments, page(report, figure=arguments.chart), console)
    else:
        draw(report, console, figure=arguments.chart, explain=arguments.explain)
    return 0


def _custom(arguments: argparse.Namespace, api: Reports, console: Console) -> int:
    found = report_custom.run(arguments, api, console)
    if found is not None:
        _put_out(found, console)
    return 0


def _query(arguments: argparse.Namespace, api: Reports) -> dict[str, str]:
    """Return the API's parameters: what was asked, and a first day where none was named."""
    named = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in _ASKED}
    query = {name: value for name, value in named.items() if value is not None}
    if arguments.last is not None:
        query["to"] = arguments.last
    # Cohorts say little of a month alone.
    if arguments.first == "all" or (arguments.first is None and arguments.name == "cohorts"):
        return query
    if arguments.first is not None:
        return {**query, "from": arguments.first}
    try:
        told = arguments.last
        last = (
            date.fromisoformat(told)
            if told
            else api.today(arguments.name, arguments.timezone, arguments.as_known_at)
        )
        first = last - timedelta(days=_DAYS - 1)
    except (ValueError, OverflowError):
        # The API says what is wrong with a day, in the words of all its faults.
        return query
    return {**query, "from": first.isoformat()}


def _check_figure(figure: str | None, report: Report) -> None:
    """Raise CliError where the series has no such figure."""
    known = report.columns(report.series)
    if figure is not None and known and figure not in known:
        raise CliError(f"There is no figure {figure} to draw. There are: {', '.join(known)}")


def _write(arguments: argparse.Namespace, text: str, console: Console) -> None:
    try:
        arguments.html.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(f"{arguments.html} cannot be written: {error.strerror}") from error
    console.print(Text(f"{arguments.html} is written"), soft_wrap=True)
    if arguments.open:
        webbrowser.open(arguments.html.resolve().as_uri())


def _put_out(text: str | bytes, console: Console) -> None:
    """Write text for another program: UTF-8 whatever the terminal's is, its line ends untouched."""
    raw = getattr(console.file, "buffer", None)
    if raw is None:
        console.file.write(text if isinstance(text, str) else text.decode())
        return
    console.file.flush()
    raw.write(text.encode("utf-8", "replace") if isinstance(text, str) else text)
    raw.flush()


def _ledger(
    arguments: argparse.Namespace, api: Reports, query: dict[str, str], console: Console
) -> int:
    """Show the rows behind one figure, of a bucket or a group if need be."""
    more = {"kpi": arguments.ledger, "date": arguments.date, "key": arguments.key}
    asked = {**query, **{name: value for name, value in more.items() if value is not None}}
    drawn = not arguments.csv and not arguments.json
    limit = arguments.limit if arguments.limit is not None else _ROWS if drawn else None
    # One more than is shown tells whether there are more.
    page = PAGE if limit is None else min(max(limit, 0) + 1, PAGE)
    found = api.ledger(arguments.name, asked, page=page)
    rows: list[dict[str, Any]] = list(islice(found, None if limit is None else max(limit, 0)))
    names = list(dict.fromkeys(name for row in rows for name in row))
    if arguments.json:
        _put_out(json.dumps({"items": rows}, indent=2, ensure_ascii=False) + "\n", console)
    elif arguments.csv:
        _put_out(sheet.table(names, rows), console)
    elif not rows:
        console.print("no rows: the figure is nothing here")
    else:
        ascii_only = console.options.ascii_only
        console.print(ledger_table(rows, width=console.width, ascii_only=ascii_only))
        if next(found, None) is not None:
            console.print(
                Text(f"these are the first {len(rows)}; more: --limit N; all of each: --csv")
            )
    return 0
