"""The rows behind one number, page by page: what a figure adds up is what its ledger lists.

Rows come in the order of their time. A cursor is the place of the last row, so that pages hold
together while more is recorded.
"""

from __future__ import annotations

import json
from typing import Any

from functions.query.reports.measures import LEDGER, Report, Row, Wanted
from functions.query.reports.scope import Scope, Window, run
from shared.adapters.cursors import FOREIGN, read_cursor, write_cursor
from shared.domain import money, times
from shared.domain.errors import BadRequest
from shared.domain.reports.sql import TRUE, Sql, compose

Json = dict[str, Any]

LIMIT_MAX = 1_000
_PLACE = "l.at, coalesce(l.connection_id, ''), l.id, l.kind, l.ordinal"
_PAGE = """
SELECT {columns} FROM ({rows}) l WHERE {after} ORDER BY {place} LIMIT {most}
"""
_TYPES = (int, str, str, str, int)


def wanted_of(scope: Scope, window: Window) -> Wanted:
    """Return which rows a question wants. Raise BadRequest for a date that names no bucket."""
    asked = scope.question
    start, end = window.start, window.end
    if asked.bucket is not None:
        if asked.bucket not in window.buckets.dates:
            fault = ("date", "is not one of the dates of the series")
            raise BadRequest("The query breaks the rules of this report.", (fault,))
        number = window.buckets.dates.index(asked.bucket)
        start, end = window.buckets.starts[number : number + 2]
    rows = next(each.rows for each in asked.definition.kpis if each.name == asked.kpi)
    return Wanted(rows or asked.kpi, start, end, asked.key)


def page(
    report: Report, scope: Scope, window: Window, limit: int, cursor: str | None
) -> tuple[list[Json], str | None]:
    """Return a page of rows and the cursor of the next. Raise BadRequest for a foreign cursor."""
    query = compose(
        _PAGE,
        columns=Sql(", ".join(f"l.{name}" for name in LEDGER)),
        rows=report.ledger(scope, window, wanted_of(scope, window)),
        after=_after(cursor),
        place=Sql(_PLACE),
        most=limit + 1,
    )
    rows = run(scope.session, query)
    following = _cursor(rows[limit - 1]) if len(rows) > limit else None
    return [_told(row) for row in rows[:limit]], following


def _told(row: Row) -> Json:
    return {
        "kind": row["kind"],
        "date": times.to_text(row["at"]),
        "connection_id": row["connection_id"],
        "id": row["id"],
        "contact_id": row["contact_id"],
        "email": row["email"],
        "amount": money.to_text(row["amount"], row["currency"]),
        "currency": row["currency"],
        "detail": row["part"],
    }


def _cursor(row: Row) -> str:
    place = [row["at"], row["connection_id"] or "", row["id"], row["kind"], row["ordinal"]]
    return write_cursor(json.dumps(place))


def _after(cursor: str | None) -> Sql:
    if cursor is None:
        return TRUE
    try:
        place = json.loads(read_cursor(cursor))
    except ValueError as error:
        raise BadRequest(FOREIGN) from error
    if not isinstance(place, list) or [type(each) for each in place] != list(_TYPES):
        raise BadRequest(FOREIGN)
    at, connection_id, identity, kind, ordinal = place
    return compose(
        "({place}) > ({at}, {connection_id}, {identity}, {kind}, {ordinal})",
        place=Sql(_PLACE),
        at=at,
        connection_id=connection_id,
        identity=identity,
        kind=kind,
        ordinal=ordinal,
    )
