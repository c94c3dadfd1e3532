"""The report `cohorts`: customers by the month of their first order, and the months after it.

A month is a calendar month of the timezone, numbered from that of the earliest day the question
looks at; the number since somebody's first order is the difference of two. So a group of any kind
has months, not only those that are months themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import accumulate

from functions.query.reports.groups import Grouping, grouping
from functions.query.reports.measures import Group, Measures, Month, Row, Wanted, slots, summed
from functions.query.reports.money import NET, SHOWN, brought, movements
from functions.query.reports.scope import Scope, Window, between, run
from shared.domain.reports.calendar import Buckets, Interval, Span, local_day
from shared.domain.reports.definitions.cohorts import COHORTS
from shared.domain.reports.sql import TRUE, Sql, compose

_NAMES = ("customers", "awaited", "retained", "revenue")
# Orders and movements count for a customer in the period of the first order alone. Customers have
# numbers, which are quicker to compare than ids.
_TABLES = """
people AS MATERIALIZED (
  SELECT row_number() OVER () AS n, p.contact_id, p.since, {slot} AS slot, {cohort} AS cohort
  FROM (
    SELECT o.contact_id, min(o.occurred_date) AS since FROM orders o
    WHERE o.contact_id IS NOT NULL AND {brought} AND {counts} AND o.occurred_date < {end}
    GROUP BY o.contact_id
  ) p WHERE {asked}
), moved AS MATERIALIZED (
  SELECT p.n, m.currency, m.at, {month} - p.cohort AS month, m.orders, {net} AS revenue
  FROM ({movements}) m JOIN people p ON p.contact_id = m.contact_id
  WHERE (m.at < {start}) = (p.since < {start})
), lived AS MATERIALIZED (
  SELECT m.n, m.month, max(m.orders) AS bought,
    sum(CASE WHEN m.currency = {currency} THEN m.revenue END) AS revenue
  FROM moved m GROUP BY m.n, m.month
), standing AS MATERIALIZED (
  SELECT p.*, CAST(p.cohort < CASE WHEN p.since < {start} THEN {last_before} ELSE {last} END
      AS INTEGER) AS awaited, coalesce(l.bought, 0) AS retained
  FROM people p LEFT JOIN lived l ON l.n = p.n AND l.month = 1
)
"""
_SERIES = """
SELECT 'series' AS axis, m.slot, count(*) AS customers, CAST(sum(m.awaited) AS BIGINT) AS awaited,
  CAST(sum(m.retained) AS BIGINT) AS retained FROM standing m GROUP BY m.slot
UNION ALL BY NAME
SELECT 'series' AS axis, {slot} AS slot, CAST(sum(m.revenue) AS BIGINT) AS revenue
FROM moved m WHERE m.currency = {currency} GROUP BY ALL
UNION ALL BY NAME
SELECT DISTINCT 'currency' AS axis, m.currency AS key FROM moved m WHERE m.at >= {start}
"""
_GROUPS = """
UNION ALL BY NAME
SELECT 'group' AS axis, m.key, max(m.label) AS label, m.cohort, count(*) AS customers,
  CAST(sum(m.awaited) AS BIGINT) AS awaited, CAST(sum(m.retained) AS BIGINT) AS retained
FROM keyed m GROUP BY m.key, m.cohort
UNION ALL BY NAME
SELECT 'month' AS axis, m.key, greatest(l.month, 0) AS month,
  CAST(sum(l.bought) AS BIGINT) AS customers, CAST(sum(l.revenue) AS BIGINT) AS revenue
FROM keyed m JOIN lived l ON l.n = m.n GROUP BY ALL
"""
_KEYED = """keyed AS MATERIALIZED (
  SELECT DISTINCT m.n, m.contact_id, m.since, m.cohort, m.awaited, m.retained, {key} AS key,
    {label} AS label
  FROM standing m {joins} WHERE m.since >= {start}
)"""
_LEDGER_OF = "WITH {tables}, {keyed} {told}"
_PEOPLE = """
SELECT m.since AS at, NULL AS connection_id, m.contact_id AS id, 'contact' AS kind, m.contact_id,
  c.email, CAST(NULL AS BIGINT) AS amount, NULL AS currency, NULL AS part, 0 AS ordinal
FROM (SELECT DISTINCT m.contact_id, m.since FROM keyed m WHERE {key}) m
LEFT JOIN contacts c ON c.contact_id = m.contact_id WHERE {in_time}
"""
_MONEY = """
SELECT m.at, m.connection_id, m.id, m.kind, m.contact_id, m.email,
  CAST(sum({net}) AS BIGINT) AS amount, m.currency, m.part, m.ordinal
FROM ({movements}) m
WHERE m.contact_id IN (SELECT m.contact_id FROM keyed m WHERE {key})
  AND m.currency = {currency} AND {net} <> 0 GROUP BY ALL
"""
_AT = Sql("m.at")


class Cohorts:
    """Customers by their first month, and what became of them."""

    definition = COHORTS

    def first(self, scope: Scope) -> int | None:
        """Return when the first order that brought money occurred."""
        query = compose(
            "SELECT min(o.occurred_date) AS first FROM orders o"
            " WHERE o.contact_id IS NOT NULL AND {brought} AND {counts}",
            brought=brought(),
            counts=scope.counts(Sql("o")),
        )
        first: int | None = run(scope.session, query)[0]["first"]
        return first

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return the new customers of each bucket, and each group with its months."""
        months = _Months(window)
        rows = run(scope.session, _query(scope, window, months))
        found = [row for row in rows if row["axis"] == "series"]
        _, previous, *series = slots(found, _NAMES, window.count)
        currencies = {row["key"] for row in rows if row["axis"] == "currency"}
        return Measures(
            series=list(series),
            total=summed(series, _NAMES),
            previous=previous if window.compared else None,
            groups=_groups(scope, rows, months),
            other_currencies=sorted(currencies - {scope.question.currency, None}),
        )

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return the customers of a figure, at their first order, or what money they moved."""
        key = TRUE
        if wanted.key is not None:
            key = compose("m.key IS NOT DISTINCT FROM {k}", k=wanted.key or None)
        months = _Months(window)
        told = (
            compose(
                _PEOPLE,
                key=key,
                in_time=between(Sql("m.since"), wanted.start, wanted.end),
            )
            if wanted.kpi == "customers"
            else compose(
                _MONEY,
                net=NET,
                key=key,
                movements=movements(scope, wanted.start, wanted.end, columns=SHOWN),
                currency=scope.question.currency,
            )
        )
        grouped = wanted.key is not None
        return compose(
            _LEDGER_OF,
            tables=_tables(scope, window, months),
            keyed=_keyed(scope, window, months if grouped else None),
            told=told,
        )


class _Months:
    """The calendar months a question looks at, the previous period's among them."""

    def __init__(self, window: Window) -> None:
        first = window.span.previous().first if window.compared else window.span.first
        span = Span(first, window.span.last, window.span.zone)
        self.buckets: Buckets = span.buckets(Interval.MONTH)
        self._window = window

    @property
    def last(self) -> int:
        """The number of the month the range ends in."""
        return len(self.buckets.dates) - 1

    @cached_property
    def last_before(self) -> int:
        """The number of the month the previous period ends in."""
        day = local_day(self._window.start - 1, self._window.span.zone).replace(day=1)
        return self.buckets.dates.index(day) if day in self.buckets.dates else 0

    def number(self, moment: Sql) -> Sql:
        """Return the number of a moment's month."""
        return self.buckets.number_of(moment)

    def key(self, number: Sql) -> Sql:
        """Return what the month of that number is called."""
        names = [f"{each:%Y-%m}" for each in self.buckets.dates]
        return compose("({names}::VARCHAR[])[1 + {number}]", names=names, number=number)

    def date(self, number: int) -> date:
        """Return the first day of the month of that number."""
        return self.buckets.dates[number]


def _query(scope: Scope, window: Window, months: _Months) -> Sql:
    currency = scope.question.currency
    series = compose(_SERIES, slot=window.slot(_AT), currency=currency, start=window.start)
    return compose(
        "WITH {tables}, {keyed} {series} {groups}",
        tables=_tables(scope, window, months),
        keyed=_keyed(scope, window, months),
        series=series,
        groups=Sql(_GROUPS),
    )


def _tables(scope: Scope, window: Window, months: _Months) -> Sql:
    since = Sql("p.since")
    return compose(
        _TABLES,
        brought=brought(),
        counts=scope.counts(Sql("o")),
        slot=window.slot(since),
        cohort=months.number(since),
        asked=window.holds(since),
        month=months.number(_AT),
        start=window.start,
        end=window.end,
        last=months.last,
        last_before=months.last_before,
        net=NET,
        currency=scope.question.currency,
        movements=movements(scope, window.opening, window.end, columns=("contact_id", "currency")),
    )


def _keyed(scope: Scope, window: Window, months: _Months | None) -> Sql:
    """Return the range's customers with their keys; without `months` nobody has one."""
    name = scope.question.group_by or ""
    if months is None:
        found = Grouping(Sql(""), Sql("CAST(NULL AS VARCHAR)"))
    elif name == "cohort":
        found = Grouping(Sql(""), months.key(Sql("m.cohort")))
    else:
        found = grouping(name, scope)
    return compose(_KEYED, key=found.key, label=found.label, joins=found.joins, start=window.start)


@dataclass(slots=True)
class _Found:
    """What was found of one group."""

    label: str | None = None
    parts: Counter[str] = field(default_factory=Counter)
    # How many became customers in which month; active and revenue by the month since then.
    cohorts: Counter[int] = field(default_factory=Counter)
    active: Counter[int] = field(default_factory=Counter)
    moved: Counter[int] = field(default_factory=Counter)


def _groups(scope: Scope, rows: Iterable[Row], months: _Months) -> list[Group]:
    held: defaultdict[str | None, _Found] = defaultdict(_Found)
    for row in rows:
        found = held[row["key"]] if row["axis"] in ("group", "month") else _Found()
        if row["axis"] == "group":
            found.label = row["label"]
            found.parts.update(summed([row], _NAMES[:3]))
            found.cohorts[row["cohort"]] += row["customers"]
        elif row["axis"] == "month":
            found.active[row["month"]] += row["customers"]
            found.parts["revenue"] += row["revenue"] or 0
            found.moved[row["month"]] += row["revenue"] or 0
    by_cohort = scope.question.group_by == "cohort"
    return [
        Group(
            key,
            found.label,
            scope.question.currency,
            found.parts,
            months=_told(found, months, by_cohort=by_cohort),
        )
        for key, found in held.items()
    ]


def _told(found: _Found, months: _Months, *, by_cohort: bool) -> list[Month]:
    """Return a group's months; those of a cohort have a date."""
    first = min(found.cohorts)
    numbers = range(months.last - first + 1)
    upto = accumulate(found.moved[number] for number in numbers)
    return [
        Month(
            number,
            months.date(first + number) if by_cohort else None,
            found.active[number],
            sum(n for cohort, n in found.cohorts.items() if cohort + number <= months.last),
            found.moved[number],
            cumulative,
        )
        for number, cumulative in zip(numbers, upto, strict=True)
    ]
