"""The reports held against the books: every figure of every generated business, to the cent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from functions.query.reports.ask import read_ledger, read_report
from functions.query.reports.scope import Scope
from shared.domain import money
from shared.domain.reports import request
from tests.laws.recorded import told
from tests.reference import reckoning
from tests.reference.books import Books, books_of
from tests.reference.businesses import ZONES, Business, business, events_of
from tests.reference.reckoning import Range
from tests.support.log_shop import session_of

BUSINESSES = 304
_BLOCKS = 16
_NOW = 1_798_000_000_000  # 2026-12-23
_RATES = frozenset({"churn_rate", "trial_conversion"})
_COUNTS = frozenset(
    """orders declined disputed active new cancelled trials customers new_customers""".split()
)
_MONEY = """gross refunds withheld net new_revenue returning_revenue unmatched""".split()
_MOVEMENTS = "mrr_new mrr_expansion mrr_contraction mrr_churn mrr_reactivation".split()


class Reports:
    """The reports over one business's change log."""

    def __init__(self, held: Business) -> None:
        self._session = session_of(held.shop.memory.documents)
        self.books = books_of(held.shop.memory)

    def scope(self, name: str, query: Mapping[str, str], *, ledger: bool = False) -> Scope:
        settings = {"timezone": "UTC", "currency": "USD"}
        asked = request.read(name, query, settings=settings, now=_NOW, ledger=ledger)
        shop = {"connection_id": "shop", "provider": "stripe", "mode": "live", "role": "source"}
        return Scope(question=asked, session=self._session, connections=[shop])

    def answer(self, name: str, within: Range, currency: str, **query: str) -> Any:
        return read_report(self.scope(name, {**_asked(within, currency), **query}), None)

    def ledger(self, name: str, within: Range, currency: str, kpi: str) -> list[Any]:
        scope = self.scope(name, {**_asked(within, currency), "kpi": kpi}, ledger=True)
        return list(read_ledger(scope, 1_000, None, None)["items"])


def _asked(within: Range, currency: str) -> dict[str, str]:
    return {
        "from": within.first.isoformat(),
        "to": within.last.isoformat(),
        "timezone": str(within.zone),
        "currency": currency,
    }


def _printed(figures: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return reckoned figures as an answer prints them."""
    shown: dict[str, Any] = {}
    for name, value in figures.items():
        if value is None or name in _COUNTS:
            shown[name] = value
        elif name in _RATES:
            shown[name] = round(float(value), 6)
        else:
            shown[name] = money.to_text(value, currency)
    return shown


def _values(answer: Any, which: str = "value") -> dict[str, Any]:
    return {name: kpi[which] for name, kpi in answer["kpis"].items()}


def _range(dice: random.Random, zone: Any) -> Range:
    first = date(2026, 9, 20) + timedelta(days=dice.randrange(60))
    return Range(first, first + timedelta(days=dice.choice((0, 6, 30, 75))), zone)


def _currencies(books: Books) -> list[str]:
    found = {sale.currency for sale in books.sales} | {plan.currency for plan in books.plans}
    return sorted(found)


def _reckoned(books: Books, name: str, currency: str, within: Range) -> dict[str, Any]:
    if name == "customers":
        return reckoning.customers(books, within)
    reckon = reckoning.orders if name == "orders" else reckoning.subscriptions
    return _printed(reckon(books, currency, within), currency)


def _questions(books: Books) -> Iterator[tuple[str, str]]:
    """Go through the reports with their currencies; people have none."""
    currencies = _currencies(books)
    for currency in currencies:
        yield "orders", currency
        yield "subscriptions", currency
    yield "customers", (currencies or ["USD"])[0]


def _seeds(block: int) -> Iterator[int]:
    return iter(range(block, BUSINESSES, _BLOCKS))


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_every_figure_of_the_three_reports_is_what_the_books_say(block: int) -> None:
    for seed in _seeds(block):
        held = business(seed)
        reports, dice = Reports(held), random.Random(seed)
        within = _range(dice, held.zone)

        for name, currency in _questions(reports.books):
            answer = reports.answer(name, within, currency)
            where = f"business {seed}, {name}, {currency}, {within}"
            assert _values(answer) == _reckoned(reports.books, name, currency, within), where
            before = _reckoned(reports.books, name, currency, within.before())
            assert _values(answer, "previous") == before, f"{where}, the period before"


@pytest.mark.parametrize("seed", range(16))
def test_days_ledgers_and_groups_add_up_to_the_figures(seed: int) -> None:
    held = business(1_000 + seed)
    reports = Reports(held)
    within = Range(date(2026, 10, 1), date(2026, 12, 10), held.zone)

    for currency in _currencies(reports.books):
        by_day = reports.answer("orders", within, currency, interval="day", group_by="product")
        by_month = reports.answer("orders", within, currency, interval="month")
        moved = reports.answer("subscriptions", within, currency, interval="week")

        assert _values(by_day) == _values(by_month)
        for answer, names in ((by_day, _MONEY), (by_month, _MONEY), (moved, _MOVEMENTS)):
            for name in names:
                total = Fraction(answer["kpis"][name]["value"])
                assert sum(Fraction(each[name]) for each in answer["series"]) == total, name
        for name in _MONEY:
            grouped = sum(Fraction(each[name]) for each in by_day["groups"])
            assert grouped == Fraction(by_day["kpis"][name]["value"]), name
        for name in (*_MONEY, "orders", "declined", "disputed"):
            rows = reports.ledger("orders", within, currency, name)
            assert _ledger_total(name, rows) == Fraction(by_day["kpis"][name]["value"]), name
        for name in (*_MOVEMENTS, "mrr", "revenue", "active", "new", "cancelled", "trials"):
            rows = reports.ledger("subscriptions", within, currency, name)
            assert _ledger_total(name, rows) == Fraction(moved["kpis"][name]["value"]), name


def _ledger_total(name: str, rows: list[Any]) -> Fraction:
    if name in _COUNTS:
        return Fraction(len(rows))
    return sum((Fraction(row["amount"]) for row in rows), Fraction())


@pytest.mark.parametrize("seed", range(12))
def test_every_day_of_the_series_is_what_the_books_say_of_that_day(seed: int) -> None:
    held = business(2_000 + seed)
    reports = Reports(held)
    within = Range(date(2026, 10, 1), date(2026, 11, 8), held.zone)

    for currency in _currencies(reports.books):
        series = reports.answer("orders", within, currency, interval="day")["series"]
        found = {each["date"]: each for each in series}
        for day in within.days():
            shown = found.pop(day.first.isoformat())
            wanted = _printed(reckoning.orders(reports.books, currency, day), currency)
            for name in ("gross", "refunds", "withheld", "net", "orders", "unmatched", "declined"):
                assert shown[name] == wanted[name], f"{name} of {day.first}"
        assert found == {}


@pytest.mark.parametrize("seed", range(12))
def test_order_of_arrival_changes_no_report(seed: int) -> None:
    events = events_of(seed)
    dice = random.Random(seed)
    zone = Range(date(2026, 10, 1), date(2026, 11, 30), business(seed).zone).zone
    answers = []
    for _ in range(2):
        reports = Reports(Business(events, told(events), zone))
        within = Range(date(2026, 10, 1), date(2026, 11, 30), zone)
        asked = _questions(reports.books)
        found = [reports.answer(name, within, currency) for name, currency in asked]
        answers.append(found)
        events = dice.sample(events, len(events))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("seed", range(8))
def test_opening_revenue_and_its_movements_are_the_closing(seed: int) -> None:
    held = business(3_000 + seed)
    reports = Reports(held)
    within = Range(date(2026, 10, 10), date(2026, 11, 20), held.zone)

    for currency in _currencies(reports.books):
        answer = reports.answer("subscriptions", within, currency)
        opening = reckoning.opening_mrr(reports.books, currency, within)
        moved = sum(Fraction(answer["kpis"][name]["value"]) for name in _MOVEMENTS)

        closing = Fraction(answer["kpis"]["mrr"]["value"])
        assert Fraction(money.to_text(opening, currency) or 0) + moved == closing


def test_the_generated_businesses_are_worth_their_time() -> None:
    held = [business(seed) for seed in range(24)]
    books = [books_of(each.shop.memory) for each in held]

    assert {str(each.zone) for each in held} > set(ZONES[1:3])
    assert any(sale.contact is None for each in books for sale in each.sales)
    kinds = {kind for each in books for sale in each.sales for _, _, kind in sale.back}
    assert kinds == {"refund", "dispute"}
    assert max(len(_currencies(each)) for each in books) > 1
