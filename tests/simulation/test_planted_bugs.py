"""The laws can fail: each planted bug is found, and within a stated number of schedules.

Every bug is one that a real system has had. The budgets are about three times what was needed
when they were written; a law that is weakened, or faults that no longer reach, show here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from tests.simulation import planted
from tests.simulation.laws import LawBroken, expected, judge, run
from tests.simulation.planted import Plant
from tests.simulation.schedules import Schedule, in_order, random_schedule, with_each_fault
from tests.simulation.stories import moving_away

FOUND_AT_RANDOM = [
    (planted.sums_added_blindly, 3),
    (planted.no_version_condition, 3),
    (planted.newest_arrival_wins, 3),
    (planted.parked_nowhere, 10),
    (planted.parked_without_a_mark, 10),
    (planted.group_carries_on, 12),
    (planted.failures_swallowed, 12),
    (planted.accepted_before_queued, 15),
    (planted.marker_before_effect, 25),
    (planted.contention_taken_for_success, 25),
]
FOUND_BY_SINGLE_FAULTS = [
    (planted.follow_ups_not_sent_again, 45),
    (planted.jobs_followed_up_after_the_commit_alone, 45),
]


def _random() -> Iterator[Schedule]:
    seed = 0
    while True:
        yield random_schedule(seed)
        seed += 1


def _single_faults() -> Iterator[Schedule]:
    """Yield one crash after each write of the jobs that move records to another contact."""
    story = in_order(moving_away())
    calls = run(story).calls
    before = run(Schedule(story.name, story.story, story.arrivals_ms[:-1])).calls
    yield from with_each_fault(story, "crash_after", calls, len(before))


def _hunt(plant: Plant, schedules: Iterator[Schedule], budget: int) -> str | None:
    """Return how the bug was found; None where it was not."""
    for schedule in islice(schedules, budget):
        expected(schedule.story)  # what is expected must not have the bug itself
        with pytest.MonkeyPatch.context() as patch:
            plant(patch)
            try:
                judge(run(schedule))
            except LawBroken as broken:
                return str(broken)
    return None


def _name(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("plant", "budget"), FOUND_AT_RANDOM, ids=_name)
def test_a_planted_bug_is_found_by_random_schedules(plant: Plant, budget: int) -> None:
    assert _hunt(plant, _random(), budget) is not None


@pytest.mark.parametrize(("plant", "budget"), FOUND_BY_SINGLE_FAULTS, ids=_name)
def test_a_planted_bug_is_found_by_single_faults(plant: Plant, budget: int) -> None:
    assert _hunt(plant, _single_faults(), budget) is not None


def test_without_a_bug_nothing_is_found() -> None:
    assert _hunt(lambda patch: None, _single_faults(), 45) is None
