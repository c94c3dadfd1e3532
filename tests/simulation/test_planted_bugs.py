"""The laws can fail: each planted bug is found, where it was found when the hunt was last run.

`python -m tests.simulation.planted --write` hunts all of them anew, whenever schedules have moved.
"""

from __future__ import annotations

import pytest

from tests.simulation.invariants import LAWS, WATCHED
from tests.simulation.judging import LawBroken
from tests.simulation.planted.bug import Attempt, Bug, Ground
from tests.simulation.planted.hunt import LIMIT, NotFound, hunt, law_of, read_finds
from tests.simulation.planted.registry import BUGS
from tests.simulation.planted.table import quoted, table

# Where a schedule has moved a little, the bug is met again soon.
SCHEDULES_MAX = 40


def _name(value: object) -> str | None:
    return value.key.replace(" ", "_") if isinstance(value, Bug) else None


@pytest.mark.parametrize("bug", BUGS, ids=_name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    known = read_finds()[bug.key]

    found = hunt(bug, SCHEDULES_MAX, known.number)

    assert found.law in {law.__name__ for law in LAWS[bug.ground.part]} | WATCHED.keys()


def test_each_was_found_within_the_schedules_that_are_allowed() -> None:
    finds = read_finds()

    assert len(BUGS) >= 36
    assert {bug.key for bug in BUGS} == finds.keys()
    assert max(find.number for find in finds.values()) <= LIMIT


def test_every_law_is_broken_by_a_planted_bug() -> None:
    finds = read_finds()
    broken = {(bug.ground.part, finds[bug.key].law) for bug in BUGS}
    laws = {(part, law.__name__) for part in LAWS for law in LAWS[part]}

    assert laws - broken == set()
    assert WATCHED.keys() <= {law for _, law in broken}


def test_names_are_told_apart_and_say_what_the_bug_does() -> None:
    assert len({bug.key for bug in BUGS}) == len(BUGS)
    assert [bug.name for bug in BUGS if not bug.meaning.endswith(".")] == []


def test_the_readme_quotes_the_table() -> None:
    assert quoted("planted bugs") == table()


def _bug(breaks: frozenset[int], planted: dict[str, bool]) -> Bug:
    """Return a bug that breaks the schedules of these numbers, as long as it is planted."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(planted, "there", True)

    def run(number: int) -> None:
        if planted["there"] and number in breaks:
            raise LawBroken(f"schedule {number}: some_law: it is broken: twice")

    def attempts(number: int) -> Attempt:
        return Attempt(f"schedule {number}", lambda: run(number))

    return Bug(plant, "nowhere", Ground("none", lambda: map(attempts, range(1, 9))))


def test_a_hunt_tells_the_first_schedule_and_the_law() -> None:
    found = hunt(_bug(frozenset({3, 5}), {"there": False}))

    assert (found.number, found.schedule, found.law) == (3, "schedule 3", "some_law")


def test_a_hunt_begins_where_the_bug_is_known_to_be() -> None:
    assert hunt(_bug(frozenset({3, 5}), {"there": False}), 2, known=5).number == 5


def test_a_hunt_that_finds_nothing_says_so() -> None:
    with pytest.raises(NotFound, match="not within 2 schedules"):
        hunt(_bug(frozenset({3}), {"there": False}), 2)


def test_what_breaks_a_law_without_the_bug_is_no_find() -> None:
    with pytest.raises(LawBroken):
        hunt(_bug(frozenset({1}), {"there": True}))


def test_the_law_is_read_out_of_what_was_broken() -> None:
    assert law_of(LawBroken("seed 3: story 1: sums_add_up: x: 2")) == "sums_add_up"
