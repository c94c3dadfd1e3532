"""Somebody is erased in the midst of anything: nothing of them is left, and no total moves."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from shared.domain import personal
from tests.simulation import erasure_laws, erasures
from tests.simulation.erasures import told_apart
from tests.simulation.judging import LawBroken
from tests.simulation.schedules import Schedule
from tests.simulation.stories import Story, excerpt

SEEDS = range(245, 285)
DAY_MS = 86_400_000


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_who_is_erased_stays_erased(seed: int) -> None:
    erasure_laws.random_run(seed)


@cache
def life(number: int, first: int, count: int) -> Story:
    """Return a few events in a row of some life, each with words of its own."""
    found = excerpt(number, first, count)
    return told_apart(found if found.events else excerpt(number, 0, 9))


@st.composite
def lives(draw: st.DrawFn) -> tuple[Schedule, str, int]:
    """Return such events in any order, with repeats and delays, whom to erase, and when (ms)."""
    told = life(draw(st.integers(0, 5)), draw(st.sampled_from((0, 3, 8))), draw(st.integers(1, 9)))
    moments = st.integers(0, 10 * DAY_MS) | st.integers(0, 2_000)
    last = len(told.events) - 1
    arrivals = [(number, draw(moments)) for number in range(last + 1)]
    arrivals += draw(st.lists(st.tuples(st.integers(0, last), moments), max_size=4))
    known = erasures.addresses(told) or ["nobody@example.com"]
    email = known[draw(st.integers(0, len(known) - 1))]
    return Schedule("any order", told, tuple(arrivals)), email, draw(moments)


@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(lives())
def test_in_any_order_with_any_repeats_and_delays(asked: tuple[Schedule, str, int]) -> None:
    erasure_laws.judge(erasures.run(*asked))


def _all(seeds: Iterable[int]) -> None:
    for seed in seeds:
        erasure_laws.random_run(seed)


def test_a_body_that_is_forgotten_about_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.domain.erasing.is_old", lambda *_: False)

    with pytest.raises(LawBroken, match="nobody_erased_is_named"):
        _all(SEEDS)


def test_a_late_event_that_brings_somebody_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.domain.late_words.of", lambda *_: None)

    with pytest.raises(LawBroken, match="nobody_erased_is_named"):
        _all(SEEDS)


def test_neighbours_are_there_and_keep_all_they_have() -> None:
    """Else the law of neighbours could not fail: somebody is erased, and somebody else stays."""
    done = [erasure_laws.random_run(seed) for seed in SEEDS]

    gone = [each for each in done if any(erasure.contact_id for erasure in each.erasures)]
    assert any(set(each.found.contacts) - erasure_laws.touched(each) for each in gone)


def test_money_that_goes_with_its_person_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.domain.personal._PARTS", personal._PARTS | {"discount"})

    with pytest.raises(LawBroken, match="totals_stay"):
        _all(SEEDS)
