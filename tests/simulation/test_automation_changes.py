"""What fires is changed in the midst of a run, and poison lies in the stream: what holds then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.automation_laws import judge
from tests.simulation.automation_run import AutomationRun, run
from tests.simulation.automation_schedules import (
    MANY,
    WELL,
    AutomationSchedule,
    at_once,
    changing,
    in_order,
    random_schedule,
)
from tests.simulation.automation_stories import failing_renewal, two_shops_of_one_person
from tests.simulation.automations import FIRE, Setup
from tests.simulation.deeds import EDIT, LATECOMER, MEMBERS, SWITCH

MINUTE_MS = 60_000
PACE_MS = 10 * MINUTE_MS
# Ten retries of what cannot be read.
STUCK_MS = 7 * MINUTE_MS
SOME = 60


def slowly() -> AutomationSchedule:
    """Return the small life with minutes between its events; it fails twice."""
    return in_order(failing_renewal(), Setup(MANY, {"crm": WELL, "erp": WELL}), PACE_MS)


def failures(schedule: AutomationSchedule) -> tuple[int, int]:
    """Return when the event of each failure is posted."""
    told = [
        schedule.arrivals_ms[number][1]
        for number, event in enumerate(schedule.tale.story.events)
        if event.content["data"]["object"].get("status") == "past_due"
    ]
    return told[0], told[-1]


def fired(done: AutomationRun, automation_id: str) -> int:
    return sum(each["automation_id"] == automation_id for each in done.firings())


def first_told(done: AutomationRun) -> dict[str, int]:
    """Return when the bus told first of each change of a subscription."""
    told: dict[str, int] = {}
    for event in done.world.events.taken:
        if event.detail_type.startswith("recurring_payment."):
            told.setdefault(event.detail["id"], event.at_ms)
    return told


def test_an_automation_fires_for_what_comes_after_it_alone() -> None:
    base = slowly()
    first, last = failures(base)

    done = judge(run(changing(base, (SWITCH, (first + last) // 2))))

    assert (fired(done, "mirror"), fired(done, LATECOMER)) == (2, 1)


def test_an_automation_that_is_switched_off_fires_no_more() -> None:
    base = slowly()
    first, last = failures(base)

    done = judge(run(changing(base, (SWITCH, 0), (SWITCH, (first + last) // 2))))

    assert fired(done, LATECOMER) == 1


@pytest.mark.parametrize("edits", [1, 2, 3])
def test_an_automation_goes_by_its_segment_as_it_is_now(edits: int) -> None:
    base = slowly()
    first, last = failures(base)
    times_ms = [0, *((first + last) // 2 + number for number in range(1, edits))]

    done = judge(run(changing(base, *((EDIT, at_ms) for at_ms in times_ms))))

    assert fired(done, MEMBERS) == (1 if edits == 2 else 2)


@pytest.mark.parametrize("deed", [SWITCH, EDIT])
def test_a_change_of_what_fires_in_the_midst_of_any_call_breaks_no_law(deed: str) -> None:
    base = changing(at_once(two_shops_of_one_person()), (SWITCH, 0), (EDIT, 0))
    before = run(base)
    which = sorted(before.world.deeds).index(deed)

    for step, (actor, call) in enumerate(before.calls):
        if actor.removeprefix("poll ").startswith(FIRE):
            name = f"{deed} at {step}, {call}"
            judge(run(replace(base, name=name, plan=[(step, "deed", which)])))


def test_the_rest_of_a_shard_goes_on_beside_poison() -> None:
    base = at_once(two_shops_of_one_person(), Setup(MANY, {"crm": WELL, "erp": WELL}))
    calm = judge(run(base))

    done = judge(run(replace(base, poison_ms=tuple(range(0, 300, 50)))))

    before, after = first_told(calm), first_told(done)
    assert before.keys() == after.keys()
    assert max(after[each] - before[each] for each in before) < STUCK_MS
    assert calm.given_up == 0
    assert done.given_up > 0
    assert {each.message_id for each in done.requests} == calm.webhooks().keys()


def test_the_random_schedules_change_what_fires_and_meet_poison() -> None:
    schedules = [random_schedule(seed) for seed in range(SOME)]

    changed = [run(each) for each in schedules if each.changes]
    assert sum(fired(each, name) for each in changed for name in (LATECOMER, MEMBERS)) > 0
    assert sum(len(each.poison_ms) for each in schedules) > 0
