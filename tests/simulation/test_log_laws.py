"""The change log's laws, over random schedules, every single fault, and DuckDB itself."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from shared.domain import times
from tests.simulation import log_laws, log_schedules
from tests.simulation.log_laws import LogRun
from tests.simulation.log_stories import LIVES, life

SEEDS = 80
_SINGLES = ("crash_before", "crash_after", "lost_reply", "resent", "throttle")


def test_without_a_fault_the_log_is_the_table() -> None:
    for number in range(LIVES):
        done = log_laws.judge(log_laws.run(log_schedules.in_order(number)))

        assert done.erased == bool(number % 2)
        assert done.deployment.bucket.manifest.keys()


@pytest.mark.parametrize("batch", range(4))
def test_no_schedule_loses_a_row_or_shows_who_was_erased(batch: int) -> None:
    first = batch * SEEDS // 4
    done = [
        log_laws.judge(log_laws.run(log_schedules.random_schedule(seed)))
        for seed in range(first, first + SEEDS // 4)
    ]

    assert sum(each.reads for each in done) > len(done) // 2
    assert sum(each.erased for each in done) > len(done) // 4
    assert any(each.rebuilt for each in done)
    assert max(each.deployment.compact.invocations for each in done) > 2


@pytest.mark.parametrize("kind", _SINGLES)
def test_no_single_fault_breaks_a_law(kind: str) -> None:
    base = _in_bursts()
    names = log_laws.run(base).world.steps.names
    steps = [step for step, name in enumerate(names) if name in _writes(kind)]
    assert len(steps) > 20

    for step in steps:
        plan = [(step, kind, 1)]
        log_laws.judge(log_laws.run(replace(base, name=f"{base.name}, {plan}", plan=plan)))


def test_two_compactors_that_take_turns_at_every_step_agree() -> None:
    at = 10 * times.MINUTE
    base = replace(_in_bursts(), asked_ms=(at, at, at))
    plan = [(step, "switch", 1) for step in range(400)]

    done = log_laws.judge(log_laws.run(replace(base, plan=plan)))

    assert done.world.steps.took["switch"] > 10
    assert re.search('"contended":[1-9]', done.said)


@pytest.mark.parametrize("seed", [3, 14])
def test_files_of_parquet_and_the_products_own_reader_keep_the_laws(seed: int) -> None:
    done = log_laws.judge(log_laws.run(log_schedules.random_schedule(seed, real=True)))

    assert done.reads


def test_the_same_seed_runs_the_same_way_again() -> None:
    hashes = {_of_seed(7).world.trace_hash() for _ in range(2)}

    assert len(hashes) == 1


def _writes(kind: str) -> tuple[str, ...]:
    """Return the calls at which a fault of a kind means something of its own.

    At reads nothing has happened yet, and deleting a second time does nothing.
    """
    return ("s3.PutObject", "s3.DeleteObject") if kind == "crash_after" else ("s3.PutObject",)


def _of_seed(seed: int) -> LogRun:
    return log_laws.run(log_schedules.random_schedule(seed))


def _in_bursts() -> log_schedules.LogSchedule:
    """Return a schedule in which all happens in three bursts, with an erasure in the last."""
    told = life(1)
    burst = len(told.records) // 3 + 1
    moments = tuple(1 + place // burst * 9 * times.MINUTE for place in range(len(told.records)))
    return log_schedules.LogSchedule(f"{told.name} in bursts", told, moments)
