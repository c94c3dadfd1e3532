"""The report `subscriptions`: recurring payments, what they bring in 30 days, and what moved it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from functions.query.reports.groups import grouping
from functions.query.reports.measures import Group, Measures, Row, Wanted, slots, summed
from functions.query.reports.money import NET, movements
from functions.query.reports.recurring import MOVEMENTS, tables
from functions.query.reports.scope import PREVIOUS, Scope, Window, between, run
from shared.domain.reports.definition import Parts
from shared.domain.reports.definitions.subscriptions import SUBSCRIPTIONS
from shared.domain.reports.sql import TRUE, Sql, compose, joined

_SUMS = Sql(
    ", ".join(
        [
            "sum(s.active - s.was_active) AS active",
            "sum(s.mrr - s.was_mrr) AS mrr",
            *(
                f"sum(CASE WHEN {met} THEN s.mrr - s.was_mrr ELSE 0 END) AS {name}"
                for name, met in MOVEMENTS.items()
            ),
            "sum(s.cancelled) AS cancelled",
            "sum(s.trials_ended) AS trials_ended",
            "sum(s.trials_ended * s.active) AS trials_converted",
            "sum(s.estimated) AS estimated",
        ]
    )
)
_PARTS = (
    *("active", "mrr", *MOVEMENTS, "cancelled", "trials_ended", "trials_converted", "estimated"),
    *("new", "trials", "revenue", "unmatched", "churned"),
)
_BASE = """
WITH {tables},
begun AS (SELECT p.* EXCLUDE (states), CAST(list_contains(
    list_transform(p.states, lambda s: s.is_trial IS TRUE), true) AS INTEGER) AS trial
  FROM plans p WHERE {begun}),
moved AS ({moved}),
earned AS (SELECT p.n, m.contact_id, m.at, m.kind, m.id, m.part, m.ordinal, {net} AS net
  FROM moved m
  JOIN begun p ON p.connection_id = m.connection_id AND p.id = m.recurring_payment_id
  WHERE m.currency = {currency} AND m.declined = 0 AND {mine})
"""
# All sums of one axis; for groups a `key` is joined to the recurring payments.
_AXIS = """
SELECT {axis} AS axis, {slot} AS slot, {key}, {sums} FROM steps s {joins}
WHERE s.at < {end} GROUP BY ALL
UNION ALL BY NAME
SELECT {axis} AS axis, {started} AS slot, {key}, count(*) AS new, sum(s.trial) AS trials
FROM begun s {joins} GROUP BY ALL
UNION ALL BY NAME
SELECT {axis} AS axis, {slot} AS slot, {key}, sum(s.net) AS revenue,
  sum(CASE WHEN s.contact_id IS NULL THEN s.net ELSE 0 END) AS unmatched
FROM earned s {joins} GROUP BY ALL
UNION ALL BY NAME
SELECT {axis} AS axis, s.slot, {key}, count(*) AS churned FROM ({churned}) s {joins} GROUP BY ALL
"""
_NO_KEY, _KEY = Sql("NULL::VARCHAR AS key, NULL::VARCHAR AS label"), Sql("k.key, k.label")
# Who was active when a slot began and is cancelled or expired when it ends.
_CHURNED = """
SELECT s.n, {slot} AS slot FROM steps s WHERE {in_time} GROUP BY ALL
HAVING min_by(s.was_active, s.ordinal) = 1 AND max_by(s.over, s.ordinal) = 1
"""
# The rows of each figure, as (n, at, kind, amount, part, ordinal) and, of money, whose they are.
_STANDING = """SELECT s.n, max_by(s.at, s.ordinal) AS at, 'recurring_payment' AS kind,
    max_by(s.mrr, s.ordinal) AS amount, NULL AS part, 0 AS ordinal, NULL AS id
  FROM steps s WHERE s.at < {end} GROUP BY s.n HAVING max_by("""
_STARTED = """SELECT s.n, s.start_date AS at, 'recurring_payment' AS kind, s.amount, NULL AS part,
    0 AS ordinal, NULL AS id FROM (SELECT b.*, b.start_date AS at, b.payment_amount AS amount
    FROM begun b) s WHERE {in_time}"""
_STEPPED = """SELECT s.n, s.at, 'movement' AS kind, s.mrr - s.was_mrr AS amount, s.status AS part,
    s.ordinal, NULL AS id FROM steps s WHERE {in_time} AND """
_EARNED = """SELECT s.n, s.at, s.kind, s.net AS amount, s.part, s.ordinal, s.id
  FROM earned s WHERE {in_time}"""
_LEDGERS = {
    "active": _STANDING + "s.active, s.ordinal) = 1",
    "mrr": _STANDING + "s.mrr, s.ordinal) > 0",
    "new": _STARTED,
    "trials": _STARTED + " AND s.trial = 1",
    "cancelled": _STEPPED + "s.cancelled = 1",
    "trial_conversion": _STEPPED + "s.trials_ended = 1",
    **{name: _STEPPED + f"({met})" for name, met in MOVEMENTS.items()},
    "churn_rate": """SELECT s.n, max_by(s.at, s.ordinal) AS at, 'movement' AS kind,
        max_by(s.mrr, s.ordinal) - min_by(s.was_mrr, s.ordinal) AS amount,
        max_by(s.status, s.ordinal) AS part, max(s.ordinal) AS ordinal, NULL AS id
      FROM steps s WHERE {in_time} GROUP BY s.n
      HAVING min_by(s.was_active, s.ordinal) = 1 AND max_by(s.over, s.ordinal) = 1""",
    "revenue": _EARNED,
    "unmatched": _EARNED + " AND s.contact_id IS NULL",
}
_LEDGER = """
{base} SELECT s.at, m.connection_id, coalesce(s.id, m.id) AS id, s.kind, m.contact_id, m.email,
  CAST(s.amount AS BIGINT) AS amount, m.currency, s.part, s.ordinal
FROM ({rows}) s JOIN plans m ON m.n = s.n WHERE {key}
"""
# How long the amounts are of, in twelfths of a day.
_MONTHS = {"30d": 12 * 30, "month": 365}
_OF_ORDER = ("connection_id", "id", "contact_id", "currency", "recurring_payment_id")

# A subscription's first payment may be told to be a little older than the subscription.
_FIRST = """
SELECT min(f.at) AS first FROM (
  SELECT least(r.start_date, r.states[1].date) AS at FROM recurring_payments r WHERE {plans}
  UNION ALL
  SELECT o.occurred_date FROM orders o WHERE o.recurring_payment_id IS NOT NULL AND {orders}
) f
"""


class Subscriptions:
    """Recurring payments, whatever their provider."""

    definition = SUBSCRIPTIONS

    def first(self, scope: Scope) -> int | None:
        """Return when the first recurring payment was anything, or was paid for."""
        query = compose(_FIRST, plans=scope.counts(Sql("r")), orders=scope.counts(Sql("o")))
        first: int | None = run(scope.session, query)[0]["first"]
        return first

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return what every bucket, the range, the previous period and each group add up to."""
        rows = run(scope.session, _query(scope, window))
        found = slots((row for row in rows if row["axis"] == "series"), _PARTS, window.count)
        flows = _accumulated(found)
        month = {"month": _MONTHS[scope.question.normalisation]}
        series = [
            {**flow, "days": days, **month}
            for flow, days in zip(flows[2:], window.days, strict=True)
        ]
        whole = {row["slot"]: row["churned"] for row in rows if row["axis"] == "whole"}
        days = {"days": window.span.days, **month}
        total = {**_last(flows[1], found[2:], series), "churned": whole.get(0, 0), **days}
        previous = {**flows[1], "churned": whole.get(PREVIOUS, 0), **days}
        return Measures(
            series=list(series),
            total=total,
            previous=previous if window.compared else None,
            groups=_groups(scope, [row for row in rows if row["axis"] == "group"], days),
            other_currencies=_others(scope, window),
            estimated=sum(flow["estimated"] for flow in found),
        )

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return the recurring payments, their steps, or the movements of money of a figure."""
        rows = compose(
            _LEDGERS[wanted.kpi],
            end=wanted.end,
            in_time=between(Sql("s.at"), wanted.start, wanted.end),
            net=NET,
        )
        key = TRUE
        if wanted.key is not None:
            same = compose("k.key = {k}", k=wanted.key) if wanted.key else Sql("k.key IS NULL")
            key = compose(
                "m.n IN (SELECT k.n FROM ({keyed}) k WHERE {same})",
                keyed=_keyed(scope),
                same=same,
            )
        return compose(_LEDGER, base=_base(scope, window), rows=rows, key=key)


def _base(scope: Scope, window: Window) -> Sql:
    started, at = Sql("p.start_date"), Sql("m.at")
    only = Sql("o.recurring_payment_id IS NOT NULL")
    return compose(
        _BASE,
        tables=tables(scope),
        begun=window.holds(started),
        moved=movements(scope, window.opening, window.end, columns=_OF_ORDER, only=only),
        net=NET,
        currency=scope.question.currency,
        mine=compose("({a}) = ({b})", a=window.period(at), b=window.period(started)),
    )


def _query(scope: Scope, window: Window) -> Sql:
    at, started = Sql("s.at"), Sql("s.start_date")
    churned = compose(_CHURNED, slot=window.period(at), in_time=window.holds(at))
    whole = compose(
        "SELECT 'whole' AS axis, slot, count(*) AS churned FROM ({c}) GROUP BY ALL", c=churned
    )
    axes = [
        _axis("series", window, window.slot(at), window.slot(started), _NO_KEY, Sql("")),
        whole,
    ]
    if scope.question.group_by is not None:
        joins = compose("JOIN ({keyed}) k ON k.n = s.n", keyed=_keyed(scope))
        axes.append(_axis("group", window, window.period(at), window.period(started), _KEY, joins))
    return compose(
        "{base} {axes}", base=_base(scope, window), axes=joined(axes, " UNION ALL BY NAME ")
    )


def _axis(name: str, window: Window, slot: Sql, started: Sql, key: Sql, joins: Sql) -> Sql:
    churned = compose(_CHURNED, slot=slot, in_time=window.holds(Sql("s.at")))
    return compose(
        _AXIS,
        axis=name,
        slot=slot,
        started=started,
        key=key,
        joins=joins,
        sums=_SUMS,
        end=window.end,
        churned=churned,
    )


def _keyed(scope: Scope) -> Sql:
    found = grouping(scope.question.group_by or "", scope)
    return compose(
        "SELECT m.n, {key} AS key, {label} AS label FROM plans m {joins}",
        key=found.key,
        label=found.label,
        joins=found.joins,
    )


def _accumulated(flows: Sequence[Parts]) -> list[dict[str, int]]:
    """Return flows with what stands at the end of each, and how many were active before it."""
    active = mrr = 0
    found = []
    for flow in flows:
        opening = active
        active, mrr = active + flow["active"], mrr + flow["mrr"]
        found.append({**flow, "active": active, "mrr": mrr, "opening": opening})
    return found


def _last(before: Parts, flows: Sequence[Parts], closed: Sequence[Parts]) -> dict[str, int]:
    """Return what flows add up to, with what stands at the end of the last of them."""
    stand = {name: closed[-1][name] for name in ("active", "mrr")}
    return {**summed(flows, _PARTS), **stand, "opening": before["active"]}


def _groups(scope: Scope, rows: Sequence[Row], days: Parts) -> list[Group]:
    held: defaultdict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        held[row["key"]].append(row)
    groups = []
    for key, each in held.items():
        found = slots(each, _PARTS, 1)
        *_, parts = _accumulated(found)
        label = max((row["label"] for row in each if row["label"]), default=None)
        groups.append(Group(key, label, scope.question.currency, {**parts, **days}))
    return groups


def _others(scope: Scope, window: Window) -> list[str]:
    query = compose(
        "SELECT DISTINCT r.currency FROM recurring_payments r WHERE r.currency <> {currency}"
        " AND least(r.start_date, r.states[1].date) < {end} AND {counts} ORDER BY 1",
        currency=scope.question.currency,
        end=window.end,
        counts=scope.counts(Sql("r")),
    )
    return [row["currency"] for row in run(scope.session, query)]
