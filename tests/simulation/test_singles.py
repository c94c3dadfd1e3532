"""Every kind of fault by itself, at the steps of a small story of each part, but for what is named.

A kind is left out of a part where it can mean nothing, and the reason stands here. What is met by
none of its runs would be no test, so that each has to be met. Where workers meet, the kinds that
matter there are tried at every step by the tests of the part's own laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest

from tests.simulation import (
    automation_laws,
    automation_run,
    automation_schedules,
    laws,
    log_laws,
    log_schedules,
    providers_laws,
    providers_run,
    providers_schedules,
    schedules,
    test_automation_laws,
)
from tests.simulation.automation_stories import failing_renewal
from tests.simulation.faults import KINDS, Plan
from tests.simulation.providers_stories import STORIES, told
from tests.simulation.stories import excerpt
from tests.simulation.world import World

# A part's story, by how many steps it takes, and what runs it with a plan and holds it to the laws.
Small = tuple[int, Callable[[Plan], World]]
_NO_STREAM = "this part reads no stream"
_NO_POST = "this part posts to nobody"
_NO_PERSON = "there is nothing that a person does here"
_NO_TABLE = "the change log is written to a bucket alone, which has no such fault"
_NO_QUEUE = "the change log has no queue"
_NO_INDEX = "an index that lags by a second is none by the time the small story looks into it"
_ONE_SOURCE = "in a small story no two sources are due at one moment; the random ones meet it"
EXCLUDED: Mapping[str, Mapping[str, str]] = {
    "payments": {
        "shard_split": _NO_STREAM,
        "mapping_recreated": _NO_STREAM,
        "dns_flip": _NO_POST,
        "pick": _ONE_SOURCE,
        "stale": _NO_INDEX,
    },
    "automations": {
        **dict.fromkeys(test_automation_laws.FAULTS, "at every step, in test_automation_laws"),
        "stale": "no index is read",
        "pick": _ONE_SOURCE,
    },
    "providers": {
        "shard_split": _NO_STREAM,
        "mapping_recreated": _NO_STREAM,
        "dns_flip": _NO_POST,
        "deed": _NO_PERSON,
        "pick": _ONE_SOURCE,
        "reorder": "in a small story no two messages wait in a standard queue",
        "stale": _NO_INDEX,
    },
    "change log": {
        **dict.fromkeys(("in_progress", "conflict", "partial", "stale"), _NO_TABLE),
        **dict.fromkeys(("delay", "reorder"), _NO_QUEUE),
        "dns_flip": _NO_POST,
        "deed": _NO_PERSON,
        "pick": _ONE_SOURCE,
    },
}


def _payments() -> Small:
    base = schedules.at_once(excerpt(4, 0, 5))

    def run(plan: Plan) -> World:
        return laws.judge(laws.run(replace(base, name=f"{base.name}, {plan}", plan=plan))).world

    return run([]).steps.count, run


def _automations() -> Small:
    base = automation_schedules.in_order(failing_renewal())

    def run(plan: Plan) -> World:
        schedule = replace(base, name=f"{base.name}, {plan}", plan=plan)
        return automation_laws.judge(automation_run.run(schedule)).world

    return run([]).steps.count, run


def _providers() -> Small:
    stories = [each for each in map(told, range(STORIES)) if each.name.startswith("paypal")]
    counts = {each: providers_run.expected(each).world.steps.count for each in stories}
    base = providers_schedules.at_once(min(stories, key=counts.__getitem__))

    def run(plan: Plan) -> World:
        schedule = replace(base, name=f"{base.name}, {plan}", plan=plan)
        return providers_laws.judge(providers_run.run(schedule)).world

    return run([]).steps.count, run


def _log() -> Small:
    base = log_schedules.in_order(0)

    def run(plan: Plan) -> World:
        return log_laws.judge(
            log_laws.run(replace(base, name=f"{base.name}, {plan}", plan=plan))
        ).world

    return run([]).steps.count, run


_PARTS = {
    "payments": _payments,
    "automations": _automations,
    "providers": _providers,
    "change log": _log,
}
# So many of its steps are tried, evenly: the rest would cost more than it tells.
TRIED = 24


@cache
def _small(part: str) -> Small:
    return _PARTS[part]()


def _singles() -> list[tuple[str, str]]:
    return [(part, kind) for part in _PARTS for kind in KINDS if kind not in EXCLUDED[part]]


@pytest.mark.parametrize(("part", "kind"), _singles())
def test_no_single_fault_in_a_small_story_breaks_a_law(part: str, kind: str) -> None:
    count, run = _small(part)

    met = 0
    for step in range(0, count, max(1, count // TRIED)):
        met += run([(step, kind, 1)]).steps.took[kind]

    assert met, f"{kind} is never met"


def test_what_is_left_out_is_a_kind_and_has_a_reason() -> None:
    for part, kinds in EXCLUDED.items():
        assert kinds.keys() <= KINDS.keys(), part
        assert all(kinds.values())
