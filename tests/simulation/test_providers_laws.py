"""The laws of all providers' notices: single faults everywhere, bad manners, random schedules."""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulation import providers_laws
from tests.simulation.providers_accounts import MANNERS
from tests.simulation.providers_run import ProvidersRun, expected, run
from tests.simulation.providers_schedules import (
    ProvidersSchedule,
    at_once,
    in_order,
    random_schedule,
    with_each_fault,
)
from tests.simulation.providers_stories import STORIES, Story, told

_KINDS = ("crash_before", "crash_after", "lost_reply")
_ASKING = ("paypal", "woocommerce")


@cache
def _small(provider: str) -> Story:
    """Return a small story of a provider whose API is asked, or one that two stores report."""
    stories = [s for s in map(told, range(STORIES)) if s.name.startswith(provider)]
    asking = [s for s in stories if any(api.asked for api in expected(s).stack.apis.values())]
    found = asking if provider in _ASKING else stories
    return min(found, key=lambda story: expected(story).world.steps.count)


def judged(schedule: ProvidersSchedule) -> ProvidersRun:
    return providers_laws.judge(run(schedule))


@pytest.mark.parametrize("block", range(4))
def test_every_story_told_in_order_is_what_it_says_itself(block: int) -> None:
    for number in range(block, STORIES, 4):
        done = expected(told(number))

        assert done.dead == 0
        assert len(done.stack.accepted) == len(done.schedule.story.notices)


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("provider", [*_ASKING, "both"])
def test_every_single_fault_leaves_the_outcome_as_it_was(provider: str, kind: str) -> None:
    base = at_once(_small(provider))
    calls = judged(base).calls

    schedules = list(with_each_fault(base, kind, calls))

    assert len(schedules) >= len(calls) // 5
    for schedule in schedules:
        judged(schedule)


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("provider", _ASKING)
def test_an_api_of_bad_manners_costs_time_and_no_notice(provider: str, manner: str) -> None:
    story = _small(provider)
    rude = ProvidersSchedule(
        f"{story.name} {manner}", story, at_once(story).arrivals_ms, manners=(manner,) * 12
    )

    done = judged(rude)

    assert manner in done.stack.apis[provider].met


def test_a_stranger_is_let_in_by_no_door() -> None:
    refused = 0
    for story in _each_provider():
        everything = tuple((n, n) for n in range(len(story.notices)))
        base = in_order(story)
        schedule = ProvidersSchedule(story.name, story, base.arrivals_ms, forged=everything)

        done = judged(schedule)

        refused += len(done.stack.strangers)
        assert set(done.stack.strangers) == {401}
    assert refused > 10


def _each_provider() -> list[Story]:
    """Return a story of each provider that has a door."""
    stories = {story.stores[0].provider: story for story in map(told, range(12))}
    return [story for provider, story in stories.items() if provider != "api"]


@pytest.mark.parametrize("block", range(4))
def test_random_schedules_keep_the_laws(block: int) -> None:
    for seed in range(block * 30, block * 30 + 30):
        judged(random_schedule(seed))


def test_the_same_seed_gives_the_same_run() -> None:
    for seed in (3, 11, 36):
        first, again = run(random_schedule(seed)), run(random_schedule(seed))

        assert first.world.trace_hash() == again.world.trace_hash()
