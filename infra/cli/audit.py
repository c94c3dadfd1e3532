"""`paysignal audit`: whether every event received and every firing can be accounted for.

Two independent sides are compared: what the doors have logged, and what the table and the queues
hold. It changes nothing, and names what is missing by ids of events and firings, never of people.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Screen

from infra.cli import audit_balance, audit_firings, audit_kept, audit_lines
from infra.cli.audit_balance import FATES, MISSING, OUTCOMES, Balance, Lost, Stretch
from infra.cli.command import CliError, add_place
from infra.cli.running import Running
from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from shared.adapters.table import Table
from shared.domain import times

SUMMARY = "check that every event received and every firing is accounted for"
EXAMPLES = """  ./paysignal audit                          the last seven days, on this machine
  ./paysignal audit --from 2026-11-01 --to 2026-11-21
  ./paysignal audit --connection shop
  ./paysignal audit --json                   for a program; the exit code says the same
  ./paysignal audit --aws                    the stack in your AWS account

received = applied + ignored + duplicate + stale + quarantined + in flight
firings  = delivered + held + dead + in flight + done

exit codes: 0 it adds up, 1 something is missing, 2 wrong arguments"""
_DAYS = 7
_NAMED_MAX = 50
# On AWS a queue's count is a little behind what it has taken.
_SETTLING = 2 * times.MINUTE
_MEANT = """received: by the doors' own log. applied: it told something new; stale: nothing new.
in flight: queued, a dead letter, or waiting for its provider's confirmation.
dead: given up, or its endpoint is gone. done: carried out without a webhook."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: both balances, what came by no door, and what is to be said of it."""

    received: Balance
    firings: Balance
    apart: Mapping[str, Counter[str]]
    notes: Sequence[str]

    @property
    def lost(self) -> list[Lost]:
        """What nobody can account for."""
        return [*self.received.lost, *self.firings.lost]

    @property
    def adds_up(self) -> bool:
        """Whether both sides come to the same."""
        return audit_balance.adds_up(
            self.received.rows, "received", OUTCOMES
        ) and audit_balance.adds_up(self.firings.rows, "firings", FATES)


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
    """Print the account; fail when it does not add up."""
    now = time.time_ns() // 1_000_000
    stretch = _stretch(arguments, now)
    running = Running.find(arguments.aws)
    found = audit(running, stretch, now, now - _SETTLING if arguments.aws else None)
    if arguments.json:
        console.print_json(json.dumps(as_json(found, stretch)))
    else:
        _show(found, console)
    return 0 if found.adds_up else 1


def audit(running: Running, stretch: Stretch, now: int, unsettled_from: int | None) -> Audit:
    """Return the account of a stretch of time, as of now (ms).

    From `unsettled_from` (ms) on a queue may not count what it has taken; None where it does.
    """
    environ = running.aws.environment()
    # In this order: whatever moves on meanwhile moves to where it is looked for later.
    logs = audit_lines.door_logs(running, now)
    lines = [line for log in logs for line in audit_lines.lines_of(running, log, stretch)]
    asked = {(line.connection_id, line.event_id) for line in lines}
    bodies = S3Objects.from_environment(running.outputs["BodiesBucket"], environ)
    receipts = audit_kept.Receipts(bodies, stretch.since, asked)
    events_waiting = audit_kept.events_waiting(running, receipts, now, unsettled_from)
    table = running.outputs["TableName"]
    kept = audit_kept.scanned(running.aws, table, receipts)
    firings_waiting = audit_kept.firings_waiting(running, now)
    kept.fired.firings = [
        each for each in kept.fired.firings if stretch.has(each.at, each.connection_id)
    ]
    client = AwsClient.from_environment("dynamodb", environ)
    audit_kept.read_again(kept.fired, Table(table, client))
    since = {log.provider: log.since for log in logs if log.since is not None}
    received = audit_balance.received(lines, kept.events, events_waiting, stretch, since)
    firings = audit_firings.carried_out(kept.fired, firings_waiting, stretch, now)
    wanted = stretch.connection_id
    apart = {name: each for name, each in kept.apart.items() if wanted in (None, name)}
    return Audit(received, firings, apart, list(_notes(received, events_waiting.count)))


def as_json(found: Audit, stretch: Stretch) -> dict[str, Any]:
    """Return the account for a program."""
    return {
        "adds_up": found.adds_up,
        "from": audit_balance.day_of(stretch.since),
        "to": audit_balance.day_of(stretch.until - 1),
        "received": list(_rows(found.received, ("received", *OUTCOMES))),
        "firings": list(_rows(found.firings, ("firings", *FATES))),
        "apart": {name: dict(each) for name, each in sorted(found.apart.items())},
        "missing": [asdict(each) for each in found.lost],
        "notes": list(found.notes),
    }


def _rows(balance: Balance, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for (day, connection_id), row in sorted(balance.rows.items()):
        counts = {column.replace(" ", "_"): row[column] for column in columns}
        yield {"day": day, "connection_id": connection_id, **counts}


def _notes(received: Balance, waiting: int) -> Iterator[str]:
    if received.recorded:
        yield (
            f"{received.recorded} events are older than their door's log: they are counted from "
            "the table alone, so nothing of that time could be found missing."
        )
    if received.lost and waiting:
        yield (
            f"{waiting} messages are still on their way, and which ones nobody can see: ask again "
            "when they are through, and the names of what is missing are certain."
        )
    if received.unlogged:
        yield (
            f"{received.unlogged} events were queued by a door that ended before it answered; "
            "their provider was told of no success, and they count as received all the same."
        )
    if received.unreadable:
        yield (
            f"{received.unreadable} lines are of a release that logged no receipts and name no "
            "event: they were left out."
        )


def _show(found: Audit, console: Console) -> None:
    for balance, columns in (
        (found.received, ("received", *OUTCOMES)),
        (found.firings, ("firings", *FATES)),
    ):
        if balance.rows:
            console.print(_screen(balance, columns))
            console.print()
    console.print(f"[dim]{_MEANT}[/]", soft_wrap=True)
    for name, sources in sorted(found.apart.items()):
        told = ", ".join(f"{count} {source}" for source, count in sorted(sources.items()))
        line = escape(f"by no door, in all: {name}: {told}")
        console.print(f"[dim]{line}[/]", soft_wrap=True)
    for note in found.notes:
        console.print(f"[yellow]![/] {note}", soft_wrap=True)
    for lost in found.lost[:_NAMED_MAX]:
        at = datetime.fromtimestamp(lost.at / times.SECOND, UTC)
        line = f"{lost.what} {lost.name} of {lost.connection_id}, {at:%Y-%m-%d %H:%M:%S}"
        console.print(f"[red]✗[/] {escape(f'{line}: {lost.reason}')}", soft_wrap=True)
    _sum_up(found, console)


def _screen(balance: Balance, columns: Sequence[str]) -> Screen:
    screen = Screen(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=len(balance.rows) > 1)
    sums = audit_balance.total(balance.rows)
    screen.add_column("day", "all")
    screen.add_column("connection")
    for column in columns:
        screen.add_column(column, str(sums[column]), justify="right")
    for (day, connection_id), row in sorted(balance.rows.items()):
        counts = [str(row[column]) for column in columns]
        style = "red" if row[MISSING] else None
        screen.add_row(day, escape(connection_id or "-"), *counts, style=style)
    return screen


def _sum_up(found: Audit, console: Console) -> None:
    received = audit_balance.total(found.received.rows)["received"]
    firings = audit_balance.total(found.firings.rows)["firings"]
    about = f"{received} events received, {firings} firings"
    if found.adds_up:
        console.print(f"[green]✓[/] it adds up: {about}")
        return
    more = len(found.lost) - _NAMED_MAX
    if more > 0:
        console.print(f"and {more} more; all of them: ./paysignal audit --json")
    console.print(f"[red]✗[/] {len(found.lost)} missing of {about}")
    for line in _remedies(found):
        console.print(f"    {escape(line)}", soft_wrap=True)


def _remedies(found: Audit) -> Iterator[str]:
    for connection_id in sorted({each.connection_id for each in found.received.lost}):
        yield (
            f"Have {connection_id}'s provider send these events again, or the records follow it: "
            f"./paysignal verify {connection_id} --repair"
        )
    if found.firings.lost:
        yield "See what the stack says of itself: ./paysignal doctor, then ./paysignal redrive"


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no date like 2026-10-31") from error


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
