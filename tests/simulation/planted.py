"""Bugs to plant, each one that a real system has had, to prove that the laws can fail.

A bug is a patch of the product for the time of a test. Reference documents count these as the
simulator's own test: a law that no planted bug breaks says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from functions.process_events import messages
from functions.process_events.process_batch import Batch
from shared.adapters import table_writes
from shared.adapters.aws import AwsError
from shared.adapters.queue import Queue
from shared.adapters.table import Table
from shared.domain import apply as applying
from shared.domain import fold, people, records
from shared.domain.contacts import Share
from shared.domain.errors import Contended
from shared.domain.folding import Plan
from shared.domain.ports import Check, Write

Plant = Callable[[pytest.MonkeyPatch], None]
Steps = Sequence[Write | Check]


def marker_before_effect(patch: pytest.MonkeyPatch) -> None:
    """Write the marker first and the records after it: a crash in between loses the event."""
    commit = Table.commit

    def parted(self: Table, steps: Steps) -> None:
        if steps[0].name[0] == "event" and len(steps) > 1:
            commit(self, steps[:1])
            steps = steps[1:]
        commit(self, steps)

    patch.setattr(Table, "commit", parted)


def group_carries_on(patch: pytest.MonkeyPatch) -> None:
    """Go on with a group after one of its messages has failed."""
    handle = Batch.handle

    def each_alone(self: Batch, batch: Sequence[Any], now: int) -> dict[str, list[Any]]:
        answers = [handle(self, [record], now) for record in batch]
        return {"batchItemFailures": [f for each in answers for f in each["batchItemFailures"]]}

    patch.setattr(Batch, "handle", each_alone)


def follow_ups_not_sent_again(patch: pytest.MonkeyPatch) -> None:
    """Skip a redelivered event altogether (LanternOps/breeze#4095)."""
    patch.setattr(fold, "_again", lambda *_: Plan("duplicate"))


def jobs_followed_up_after_the_commit_alone(patch: pytest.MonkeyPatch) -> None:
    """Queue what follows from a job only once it is committed: a crash in between loses it."""

    def without(folding: Any, reading: Any, store: Any, _: object = None) -> Plan:
        return applying.apply(folding, reading, store)

    patch.setattr(messages, "apply", without)


def no_version_condition(patch: pytest.MonkeyPatch) -> None:
    """Overwrite what another worker has written in between."""
    patch.setattr(table_writes, "_condition", lambda _: {})


def contention_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    """Take a refused commit for one that had gone through before."""
    commit = Table.commit

    def careless(self: Table, steps: Steps) -> None:
        try:
            commit(self, steps)
        except Contended:
            return

    patch.setattr(Table, "commit", careless)


def newest_arrival_wins(patch: pytest.MonkeyPatch) -> None:
    """Let whatever comes last be the state, as most integrations do."""
    patch.setattr(records, "follows", lambda *_: True)


def sums_added_blindly(patch: pytest.MonkeyPatch) -> None:
    """Add an order's share without taking away what it had added before."""
    change = people.People._change

    def bare(self: people.People, contact: str, record: Any, _: Share, new: Share) -> None:
        change(self, contact, record, Share(), new)

    patch.setattr(people.People, "_change", bare)


def failures_swallowed(patch: pytest.MonkeyPatch) -> None:
    """Log an error and acknowledge the message all the same."""
    one = Batch._one

    def swallowing(self: Batch, *arguments: Any) -> bool:
        one(self, *arguments)
        return True

    patch.setattr(Batch, "_one", swallowing)


def parked_without_a_mark(patch: pytest.MonkeyPatch) -> None:
    """Put a message aside and say nothing of its group's order."""
    commit = Table.commit

    def unmarked(self: Table, steps: Steps) -> None:
        if steps[0].name[0] != "broken":
            commit(self, steps)

    patch.setattr(Table, "commit", unmarked)


def parked_nowhere(patch: pytest.MonkeyPatch) -> None:
    """Give up on a message without keeping it."""
    patch.setattr(Queue, "park", lambda *_: None)


def accepted_before_queued(patch: pytest.MonkeyPatch) -> None:
    """Answer the provider 2xx although the queue has refused the event."""
    send = Queue.send_event

    def careless(self: Queue, *arguments: Any) -> None:
        try:
            send(self, *arguments)
        except AwsError:
            return

    patch.setattr(Queue, "send_event", careless)
