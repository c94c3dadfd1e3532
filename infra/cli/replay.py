"""`paysignal replay`: webhooks sent once more, or records told again from the events we have kept.

Two things under one name, told apart by their flags. Webhooks go out again with the same id and
bytes. Events are read again by today's parser, after it was mended: first as a trial that only
shows, and with --apply in earnest. Nothing is set off by that unless it is asked for.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from infra.cli import kept_events, replay_records
from infra.cli.command import CliError, add_place
from infra.cli.kept_events import Kept, Stretch
from infra.cli.outbound import Outbound, add_api, outbound
from infra.cli.overlay import Overlay
from infra.cli.replay_records import Outcome, Replay
from infra.cli.running import Running
from shared.adapters.aws import AwsClient
from shared.adapters.bodies import S3Objects
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import following, times
from shared.domain.folding import Plan
from shared.domain.ports import Name
from shared.domain.record_views import KINDS

if TYPE_CHECKING:
    from shared.domain.timeline import Change

SUMMARY = "send webhooks once more, or tell records again from kept events"
EXAMPLES = """  ./paysignal replay msg_3f9c0a1b2c3d4e5f            a webhook, same id and bytes
  ./paysignal replay --endpoint crm                  all its dead and held ones
  ./paysignal replay --endpoint crm --state dead
  ./paysignal replay --from 2026-10-01               records: what a mended parser would change
  ./paysignal replay --from 2026-10-01 --to 2026-10-31 --connection shop --apply
  ./paysignal replay --connection shop --record recurring_payment/sub_1
  ./paysignal replay --from 2026-10-01 --apply --fire   and let automations act on it"""
_MISSED = ("dead", "held")
_SHOWN_MAX = 200
_TOLD_EVERY = 1_000
_AGAIN_AFTER_SECONDS = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    webhooks = parser.add_argument_group("webhooks")
    webhooks.add_argument("delivery_id", nargs="?", help="see: ./paysignal deliveries list")
    webhooks.add_argument("--endpoint", metavar="ID", help="all that this endpoint has missed")
    webhooks.add_argument("--state", choices=_MISSED, help="only these; with --endpoint")
    add_api(parser)
    records = parser.add_argument_group("records")
    records.add_argument(
        "--from", dest="since", type=_day, metavar="DATE", help="events received from this day on"
    )
    records.add_argument(
        "--to", dest="until", type=_day, metavar="DATE", help="the last of the days (UTC)"
    )
    records.add_argument("--connection", metavar="ID", help="only what came by it")
    records.add_argument(
        "--record",
        type=_record,
        metavar="TYPE/ID",
        help="only the events of recurring_payment/ID or order/ID; with --connection",
    )
    records.add_argument("--apply", action="store_true", help="change the records that differ")
    records.add_argument(
        "--fire", action="store_true", help="let what changes set off automations; with --apply"
    )
    add_place(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Replay; fail when one of them could not be."""
    if arguments.since is not None or arguments.record is not None:
        return _records(arguments, console)
    if arguments.until or arguments.connection or arguments.apply or arguments.fire:
        raise CliError("Say from when on: ./paysignal replay --from 2026-10-01")
    if bool(arguments.delivery_id) == bool(arguments.endpoint):
        raise CliError(
            "Name one delivery, an endpoint (--endpoint crm), or a first day (--from 2026-10-01)."
        )
    if arguments.state and not arguments.endpoint:
        raise CliError("--state goes with --endpoint.")
    if arguments.aws:
        raise CliError("Webhooks of a stack elsewhere go by its API: --api URL instead of --aws.")
    api = outbound(arguments.api)
    if arguments.delivery_id:
        api.replay(arguments.delivery_id)
        console.print(f"[green]✓[/] {arguments.delivery_id} is on its way again", soft_wrap=True)
        return 0
    return _replay_all(api, arguments.endpoint, arguments.state, console)


def _replay_all(api: Outbound, endpoint_id: str, state: str | None, console: Console) -> int:
    # All names first: what is replayed leaves the list that is being read.
    names = [
        each["delivery_id"]
        for wanted in ([state] if state else _MISSED)
        for each in api.deliveries(state=wanted, endpoint=endpoint_id)
    ]
    refused = 0
    for name in names:
        try:
            api.replay(name)
        except CliError as error:
            refused += 1
            console.print(f"[red]✗[/] {name}: {error}", soft_wrap=True)
    console.print(f"[green]✓[/] {len(names) - refused} of {len(names)} are on their way again")
    return 1 if refused else 0


def _records(arguments: argparse.Namespace, console: Console) -> int:
    """Try the events again, show what that changes, and carry it out if that is asked for."""
    if arguments.delivery_id or arguments.endpoint or arguments.state or arguments.api:
        raise CliError("Either webhooks or records: leave out what is of the other kind.")
    if arguments.fire and not arguments.apply:
        raise CliError("--fire goes with --apply.")
    if arguments.record and not arguments.connection:
        raise CliError("--record goes with --connection: ids are its store's own.")
    running = Running.find(arguments.aws)
    environ = running.aws.environment()
    store = Table(running.outputs["TableName"], AwsClient.from_environment("dynamodb", environ))
    bodies = S3Objects.from_environment(running.outputs["BodiesBucket"], environ)
    kept = _kept(arguments, running, store)
    tried = Overlay(store)
    trial = Replay(tried, bodies=bodies, silent=not arguments.fire, clock=_now)
    found = trial.all(kept, kept.in_order(), _progress(console))
    show(found, replay_records.differences(store, tried), console)
    if found.mended and arguments.apply:
        send = _sender(running, Queue.from_environment(environ))
        real = Replay(store, bodies=bodies, silent=not arguments.fire, clock=_now, send=send)
        done = real.all(kept, found.mended, lambda _: None)
        console.print(f"[green]✓[/] {len(done.mended)} events say today what they should")
    elif found.mended:
        console.print("[dim]nothing was changed; add --apply[/]")
    return 1 if found.refused else 0


def show(found: Outcome, differing: list[tuple[Name, list[Change]]], console: Console) -> None:
    """Print what a trial has found, record by record."""
    for name, changes in differing[:_SHOWN_MAX]:
        console.print(f"[bold]{escape(f'{name[1]} {name[0]}/{name[2]}')}[/]", soft_wrap=True)
        for each in changes:
            told = f"  {each.field}: {each.before} -> {each.after}"
            console.print(escape(told), soft_wrap=True)
    if len(differing) > _SHOWN_MAX:
        console.print(f"… and {len(differing) - _SHOWN_MAX} records more")
    for name, reason in found.refused:
        told = f"{name[2]} ({name[3]}) would be refused today: {reason}; its word stays"
        console.print(f"[red]✗[/] {escape(told)}", soft_wrap=True)
    console.print(
        f"{found.read} events read, {len(found.mended)} say something else today; "
        f"{len(differing)} records show it"
    )
    if found.erased:
        console.print(
            f"{found.erased} events were left out: their people were erased, and their bodies with "
            "them; what they said stays as it is"
        )


def _kept(arguments: argparse.Namespace, running: Running, store: Table) -> Kept:
    since, until = arguments.since, arguments.until
    stretch = Stretch(
        since=0 if since is None else since,
        until=_now() + 1 if until is None else until + times.DAY,
        connection_id=arguments.connection,
    )
    if arguments.record is None:
        return kept_events.scanned(running.aws, running.outputs["TableName"], stretch)
    kind, identity = arguments.record
    return kept_events.of_record(store, (kind, arguments.connection, identity), stretch)


def _sender(running: Running, queue: Queue) -> replay_records.Send:
    """Return what puts the jobs that follow on the stack's own queues."""

    def send(plan: Plan, nonce: str) -> None:
        for job, subject in following.jobs_of(plan.messages):
            queue.send_job(running.outputs["EventsQueueUrl"], job, subject or nonce, nonce)
        for copy in following.copies_of(plan.messages):
            queue.send_call(running.outputs["HistoryQueueUrl"], copy, _AGAIN_AFTER_SECONDS)

    return send


def _progress(console: Console) -> replay_records.Said:
    def said(done: int) -> None:
        if done % _TOLD_EVERY == 0:
            console.print(f"[dim]{done} events read[/]")

    return said


def _now() -> int:
    return time.time_ns() // 1_000_000


def _day(text: str) -> int:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError("has to be a day like 2026-10-01") from None
    return int(day.timestamp()) * times.SECOND


def _record(text: str) -> tuple[str, str]:
    kind, _, identity = text.partition("/")
    if kind not in KINDS or not identity:
        raise argparse.ArgumentTypeError("has to be recurring_payment/ID or order/ID")
    return kind, identity
