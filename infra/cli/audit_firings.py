"""Whether every firing was carried out: its run is there, and each webhook the run has sent.

Pure. A firing ends as what became of its webhooks, the worst of them counting; one whose run has
ended without any is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.cli.audit_balance import (
    DEAD,
    DELIVERED,
    DONE,
    HELD,
    IN_FLIGHT,
    MISSING,
    Balance,
    Lost,
    Stretch,
    Waiting,
)
from shared.domain import deliveries, runs, times
from shared.domain.ports import Document

# What is due is woken every minute, and queues put off by a quarter of an hour at most.
_LATE = deliveries.DELAY_MAX + 5 * times.MINUTE
_FATES = {"delivered": DELIVERED, "held": HELD, "dead": DEAD, "gone": DEAD, "pending": IN_FLIGHT}
# The first of these that one of a firing's webhooks is in, the firing is in.
_WORST = (MISSING, IN_FLIGHT, DEAD, HELD, DELIVERED, DONE)


@dataclass(frozen=True, slots=True)
class Firing:
    """A firing as its row tells it; `at` (ms) is when it was decided."""

    firing_id: str
    automation_id: str
    connection_id: str
    at: int
    state: str


@dataclass(frozen=True, slots=True)
class Run:
    """What a run says: whether it is under way, when it goes on (ms), and what it has sent."""

    state: str
    wake_at: int
    sent: tuple[str, ...]

    @classmethod
    def of(cls, document: Document) -> Run:
        """Return what a run's document says."""
        sent = tuple(row["delivery_id"] for row in document["taken"] if "delivery_id" in row)
        return cls(document["state"], document["wake_at"] or document["updated"], sent)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery says: its state, and when its next attempt is due (ms)."""

    state: str
    next_at: int

    @classmethod
    def of(cls, document: Document) -> Delivery:
        """Return what a delivery's document says."""
        return cls(document["state"], document["next_at"] or 0)


@dataclass(slots=True)
class Fired:
    """The firings of a stretch of time, and all runs and deliveries there are."""

    firings: list[Firing]
    runs: dict[str, Run]
    deliveries: dict[str, Delivery]


def carried_out(fired: Fired, waiting: Waiting, stretch: Stretch, now: int) -> Balance:
    """Return what became of every firing; `waiting.dead` are ids of firings and deliveries."""
    balance = Balance()
    for firing in fired.firings:
        if not stretch.has(firing.at, firing.connection_id):
            continue
        fate, reason = fate_of(firing, fired.runs, fired.deliveries, waiting, now)
        balance.add(firing.at, firing.connection_id, "firings", fate)
        if fate == MISSING:
            name = f"{firing.automation_id}/{firing.firing_id}"
            balance.lost.append(Lost("firing", firing.connection_id, name, firing.at, reason))
    return balance


def fate_of(
    firing: Firing,
    known_runs: Mapping[str, Run],
    known: Mapping[str, Delivery],
    waiting: Waiting,
    now: int,
) -> tuple[str, str]:
    """Return which of FATES a firing has met, and of a missing one what is missing of it."""
    held_up = waiting.count > 0 or firing.firing_id in waiting.dead
    run = known_runs.get(firing.firing_id)
    if run is None:
        begun = firing.state != "pending"
        if held_up and not begun:
            return IN_FLIGHT, ""
        return MISSING, "its run is gone" if begun else "nothing has taken it up"
    # What is over is not kept for ever, and what was held for the shortest time.
    expired = now - firing.at > deliveries.HELD_FOR
    there = [each for each in run.sent if each in known or not expired]
    told = [_fate(known.get(each), each, waiting, now) for each in there]
    if run.state in runs.UNDER_WAY:
        late = not held_up and now - run.wake_at > _LATE
        told.append((MISSING, "its run has stopped on the way") if late else (IN_FLIGHT, ""))
    return min(told, key=lambda each: _WORST.index(each[0]), default=(DONE, ""))


def doubtful(fired: Fired) -> Iterable[Firing]:
    """Yield firings whose run or deliveries were not met, as they may be on being read again."""
    for firing in fired.firings:
        run = fired.runs.get(firing.firing_id)
        if run is None or any(each not in fired.deliveries for each in run.sent):
            yield firing


def _fate(
    delivery: Delivery | None, delivery_id: str, waiting: Waiting, now: int
) -> tuple[str, str]:
    if delivery is None:
        return MISSING, f"its delivery {delivery_id} is gone"
    stuck = waiting.count == 0 and delivery_id not in waiting.dead
    if delivery.state == "pending" and stuck and now - delivery.next_at > _LATE:
        return MISSING, f"nothing attempts its delivery {delivery_id}"
    return _FATES[delivery.state], ""
