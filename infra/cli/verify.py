"""`paysignal verify`: a connection's records held against what its provider holds now.

The comparison is a job of the stack's own; here it is started, watched and told. It goes on should
this command be left.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.watch import watch_job

SUMMARY = "compare a connection's records with what its provider holds"
EXAMPLES = """  ./paysignal verify shop               what differs, and why; changes nothing
  ./paysignal verify shop --repair      have the records follow the provider
  ./paysignal verify shop --json        the whole report, for a program
  ./paysignal verify shop --api https://pay.example.com      a stack elsewhere

it exits with 1 while something differs; what a repair changes sets off automations once, as late"""
_SHOWN_MAX = 100
_MEANING = {
    "never_sent": "the provider holds it and never told us",
    "sent_and_failed": "an event about it lies in quarantine or among the dead letters",
    "stale": "known, and some fields are behind",
    "not_ours": "at the provider, but nothing this connection takes",
}

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("connection", metavar="CONNECTION", help="its id")
    parser.add_argument(
        "--repair", action="store_true", help="have the records follow the provider"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Verify and wait; fail while something differs, or the provider could not be asked."""
    path = f"/v1/connections/{quote(arguments.connection, safe='')}/verify"
    body = json.dumps({"repair": arguments.repair}).encode()
    with closing(outbound(arguments.api)) as api:
        job_id = str(api.post(path, body)["job_id"])
        job = watch(api, job_id, None if arguments.json else console, time.sleep)
    if arguments.json:
        console.print_json(json.dumps(job))
    else:
        show(job, console)
    return 0 if job["state"] == "done" and left(job["result"]) == 0 else 1


def watch(api: Api, job_id: str, console: Console | None, sleep: Callable[[float], object]) -> Json:
    """Show a job's progress until it ends; return it as it then is. Raise CliError."""
    bar = BarColumn(), MofNCompleteColumn()
    return watch_job(api, job_id, lambda job: "comparing", *bar, console=console, sleep=sleep)


def left(result: Mapping[str, Any]) -> int:
    """Return how many differences are left once the job is over."""
    counts: Mapping[str, int] = result["differences"]
    if not result["repair"]:
        return sum(counts.values())
    return sum(counts.values()) - int(result["repaired"])


def show(job: Json, console: Console) -> None:
    """Print what differs, kind by kind, and what to do about it."""
    result = job["result"]
    for each in result["items"][:_SHOWN_MAX]:
        console.print(f"[bold]{escape(each['record'])}[/]: {each['kind']}", soft_wrap=True)
        for field in each["fields"]:
            said = f"  {field['field']}: {field['ours']} here, {field['theirs']} there"
            console.print(escape(said), soft_wrap=True)
    if len(result["items"]) > _SHOWN_MAX:
        console.print("[dim]… and more: ./paysignal verify … --json has the first thousand[/]")
    for kind, count in result["differences"].items():
        if count:
            console.print(f"{count} {kind}: {_MEANING[kind]}")
    for fault in result["errors"]:
        about = f"{fault['id']}: " if fault["id"] else ""
        console.print(f"[red]✗[/] {escape(about + fault['message'])}", soft_wrap=True)
    if job["state"] == "failed":
        raise CliError("The provider could not be asked for all it holds. Try again to go on.")
    _conclude(result, console)


def _conclude(result: Json, console: Console) -> None:
    differing = sum(result["differences"].values())
    if not differing:
        unread = f"; {result['rejected']} could not be compared" if result["rejected"] else ""
        console.print(f"[green]✓[/] {result['checked']} objects checked; nothing differs{unread}")
    elif result["repair"]:
        kept = f"; {left(result)} are none of ours and stay" if left(result) else ""
        console.print(f"[green]✓[/] {result['repaired']} of {differing} repaired{kept}")
    else:
        console.print(f"[red]✗[/] {differing} differ of {result['checked']}; add --repair")
