"""Questions by dice, what the books say to them, and where an answer says something else."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from shared.domain import money
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definition import Kind, Kpi
from tests.reference import cutting, reckoning, reckoning_people
from tests.reference.asking import Asked, Told
from tests.reference.books import Books
from tests.reference.lively import LISTS, TAGS
from tests.reference.reckoning import Figures
from tests.reference.reckoning_cohorts import cohorts, months
from tests.reference.spans import Range

FIRST = date(2026, 8, 25)
_EVER = date(2020, 1, 1)
# Spend has a source and a campaign and nothing else.
_NOBODYS = dict.fromkeys(("spend", "cost_per_customer", "roas"))
_MOVES = "mrr_new mrr_expansion mrr_contraction mrr_churn mrr_reactivation".split()
_OVERLAPPING = ("tag", "segment", "automation", "product", "currency")
# Their parts are told of the whole range, or of people who are in several.
Different = Iterator[tuple[str, Any, Any]]


def question(report: str, told: Told, dice: random.Random, zone: Any) -> Asked:
    """Return a question to a report, about anything it can be asked."""
    definition = REPORTS[report]
    first = FIRST + timedelta(days=dice.randrange(90))
    within = Range(first, first + timedelta(days=dice.choice((0, 6, 30, 75))), zone)
    query = {"interval": dice.choice(("day", "week", "month"))}
    group = dice.choice((None, *definition.groups)) or definition.grouped_by
    if group is not None:
        query["group_by"] = group
    if "basis" in definition.parameters and dice.random() < 0.3:
        query["basis"] = "order"
    if "normalisation" in definition.parameters and dice.random() < 0.5:
        query["normalisation"] = "month"
    for kind, names in (("tag", TAGS), ("list", LISTS)):
        if kind in definition.parameters and dice.random() < 0.4:
            query[kind] = dice.choice(names).swapcase()
    query |= _limit(report, dice)
    if report == "customers" and "segment" in query:
        query.pop("tag", None)
    sold = {each.currency for each in told.books.sales}
    sold |= {each.currency for each in told.books.plans}
    return Asked(report, within, dice.choice(sorted(sold) or ["USD"]), query, dice.random() < 0.08)


def _limit(report: str, dice: random.Random) -> Mapping[str, str]:
    """Limit some questions to a connection, a provider, a segment or test mode."""
    turn = dice.random()
    if turn < 0.1:
        return {"connection": dice.choice(("shop", "club"))}
    if turn < 0.2:
        return {"provider": dice.choice(("stripe", "paypal"))}
    if turn < 0.35:
        return {"segment": dice.choice(cutting.SEGMENTS)}
    if turn < 0.4 and report in ("orders", "subscriptions"):
        return {"mode": "test"}
    return {}


def differences(told: Told, asked: Asked, answer: Any) -> Different:
    """Go through all that an answer says otherwise than the books: where, it, and they."""
    books = _cut(told.tests if "mode" in asked.query else told.books, asked)
    within = replace(asked.within, first=_EVER) if asked.ever else asked.within
    figures = answer["kpis"]
    wanted = _reckoned(books, asked, within)
    yield from _unlike("value", {k: v["value"] for k, v in figures.items()}, wanted)
    if not asked.ever:
        before = _reckoned(books, asked, within.before())
        yield from _unlike("previous", {k: v["previous"] for k, v in figures.items()}, before)
        yield from _in_series(books, asked, answer["series"])
        yield from _sums(asked, figures, answer)
        if asked.report == "subscriptions":
            yield from _opening(books, asked, figures)
    if "group_by" in asked.query:
        yield from _in_groups(books, replace(asked, within=within), answer["groups"])


def behind(
    told: Told, asked: Asked, answer: Any, dice: random.Random
) -> tuple[dict[str, str], str, Any]:
    """Choose a number of an answer; return which, the figure its rows are of, and that figure."""
    definition = REPORTS[asked.report]
    kpi = dice.choice(definition.kpis)
    name, more = kpi.rows or kpi.name, {"kpi": kpi.name}
    wanted = answer["kpis"][name]["value"]
    place = dice.choice(("total", "series", "groups"))
    if place != "total" and answer[place]:
        row = dice.choice(answer[place])
        wanted = row[name]
        more |= {"date": row["date"]} if place == "series" else {"key": row["key"] or ""}
    elif kpi.name in ("lead_value", "average_first_order"):
        return more, kpi.name, _mean_of(told, asked, kpi.name)
    if kpi.name in ("lead_value", "average_first_order"):
        return {"kpi": "new_contacts"}, "new_contacts", answer["kpis"]["new_contacts"]["value"]
    return more, name, wanted


def total_of(report: str, name: str, rows: list[Any]) -> Fraction:
    """Return what the rows behind a figure add up to."""
    kpi = REPORTS[report].kpi(name)
    if kpi is not None and kpi.kind is Kind.MONEY:
        return sum((Fraction(row["amount"]) for row in rows), Fraction())
    return Fraction(len(rows))


def _mean_of(told: Told, asked: Asked, name: str) -> str | None:
    """Return the sum a mean is of."""
    books = _cut(told.books, asked)
    within = replace(asked.within, first=_EVER) if asked.ever else asked.within
    firsts = reckoning_people.first_orders(books, asked.currency, within)
    lead = reckoning_people.lead_revenue(books, asked.currency, within)
    total = lead if name == "lead_value" else sum(sale.net for sale in firsts)
    return money.to_text(total, asked.currency)


def _unlike(where: str, told: Mapping[str, Any], wanted: Mapping[str, Any]) -> Different:
    for name, value in wanted.items():
        if told[name] != value:
            yield f"{where} {name}", told[name], value


def _in_series(books: Books, asked: Asked, series: list[Any]) -> Different:
    interval, within = asked.query["interval"], asked.within
    parts = list(within.parts(interval))
    dates = [part.name(interval) for part in parts]
    if [each["date"] for each in series] != dates:
        yield "dates", [each["date"] for each in series], dates
        return
    for part, row in zip(parts, series, strict=True):
        wanted = _reckoned(books, asked, part, within)
        yield from _unlike(f"{row['date']}", row, wanted)


def _in_groups(books: Books, asked: Asked, rows: list[Any]) -> Different:
    name, told = asked.query["group_by"], {row["key"]: row for row in rows}
    mine = cutting.groups(books, asked.report, name, asked.within)
    for key in told.keys() - mine.keys():
        yield f"group {key}", told[key], None
    for key, cut in mine.items():
        one = replace(asked, currency=key) if name == "currency" and key else asked
        wanted = _reckoned(cut, one, one.within, None, spend=name in ("source", "campaign"))
        if key in told:
            yield from _unlike(f"group {key}", told[key], wanted)
            yield from _months(cut, asked, told[key])
        elif any(value is not None and Fraction(str(value)) for value in wanted.values()):
            yield f"group {key}", None, wanted


def _months(books: Books, asked: Asked, row: Mapping[str, Any]) -> Different:
    if asked.report != "cohorts":
        return
    wanted = [
        {
            **each,
            "retention": None if each["retention"] is None else round(float(each["retention"]), 6),
            "revenue": money.to_text(each["revenue"], asked.currency),
            "cumulative_revenue": money.to_text(each["cumulative_revenue"], asked.currency),
        }
        for each in months(books, asked.currency, asked.within)
    ]
    told = [{k: v for k, v in each.items() if k != "date"} for each in row.get("months", ())]
    if told != wanted:
        yield f"months of {row['key']}", told, wanted


def _sums(asked: Asked, figures: Mapping[str, Any], answer: Any) -> Different:
    """Add up the series, and groups that do not overlap."""
    name = asked.query.get("group_by", "tag")
    apart = name not in _OVERLAPPING and not (asked.report == "campaigns" and name == "subject")
    for kpi in REPORTS[asked.report].kpis:
        total = figures[kpi.name]["value"]
        if not kpi.additive or total is None:
            continue
        yield from _unequal(f"sum of {kpi.name}", kpi, answer["series"], total)
        spent = kpi.name != "spend" or name in ("source", "campaign")
        if apart and spent:
            yield from _unequal(f"groups of {kpi.name}", kpi, answer["groups"], total)


def _unequal(where: str, kpi: Kpi, rows: list[Any], total: Any) -> Different:
    found = sum((Fraction(str(row[kpi.name])) for row in rows), Fraction())
    if found != Fraction(str(total)):
        yield where, str(found), total


def _opening(books: Books, asked: Asked, figures: Mapping[str, Any]) -> Different:
    """Hold the recurring revenue at the beginning and its movements against that at the end."""
    way = asked.query.get("normalisation", "30d")
    opening = reckoning.opening_mrr(books, asked.currency, asked.within, way)
    closing = Fraction(money.to_text(opening, asked.currency) or 0)
    closing += sum(Fraction(figures[name]["value"]) for name in _MOVES)
    if closing != Fraction(figures["mrr"]["value"]):
        yield "opening and movements", str(closing), figures["mrr"]["value"]


def _cut(books: Books, asked: Asked) -> Books:
    query = asked.query
    if "segment" in query:
        books = cutting.in_segment(books, query["segment"])
    if "connection" in query:
        books = cutting.of_connections(books, asked.report, [query["connection"]])
    if "provider" in query:
        mine = [name for name, each in cutting.PROVIDERS.items() if each == query["provider"]]
        books = cutting.of_connections(books, asked.report, mine)
    return books.by_order() if query.get("basis") == "order" else books


def _reckoned(
    books: Books, asked: Asked, within: Range, whole: Range | None = None, *, spend: bool = True
) -> dict[str, Any]:
    """Return what the books say of a range, or of a part of it, as an answer prints it."""
    figures = figures_of(books, asked, within, whole)
    limited = not {"segment", "connection", "provider"}.isdisjoint(asked.query)
    if asked.report == "acquisition" and (limited or not spend):
        figures |= _NOBODYS
    kinds = {kpi.name: kpi.kind for kpi in REPORTS[asked.report].kpis}
    return {name: _printed(value, kinds[name], asked.currency) for name, value in figures.items()}


def _printed(value: Any, kind: Kind, currency: str) -> Any:
    if value is None or kind is Kind.COUNT:
        return value
    return money.to_text(value, currency) if kind is Kind.MONEY else round(float(value), 6)


def _customers(books: Books, asked: Asked, within: Range) -> Figures:
    """Reckon the report `customers`: of who is in a segment, since the tag it asks for, if any."""
    segment = asked.query.get("segment")
    tag = cutting.TAGGED if segment == "vips" else asked.query.get("tag")
    return reckoning.customers(books, within, tag, members=segment in ("buyers", "chosen"))


def figures_of(books: Books, asked: Asked, within: Range, whole: Range | None = None) -> Figures:
    """Reckon a report of a range, or of a part of it."""
    query, currency = asked.query, asked.currency
    if asked.report == "orders":
        return reckoning.orders(books, currency, within, whole)
    if asked.report == "subscriptions":
        way = query.get("normalisation", "30d")
        return reckoning.subscriptions(books, currency, within, whole, way)
    if asked.report == "customers":
        return _customers(books, asked, within)
    if asked.report == "cohorts":
        return cohorts(books, currency, within, whole)
    if asked.report == "acquisition":
        return reckoning_people.acquisition(books, currency, within, whole)
    if asked.report == "nurture":
        labels = [(kind, query[kind]) for kind in ("tag", "list") if kind in query]
        return reckoning_people.nurture(books, currency, within, labels)
    reckon = {
        "engagement": reckoning_people.engagement,
        "campaigns": reckoning_people.campaigns,
        "automations": reckoning_people.automations,
    }[asked.report]
    return reckon(books, currency, within)
