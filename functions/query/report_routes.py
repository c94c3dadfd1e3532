"""The routes of `query` that answer reports, the rows behind them, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from functions.query.adapters import Adapters
from functions.query.exports import sent
from functions.query.reports import ask, custom, known, soundness, tables
from functions.query.reports.ledger import LIMIT_MAX
from functions.query.reports.scope import Scope
from shared.api.etags import unless_same
from shared.api.route import Answer, Request, Route
from shared.domain import preferences, times
from shared.domain.reports import definition
from shared.domain.reports.catalogue import REPORTS
from shared.domain.reports.definitions.custom import CUSTOM
from shared.domain.reports.request import (
    LEDGER_PARAMETERS,
    PARAMETERS,
    Question,
    definition_of,
    read,
)

# Rows of a ledger in one file: what a spreadsheet opens readily, and memory holds.
ROWS_MAX = 50_000
_COLUMNS = "kind date connection_id id contact_id email amount currency detail".split()


def list_reports(request: Request, at: Adapters) -> Answer:
    """List the reports there are, with what each tells.

    What a figure means is told by `GET /v1/reports/{report}/definition`.
    """
    del request, at
    items = [
        {
            "report": each.name,
            "about": each.about,
            "kpis": [kpi.name for kpi in each.kpis],
            "groups": list(each.groups),
        }
        for each in (*REPORTS.values(), CUSTOM)
    ]
    return Answer(200, {"items": items, "next_cursor": None})


def read_one_report(request: Request, at: Adapters) -> Answer:
    """Answer a report: its figures with the previous period, their series, and groups.

    What there is is told by `GET /v1/reports`, and what each figure means by
    `GET /v1/reports/{report}/definition`. `from` and `to` are calendar days in `timezone`, both
    included; without `from` all there is counts, without `to` up to today. `interval` is `day`,
    `week` or `month`. `group_by`, `currency`, `segment` (an id), `connection`, `provider`,
    `mode=test`, `basis=order` and, where the definition has them, further parameters such as `tag`
    say what is counted; `compare=none` leaves the previous period out. `as_known_at` (a time)
    answers the report as it stood then, with `late_events`: what was recorded since about the days
    before its end, and so has restated it. `format=csv`, or `Accept: text/csv`, answers the groups,
    or without `group_by` the series, as a table. An answer above 5 MB is a 303 to an address that
    holds for an hour.
    """

    def table(found: dict[str, Any]) -> str:
        return tables.of_report(found, request.query.get("group_by"))

    return _answered(request, at, ledger=False, make=ask.read_report, table=table)


def read_report_ledger(request: Request, at: Adapters) -> Answer:
    """List the rows behind one number of a report, in the order of their time.

    `kpi` names the figure; beside the report's own parameters, `date` (a date of the series) and
    `key` (of a group, with `group_by`; empty for the group of nothing) say which number. Amounts of
    money add up to it, of counts there are as many rows. `limit` may be up to 1000. As CSV, all
    rows come at once without `limit`, up to 50000; the cursor of what is left is in the header
    `X-Next-Cursor`. An answer above 5 MB is a 303 to an address that holds for an hour.
    """
    cursor = request.query.get("cursor")
    whole = _wants_csv(request) and "limit" not in request.query
    limit = ROWS_MAX if whole else request.limit(LIMIT_MAX)

    def make(scope: Scope, as_of: str | None) -> dict[str, Any]:
        return ask.read_ledger(scope, limit, cursor, as_of)

    def table(found: dict[str, Any]) -> str:
        return tables.of_rows(found["items"], _COLUMNS)

    return _answered(request, at, ledger=True, make=make, table=table)


def read_report_definition(request: Request, at: Adapters) -> Answer:
    """Tell what a report counts, each figure in a sentence.

    An `additive` figure's days add up to its weeks, months and total. `rows` names the figure whose
    rows its ledger lists. `defaults` hold where a query names no timezone or currency. `custom`
    has `datasets` instead, with the fields that POST /v1/reports/custom may name.
    """
    settings = _settings(at)
    defaults = {name: settings[name] for name in ("timezone", "currency")}
    if request.params["report"] == CUSTOM.name:
        datasets = custom.datasets_told()
        return Answer(200, {**definition.told(CUSTOM), "defaults": defaults, "datasets": datasets})
    told = definition.told(definition_of(request.params["report"]))
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
    session, as_of = snapshot.session, snapshot.as_of
    if question.as_known_at is not None:
        now = question.as_known_at
        session, as_of = known.opened(session, now), min(as_of, now)
    scope = ask.scope_of(question, store=at.store, session=session, now=now, local=at.local)
    notes = soundness.notes_of(snapshot, at.now())
    as_csv = _wants_csv(request)
    headers: dict[str, str] = {}

    def body() -> Any:
        found = make(scope, times.to_text(as_of or None))
        if "notes" in found:
            found["notes"] += notes
        if not as_csv:
            return found
        if found.get("next_cursor"):
            headers["X-Next-Cursor"] = found["next_cursor"]
        return table(found)

    etag = f"{snapshot.etag}{[note['code'] for note in notes]}"
    answer = unless_same(request, _made_of(scope, etag, settings, now, as_csv), body)
    if as_csv and answer.status == 200:
        told = {**answer.headers, **headers}
        answer = replace(answer, content_type=tables.CSV, headers=told)
    return sent(answer, at)


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
        path="/v1/reports",
        run=list_reports,
        answers={200: "ReportPage"},
    ),
    Route(
        method="GET",
        path="/v1/reports/{report}",
        run=read_one_report,
        answers={200: "Report", 303: "Export", 304: None},
        problems=(400, 404, 409),
        filters=PARAMETERS,
    ),
    Route(
        method="GET",
        path="/v1/reports/{report}/ledger",
        run=read_report_ledger,
        answers={200: "LedgerPage", 303: "Export", 304: None},
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
