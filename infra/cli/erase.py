"""`paysignal erase`: a person erased, with all their addresses, and the job watched to its end.

Nothing brings them back, so it is asked once more; whoever writes scripts says so with --yes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape

from infra.cli.api import Api
from infra.cli.command import CliError
from infra.cli.outbound import add_api, outbound
from infra.cli.watch import watch_job

SUMMARY = "erase a person: their contact, and whatever says who they were"
EXAMPLES = """  ./paysignal erase ada@example.com            asks once more; money totals stay
  ./paysignal erase ada@example.com --yes      for a script
  ./paysignal erase ada@example.com --no-wait  leaves the job alone, which goes on
  ./paysignal erase ada@example.com --api https://pay.example.com      a stack elsewhere

the contact is gone at once; the rest of the table is gone through some minutes later, when nobody
works any more on what was read before. What is told late of the time before brings nobody back.
dead letters keep their bodies until ./paysignal redrive events, 14 days at most; what is redriven
is kept without the person."""

Json = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_api(parser)
    parser.add_argument("who", metavar="EMAIL", help="any address of the person, or the id")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the job's end")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Erase, and wait; fail where the job does."""
    if not arguments.yes and not _is_sure(arguments.who, console):
        console.print("Nothing was erased.")
        return 1
    with closing(outbound(arguments.api)) as api:
        path = f"/v1/contacts/{quote(arguments.who, safe='')}"
        job_id = str(api.delete(path)["job_id"])
        console.print(f"[dim]·[/] job {job_id}; it goes on should you leave")
        if arguments.no_wait:
            return 0
        job = watch(api, job_id, console, time.sleep)
    if job["state"] != "done":
        raise CliError(
            f"The job {job_id} has failed: its page lies among the dead letters. Mend the cause, "
            "then go on: ./paysignal redrive events"
        )
    looked, erased = job["progress"]["done"], job["result"]["erased"]
    console.print(f"[green]✓[/] erased: {erased} documents of {looked} that were looked at")
    return 0


def watch(api: Api, job_id: str, console: Console, sleep: Callable[[float], object]) -> Json:
    """Show a job's progress until it ends; return it as it then is. Raise CliError."""
    return watch_job(
        api,
        job_id,
        lambda job: f"{job['progress']['done']} documents looked at",
        console=console,
        sleep=sleep,
    )


def _is_sure(who: str, console: Console) -> bool:
    answer = console.input(f"Erase {escape(who)} for good? Type the address again: ")
    return answer.strip() == who
