"""Carrying a fold through: reading what it asks for, committing, and folding again for rivals."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared.domain.apply import apply, try_fold
from shared.domain.errors import Contended
from shared.domain.folding import Plan
from shared.domain.ports import Check, Missing, Name, Reading, Write
from tests.fakes.memory_store import MemoryStore

ONE: Name = ("email", "ada@example.com")
OTHER: Name = ("contact", "contact-1")


class _Rivals(MemoryStore):
    """A store in which somebody else is faster a number of times."""

    def __init__(self, rivals: int) -> None:
        super().__init__()
        self.rivals = rivals

    def commit(self, steps: Sequence[Write | Check]) -> None:
        if self.rivals:
            self.rivals -= 1
            held = self.documents.get(ONE, {"version": 0})
            self.documents[ONE] = {"version": held["version"] + 1}
        super().commit(steps)


def _count(reading: Reading) -> Plan:
    held = reading.get(ONE)
    version = held["version"] if held else 0
    return Plan("applied", [Write(ONE, {"version": version + 1}, version)])


def test_fold_is_tried_until_it_misses_nothing() -> None:
    asked: list[str] = []

    def fold(reading: Reading) -> Plan:
        asked.append("asked")
        reading.want([ONE])
        reading.get(OTHER)
        return Plan("unchanged")

    plan = try_fold(fold, Reading(), MemoryStore())

    assert (plan.outcome, len(asked)) == ("unchanged", 3)


def test_fold_that_never_has_enough_is_a_fault_of_ours() -> None:
    def fold(reading: Reading) -> Plan:
        raise Missing([ONE])

    with pytest.raises(AssertionError, match="without end"):
        try_fold(fold, Reading(), MemoryStore())


@pytest.mark.parametrize("rivals", [0, 1, 4])
def test_rival_has_the_fold_done_again_on_fresh_reads(rivals: int) -> None:
    store = _Rivals(rivals)

    apply(_count, Reading(), store)

    assert store.documents[ONE] == {"version": rivals + 1}


def test_rivals_that_never_rest_leave_it_to_a_retry() -> None:
    store = _Rivals(99)

    with pytest.raises(Contended):
        apply(_count, Reading(), store)

    assert store.rivals == 94


def test_plan_without_steps_commits_nothing() -> None:
    store = MemoryStore()

    plan = apply(lambda _: Plan("duplicate"), Reading(), store)

    assert (plan.outcome, store.commits) == ("duplicate", 0)


def test_reading_knows_what_was_written_so_the_next_fold_need_not_ask() -> None:
    store, reading = MemoryStore(), Reading()
    apply(_count, reading, store)
    reads = store.reads

    apply(_count, reading, store)

    assert store.documents[ONE] == {"version": 2}
    assert store.reads == reads
