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
from typing import Literal

from shared.domain import times

APPLIED, IGNORED, DUPLICATE = "applied", "ignored", "duplicate"
STALE, QUARANTINED, IN_FLIGHT, MISSING = "stale", "quarantined", "in flight", "missing"
OUTCOMES = (APPLIED, IGNORED, DUPLICATE, STALE, QUARANTINED, IN_FLIGHT, MISSING)
DELIVERED, HELD, DEAD, DONE = "delivered", "held", "dead", "done"
FATES = (DELIVERED, HELD, DEAD, IN_FLIGHT, DONE, MISSING)

# How long what is overdue may be one of the messages a queue counts. Twelve receives, each put off
# for longer than the last, take about an hour; then a message is a dead letter, known by name.
EXCUSED_FOR = 2 * times.HOUR
# How far a log may be behind what its door or its Lambda has done.
_LOG_LAG = 2 * times.MINUTE

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
    """An event the table holds as one of OUTCOMES; `receipt` is None where nobody can tell it.

    `way` is how its bytes came: by the `door`, by the provider's API which has `confirmed` it
    since, or because they were `asked` for. Of the last two a door's line may tell all the same, of
    another day or of another table. `reason` tells of a missing one why it is.
    """

    received_at: int
    provider: str
    connection_id: str
    event_id: str | None
    receipt: str | None
    outcome: str
    way: Literal["door", "confirmed", "asked"] = "door"
    reason: str = ""
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
    """What the queues hold: about `count` messages, and the receipts or ids of the dead letters.

    `unseen` counts dead letters that could not be looked at: a FIFO queue shows ten of one customer
    at a time, and what somebody else is going through is hidden.
    """

    count: int
    dead: frozenset[str] = frozenset()
    unseen: int = 0
    # From then on (ms) a queue's own count may lack what it has taken; None where it never does.
    unsettled_from: int | None = None

    def may_hold(self, line: Line) -> bool:
        """Tell whether a queue has a line's event for all that its count and its dead tell."""
        unsettled = self.unsettled_from is not None and line.at >= self.unsettled_from
        return unsettled or line.receipt in self.dead


class Excuses:
    """What queues count and nobody can name, given out to whatever it may be: each once."""

    def __init__(self, waiting: Waiting, now: int) -> None:
        self._left = waiting.count
        self._unseen = waiting.unseen
        self._now = now
        self.used = 0

    def cover(self, since: int) -> bool:
        """Tell whether something of which nothing was heard since a time (ms) may wait still."""
        if self._left > 0 and self._now - since <= EXCUSED_FOR:
            self._left -= 1
        elif self._unseen > 0:
            self._unseen -= 1
        else:
            return False
        self.used += 1
        return True


@dataclass(slots=True)
class Balance:
    """Counts by day and connection, and what does not add up.

    `recorded` counts events whose door's log is gone, `unlogged` those whose door should have
    logged them: it ended after queueing and before answering, so nobody was told of a success.
    `unreadable` counts lines of releases that logged no receipt, `excused` what is in flight only
    because a queue counts as many messages, `replaced` firings of a table that was replaced.
    """

    rows: Rows = field(default_factory=lambda: defaultdict(Counter))
    lost: list[Lost] = field(default_factory=list)
    recorded: int = 0
    unlogged: int = 0
    unreadable: int = 0
    excused: int = 0
    replaced: int = 0

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
    now: int,
) -> Balance:
    """Return what became of every line, and of what is held without one, as of now (ms).

    `logged_since` tells by provider from when on (ms) its door's log is complete.
    """
    balance = Balance()
    unknown: list[Line] = []
    ordered = sorted(lines, key=lambda line: line.at)
    for line, found in _matched(ordered, held, stretch, balance):
        if found is None:
            unknown.append(line)
        elif found.claimed:
            balance.add(line.at, line.connection_id, "received", DUPLICATE)
        else:
            found.claimed = True
            _settle(found, line.at, balance)
    excuses = Excuses(waiting, now)
    _account(unknown, waiting, excuses, balance)
    balance.excused = excuses.used
    for each in held:
        if not each.claimed and stretch.has(each.received_at, each.connection_id):
            _unlogged(each, logged_since, now, balance)
    return balance


def _settle(held: Held, at: int, balance: Balance) -> None:
    """Count an event of a time (ms) as what the table holds it as."""
    balance.add(at, held.connection_id, "received", held.outcome)
    if held.outcome == MISSING:
        name = held.event_id or f"receipt {held.receipt}"
        balance.lost.append(Lost("event", held.connection_id, name, at, held.reason))


def _unlogged(held: Held, logged_since: Mapping[str, int], now: int, balance: Balance) -> None:
    """Count an event that no line tells of."""
    since = logged_since.get(held.provider)
    if held.way == "asked":
        return
    if since is None or held.received_at < since:
        balance.recorded += 1
    elif held.way == "confirmed":
        # It came before it was confirmed: the line of that time counts it.
        return
    elif held.received_at < now - _LOG_LAG:
        balance.unlogged += 1
    _settle(held, held.received_at, balance)


def _matched(
    lines: Sequence[Line], held: Sequence[Held], stretch: Stretch, balance: Balance
) -> Iterable[tuple[Line, Held | None]]:
    """Yield each line with what the table holds of it, None where it does not know it."""
    by_receipt, by_id = _indexed(held, stretch)
    receipts = {line.receipt for line in lines}
    for line in lines:
        if line.receipt is None and line.event_id is None:
            balance.unreadable += 1
            continue
        # Refused twice, or refused and accepted later: kept twice, and as often as it was sent.
        same = by_receipt.get(line.receipt) or []
        found = next((each for each in same if not each.claimed), same[0] if same else None)
        if found is None:
            # Told in other words than it was kept in: confirmed since, or sent again with a
            # counter that has moved on. Its own line, if it has one, is left to it.
            alike = by_id.get((line.connection_id, line.event_id)) or []
            free = (each for each in alike if not each.claimed and each.receipt not in receipts)
            found = next(free, alike[0] if alike else None)
        yield line, found


def _indexed(
    held: Sequence[Held], stretch: Stretch
) -> tuple[dict[str | None, list[Held]], dict[tuple[str, str | None], list[Held]]]:
    by_receipt: dict[str | None, list[Held]] = defaultdict(list)
    by_id: dict[tuple[str, str | None], list[Held]] = defaultdict(list)
    for each in sorted(held, key=lambda each: each.received_at):
        # Its first line lies before what is looked at: whatever comes now is a repetition.
        each.claimed = each.received_at < stretch.since - times.MINUTE
        if each.receipt is not None:
            by_receipt[each.receipt].append(each)
        if each.event_id is not None:
            by_id[each.connection_id, each.event_id].append(each)
    return by_receipt, by_id


def _account(unknown: Sequence[Line], waiting: Waiting, excuses: Excuses, balance: Balance) -> None:
    """Count lines the table does not know yet as in flight, as far as queues may hold them."""
    by_receipt: dict[str | None, list[Line]] = defaultdict(list)
    for line in unknown:
        by_receipt[line.receipt].append(line)
    lost: list[Lost] = []
    # What came last is what still waits, if anything does.
    for receipt, alike in reversed(by_receipt.items()):
        first, *again = alike
        if waiting.may_hold(first) or excuses.cover(first.at):
            what = IN_FLIGHT
        else:
            what = MISSING
            name = first.event_id or f"receipt {receipt}"
            reason = "its door answered for it, and no queue and no table has it"
            lost.append(Lost("event", first.connection_id, name, first.at, reason))
        balance.add(first.at, first.connection_id, "received", what)
        for line in again:
            balance.add(line.at, line.connection_id, "received", DUPLICATE)
    balance.lost.extend(reversed(lost))


def total(rows: Mapping[Day, Counter[str]]) -> Counter[str]:
    """Return the sum of all days and connections."""
    counted: Counter[str] = Counter()
    for row in rows.values():
        counted.update(row)
    return counted


def adds_up(rows: Mapping[Day, Counter[str]], counted: str, kinds: Collection[str]) -> bool:
    """Tell whether each day's kinds come to what was counted, without what is missing."""
    known = [kind for kind in kinds if kind != MISSING]
    return all(row[counted] == sum(row[kind] for kind in known) for row in rows.values())
