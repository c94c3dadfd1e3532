"""Whether every firing was carried out: its row and its run are there, and all the run has sent.

Pure. Two sides are compared. What fired is told by the log of the Lambda that reads the table's
stream, line by line, and by the firings' rows; what became of it by runs, webhooks and emails. A
firing ends as what became of what it sent, the worst of it counting; one whose run has ended
without sending anything is done. Webhooks to endpoints that subscribed belong to no run, and count
as a firing each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from infra.cli.audit_balance import (
    DEAD,
    DELIVERED,
    DONE,
    HELD,
    IN_FLIGHT,
    MISSING,
    Balance,
    Excuses,
    Lost,
    Stretch,
    Waiting,
)
from shared.domain import deliveries, mails, runs, times
from shared.domain.automations.definition import FIRED
from shared.domain.ports import Document, Name

# What is due is woken every minute, and queues put off by a quarter of an hour at most.
_LATE = deliveries.DELAY_MAX + 5 * times.MINUTE
# An email nobody wanted any more, or that went with its contact.
UNWANTED = "unwanted"
_STUCK = "stuck"
_FATES = {
    "delivered": DELIVERED,
    "sent": DELIVERED,
    "held": HELD,
    "dead": DEAD,
    "gone": DEAD,
    "failed": DEAD,
    "unknown": DEAD,
    "pending": IN_FLIGHT,
    "sending": IN_FLIGHT,
    UNWANTED: DONE,
}
# The first of these that something a firing has sent is in, the firing is in.
_WORST = (MISSING, _STUCK, IN_FLIGHT, DEAD, HELD, DELIVERED, DONE)


@dataclass(frozen=True, slots=True)
class Firing:
    """A firing as its row tells it; `at` (ms) is when it was decided."""

    firing_id: str
    automation_id: str
    connection_id: str
    at: int
    state: str


@dataclass(frozen=True, slots=True)
class Logged:
    """A firing as the log tells it, at a time (ms)."""

    at: int
    connection_id: str
    firing_id: str


@dataclass(frozen=True, slots=True)
class Run:
    """What a run says: whether it is under way, when it goes on (ms), and what it has sent when."""

    state: str
    wake_at: int
    sent: Mapping[Name, int]
    contact_id: str = ""

    @classmethod
    def of(cls, document: Document) -> Run:
        """Return what a run's document says."""
        sent: dict[Name, int] = {}
        for row in document["taken"]:
            if "delivery_id" in row:
                sent[deliveries.name_of(row["delivery_id"])] = row["at"]
            elif "mail_id" in row:
                sent[mails.name_of(row["mail_id"])] = row["at"]
        wake_at = document["wake_at"] or document["updated"]
        return cls(document["state"], wake_at, sent, document["contact_id"])


@dataclass(frozen=True, slots=True)
class Sending:
    """What a webhook or an email says: its state, and when its next attempt is due (ms).

    Of a webhook to an endpoint that subscribed, `told_at` (ms) is when it was made.
    """

    state: str
    due_at: int = 0
    told_at: int | None = None
    firing_id: str | None = None

    @classmethod
    def of(cls, document: Document) -> Sending:
        """Return what a delivery's document says."""
        subscribed = document["firing_id"] is None or document["type"] == FIRED
        told_at = document["created"] if subscribed else None
        due_at = document["next_at"] or 0
        return cls(document["state"], due_at, told_at, document["firing_id"])

    @classmethod
    def of_mail(cls, document: Document) -> Sending:
        """Return what an email's document says."""
        left = document["state"] == "failed" and document["reason"] == "unsubscribed"
        return cls(UNWANTED if left else document["state"], document["created"])


@dataclass(slots=True)
class Fired:
    """The firings of a stretch of time; all runs, and all that was sent.

    `rows` are all firings' ids with their connections; `asleep` the ids of runs and deliveries that
    the due-index is going to wake.
    """

    firings: list[Firing] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    sent: dict[Name, Sending] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    asleep: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Account:
    """One firing, or one webhook of a subscriber, and its fate.

    `since` (ms) tells of a stuck one from when on nothing was heard of it.
    """

    lost: Lost
    fate: str
    since: int = 0


def carried_out(
    fired: Fired,
    logged: Iterable[Logged],
    waiting: Waiting,
    stretch: Stretch,
    now: int,
    table_since: int = 0,
) -> Balance:
    """Return what became of every firing; `waiting.dead` are ids of firings and what they sent.

    `table_since` (ms) is when the table in use was made: what was logged before it and is not in it
    is of the table it has replaced.
    """
    balance, excuses = Balance(), Excuses(waiting, now)
    waiting = replace(waiting, dead=waiting.dead | fired.asleep)
    known = [*_firings(fired, waiting, stretch, now), *_subscribed(fired, waiting, stretch, now)]
    # What was heard of last is what still waits, if anything does.
    for each in sorted(known, key=lambda each: -each.since):
        lost, fate = each.lost, each.fate
        if fate == _STUCK:
            fate = IN_FLIGHT if excuses.cover(each.since) else MISSING
        balance.add(lost.at, lost.connection_id, "firings", fate)
        if fate == MISSING:
            balance.lost.append(lost)
    for firing_id, line in {each.firing_id: each for each in logged}.items():
        if firing_id in fired.rows or not stretch.has(line.at, line.connection_id):
            continue
        if line.at < table_since:
            balance.replaced += 1
            continue
        reason = "it was logged when it fired, and the table does not have it"
        balance.add(line.at, line.connection_id, "firings", MISSING)
        balance.lost.append(Lost("firing", line.connection_id, firing_id, line.at, reason))
    balance.excused = excuses.used
    balance.lost.sort(key=lambda each: each.at)
    return balance


def doubtful(fired: Fired) -> Iterable[Firing]:
    """Yield firings whose run or sendings were not met, as they may be on being read again."""
    for firing in fired.firings:
        run = fired.runs.get(firing.firing_id)
        if run is None or any(each not in fired.sent for each in run.sent):
            yield firing


def overdue(fired: Fired, now: int) -> Iterable[Name]:
    """Yield the entries of the due-index by which what is late would be woken still."""
    for firing in fired.firings:
        run = fired.runs.get(firing.firing_id)
        if run is not None and run.state in runs.UNDER_WAY and now - run.wake_at > _LATE:
            yield ("due", str(run.wake_at), "run", firing.firing_id)
    for (kind, identity), sending in fired.sent.items():
        late = kind == "delivery" and sending.state == "pending"
        if late and now - sending.due_at > _LATE:
            yield ("due", str(sending.due_at), "delivery", identity)


def _firings(fired: Fired, waiting: Waiting, stretch: Stretch, now: int) -> Iterable[_Account]:
    for firing in fired.firings:
        if stretch.has(firing.at, firing.connection_id):
            fate, reason, since = _fate_of(firing, fired, waiting, now)
            name = f"{firing.automation_id}/{firing.firing_id}"
            yield _Account(
                Lost("firing", firing.connection_id, name, firing.at, reason), fate, since
            )


def _subscribed(fired: Fired, waiting: Waiting, stretch: Stretch, now: int) -> Iterable[_Account]:
    for (_, delivery_id), sending in fired.sent.items():
        if sending.told_at is None:
            continue
        connection_id = fired.rows.get(sending.firing_id or "", "")
        if stretch.has(sending.told_at, connection_id):
            fate, reason, since = _fate(sending, delivery_id, sending.told_at, waiting, now)
            lost = Lost("webhook", connection_id, delivery_id, sending.told_at, reason)
            yield _Account(lost, fate, since)


def _fate_of(firing: Firing, fired: Fired, waiting: Waiting, now: int) -> tuple[str, str, int]:
    """Return a firing's fate; of one that is missing or stuck, why and since when (ms)."""
    dead = firing.firing_id in waiting.dead
    run = fired.runs.get(firing.firing_id)
    if run is None:
        # An erasure stops one that nobody has taken up.
        if firing.state not in ("pending", "stopped"):
            return MISSING, "its run is gone", 0
        late = not dead and now - firing.at > _LATE
        return (_STUCK, "nothing has taken it up", firing.at) if late else (IN_FLIGHT, "", 0)
    told = [_fate(fired.sent.get(name), name[1], at, waiting, now) for name, at in run.sent.items()]
    if run.state in runs.UNDER_WAY:
        late = not dead and now - run.wake_at > _LATE
        stopped = "its run has stopped on the way"
        told.append((_STUCK, stopped, run.wake_at) if late else (IN_FLIGHT, "", 0))
    # Of several that are stuck, a count has to cover the one that has been so for longest.
    return min(told, key=lambda each: (_WORST.index(each[0]), each[2]), default=(DONE, "", 0))


def _fate(
    sending: Sending | None, identity: str, sent_at: int, waiting: Waiting, now: int
) -> tuple[str, str, int]:
    """Return the fate of a webhook or an email that was made at a time (ms)."""
    if sending is None:
        if now - sent_at <= deliveries.HELD_FOR:
            return MISSING, f"{identity}, which it has sent, is gone", 0
        # What arrived is kept longer: this was held until its time was up, or never attempted.
        return (DEAD if now - sent_at <= deliveries.KEPT_FOR else DONE), "", 0
    fate = _FATES[sending.state]
    late = identity not in waiting.dead and now - sending.due_at > _LATE
    if fate == IN_FLIGHT and late:
        return _STUCK, f"nothing attempts {identity}, which it has sent", sending.due_at
    return fate, "", 0
