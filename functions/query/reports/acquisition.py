"""The report `acquisition`: who came, who bought first, and what that cost and brought.

Everything is a fact about one contact at one time: made, became a customer, moved money as a new
customer. Spend is nobody's; it joins by day, and by source or campaign.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from functions.query.reports import spend
from functions.query.reports.groups import Grouping, grouping
from functions.query.reports.measures import Group, Measures, Row, Wanted, slots, summed
from functions.query.reports.money import NET, SHOWN, brought, movements
from functions.query.reports.scope import Scope, Window, run
from shared.domain import times
from shared.domain.reports.definition import Parts
from shared.domain.reports.definitions.acquisition import ACQUISITION
from shared.domain.reports.sql import TRUE, Sql, compose, every, joined

_NAMES = """new_contacts converted lead_revenue new_customers first_orders first_order_revenue
    new_customer_revenue""".split()
_SUMS = Sql(", ".join(f"CAST(sum(m.{name}) AS BIGINT) AS {name}" for name in _NAMES))
_FACTS = """
people AS MATERIALIZED (
  SELECT CAST(row_number() OVER () AS INTEGER) AS who, c.contact_id, c.email,
    c.created_date AS made, {made} AS is_new,
    CASE WHEN {has_records} THEN c.customer_since END AS since
  FROM contacts c WHERE {asked}
), ever AS MATERIALIZED (
  SELECT p.who, p.is_new, p.since, m.at, m.currency, {net} AS net
  FROM ({ever}) m JOIN people p ON p.contact_id = m.contact_id WHERE p.is_new OR {became}
), leads AS (
  SELECT m.who, CAST(sum(m.net) AS BIGINT) AS net FROM ever m
  WHERE m.currency = {currency} AND m.is_new GROUP BY m.who
), paid AS MATERIALIZED (
  SELECT o.contact_id, min(o.occurred_date) AS at FROM orders o WHERE {brought} AND {counts}
    AND o.contact_id IN (SELECT contact_id FROM people WHERE {became}) GROUP BY o.contact_id
), firsts AS (
  SELECT o.contact_id, min(o.at) AS at, arg_min_null(o.connection_id, o.place) AS connection_id,
    arg_min_null(o.id, o.place) AS id, arg_min_null(o.currency, o.place) AS currency,
    arg_min_null(o.net, o.place) AS net
  FROM (
    SELECT e.*, o.connection_id, o.id, o.connection_id || chr(0) || o.id AS place, o.currency,
      o.gross - coalesce(o.refunded, 0) - coalesce(o.withheld, 0) AS net
    FROM orders o JOIN paid e ON e.contact_id = o.contact_id AND e.at = o.occurred_date
    WHERE {brought} AND {counts}
  ) o GROUP BY o.contact_id
), moved AS (
  SELECT m.who, m.at, m.currency, m.net FROM ever m
  WHERE {became} AND {in_time} AND (m.since < {start}) = (m.at < {start})
), facts AS MATERIALIZED (
  SELECT p.who, p.made AS at, 1 AS new_contacts,
    CAST(p.since IS NOT NULL AS INTEGER) AS converted, coalesce(l.net, 0) AS lead_revenue
  FROM people p LEFT JOIN leads l ON l.who = p.who WHERE p.is_new
  UNION ALL BY NAME
  SELECT p.who, p.since AS at, 1 AS new_customers,
    CAST(f.currency = {currency} AS INTEGER) AS first_orders,
    CASE WHEN f.currency = {currency} THEN f.net END AS first_order_revenue
  FROM people p LEFT JOIN firsts f ON f.contact_id = p.contact_id WHERE {became}
  UNION ALL BY NAME
  SELECT m.who, m.at, m.net AS new_customer_revenue FROM moved m
  WHERE m.currency = {currency}
)
"""
_FOUND = """
SELECT 'series' AS axis, {slot} AS slot, NULL AS key, {sums} FROM facts m GROUP BY ALL
UNION ALL BY NAME
SELECT DISTINCT 'currency' AS axis, m.currency AS key FROM moved m WHERE m.at >= {start}
"""
_GROUPS = """
UNION ALL BY NAME SELECT 'group' AS axis, 0 AS slot, m.key, {sums}
FROM (
  SELECT m.*, {key} AS key FROM (
    SELECT p.contact_id, m.* FROM (
      SELECT m.who, {sums} FROM facts m WHERE m.at >= {start} GROUP BY m.who
    ) m JOIN people p ON p.who = m.who
  ) m {joins}
) m GROUP BY m.key
"""
_LEDGER = """
WITH {facts}, keyed AS (
  SELECT m.*, {key} AS key FROM people m {joins}
)
{told}
"""
_PEOPLE = """
SELECT {at} AS at, NULL AS connection_id, m.contact_id AS id, 'contact' AS kind, m.contact_id,
  m.email, CAST(NULL AS BIGINT) AS amount, NULL AS currency, NULL AS part, 0 AS ordinal
FROM keyed m WHERE {wanted}
"""
_MOVED = """
SELECT m.at, m.connection_id, m.id, m.kind, m.contact_id, m.email,
  CAST(sum({net}) AS BIGINT) AS amount, m.currency, m.part, m.ordinal
FROM ({moved}) m JOIN (SELECT contact_id, since, made, is_new FROM keyed m WHERE {wanted}) p
  ON p.contact_id = m.contact_id
WHERE m.currency = {currency} AND {which} AND {net} <> 0 GROUP BY ALL
"""
_FIRST_ORDERS = """
SELECT f.at AS at, f.connection_id, f.id, 'order' AS kind,
  m.contact_id, m.email, f.net AS amount, {currency} AS currency, NULL AS part, 0 AS ordinal
FROM keyed m JOIN firsts f ON f.contact_id = m.contact_id
WHERE f.currency = {currency} AND {wanted}
"""
_EVER = (-times.LATEST, times.LATEST)
_MADE, _SINCE = Sql("m.made"), Sql("m.since")


class Acquisition:
    """New contacts and new customers, their money and what it cost to win them."""

    definition = ACQUISITION

    def first(self, scope: Scope) -> int | None:
        """Return when the first contact was made or became a customer, or anything was spent."""
        query = compose(
            "SELECT min(least(c.created_date, c.customer_since)) AS first FROM contacts c"
            " WHERE {asked}",
            asked=scope.is_asked_about(Sql("c.contact_id")),
        )
        found = (run(scope.session, query)[0]["first"], spend.first(scope))
        return min((each for each in found if each is not None), default=None)

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return who came and bought, in each bucket and in all, with what was spent."""
        rows = run(scope.session, _query(scope, window))
        _, before, *series = slots(
            [row for row in rows if row["axis"] == "series"], _NAMES, window.count
        )
        spent = spend.by_day(scope, window)
        days, spent_before = spend.by_bucket(spent, scope, window)
        told = [_with_spend(each, days, n) for n, each in enumerate(series)]
        total: Parts = summed(series, _NAMES)
        previous: Parts = before
        if days is not None:
            total = {**total, "spend": sum(days.values())}
            previous = {**before, "spend": spent_before}
        return Measures(
            series=told,
            total=total,
            previous=previous if window.compared else None,
            groups=_groups(rows, spent, scope, window),
            other_currencies=_others(scope, window, rows, spent),
        )

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return the contacts, the movements or the spend behind a figure."""
        if wanted.kpi == "spend":
            return spend.rows(scope, wanted)
        found, key = Grouping(Sql(""), Sql("NULL")), TRUE
        if wanted.key is not None:
            found = grouping(scope.question.group_by or "", scope)
            key = compose("m.key IS NOT DISTINCT FROM {key}", key=wanted.key or None)
        return compose(
            _LEDGER,
            facts=_facts(scope, window),
            key=found.key,
            joins=found.joins,
            told=_told(scope, window, wanted, key),
        )


def _told(scope: Scope, window: Window, wanted: Wanted, key: Sql) -> Sql:
    kpi, currency = wanted.kpi, scope.question.currency
    made = every((_in(_MADE, wanted.start, wanted.end), key))
    since = every((_in(_SINCE, wanted.start, wanted.end), key))
    if kpi == "new_contacts":
        return compose(_PEOPLE, at=_MADE, wanted=made)
    if kpi == "new_customers":
        return compose(_PEOPLE, at=_SINCE, wanted=since)
    if kpi == "average_first_order":
        return compose(_FIRST_ORDERS, currency=currency, wanted=since)
    leads = kpi == "lead_value"
    span = _EVER if leads else (wanted.start, wanted.end)
    return compose(
        _MOVED,
        net=NET,
        moved=movements(scope, *span, columns=SHOWN),
        # Of one bucket: what the whole range's new customers moved in it.
        wanted=made if leads else every((_in(_SINCE, window.start, window.end), key)),
        currency=currency,
        which=TRUE,
    )


def _in(moment: Sql, start: int, end: int) -> Sql:
    return compose("({at} >= {start} AND {at} < {end})", at=moment, start=start, end=end)


def _facts(scope: Scope, window: Window) -> Sql:
    contact = Sql("c.contact_id")
    columns = ("contact_id", "currency")
    return compose(
        _FACTS,
        made=window.holds(Sql("c.created_date")),
        has_records=scope.has_records(contact),
        asked=scope.is_asked_about(contact),
        net=NET,
        ever=movements(scope, *_EVER, columns=columns),
        in_time=window.holds(Sql("m.at")),
        currency=scope.question.currency,
        brought=brought(),
        counts=scope.counts(Sql("o")),
        became=window.holds(Sql("since")),
        start=window.start,
    )


def _query(scope: Scope, window: Window) -> Sql:
    parts = [compose(_FOUND, slot=window.slot(Sql("m.at")), sums=_SUMS, start=window.start)]
    if scope.question.group_by is not None:
        found = grouping(scope.question.group_by, scope)
        parts.append(
            compose(_GROUPS, sums=_SUMS, key=found.key, joins=found.joins, start=window.start)
        )
    return compose("WITH {facts} {parts}", facts=_facts(scope, window), parts=joined(parts, " "))


def _with_spend(parts: Parts, days: Counter[int] | None, number: int) -> Parts:
    return parts if days is None else {**parts, "spend": days[number]}


def _groups(
    rows: Iterable[Row], spent: list[Row] | None, scope: Scope, window: Window
) -> list[Group]:
    """Return the groups, those with spend alone among them."""
    asked = scope.question
    found = {row["key"]: dict(row) for row in rows if row["axis"] == "group"}
    held: dict[str | None, dict[str, int]] = {
        key: {name: row.get(name) or 0 for name in _NAMES} for key, row in found.items()
    }
    if spent is not None and asked.group_by in spend.GROUPS:
        costs: defaultdict[str | None, int] = defaultdict(int)
        for row in spent:
            if row["currency"] == asked.currency and row["date"] >= window.span.first.isoformat():
                costs[row["key"]] += row["spend"]
        for key in {*held, *costs}:
            held.setdefault(key, {})["spend"] = costs[key]
    return [Group(key, None, asked.currency, parts) for key, parts in held.items()]


def _others(
    scope: Scope, window: Window, rows: Iterable[Row], spent: list[Row] | None
) -> list[str]:
    """Return the other currencies of the range's money and spend."""
    found = {row["key"] for row in rows if row["axis"] == "currency"}
    first = window.span.first.isoformat()
    found |= {row["currency"] for row in spent or () if row["date"] >= first}
    return sorted(found - {scope.question.currency, None})
