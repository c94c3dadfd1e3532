"""`paysignal sync`: a connection's history imported, from its provider's API or from a file.

The import is the stack's affair and goes on without us: what is drawn here is only how far it is.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn

from infra.cli import sync_columns, sync_csv
from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.watch import Far, watch_path

SUMMARY = "import a connection's history: what happened before it was connected"
EXAMPLES = f"""  ./paysignal sync shop                     all its provider holds; nothing fires
  ./paysignal sync shop --from 2024-01-01   what is newer, as far as the provider can tell
  ./paysignal sync shop --no-wait           start it, and look later
  ./paysignal sync shop --csv orders.csv    a file, for what no API tells

one that failed or was left alone goes on where it stopped when it is asked for again

{sync_columns.HELP}"""
_MINUTE = 60

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("connection", help="its id")
    parser.add_argument("--from", dest="since", metavar="DATE", help="leave out what is older")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is ready")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="import this file instead")
    parser.add_argument(
        "--kind", choices=sync_columns.KINDS, help="of the file's rows, where columns leave it open"
    )
    parser.add_argument("--errors", type=Path, metavar="FILE", help="keep rejected rows here")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Import and wait; fail when the import did, or when rows of a file were rejected."""
    connection_id = arguments.connection
    if arguments.csv is not None:
        if arguments.since or arguments.no_wait:
            raise CliError("--from and --no-wait go with a provider's API, not with --csv.")
        with closing(outbound(arguments.api)) as api:
            return sync_csv.run(
                api,
                connection_id,
                arguments.csv,
                arguments.kind,
                console,
                errors=arguments.errors,
            )
    if arguments.kind or arguments.errors:
        raise CliError("--kind and --errors go with --csv.")
    with closing(outbound(arguments.api)) as api:
        job_id = start(api, connection_id, arguments.since)
        if arguments.no_wait:
            console.print(f"[green]✓[/] job {job_id} is on its way", soft_wrap=True)
            return 0
        console.print(f"[dim]·[/] job {job_id}; it goes on should you leave", soft_wrap=True)
        return show(watch(api, connection_id, console, time.sleep), connection_id, console)


def start(api: Api, connection_id: str, since: str | None) -> str:
    """Have the import begin, or go on; return its job's id. Raise CliError."""
    body = b"" if since is None else json.dumps({"from": since}).encode()
    return str(api.post(_path(connection_id), body)["job_id"])


def watch(api: Api, connection_id: str, console: Console, sleep: Callable[[float], object]) -> Json:
    """Draw the progress until the import ends; return how it is then. Raise CliError."""

    def far(told: Json) -> Far:
        return Far(_said(told), told["imported"] + told["rejected"], told["total"])

    bar = BarColumn(), MofNCompleteColumn()
    return watch_path(api, _path(connection_id), far, *bar, console=console, sleep=sleep)


def show(told: Json, connection_id: str, console: Console) -> int:
    """Print what came of it, and what to do; return the exit code."""
    counts = f"{told['imported']} imported"
    if told["rejected"]:
        counts += f", {told['rejected']} rejected"
    failed = told["status"] == "failed"
    mark = "[red]✗[/]" if failed else "[green]✓[/]"
    console.print(f"{mark} {told['status']}: {counts}", soft_wrap=True)
    for each in told["errors"]:
        about = "" if each["id"] is None else f"{each['id']}: "
        console.print(f"  {escape(about + each['message'])}", soft_wrap=True)
    if failed:
        command = f"./paysignal sync {connection_id}"
        console.print(f"What is done stays. Mend the cause and go on with: {command}")
    elif told["rejected"]:
        console.print("[dim]what could be read is kept: GET /v1/quarantine[/]", soft_wrap=True)
    return 1 if failed else 0


def _said(told: Json) -> str:
    """Return what is going on, and how long it will take yet."""
    left, phase = told["estimate_seconds"], told["phase"] or told["status"]
    if left is None:
        return str(phase)
    minutes, seconds = divmod(left, _MINUTE)
    return f"{phase}, about {f'{minutes} min' if minutes else f'{seconds} s'} left"


def _path(connection_id: str) -> str:
    return f"/v1/connections/{quote(connection_id, safe='')}/history"
