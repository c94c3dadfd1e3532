"""The reports held against the books: every figure of every report, to the cent.

More than five hundred businesses, some told to the processor and the rest written down, each asked
of every report: figures and those of the period before, series, groups, and the rows behind one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from shared.domain.reports.catalogue import REPORTS
from tests.laws.recorded import told
from tests.reference.asking import Asked, Reports, opened
from tests.reference.books import Books
from tests.reference.businesses import (
    ZONES,
    Business,
    amended_business,
    events_of,
    folded_business,
    told_by,
    written_business,
)
from tests.reference.questions import behind, differences, figures_of, question, total_of
from tests.reference.spans import Range

WRITTEN, FOLDED, LATE = 424, 80, 16
_BLOCKS = 16
_OF_MONEY = ("orders", "subscriptions", "customers", "cohorts")
_LEDGERS = 0.25


def _hold(held: Sequence[Business]) -> None:
    """Ask businesses of all reports, and hold what those say against the books."""
    zones = {each.told.name: each.zone for each in held}
    for reports in opened([each.told for each in held]):
        name = reports.told.name
        dice = random.Random(f"question/{name}")
        for report in REPORTS:
            asked = question(report, reports.told, dice, zones[name])
            answer = reports.answer(asked)
            found = list(differences(reports.told, asked, answer))
            assert not found, f"{name}, {asked}: where, told and reckoned: {found[:5]}"
            if dice.random() < _LEDGERS:
                _hold_ledger(reports, asked, answer, dice)


def _hold_ledger(reports: Reports, asked: Asked, answer: object, dice: random.Random) -> None:
    more, name, wanted = behind(reports.told, asked, answer, dice)
    if isinstance(wanted, int | str):
        total = total_of(asked.report, name, reports.ledger(asked, more))
        assert total == Fraction(wanted), f"{reports.told.name}, {asked}, the rows of {more}"


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_every_figure_of_every_report_is_what_the_books_say(block: int) -> None:
    _hold([written_business(seed) for seed in range(block, WRITTEN, _BLOCKS)])


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_every_figure_is_that_of_what_the_processor_was_told(block: int) -> None:
    _hold([folded_business(seed) for seed in range(block, FOLDED, _BLOCKS)])


@pytest.mark.parametrize("block", range(4))
def test_late_news_restates_reports_and_leaves_them_as_they_stood(block: int) -> None:
    held = [amended_business(seed) for seed in range(5_000 + block, 5_000 + LATE, 4)]
    zones = {each.told.name: each.zone for each in held}

    for reports in opened([each.told for each in held]):
        before, after = reports.told, reports.told.later
        assert after is not None
        dice = random.Random(f"late/{before.name}")
        for report in dice.sample(sorted(REPORTS), 4):
            asked = question(report, before, dice, zones[before.name])
            then = replace(asked, query={**asked.query, "as_known_at": reports.known_at})
            assert not list(differences(after, asked, reports.answer(asked))), asked
            assert not list(differences(before, then, reports.answer(then))), then


@pytest.mark.parametrize("seed", range(4))
def test_order_of_arrival_changes_no_report(seed: int) -> None:
    events = events_of(seed)
    zone = folded_business(seed).zone
    shuffled = random.Random(seed).sample(events, len(events))
    shops = [told(events), told(shuffled)]
    within = Range(date(2026, 10, 1), date(2026, 11, 30), zone)
    answers = []

    for reports in opened([told_by(shop, zone, seed).told for shop in shops]):
        currency = min((sale.currency for sale in reports.told.books.sales), default="USD")
        answers.append([reports.answer(Asked(name, within, currency)) for name in _OF_MONEY])

    assert answers[0] == answers[1]


def test_the_generated_businesses_are_worth_their_time() -> None:
    written = [written_business(seed) for seed in range(60)]
    books = [each.told.books for each in (*written, *map(folded_business, range(12)))]

    assert {str(each.zone) for each in written} == set(ZONES)
    assert any(sale.contact is None for each in books for sale in each.sales)
    assert {kind for each in books for sale in each.sales for _, _, kind in sale.back} == {
        "refund",
        "dispute",
    }
    assert max(len({sale.currency for sale in each.sales}) for each in books) > 2
    assert any(each.told.tests.sales for each in written)
    assert _unmoved(books) == []


def _unmoved(books: Sequence[Books]) -> list[str]:
    """Return the figures that are nothing, or undefined, in every business."""
    within = Range(date(2026, 9, 20), date(2026, 11, 10), written_business(0).zone)
    found = []
    for report in REPORTS:
        questions = [Asked(report, within, currency) for currency in ("USD", "EUR", "JPY")]
        reckoned = [figures_of(each, asked, within) for each in books for asked in questions]
        found += [
            f"{report}: {kpi.name}"
            for kpi in REPORTS[report].kpis
            if not any(figures[kpi.name] for figures in reckoned)
        ]
    return found
