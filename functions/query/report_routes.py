"""The routes of `query` that answer reports, the rows behind them, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from functions.query.adapters import Adapters
from functions.query.reports import ask, tables
from functions.query.reports.ledger import LIMIT_MAX
from functions.query.reports.scope import Scope
from shared.api.etags import unless_same
from shared.api.route import Answer, Request, Route
from shared.domain import preferences, times
from shared.domain.reports import definition
from shared.domain.reports.request import (
    LEDGER_PARAMETERS,
    PARAMETERS,
    Question,
    definition_of,
    read,
)

_CSV = "text/csv; charset=utf-8"
_COLUMNS = "kind date connection_id id contact_id email amount currency detail".split()


def read_one_report(request: Request, at: Adapters) -> Answer:
    """Answer a report: its figures with the previous period, their series, and groups.

    `orders`, `subscriptions` and `customers` are there; what each figure means is told by
    `GET /v1/reports/{report}/definition`. `from` and `to` are calendar days in `timezone`, both
    included; without `from` all there is counts, without `to` up to today. `interval` is `day`,
    `week` or `month`. `group_by`, `currency`, `segment` (an id), `connection`, `provider`,
    `mode=test`, `basis=order` and, of `customers`, `tag` say what is counted; `compare=none` leaves
    the previous period out. `format=csv`, or `Accept: text/csv`, answers the groups, or without
    `group_by` the series, as a table.
    """

    def table(found: dict[str, Any]) -> str:
        return tables.of_report(found, request.query.get("group_by"))

    return _answered(request, at, ledger=False, make=ask.read_report, table=table)


def read_report_ledger(request: Request, at: Adapters) -> Answer:
    """List the rows behind one number of a report, in the order of their time.

    `kpi` names the figure; beside the report's own parameters, `date` (a date of the series) and
    `key` (of a group, with `group_by`; empty for the group of nothing) say which number. Amounts of
    money add up to it, of counts there are as many rows. `limit` may be up to 1000. As CSV, the
    next page's cursor is in the header `X-Next-Cursor`.
    """
    limit, cursor = request.limit(LIMIT_MAX), request.query.get("cursor")

    def make(scope: Scope, as_of: str | None) -> dict[str, Any]:
        return ask.read_ledger(scope, limit, cursor, as_of)

    def table(found: dict[str, Any]) -> str:
        return tables.of_rows(found["items"], _COLUMNS)

    return _answered(request, at, ledger=True, make=make, table=table)


def read_report_definition(request: Request, at: Adapters) -> Answer:
    """Tell what a report counts, each figure in a sentence.

    An `additive` figure's days add up to its weeks, months and total. `rows` names the figure whose
    rows its ledger lists. `defaults` hold where a query names no timezone or currency.
    """
    settings = _settings(at)
    told = definition.told(definition_of(request.params["report"]))
    defaults = {name: settings[name] for name in ("timezone", "currency")}
    return Answer(200, {**told, "defaults": defaults})


def _answered(
    request: Request,
    at: Adapters,
    *,
    ledger: bool,
    make: Callable[[Scope, str | None], dict[str, Any]],
    table: Callable[[dict[str, Any]], str],
) -> Answer:
    settings, now = _settings(at), at.now()
    question = read(
        request.params["report"], request.query, settings=settings, now=now, ledger=ledger
    )
    snapshot = at.log.snapshot()
    scope = ask.scope_of(
        question, store=at.store, session=snapshot.session, now=now, local=at.local
    )
    as_csv = _wants_csv(request)
    headers: dict[str, str] = {}

    def body() -> Any:
        found = make(scope, times.to_text(snapshot.as_of or None))
        if not as_csv:
            return found
        if found.get("next_cursor"):
            headers["X-Next-Cursor"] = found["next_cursor"]
        return table(found)

    answer = unless_same(request, _made_of(scope, snapshot.etag, settings, now, as_csv), body)
    if as_csv and answer.status == 200:
        return replace(answer, content_type=_CSV, headers={**answer.headers, **headers})
    return answer


def _made_of(scope: Scope, log: str, settings: dict[str, Any], now: int, as_csv: bool) -> str:
    """Return all an answer depends on beside its query.

    Who is in a segment may change with every minute.
    """
    asked: Question = scope.question
    timely = asked.segment is not None or asked.group_by == "segment"
    named = ("connection_id", "provider", "name", "mode", "role", "history")
    connections = [[each.get(field) for field in named] for each in scope.connections]
    minute = now // times.MINUTE if timely else None
    segments = (scope.segment, sorted(scope.segments.items()), sorted(scope.names.items()))
    return repr((log, settings, connections, asked.last, minute, segments, as_csv))


def _settings(at: Adapters) -> dict[str, Any]:
    stored = at.store.read([preferences.NAME])[preferences.NAME]
    return preferences.effective(stored, local=at.local)


def _wants_csv(request: Request) -> bool:
    asked = request.query.get("format")
    return asked == "csv" if asked else "text/csv" in request.headers.get("accept", "")


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="GET",
        path="/v1/reports/{report}",
        run=read_one_report,
        answers={200: "Report", 304: None},
        problems=(400, 404, 409),
        filters=PARAMETERS,
    ),
    Route(
        method="GET",
        path="/v1/reports/{report}/ledger",
        run=read_report_ledger,
        answers={200: "LedgerPage", 304: None},
        problems=(400, 404, 409),
        filters=(*LEDGER_PARAMETERS, "limit", "cursor"),
    ),
    Route(
        method="GET",
        path="/v1/reports/{report}/definition",
        run=read_report_definition,
        answers={200: "ReportDefinition"},
        problems=(404,),
    ),
)
