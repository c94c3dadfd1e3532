"""What was spent to win customers: by day, by source and campaign, and nobody's.

A segment, a connection or a provider has no spend: nothing is told of it there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from datetime import date

from functions.query.reports.measures import Row, Wanted
from functions.query.reports.scope import PREVIOUS, Scope, Window, run
from shared.domain.reports.calendar import day_start, local_day
from shared.domain.reports.sql import TRUE, Sql, compose

_SPENT = """
SELECT s.date, s.currency, {key} AS key, CAST(sum(s.amount) AS BIGINT) AS spend FROM spend s
WHERE s.date >= {first} AND s.date <= {last} GROUP BY ALL
"""
_SPEND_ROWS = """
SELECT epoch_ms(CAST(s.date AS TIMESTAMP)) AS at, NULL AS connection_id,
  s.source || '/' || s.campaign AS id, 'spend' AS kind, NULL AS contact_id, NULL AS email, s.amount,
  s.currency, NULL AS part, 0 AS ordinal
FROM spend s WHERE s.currency = {currency} AND s.date >= {first} AND s.date <= {last} AND {key}
"""
# The groups it has, and the columns they are.
GROUPS = {"source": "nullif(s.source, '')", "campaign": "nullif(s.campaign, '')"}


def first(scope: Scope) -> int | None:
    """Return when the first day begins on which anything was spent, in ms."""
    if not _is_told(scope):
        return None
    ((found,),) = scope.session.rows("SELECT min(s.date) FROM spend s")
    return None if found is None else day_start(date.fromisoformat(found), scope.question.zone)


def by_day(scope: Scope, window: Window) -> list[Row] | None:
    """Return what was spent by day; None where spend is nobody's who is asked about."""
    asked = scope.question
    if not _is_told(scope):
        return None
    first = window.span.previous().first if window.compared else window.span.first
    query = compose(
        _SPENT,
        key=Sql(GROUPS.get(asked.group_by or "", "NULL")),
        first=first.isoformat(),
        last=window.span.last.isoformat(),
    )
    return list(run(scope.session, query))


def by_bucket(
    spent: list[Row] | None, scope: Scope, window: Window
) -> tuple[Counter[int] | None, int]:
    """Return what was spent in each bucket, and what in the previous period."""
    if spent is None:
        return None, 0
    dates = [each.isoformat() for each in window.buckets.dates]
    found: Counter[int] = Counter()
    for row in spent:
        if row["currency"] == scope.question.currency:
            inside = row["date"] >= window.span.first.isoformat()
            found[bisect_right(dates, row["date"]) - 1 if inside else PREVIOUS] += row["spend"]
    return Counter({n: found[n] for n in range(window.count)}), found[PREVIOUS]


def rows(scope: Scope, wanted: Wanted) -> Sql:
    """Return the rows behind what was spent: LEDGER's columns."""
    asked = scope.question
    key = TRUE
    if wanted.key is not None:
        column = Sql(GROUPS.get(asked.group_by or "", "NULL"))
        key = compose("{column} IS NOT DISTINCT FROM {key}", column=column, key=wanted.key or None)
    return compose(
        _SPEND_ROWS,
        currency=asked.currency,
        first=local_day(wanted.start, asked.zone).isoformat(),
        last=local_day(wanted.end - 1, asked.zone).isoformat(),
        key=key,
    )


def _is_told(scope: Scope) -> bool:
    asked = scope.question
    return not (asked.test or asked.segment or asked.connection or asked.provider)
