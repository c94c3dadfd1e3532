"""The laws of what fires can fail: each planted bug is found within a stated number of schedules.

As in `test_planted_bugs`, the budgets are about three times what was needed when they were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import pytest

from tests.simulation import planted_automations as planted
from tests.simulation.automation_laws import delays, judge
from tests.simulation.automation_run import run
from tests.simulation.automation_schedules import (
    MANY,
    WELL,
    AutomationSchedule,
    at_once,
    crowded,
    in_order,
    random_schedule,
    with_an_early_end,
    with_each_fault,
)
from tests.simulation.automation_stories import (
    failing_renewal,
    given_up,
    two_shops_of_one_person,
)
from tests.simulation.automations import Setup
from tests.simulation.laws import LawBroken
from tests.simulation.planted_automations import Plant

FOUND_AT_RANDOM = [
    (planted.firing_id_made_up, 10),
    (planted.outbox_sent_once, 10),
    (planted.committed_and_never_sent, 12),
    (planted.held_firings_dropped, 12),
    (planted.sent_again_after_success, 18),
    (planted.stream_failures_swallowed, 20),
    (planted.woken_before_it_is_sent, 25),
    (planted.once_marked_on_its_own, 33),
    (planted.attempts_not_counted, 45),
    (planted.body_rendered_at_each_attempt, 45),
]
# The kind of fault, and whether it is the race of two subscriptions or one person's own burst.
FOUND_BY_SINGLE_FAULTS = [
    (planted.sent_before_committed, "interleave", two_shops_of_one_person, 75),
    (planted.once_marked_on_its_own, "interleave", two_shops_of_one_person, 40),
    (planted.bus_told_in_part, "partial", failing_renewal, 40),
    (planted.stream_carries_on, "throttle", failing_renewal, 100),
    (planted.woken_before_it_is_sent, "crash_after", failing_renewal, 60),
]


def _random() -> Iterator[AutomationSchedule]:
    return (random_schedule(seed) for seed in count())


def _hunt(plant: Plant, schedules: Iterator[AutomationSchedule], budget: int) -> str | None:
    """Return how the bug was found; None where it was not."""
    for schedule in islice(schedules, budget):
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


@pytest.mark.parametrize(("plant", "kind", "tale", "budget"), FOUND_BY_SINGLE_FAULTS, ids=_name)
def test_a_planted_bug_is_found_by_single_faults(
    plant: Plant, kind: str, tale: Any, budget: int
) -> None:
    base = at_once(tale())

    assert _hunt(plant, with_each_fault(base, kind, run(base).calls), budget) is not None


def test_an_end_that_fires_twice_is_found_by_an_early_end() -> None:
    schedule = with_an_early_end(given_up(), Setup(MANY, {"crm": WELL, "erp": WELL}))

    found = _hunt(planted.firing_id_holds_what_was_before, iter([schedule]), 1)

    assert found is not None
    assert "farewell" in found


def test_a_shared_cap_is_found_by_the_delays_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted.endpoints_share_a_cap(monkeypatch)
    calm, rude = (run(crowded(manner)) for manner in ("ok", "hanging"))

    assert max(delays(calm, rude, "erp.example.com")) > 10_000


def test_without_a_bug_nothing_is_found() -> None:
    base = in_order(failing_renewal())

    assert _hunt(lambda patch: None, with_each_fault(base, "crash_after", run(base).calls), 20) is (
        None
    )
