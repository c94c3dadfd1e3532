"""What an audit has found, and how it is told: to a person with what to do, to a program as JSON.

Events and firings are named by ids, never people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Screen

from infra.cli import audit_balance
from infra.cli.audit_balance import FATES, MISSING, OUTCOMES, Balance, Lost, Stretch
from shared.domain import times

_NAMED_MAX = 50
_MEANT = """received: by the doors' own log. applied: it told something new; stale: nothing new.
in flight: queued, a dead letter, or waiting for its provider's confirmation.
firings: by log and table, and each webhook to an endpoint that subscribed (connection -).
dead: given up, its time is up, or its endpoint is gone. done: nothing was to be sent."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: both balances, what came by no door, and what is to be said of it.

    `given_up` counts batches of changes the readers of the table's stream have given up on.
    """

    received: Balance
    firings: Balance
    apart: Mapping[str, Counter[str]]
    notes: Sequence[str]
    given_up: int = 0

    @property
    def lost(self) -> list[Lost]:
        """What nobody can account for."""
        return [*self.received.lost, *self.firings.lost]

    @property
    def adds_up(self) -> bool:
        """Whether both sides come to the same, and every change was looked at."""
        return (
            audit_balance.adds_up(self.received.rows, "received", OUTCOMES)
            and audit_balance.adds_up(self.firings.rows, "firings", FATES)
            and not self.given_up
        )


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
        "stream_batches_given_up": found.given_up,
        "notes": list(found.notes),
    }


def notes(received: Balance, firings: Balance, events: int, automations: int) -> Iterator[str]:
    """Yield what an account rests on; `events` and `automations` are what those queues count."""
    if received.recorded:
        yield (
            f"{received.recorded} events are older than their door's log: they are counted from "
            "the table alone, so nothing of that time could be found missing."
        )
    for balance, what, waiting in (
        (received, "events", events),
        (firings, "firings", automations),
    ):
        if balance.excused:
            yield (
                f"{balance.excused} {what} are counted as in flight because a queue or its dead "
                "letters hold as many messages that cannot be told apart: ask again when they are "
                "through."
            )
        if balance.lost and waiting:
            yield (
                f"{waiting} messages of {what} are still on their way, and which ones nobody can "
                "see: ask again when they are through, and what is missing then is certain."
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
    if firings.replaced:
        yield (
            f"{firings.replaced} firings were logged before the table in use was made, and it does "
            "not have them: it was restored to a moment before them. They were left out."
        )


def show(found: Audit, place: str, console: Console) -> None:
    """Print the account; `place` is what tells a command which stack it is, with a space before."""
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
        line = f"{lost.what} {lost.name} of {lost.connection_id or '-'}, {at:%Y-%m-%d %H:%M:%S}"
        console.print(f"[red]✗[/] {escape(f'{line}: {lost.reason}')}", soft_wrap=True)
    _sum_up(found, place, console)


def _rows(balance: Balance, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for (day, connection_id), row in sorted(balance.rows.items()):
        counts = {column.replace(" ", "_"): row[column] for column in columns}
        yield {"day": day, "connection_id": connection_id, **counts}


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


def _sum_up(found: Audit, place: str, console: Console) -> None:
    received = audit_balance.total(found.received.rows)["received"]
    firings = audit_balance.total(found.firings.rows)["firings"]
    about = f"{received} events received, {firings} firings"
    if found.adds_up:
        console.print(f"[green]✓[/] it adds up: {about}")
        return
    more = len(found.lost) - _NAMED_MAX
    if more > 0:
        console.print(f"and {more} more; all of them: ./paysignal audit --json{place}")
    if found.given_up:
        console.print(f"[red]✗[/] the stream's readers gave up on {found.given_up} batches")
    console.print(f"[red]✗[/] {len(found.lost)} missing of {about}")
    for line in _remedies(found, place):
        console.print(f"    {escape(line)}", soft_wrap=True)


def _remedies(found: Audit, place: str) -> Iterator[str]:
    for connection_id in sorted({each.connection_id for each in found.received.lost}):
        verify = f"./paysignal verify {connection_id} --repair"
        if place:
            verify = f'POST /v1/connections/{connection_id}/verify with {{"repair": true}}'
        yield (
            f"Have {connection_id}'s provider send these events again, "
            f"or the records follow it: {verify}"
        )
    if found.given_up:
        yield f"Hand the changes over once more, within 24 hours: ./paysignal redrive stream{place}"
    if found.firings.lost:
        yield f"See what the stack says of itself: ./paysignal doctor{place}"
        yield f"What waits among the dead letters: ./paysignal redrive automations{place} --dry-run"
