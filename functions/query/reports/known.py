"""Reports as they stood: the log as it was known at a moment, and what has been recorded since.

Figures are found by the same SQL as ever, over views of what had been recorded by then. What came
later is told beside them: it is why the present report says something else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.query.reports.measures import Row
from functions.query.reports.scope import Scope, Window, run
from shared.domain import money, times
from shared.domain.errors import BadRequest
from shared.domain.reports.sql import Sql, among, compose, joined

if TYPE_CHECKING:
    from shared.adapters.duck import Session

Json = dict[str, Any]

LATE_MAX = 100
# Whose oldest rows the log begins with; of a log without any of these, nothing could be missing.
_RECORDS = ("orders", "recurring_payments", "contacts")
_SALES = ("order", "recurring_payment")
_PEOPLE = (*_SALES, "contact")
_TOUCHED = (*_PEOPLE, "activity")
# What may restate a report; those that are not named speak of people.
_RESTATED_BY = {
    "orders": ("order", "contact"),
    "subscriptions": _SALES,
    "acquisition": (*_PEOPLE, "spend"),
    "nurture": _TOUCHED,
    "engagement": _TOUCHED,
    "campaigns": _TOUCHED,
    "automations": (*_TOUCHED, "firing"),
}
_NEWS = ("kind", "changes", "contact_id", "historical", "late", "joined")
# Of millions of entries only numbers are held against each other: which entry a row is of, what it
# says, and how new it is. Where the newest row lies is enough to read it later on.
_CHANGES = """
WITH late AS MATERIALIZED (
  SELECT {entry} AS entry, max_by({{'said': {said}, 'gone': l.deleted IS TRUE,
    'recorded_at': l.recorded_at, 'position': l.position}}, {newness}) AS now
  FROM history_changes l
  WHERE l.recorded_at > {at} AND coalesce(l.occurred_date, 0) < {end} AND {kinds} AND {counts}
  GROUP BY ALL
), was AS (
  SELECT l.entry, max_by({{'said': l.said, 'gone': l.gone, 'position': l.position}}, l.newness)
    AS was
  FROM (
    SELECT {entry} AS entry, {said} AS said, l.deleted IS TRUE AS gone, l.position,
      {newness} AS newness
    FROM history_changes l
    WHERE l.recorded_at <= {at} AND coalesce(l.occurred_date, 0) < {end} AND {kinds} AND {counts}
  ) l SEMI JOIN late ON late.entry = l.entry GROUP BY ALL
), found AS (
  SELECT l.now, w.was, w.was.gone IS NOT FALSE AS unheard FROM late l LEFT JOIN was w USING (entry)
)
SELECT CASE WHEN l.now.gone THEN 'withdrawn' WHEN l.unheard THEN 'new' ELSE 'amended' END AS state,
  l.now.recorded_at AS recorded_at,
  CASE WHEN l.now.gone THEN l.was.position ELSE l.now.position END AS position,
  NULL AS type, NULL::BIGINT AS date, NULL AS record_id, NULL AS contact_id
FROM found l
WHERE CASE WHEN l.unheard THEN NOT l.now.gone ELSE l.now.said <> l.was.said END
"""
_NAMES = ("connection_id", "record_id", "contact_id", "event_id", "event_type")
_ENTRY = Sql("hash(l.record, l.connection_id, l.id, l.place)")
_SAID = Sql(f"hash({', '.join(f'l.{name}' for name in _NEWS)})")
_NEWNESS = Sql("l.epoch::HUGEINT * 1099511627776 + l.version")
_ROWS = """
SELECT l.position, l.record || '.' || l.kind AS type, l.occurred_date AS date, l.connection_id,
  l.id AS record_id, l.contact_id, l.event_id, l.event_type, l.changes, l.historical, l.late
FROM history_changes l WHERE l.position IN (SELECT unnest({positions}::VARCHAR[]))
"""
_OTHERS = {
    "contact": """
SELECT 'contact.created' AS type, 'new' AS state, l.created_date AS date, l.recorded_at,
  l.contact_id FROM late_contacts l ANTI JOIN contacts k ON k.contact_id = l.contact_id
WHERE l.deleted IS NOT TRUE AND l.created_date < {end}
""",
    "activity": """
SELECT 'activity.' || l.kind AS type, 'new' AS state, l.occurred_date AS date, l.recorded_at,
  l.connection_id, l.id AS record_id
FROM late_activity l ANTI JOIN activity k ON k.email = l.email AND k.id = l.id
WHERE l.deleted IS NOT TRUE AND l.occurred_date < {end}
""",
    "spend": """
SELECT 'spend.' || CASE WHEN k.date IS NULL THEN 'created' ELSE 'updated' END AS type,
  CASE WHEN l.deleted THEN 'withdrawn' WHEN k.date IS NULL THEN 'new' ELSE 'amended' END AS state,
  epoch_ms(strptime(l.date, '%Y-%m-%d')) AS date, l.recorded_at,
  concat_ws('/', l.date, l.source, l.campaign, l.currency) AS record_id, l.currency,
  k.amount AS amount_before, l.amount AS amount_after
FROM late_spend l LEFT JOIN spend k ON k.date = l.date AND k.source = l.source
  AND k.campaign = l.campaign AND k.currency = l.currency
WHERE l.date <= {last} AND l.amount IS DISTINCT FROM k.amount
""",
    "firing": """
SELECT 'firing.created' AS type, 'new' AS state, l.at AS date, l.recorded_at, l.contact_id,
  l.connection_id, l.firing_id AS record_id FROM late_firings l ANTI JOIN firings k
  ON k.automation_id = l.automation_id AND k.firing_id = l.firing_id
WHERE l.deleted IS NOT TRUE AND l.at < {end}
""",
}
_NEWEST = """
SELECT *, count(*) OVER () AS found FROM ({parts})
ORDER BY recorded_at DESC, position DESC, type, date DESC, record_id, contact_id LIMIT {most}
"""


def opened(session: Session, at: int) -> Session:
    """Return the log as it was known at a moment (ms).

    Raise BadRequest for one before the log begins: what was known then is kept nowhere.
    """
    known = session.as_known(at)
    # Names of our own datasets, which nobody's text reaches.
    begun = " UNION ALL ".join(f"SELECT min(recorded_at) FROM history_{name}" for name in _RECORDS)  # noqa: S608
    ((first,),) = known.rows(f"SELECT min(m) FROM ({begun}) AS t(m)")  # noqa: S608
    if first is not None and at < first:
        message = f"lies before the change log begins, which is {times.to_text(first)}"
        fault = ("as_known_at", f"{message}; what was known before then is not kept")
        raise BadRequest("The query breaks the rules of this report.", (fault,))
    return known


def told(answer: Json, scope: Scope, window: Window) -> Json:
    """Return an answer with what has been recorded since the moment it is of."""
    at = scope.question.as_known_at
    if at is None:
        return answer
    rows = run(scope.session, _late(scope, window, at))
    count = rows[0]["found"] if rows else 0
    positions = [row["position"] for row in rows if row["position"]]
    entries = run(scope.session, compose(_ROWS, positions=positions)) if positions else []
    entry = {row["position"]: row for row in entries}
    message = (
        f"This is the report as it stood at {times.to_text(at)}. Recorded since, about the days "
        f"before its end: {count} changes; those that count have restated the present report."
    )
    return {
        **answer,
        "as_known_at": times.to_text(at),
        "late_events": [_event({**row, **entry.get(row["position"], {})}) for row in rows],
        "late_events_count": count,
        "notes": [*answer["notes"], {"code": "as_known_at", "message": message}],
    }


def _late(scope: Scope, window: Window, at: int) -> Sql:
    """Return the newest of what was recorded since and could count."""
    kinds = _RESTATED_BY.get(scope.question.definition.name, _PEOPLE)
    changes = compose(
        _CHANGES,
        entry=_ENTRY,
        said=_SAID,
        newness=_NEWNESS,
        kinds=among(Sql("l.record"), [kind for kind in kinds if kind in _SALES]),
        counts=scope.of_connections(Sql("l")),
        end=window.end,
        at=at,
    )
    parts = [compose("FROM ({changes})", changes=changes)]
    last = window.span.last.isoformat()
    parts += [
        compose(_OTHERS[kind], end=window.end, last=last) for kind in kinds if kind in _OTHERS
    ]
    every = joined(parts, " UNION ALL BY NAME ")
    return compose(_NEWEST, parts=every, most=LATE_MAX)


def _event(row: Row) -> Json:
    """Return a late event as the API prints it: one of a record as `GET /v1/events` does."""
    changes = json.loads(row.get("changes") or "[]")
    if row["type"].startswith("spend."):
        amounts = (row["amount_before"], row["amount_after"])
        changes = [["amount", *(_amount(each, row["currency"]) for each in amounts)]]
    return {
        "type": row["type"],
        "state": row["state"],
        "date": times.to_text(row["date"]),
        "recorded_date": times.to_text(row["recorded_at"]),
        **{name: row.get(name) for name in _NAMES},
        "changes": [{"field": field, "from": old, "to": new} for field, old, new in changes],
        "historical": bool(row.get("historical")),
        "late": bool(row.get("late")),
    }


def _amount(amount: int | None, currency: str) -> str | None:
    return None if amount is None else money.to_text(amount, currency)
