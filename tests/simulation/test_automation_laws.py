"""The laws of what fires under faults: every single one over a small life, and many at random.

A failing test names its schedule; `python -m tests.simulation --automations --schedules 1 --seed N
--trace` shows it call by call, and the same without a trace sweeps further than there is time here.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest

from tests.simulation.automation_laws import delays, judge
from tests.simulation.automation_oracle import Fact, wanted
from tests.simulation.automation_run import AutomationRun, run
from tests.simulation.automation_schedules import (
    CROWD,
    MANY,
    PAIR,
    ROUGH,
    WELL,
    at_once,
    crowded,
    in_order,
    random_schedule,
    with_an_early_end,
    with_each_fault,
)
from tests.simulation.automation_stories import (
    TALES,
    failing_renewal,
    given_up,
    tale,
    two_shops_of_one_person,
)
from tests.simulation.automations import FIRE, RUN, WAKE, Setup

HOUR_MS = 3_600_000

SOME = 60
FAULTS = (
    "crash_before",
    "crash_after",
    "lost_reply",
    "resent",
    "throttle",
    "conflict",
    "zombie",
    "duplicate",
    "interleave",
    "partial",
    "timeout",
    "in_progress",
    "garbled",
    "blamed",
    "switch",
    "shard_split",
    "mapping_recreated",
    "redeploy",
    "deed",
    "dns_flip",
)
# Where two workers meet at one person.
RACES = ("crash_after", "zombie", "interleave")
# By how much a dead endpoint may delay what goes to another one: less than its own first retry.
DELAY_MAX_MS = 5_000
ALL_WELL = Setup(MANY, {"crm": WELL, "erp": WELL})


@cache
def calm() -> AutomationRun:
    return judge(run(crowded("ok")))


def test_what_is_wanted_of_a_small_life_is_plain() -> None:
    told = failing_renewal()
    (life,) = told.lives

    found = wanted(told, PAIR)

    assert life.statuses == ("pending", "active", "payment_failed", "active", "payment_failed")
    failed = "payment_failed"
    assert found.multiple == {Fact("mirror", life.subscription, failed): 2}
    assert found.once == {("rescue", life.email): {Fact("rescue", life.subscription, failed)}}


def test_a_small_life_reaches_its_receivers() -> None:
    done = judge(run(in_order(failing_renewal())))

    told = Counter((each.host, each.status) for each in done.requests)
    assert told["erp.example.com", 204] == 2
    assert [each.status for each in done.requests if each.host == "crm.example.com"] == (
        [500, 0, 429, 204]
    )
    actors = {actor for actor, _ in done.calls}
    assert {f"{FIRE} 0", RUN, WAKE} <= actors


@pytest.mark.parametrize("number", range(TALES))
def test_without_faults_every_tale_obeys_the_laws_at_any_pace(number: int) -> None:
    setup = Setup(MANY, ROUGH.endpoints)

    judge(run(in_order(tale(number), setup)))
    judge(run(at_once(tale(number), setup)))


@pytest.mark.parametrize("kind", FAULTS)
def test_no_single_fault_in_a_small_life_breaks_a_law(kind: str) -> None:
    base = in_order(failing_renewal())

    for schedule in with_each_fault(base, kind, judge(run(base)).calls):
        judge(run(schedule))


def test_two_of_one_person_lie_in_two_shards() -> None:
    done = judge(run(at_once(two_shops_of_one_person())))

    assert {f"{FIRE} 0", f"{FIRE} 1"} <= {actor for actor, _ in done.calls}


@pytest.mark.parametrize("kind", RACES)
def test_no_single_fault_where_two_meet_at_one_person_breaks_a_law(kind: str) -> None:
    base = at_once(two_shops_of_one_person())

    for schedule in with_each_fault(base, kind, judge(run(base)).calls):
        judge(run(schedule))


def test_an_end_that_comes_early_fires_once() -> None:
    """Found by the laws: an id that held what was before took the amended end for another one."""
    done = judge(run(with_an_early_end(given_up(), ALL_WELL)))

    farewells = [each for each in done.firings() if each["automation_id"] == "farewell"]
    assert len(farewells) == 1


def test_a_dead_endpoint_is_tried_ten_times_over_three_days() -> None:
    setup = Setup(PAIR, {"crm": ((), "hanging"), "erp": WELL})

    done = judge(run(in_order(failing_renewal(), setup)))

    times = [each.at_ms for each in done.requests if each.host == "crm.example.com"]
    assert len(times) == 10
    assert 67 * HOUR_MS < times[-1] - times[0] < 84 * HOUR_MS


def test_what_a_disabled_endpoint_holds_is_sent_once_when_it_is_back() -> None:
    setup = Setup({"mirror": PAIR["mirror"]}, {"crm": WELL, "erp": ((), "gone")})

    done = judge(run(in_order(failing_renewal(), setup)))

    statuses = {each.message_id: each.status for each in done.requests}
    assert sorted(statuses.values()) == [204, 410]
    assert {found for found, status in statuses.items() if status == 204} == done.held


@pytest.mark.parametrize("manner", ["hanging", "broken", "throttled", "gone"])
def test_a_dead_endpoint_delays_no_other(manner: str) -> None:
    rude = judge(run(crowded(manner)))

    found = delays(calm(), rude, "erp.example.com")
    assert len(found) == CROWD
    assert max(found) < DELAY_MAX_MS


def test_the_random_schedules_are_worth_their_time() -> None:
    done = [run(random_schedule(seed)) for seed in range(SOME)]

    assert sum(len(each.schedule.plan) for each in done) > 10 * SOME
    assert sum(len(each.requests) for each in done) > SOME
    assert sum(each.dead for each in done) > 0
    for said in ("change_failed", "message_failed", "not_attempted", "endpoint_notice", "woken"):
        assert any(f'"event":"{said}"' in each.said for each in done), said
    kinds = {json.loads(each.body)["type"] for one in done for each in one.requests}
    assert kinds == {"recurring_payment.created", "recurring_payment.updated"}


def test_the_same_seed_gives_the_same_trace() -> None:
    for seed in range(6):
        first, second = (run(random_schedule(seed)).world for _ in range(2))

        assert first.trace_hash() == second.trace_hash()
        assert first.steps.trace == second.steps.trace
