"""`paysignal deliveries`: what was posted to endpoints, and how each attempt went."""

from __future__ import annotations

import argparse
import json
from itertools import islice

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.cli.command import CliError
from infra.cli.outbound import STATES, Json, Outbound, add_api, outbound

SUMMARY = "list webhooks to endpoints, and show one with each of its attempts"
EXAMPLES = """  ./paysignal deliveries list
  ./paysignal deliveries list --state dead --endpoint crm
  ./paysignal deliveries show msg_3f9c0a1b2c3d4e5f
  ./paysignal deliveries --api https://pay.example.com list      a stack elsewhere"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    listed = actions.add_parser("list", help="those of a state or an endpoint, or all")
    listed.add_argument("--state", choices=STATES)
    listed.add_argument("--endpoint", metavar="ID")
    listed.add_argument("--limit", type=int, default=50, help="default: 50")
    shown = actions.add_parser("show", help="one, with its attempts and its payload")
    shown.add_argument("delivery_id")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """List or show."""
    api = outbound(arguments.api)
    if arguments.action == "show":
        return _show(api, arguments.delivery_id, console)
    found = api.deliveries(state=arguments.state, endpoint=arguments.endpoint)
    rows = list(islice(found, max(arguments.limit, 0)))
    if not rows:
        console.print("there are none")
        return 0
    console.print(_table(rows))
    return 0


def _table(rows: list[Json]) -> Table:
    table = Table("delivery", "endpoint", "type", "state", "attempts", "last answer", "next")
    for row in rows:
        last = row["attempts"][-1] if row["attempts"] else None
        table.add_row(
            row["delivery_id"],
            row["endpoint_id"],
            escape(row["type"]),
            row["state"],
            str(len(row["attempts"])),
            _answer(last) if last else "-",
            (row["next_attempt_date"] or "-")[:19].replace("T", " "),
        )
    return table


def _show(api: Outbound, delivery_id: str, console: Console) -> int:
    delivery = api.delivery(delivery_id)
    if delivery is None:
        raise CliError("There is no such delivery. List: ./paysignal deliveries list")
    for name in ("delivery_id", "endpoint_id", "type", "state", "firing_id", "created_date"):
        console.print(f"[bold]{name:<14}[/] {escape(delivery[name] or '-')}", soft_wrap=True)
    console.print(f"[bold]{'next attempt':<14}[/] {delivery['next_attempt_date'] or '-'}")
    table = Table("attempt", "at", "ms", "answer", "text", title_justify="left")
    for number, each in enumerate(delivery["attempts"], 1):
        table.add_row(
            str(number),
            each["at"],
            str(each["duration_ms"]),
            _answer(each),
            escape(each["excerpt"] or ""),
        )
    console.print(table)
    console.print(json.dumps(delivery["payload"], indent=2, ensure_ascii=False), markup=False)
    return 0


def _answer(attempt: Json) -> str:
    """Return what came back, in a word."""
    return str(attempt["status"] or attempt["fault"])
