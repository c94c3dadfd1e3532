"""The laws under faults: every single one where it matters; random ones are in `test_parts`.

A failing test names its schedule, which says at which step and call what went wrong.
"""

from __future__ import annotations

from collections import defaultdict, deque
from decimal import Decimal

import pytest

from tests.simulation import unbounded
from tests.simulation.judging import LawBroken
from tests.simulation.laws import expected, judge, run
from tests.simulation.planted import arrivals
from tests.simulation.schedules import (
    Schedule,
    at_once,
    in_order,
    random_schedule,
    with_each_fault,
)
from tests.simulation.stories import STORIES, checkout, moving_away, told

SOME = 60
# The other kinds are in the random schedules.
FAULTS = (
    "crash_before",
    "crash_after",
    "lost_reply",
    "resent",
    "throttle",
    "conflict",
    "zombie",
    "duplicate",
    "stale",
    "timeout",
    "in_progress",
    "garbled",
    "blamed",
    "pause",
    "switch",
    "redeploy",
    "deed",
)


@pytest.mark.parametrize("number", range(STORIES))
def test_what_is_expected_is_what_the_story_itself_says(number: int) -> None:
    story = told(number)

    found = expected(story)

    revenue: dict[str, Decimal] = defaultdict(Decimal)
    for contact in found.contacts.values():
        for held in contact["revenue"]:
            revenue[held["currency"]] += Decimal(held["amount"])
    assert revenue == story.revenue
    statuses = {
        name[2]: view["status"]
        for name, view in found.records.items()
        if name[0] == "recurring_payment"
    }
    assert statuses == story.statuses


def test_without_faults_every_story_obeys_the_laws_at_any_pace() -> None:
    for number in range(STORIES):
        judge(run(at_once(told(number))))


@pytest.mark.parametrize("kind", FAULTS)
def test_no_single_fault_in_a_checkouts_burst_breaks_a_law(kind: str) -> None:
    burst = at_once(checkout())
    calls = judge(run(burst)).calls

    for schedule in with_each_fault(burst, kind, calls):
        judge(run(schedule))


@pytest.mark.parametrize("kind", FAULTS)
def test_no_single_fault_while_records_move_to_another_contact_breaks_a_law(kind: str) -> None:
    """The jobs behind one event: what follows from them must survive a crash as well."""
    story = in_order(moving_away())
    calls = judge(run(story)).calls
    before = run(Schedule(story.name, story.story, story.arrivals_ms[:-1])).calls

    for schedule in with_each_fault(story, kind, calls, len(before)):
        judge(run(schedule))


def test_the_random_schedules_are_worth_their_time() -> None:
    done = [run(random_schedule(seed)) for seed in range(SOME)]

    assert sum(len(each.schedule.plan) for each in done) > 8 * SOME
    assert sum(len(each.dead) for each in done) > 0
    for said in ("event_failed", "OrderBroken", "EventsDuplicate", "EventsQuarantined"):
        assert any(said in each.said for each in done), said


def test_a_marker_without_its_effect_is_found_although_faults_never_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrivals.marker_before_effect(monkeypatch)

    with pytest.raises(LawBroken, match="what_is_recorded_had_its_effect"):
        deque(map(unbounded.payments, range(3 * SOME)))


def test_the_same_seed_gives_the_same_trace() -> None:
    for seed in range(6):
        first, second = (run(random_schedule(seed)).world for _ in range(2))

        assert first.trace_hash() == second.trace_hash()
        assert first.steps.trace == second.steps.trace
