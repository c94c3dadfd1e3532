"""Directed schedules: every two faults close together, in the bursts that matter.

Luck finds what needs many faults; what needs two in the right places is found for certain here.
`make simulate PAIRS=1` runs them all; single faults are in the tests of the laws.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations

from tests.simulation import automation_laws, automation_run, automation_schedules, laws, schedules
from tests.simulation.automation_stories import failing_renewal
from tests.simulation.faults import Plan
from tests.simulation.stories import checkout

NAME = "pairs"
KINDS = ("crash_before", "crash_after", "lost_reply", "throttle", "zombie", "switch")
# How many steps two faults are apart at most.
NEAR = 12


@cache
def _of_payments() -> tuple[schedules.Schedule, list[Plan]]:
    base = schedules.at_once(checkout())
    calls = laws.run(base).calls
    found = [each.plan for kind in KINDS for each in schedules.with_each_fault(base, kind, calls)]
    return base, _pairs(found)


@cache
def _of_automations() -> tuple[automation_schedules.AutomationSchedule, list[Plan]]:
    base = automation_schedules.at_once(failing_renewal())
    calls = automation_run.run(base).calls
    found = [
        each.plan
        for kind in KINDS
        for each in automation_schedules.with_each_fault(base, kind, calls)
    ]
    return base, _pairs(found)


def _pairs(singles: list[Plan]) -> list[Plan]:
    """Return every two of these faults that are close together."""
    ordered = sorted(plan[0] for plan in singles)
    return [[one, two] for one, two in combinations(ordered, 2) if 0 < two[0] - one[0] <= NEAR]


def count() -> int:
    """Return how many pairs there are."""
    return len(_of_payments()[1]) + len(_of_automations()[1])


def run(number: int) -> Counter[str]:
    """Run the pair of a number and return what is to be counted. Raise LawBroken."""
    base, plans = _of_payments()
    if number < len(plans):
        name = f"{base.name} with {plans[number]}"
        paid = laws.judge(laws.run(replace(base, name=name, plan=plans[number])))
        return paid.world.figures()
    number -= len(plans)
    told, plans = _of_automations()
    name = f"{told.name} with {plans[number]}"
    fired = automation_run.run(replace(told, name=name, plan=plans[number]))
    return automation_laws.judge(fired).world.figures()
