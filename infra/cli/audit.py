"""`paysignal audit`: whether every event received and every firing can be accounted for.

Independent sides are compared: what the Lambdas have logged, and what the table and the queues
hold. It changes nothing, and names what is missing by ids of events and firings, never of people.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from infra.cli import (
    audit_balance,
    audit_firings,
    audit_kept,
    audit_lines,
    audit_report,
    audit_waiting,
)
from infra.cli.audit_balance import Stretch
from infra.cli.audit_report import Audit
from infra.cli.command import CliError, add_place, place_of
from infra.cli.running import Running
from shared.adapters.aws import AwsClient, AwsError
from shared.adapters.bodies import S3Objects
from shared.adapters.table import Table
from shared.domain import times
from shared.domain.errors import PaysignalError

SUMMARY = "check that every event received and every firing is accounted for"
EXAMPLES = """  ./paysignal audit                          the last seven days, on this machine
  ./paysignal audit --from 2026-11-01 --to 2026-11-21
  ./paysignal audit --connection shop
  ./paysignal audit --json                   for a program; the exit code says the same
  ./paysignal audit --aws                    the stack in your AWS account

received = applied + ignored + duplicate + stale + quarantined + in flight
firings  = delivered + held + dead + in flight + done

exit codes: 0 it adds up, 1 it does not, 2 wrong arguments or it could not be found out"""
_DAYS = 7
# On AWS a queue's count is a little behind what it has taken.
_SETTLING = 2 * times.MINUTE
_NO_ANSWER = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--from", dest="since", type=_day, metavar="DATE", help="first day (UTC); a week ago"
    )
    parser.add_argument("--to", dest="until", type=_day, metavar="DATE", help="last day (UTC)")
    parser.add_argument("--connection", metavar="ID", help="only what came by it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_place(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the account; return 1 when it does not add up, 2 when it could not be found out."""
    now = time.time_ns() // 1_000_000
    try:
        stretch = _stretch(arguments, now)
        running = Running.find(arguments.aws)
        unsettled_from = now - _SETTLING if arguments.aws else None
        with console.status("reading the logs") as status:
            found = audit(running, stretch, now, unsettled_from, status.update)
    except (CliError, PaysignalError, AwsError, BotoCoreError, ClientError) as error:
        console.print(f"[bold red]paysignal:[/] {escape(str(error))}", soft_wrap=True)
        return _NO_ANSWER
    if arguments.json:
        console.print_json(json.dumps(audit_report.as_json(found, stretch)))
    else:
        audit_report.show(found, place_of(arguments.aws), console)
    return 0 if found.adds_up else 1


def audit(
    running: Running,
    stretch: Stretch,
    now: int,
    unsettled_from: int | None,
    say: Callable[[str], None] = lambda line: None,
) -> Audit:
    """Return the account of a stretch of time, as of now (ms); `say` is told how far it is.

    From `unsettled_from` (ms) on a queue may not count what it has taken; None where it does.
    """
    environ = running.aws.environment()
    # In this order: whatever moves on meanwhile moves to where it is looked for later.
    logs = audit_lines.logs_of(running, now)
    doors = [log for log in logs if log.provider]
    streams = [log for log in logs if not log.provider]
    lines = [line for log in doors for line in audit_lines.lines_of(running, log, stretch)]
    logged = [each for log in streams for each in audit_lines.firings_of(running, log, stretch)]
    asked = {(line.connection_id, line.event_id) for line in lines}
    bodies = S3Objects.from_environment(running.outputs["BodiesBucket"], environ)
    receipts = audit_kept.Receipts(bodies, stretch.since, asked)
    events = audit_waiting.events_waiting(running, receipts, now, unsettled_from)
    still_asked = audit_waiting.still_asked(running, now)
    table = running.outputs["TableName"]
    kept = audit_kept.scanned(running.aws, table, receipts, say)
    kept.settle(now, still_asked)
    automations = audit_waiting.firings_waiting(running, now)
    kept.fired.firings = [
        each for each in kept.fired.firings if stretch.has(each.at, each.connection_id)
    ]
    client = AwsClient.from_environment("dynamodb", environ)
    audit_kept.read_again(kept.fired, Table(table, client), now)
    since = {log.provider: log.since for log in doors if log.since is not None}
    received = audit_balance.received(lines, kept.events, events, stretch, since, now)
    made_at = audit_kept.made_at(running.aws, table)
    firings = audit_firings.carried_out(kept.fired, logged, automations, stretch, now, made_at)
    wanted = stretch.connection_id
    apart = {name: each for name, each in kept.apart.items() if wanted in (None, name)}
    notes = list(audit_report.notes(received, firings, events.count, automations.count))
    return Audit(received, firings, apart, notes, audit_waiting.given_up(running))


def _day(text: str) -> datetime:
    """Return the UTC day that a date lies on, or a time, by its own offset if it has one."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no date like 2026-10-31") from error
    at = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _stretch(arguments: argparse.Namespace, now: int) -> Stretch:
    today = datetime.fromtimestamp(now / times.SECOND, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    last = arguments.until or today
    first = arguments.since or last - timedelta(days=_DAYS - 1)
    if first > last:
        raise CliError("--from comes after --to.")
    until = last + timedelta(days=1)
    return Stretch(
        int(first.timestamp()) * times.SECOND,
        int(until.timestamp()) * times.SECOND,
        arguments.connection,
    )
