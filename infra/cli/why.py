"""`paysignal why`: why an automation acted for a contact or did not, by each change or date."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlencode

from rich.console import Console
from rich.text import Text

from infra.cli.backtest import what
from infra.cli.outbound import add_api, outbound
from infra.drawing.numbers import moment_of, plain

SUMMARY = "tell why an automation acted for a contact, or why it did not"
EXAMPLES = """  ./paysignal why failed-payment ada@example.com
  ./paysignal why failed-payment ada@example.com --limit 5
  ./paysignal why failed-payment ada@example.com --json
  ./paysignal why failed-payment ada@example.com --api https://pay.example.com"""
_SHOWN = 20

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("automation", metavar="AUTOMATION", help="its id")
    parser.add_argument("contact", metavar="CONTACT", help="an email, alias or id")
    parser.add_argument(
        "--limit", type=int, default=_SHOWN, metavar="N", help=f"changes (default: {_SHOWN})"
    )
    parser.add_argument("--json", action="store_true", help="the API's answer itself")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Ask and show; 0 also where nothing fired. Raise CliError."""
    query = urlencode({"contact": arguments.contact})
    with closing(outbound(arguments.api)) as api:
        told = api.get(f"/v1/automations/{quote(arguments.automation, safe='')}/why?{query}")
    if arguments.json:
        text = json.dumps(told, indent=2, ensure_ascii=False)
        console.print(text, markup=False, soft_wrap=True)
    else:
        show(told, console, max(arguments.limit, 0))
    return 0


def show(told: Json, console: Console, limit: int) -> None:
    """Print each change or date with its decision, the newest first."""
    who = plain(told["contact"]["email"] or told["contact"]["contact_id"])
    fired = sum(each["decision"] == "fired" for each in told["changes"])
    console.print(
        Text.assemble((plain(told["automation_id"]), "bold"), " for ", (who, "bold")),
        Text(f"{len(told['changes'])} {_noun(told['changes'])} looked at, {fired} fired", "dim"),
        sep="\n",
    )
    for each in told["changes"][:limit]:
        _change(each, console)
    if len(told["changes"]) > limit:
        console.print(f"\nthese are the newest {limit}; more: --limit N")


def _noun(rows: list[Json]) -> str:
    return "dates" if rows and rows[0].get("date") else "changes"


def _change(row: Json, console: Console) -> None:
    ascii_only = console.options.ascii_only
    fired = row["decision"] == "fired"
    mark = ("+" if fired else "-") if ascii_only else ("✓" if fired else "✗")
    console.print()
    console.print(
        Text.assemble(
            (f"{mark} {'fired' if fired else 'did not fire'}", "green" if fired else "yellow"),
            f"  {moment_of(row['occurred_date'])}  ",
            (what(row, ascii_only=ascii_only), "bold"),
        ),
        soft_wrap=True,
    )
    about = f"{row['record']['kind']} {row['record']['id']}, {row['event_type']}"
    late = ", told late" if row["late"] else ""
    console.print(Text(f"    {plain(about)}{late}", "dim"), soft_wrap=True)
    if not fired:
        console.print(Text(f"    {plain(row['explanation'])}"), soft_wrap=True)
    for each in row["conditions"]:
        console.print(_condition(each, ascii_only=ascii_only), soft_wrap=True)
    for each in row["attempts"]:
        console.print(_attempt(each), soft_wrap=True)
    for each in row.get("emails", ()):
        console.print(_email(each), soft_wrap=True)


def _condition(row: Json, *, ascii_only: bool) -> Text:
    mark = ("yes" if row["met"] else "no") if ascii_only else ("✓" if row["met"] else "✗")
    wanted = "" if row["value"] is None else f" {json.dumps(row['value'], ensure_ascii=False)}"
    actual = json.dumps(row["actual"], ensure_ascii=False)
    told = plain(f"{row['field']} {row['operator']}{wanted}: it was {actual}")
    return Text.assemble("    ", (mark, "green" if row["met"] else "red"), f" {told}")


def _attempt(row: Json) -> Text:
    answered = row["status"] if row["status"] is not None else plain(row["fault"] or "no answer")
    well = row["status"] is not None and 200 <= row["status"] < 300
    told = f"webhook to {plain(row['endpoint_id'])} at {moment_of(row['at'])}: "
    return Text.assemble("    ", told, (str(answered), "green" if well else "red"))


def _email(row: Json) -> Text:
    reason = f", {plain(row['reason'])}" if row["reason"] else ""
    style = "green" if row["state"] == "sent" else "yellow"
    return Text.assemble(f"    email of {moment_of(row['at'])}: ", (row["state"], style), reason)
