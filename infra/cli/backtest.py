"""`paysignal backtest`: whom an automation would have acted for, between two dates."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.table import Table
from rich.text import Text

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.watch import watch_job
from infra.drawing.numbers import moment_of, plain

SUMMARY = "find out whom an automation would have acted for, without acting"
EXAMPLES = """  ./paysignal backtest failed-payment --from 2026-10-01
  ./paysignal backtest renewal-reminder --from 2026-10-01 --to 2026-10-31
  ./paysignal backtest failed-payment --from 2026-10-01 --json
  ./paysignal backtest failed-payment --from 2026-10-01 --api https://pay.example.com"""
_SHOWN = 50
# Longer than the Lambda may run, begun twice.
_PATIENCE_SECONDS = 2_000
_VALUE_MAX = 40

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("automation", metavar="AUTOMATION", help="its id")
    parser.add_argument("--from", dest="first", metavar="DATE", required=True, help="first day")
    parser.add_argument("--to", dest="last", metavar="DATE", help="last day (default: until now)")
    parser.add_argument(
        "--limit", type=int, default=_SHOWN, metavar="N", help=f"so many rows (default: {_SHOWN})"
    )
    parser.add_argument("--json", action="store_true", help="the job's result itself")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Begin, wait and show; fail where it cannot be done. Raise CliError."""
    body = {"from": arguments.first}
    if arguments.last is not None:
        body["to"] = arguments.last
    path = f"/v1/automations/{quote(arguments.automation, safe='')}/backtest"
    with closing(outbound(arguments.api)) as api:
        job_id = api.post(path, json.dumps(body).encode())["job_id"]
        job = watch(api, job_id, console, time.sleep)
    if job["state"] == "failed":
        raise CliError(" ".join(each["message"] for each in job["result"]["errors"]))
    if arguments.json:
        told = json.dumps(job["result"], indent=2, ensure_ascii=False)
        console.print(told, markup=False, soft_wrap=True)
    else:
        show(arguments.automation, job["result"], console, max(arguments.limit, 0))
    return 0


def watch(api: Api, job_id: str, console: Console, sleep: Callable[[float], object]) -> Json:
    """Show a job's progress until it ends; return it as it then is. Raise CliError."""
    return watch_job(
        api,
        job_id,
        lambda job: "looking at what happened",
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        console=console,
        sleep=sleep,
        seconds_max=_PATIENCE_SECONDS,
    )


def show(automation: str, result: Json, console: Console, limit: int) -> None:
    """Print what a backtest found."""
    mark = "+" if console.options.ascii_only else "✓"
    days = f"{result['from'][:10]} to {result['to'][:10]}"
    console.print(
        Text.assemble(
            (mark, "green"),
            f" {plain(automation)} from {days}: {result['found']} firings for "
            f"{result['contacts']} contacts",
        )
    )
    rows = result["firings"][:limit]
    if not rows:
        return
    table = Table("when", "contact", "record", "what", "event")
    for each in rows:
        table.add_row(
            Text(moment_of(each["at"])),
            Text(plain(each["contact"]["email"] or each["contact"]["contact_id"])),
            Text(plain(each["change"]["record"]["id"])),
            Text(what(each["change"], ascii_only=console.options.ascii_only)),
            Text(plain(each["cause"]["event_type"])),
        )
    console.print(table)
    if result["found"] > len(rows):
        console.print(f"these are the first {len(rows)} of {result['found']}")


def what(change: Json, *, ascii_only: bool = False) -> str:
    """Return a change in a few words: what became of its first field, or that something began."""
    if change.get("date"):
        return plain(f"{change['date']['field']} {change['date']['value'][:10]}")
    if change["kind"] == "created" or not change["changes"]:
        return str(change["kind"])
    arrow = "->" if ascii_only else "→"
    told = [
        f"{each['field']} {_value(each['from'])} {arrow} {_value(each['to'])}"
        for each in change["changes"]
    ]
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return plain(told[0] + more, ascii_only=False)


def _value(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…"
