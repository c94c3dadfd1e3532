"""Whether what the doors took in and what was fired can be accounted for, to the last one.

Pure. Two sides are compared that know nothing of each other. What was received is told by the
doors' own log, line by line; what became of it by the table. They meet in the receipt, which each
side works out for itself from connection, headers and body.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.domain import times

APPLIED, IGNORED, DUPLICATE = "applied", "ignored", "duplicate"
STALE, QUARANTINED, IN_FLIGHT, MISSING = "stale", "quarantined", "in flight", "missing"
OUTCOMES = (APPLIED, IGNORED, DUPLICATE, STALE, QUARANTINED, IN_FLIGHT, MISSING)
DELIVERED, HELD, DEAD, DONE = "delivered", "held", "dead", "done"
FATES = (DELIVERED, HELD, DEAD, IN_FLIGHT, DONE, MISSING)

Day = tuple[str, str]
Rows = dict[Day, Counter[str]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is looked at: from `since` on and before `until` (ms), of one connection or of all."""

    since: int
    until: int
    connection_id: str | None = None

    def has(self, at: int, connection_id: str) -> bool:
        """Tell whether something of a time (ms) and a connection is looked at."""
        mine = self.connection_id in (None, connection_id)
        return mine and self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Line:
    """What a door has logged of an event it answered for, at a time (ms)."""

    at: int
    provider: str
    connection_id: str
    event_id: str | None
    receipt: str | None


@dataclass(slots=True)
class Held:
    """An event the table holds as one of OUTCOMES; `receipt` is None where nobody can tell it."""

    received_at: int
    provider: str
    connection_id: str
    event_id: str | None
    receipt: str | None
    outcome: str
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """An event or a firing nobody can account for; `name` is an id, never of a person."""

    what: str
    connection_id: str
    name: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the queues hold: about `count` messages, and the receipts or ids of the dead letters."""

    count: int
    dead: frozenset[str] = frozenset()
    # From then on (ms) a queue's own count may lack what it has taken; None where it never does.
    unsettled_from: int | None = None

    def may_hold(self, line: Line) -> bool:
        """Tell whether a queue has a line's event for all that its count and its dead tell."""
        unsettled = self.unsettled_from is not None and line.at >= self.unsettled_from
        return unsettled or line.receipt in self.dead


@dataclass(slots=True)
class Balance:
    """Counts by day and connection, and what does not add up.

    `recorded` counts events whose door's log is gone, `unlogged` those whose door should have
    logged them: it ended after queueing and before answering, so nobody was told of a success.
    `unreadable` counts lines of releases that logged no receipt.
    """

    rows: Rows = field(default_factory=lambda: defaultdict(Counter))
    lost: list[Lost] = field(default_factory=list)
    recorded: int = 0
    unlogged: int = 0
    unreadable: int = 0

    def add(self, at: int, connection_id: str, counted: str, what: str) -> None:
        """Count one more under `what`, and under the column both sides are compared in."""
        row = self.rows[day_of(at), connection_id]
        row[counted] += 1
        row[what] += 1


def day_of(at: int) -> str:
    """Return the UTC day of a time (ms)."""
    return datetime.fromtimestamp(at / times.SECOND, UTC).date().isoformat()


def received(
    lines: Iterable[Line],
    held: Sequence[Held],
    waiting: Waiting,
    stretch: Stretch,
    logged_since: Mapping[str, int],
) -> Balance:
    """Return what became of every line, and of what is held without one.

    `logged_since` tells by provider from when on (ms) its door's log is complete.
    """
    balance = Balance()
    unknown: list[Line] = []
    ordered = sorted(lines, key=lambda line: line.at)
    for line, outcome in _matched(ordered, held, stretch, balance):
        if outcome is None:
            unknown.append(line)
        else:
            balance.add(line.at, line.connection_id, "received", outcome)
    _account(unknown, waiting, balance)
    for each in held:
        if each.claimed or not stretch.has(each.received_at, each.connection_id):
            continue
        if each.received_at < logged_since.get(each.provider, each.received_at + 1):
            balance.recorded += 1
        else:
            balance.unlogged += 1
        balance.add(each.received_at, each.connection_id, "received", each.outcome)
    return balance


def _matched(
    lines: Sequence[Line], held: Sequence[Held], stretch: Stretch, balance: Balance
) -> Iterable[tuple[Line, str | None]]:
    """Yield each line with what became of it, None where the table does not know it."""
    by_receipt, by_id = _indexed(held, stretch)
    receipts = {line.receipt for line in lines}
    for line in lines:
        if line.receipt is None and line.event_id is None:
            balance.unreadable += 1
            continue
        found = by_receipt.get(line.receipt) if line.receipt else None
        if found is None:
            # Told in other words than it was kept in: confirmed since, or sent again with a
            # counter that has moved on. Its own line, if it has one, is left to it.
            alike = by_id.get((line.connection_id, line.event_id)) or []
            free = (each for each in alike if not each.claimed and each.receipt not in receipts)
            found = next(free, alike[0] if alike else None)
        if found is None:
            yield line, None
        elif found.claimed:
            yield line, DUPLICATE
        else:
            found.claimed = True
            yield line, found.outcome


def _indexed(
    held: Sequence[Held], stretch: Stretch
) -> tuple[dict[str, Held], dict[tuple[str, str | None], list[Held]]]:
    by_receipt: dict[str, Held] = {}
    by_id: dict[tuple[str, str | None], list[Held]] = defaultdict(list)
    for each in held:
        # Its first line lies before what is looked at: whatever comes now is a repetition.
        each.claimed = each.received_at < stretch.since - times.MINUTE
        if each.receipt is not None:
            by_receipt.setdefault(each.receipt, each)
        if each.event_id is not None:
            by_id[each.connection_id, each.event_id].append(each)
    return by_receipt, by_id


def _account(unknown: Sequence[Line], waiting: Waiting, balance: Balance) -> None:
    """Count lines the table does not know yet as in flight, as far as queues hold messages."""
    by_receipt: dict[str | None, list[Line]] = defaultdict(list)
    for line in unknown:
        by_receipt[line.receipt].append(line)
    # What came last is what still waits, if anything does.
    left = waiting.count
    for receipt, alike in reversed(by_receipt.items()):
        first, *again = alike
        if waiting.may_hold(first):
            what = IN_FLIGHT
        elif left > 0:
            left, what = left - 1, IN_FLIGHT
        else:
            what = MISSING
            name = first.event_id or f"receipt {receipt}"
            reason = "its door answered for it, and no queue and no table has it"
            balance.lost.append(Lost("event", first.connection_id, name, first.at, reason))
        balance.add(first.at, first.connection_id, "received", what)
        for line in again:
            balance.add(line.at, line.connection_id, "received", DUPLICATE)
    balance.lost.reverse()


def total(rows: Mapping[Day, Counter[str]]) -> Counter[str]:
    """Return the sum of all days and connections."""
    counted: Counter[str] = Counter()
    for row in rows.values():
        counted.update(row)
    return counted


def adds_up(rows: Mapping[Day, Counter[str]], counted: str, kinds: Collection[str]) -> bool:
    """Tell whether each day's kinds come to what was counted, with nothing missing."""
    return all(
        row[counted] == sum(row[kind] for kind in kinds) and not row[MISSING]
        for row in rows.values()
    )
