"""The laws of imports and verifications amid live notices: quiet, with each fault, by chance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation import history_laws
from tests.simulation.history_run import HistoryRun, expected, run
from tests.simulation.history_schedules import HistorySchedule, quiet, random_schedule
from tests.simulation.history_stories import History, told
from tests.simulation.providers_accounts import MANNERS

# One of each provider.
_STORIES = {told(number).store.provider: told(number) for number in range(8)}
_PROVIDERS = sorted(_STORIES)


def judged(schedule: HistorySchedule) -> HistoryRun:
    return history_laws.judge(run(schedule))


def _middle_ms(history: History) -> int:
    """Return a moment between what a story has told and what it has yet to tell."""
    return history.notices[len(history.notices) // 2].at_ms - history.begins_ms + 2_500


@pytest.mark.parametrize("what", ["import", "verify", "repair"])
@pytest.mark.parametrize("provider", _PROVIDERS)
def test_whatever_is_asked_amid_a_life_the_life_is_told_once(provider: str, what: str) -> None:
    history = _STORIES[provider]

    done = judged(quiet(history, (what, _middle_ms(history))))

    job = done.stack.job(what)
    assert job is not None
    assert (job["state"], job["result"]["errors"]) == ("done", [])
    assert job["progress"]["done"] > 1


@pytest.mark.parametrize("provider", _PROVIDERS)
def test_what_was_before_anybody_listened_is_imported_and_silent(provider: str) -> None:
    history = _STORIES[provider]
    last = len(history.notices) - 1
    asked_ms = history.notices[last].at_ms - history.begins_ms + 60_000

    done = judged(quiet(history, ("import", asked_ms), before=frozenset(range(last + 1))))

    assert sum(done.fired.values()) == 0
    assert done.found.records.keys() == expected(history).found.records.keys()


@pytest.mark.parametrize("provider", _PROVIDERS)
def test_an_end_that_was_never_sent_is_repaired_and_fires_once(provider: str) -> None:
    history = _STORIES[provider]
    asked_ms = history.notices[-1].at_ms - history.begins_ms + 60_000

    done = judged(quiet(history, ("repair", asked_ms), unsent=history.ends))

    ended = {key: count for key, count in done.fired.items() if key[0] == "ended"}
    assert list(ended.values()) == [1]
    assert done.after == done.fired
    job = done.stack.job("repair")
    assert job is not None
    assert sum(job["result"]["differences"].values()) == 0


@pytest.mark.parametrize("manner", MANNERS)
def test_an_api_of_bad_manners_is_asked_until_all_is_imported(manner: str) -> None:
    history = _STORIES["paykickstart"]
    rude = replace(quiet(history, ("import", _middle_ms(history))), manners=(manner,) * 6)

    done = judged(rude)

    assert manner in done.stack.apis["paykickstart"].met


@pytest.mark.parametrize("kind", ["crash_after", "lost_reply"])
def test_every_single_fault_of_an_import_leaves_the_outcome_as_it_was(kind: str) -> None:
    history = _STORIES["paykickstart"]
    base = replace(quiet(history, ("import", _middle_ms(history))), checked=False)
    calls = judged(base).calls
    meant = [
        step
        for step, call in enumerate(calls)
        if call.rpartition(".")[2]
        in ("TransactWriteItems", "PutItem", "SendMessage", "Delete", "Get", "PutEvents")
    ]

    assert len(meant) > 20
    for step in meant:
        judged(replace(base, name=f"{base.name} {kind} at {step}", plan=[(step, kind, 1)]))


@pytest.mark.parametrize("block", range(2))
def test_random_schedules_keep_the_laws(block: int) -> None:
    for seed in range(block * 20, block * 20 + 20):
        judged(random_schedule(seed))


def test_the_same_seed_gives_the_same_run() -> None:
    first, again = run(random_schedule(5)), run(random_schedule(5))

    assert first.world.trace_hash() == again.world.trace_hash()
