"""A report's answer: what was found, as people read it; the one place that puts answers together.

Money is text in its currency's decimals, counts are integers, rates fractions rounded to six
digits; what is undefined is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from functions.query.reports.groups import NOTHING, labels
from functions.query.reports.measures import Group, Measures, Month
from functions.query.reports.scope import Scope, Window
from shared.domain import history_progress, money
from shared.domain.reports.definition import Definition, Kind, Kpi, Parts, Value

Json = dict[str, Any]
# More groups than anybody reads: the rest are left out, and a note says so.
GROUPS_MAX = 1_000
_DIGITS = 6


def answer(scope: Scope, window: Window, found: Measures, as_of: str | None) -> Json:
    """Return the answer to a question; `as_of` is the time of the newest change it knows of."""
    asked, definition = scope.question, scope.question.definition
    interval = asked.interval_of(window.span)
    return {
        "report": definition.name,
        "from": window.span.first.isoformat(),
        "to": window.span.last.isoformat(),
        "timezone": asked.timezone,
        "currency": asked.currency,
        "interval": interval.value,
        "kpis": {
            kpi.name: _compared(kpi, found.total, found.previous, asked.currency)
            for kpi in definition.kpis
        },
        "series": [
            {"date": each.isoformat(), **_figures(definition, parts, asked.currency)}
            for each, parts in zip(window.buckets.dates, found.series, strict=True)
        ],
        "groups": _groups(scope, found.groups),
        "other_currencies": found.other_currencies,
        "as_of": as_of,
        "notes": _notes(scope, found),
    }


def shown(kpi: Kpi, value: Value, currency: str) -> str | int | float | None:
    """Return a figure as the API prints it."""
    if value is None:
        return None
    if kpi.kind is Kind.MONEY:
        return money.to_text(int(value), currency)
    return int(value) if kpi.kind is Kind.COUNT else round(float(value), _DIGITS)


def _figures(definition: Definition, parts: Parts, currency: str) -> Json:
    return {kpi.name: shown(kpi, kpi.value(parts), currency) for kpi in definition.kpis}


def _compared(kpi: Kpi, total: Parts, before: Parts | None, currency: str) -> Json:
    value = kpi.value(total)
    previous = kpi.value(before) if before is not None else None
    change = None
    if value is not None and previous:
        change = round(float(Fraction(value - previous) / previous), _DIGITS)
    return {
        "value": shown(kpi, value, currency),
        "previous": shown(kpi, previous, currency),
        "change": change,
    }


def _groups(scope: Scope, groups: list[Group]) -> list[Json]:
    """Return the groups, the largest first."""
    definition, name = scope.question.definition, scope.question.group_by
    leading = definition.kpi(definition.leading)
    assert leading is not None  # noqa: S101  # a definition leads with one of its own

    def size(group: Group) -> tuple[Any, ...]:
        return -(leading.value(group.parts) or 0), group.key is None, group.key or ""

    called: Mapping[str, str] = labels(name, (group.key for group in groups), scope)
    return [
        {
            "key": group.key,
            "label": NOTHING
            if group.key is None
            else called.get(group.key) or group.label or group.key,
            **({"currency": group.currency} if name == "currency" else {}),
            **_figures(definition, group.parts, group.currency),
            **(
                {"months": [_month(each, group.currency) for each in group.months]}
                if group.months
                else {}
            ),
        }
        for group in sorted(groups, key=size)[:GROUPS_MAX]
    ]


def _month(month: Month, currency: str) -> Json:
    """Return a month of a group; nobody's month has no retention."""
    return {
        "month": month.number,
        "date": month.date.isoformat() if month.date else None,
        "customers": month.customers,
        "retention": round(month.customers / month.size, _DIGITS) if month.size else None,
        "revenue": money.to_text(month.revenue, currency),
        "cumulative_revenue": money.to_text(month.cumulative, currency),
    }


def _notes(scope: Scope, found: Measures) -> list[Json]:
    """Return what a reader has to know of these figures."""
    notes = []
    missing = _not_imported(scope)
    if missing:
        message = "What happened before these connections were made was not imported: "
        notes.append({"code": "history_incomplete", "message": message + ", ".join(missing)})
    if found.estimated:
        message = (
            f"{found.estimated} recurring payments were first heard of more than three days after"
            " their start; what they were then is taken to hold from their start on."
        )
        notes.append({"code": "estimated", "message": message})
    if len(found.groups) > GROUPS_MAX:
        message = f"There are {len(found.groups)} groups; the largest {GROUPS_MAX} are shown."
        notes.append({"code": "groups_limited", "message": message})
    return notes


def _not_imported(scope: Scope) -> list[str]:
    """Return the connections whose history is missing, of those that can be asked for it."""
    open_ones = [
        each for each in scope.counted if not history_progress.is_complete(each.get("history"))
    ]
    if not open_ones:
        return []
    # Only here: with every parser behind it, it would double each start of the Lambda.
    from shared.providers.catalogue import PROVIDERS

    told = (each for each in open_ones if PROVIDERS[each["provider"]].tells_history)
    return sorted(each["connection_id"] for each in told)
