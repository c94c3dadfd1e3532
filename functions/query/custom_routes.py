"""The route of `query` that answers a custom report, in whichever format was asked for.

A POST that changes nothing: what it asks is too long for a query string. Its body is read by hand,
because reading must not pay for loading models.
"""

from __future__ import annotations

from functions.query.adapters import Adapters
from functions.query.exports import sent
from functions.query.reports import custom, known, soundness, tables
from shared.api.route import Answer, Request, Route
from shared.domain import preferences
from shared.domain.errors import Forbidden
from shared.domain.reports.custom_question import CustomQuestion, Format
from shared.domain.reports.custom_request import read_custom

PARQUET = "application/vnd.apache.parquet"


def ask_custom_report(request: Request, at: Adapters) -> Answer:
    """Answer any count or sum over the records themselves.

    `dataset` is `recurring_payments`, `orders`, `contacts`, `activity` or `changes`; `GET
    /v1/reports/custom/definition` lists the fields of each. A dimension is a field, or
    `{field, bucket}` for a date by `day`, `week`, `month` or exact `time`; a measure is `count` or
    `{measure, field}` with `count_distinct`, `sum`, `avg`, `min` or `max`. `filters` are conditions
    `{field, operator, value}` as segments have them, joined by `match`, or a group of such. `from`
    and `to` are days of `date_field`. Rows come by their dimensions, or by `order_by`, a column's
    name, with a minus before it for the largest first; `limit` is 1000 and may be up to 50000.
    Money is of one `currency`, unless the currency is a dimension. `format` is `json`, `csv` or
    `parquet`. An answer above 5 MB is a 303 to an address that holds for an hour. Fields that say
    who somebody is need `contacts:read` too.
    """
    stored = at.store.read([preferences.NAME])[preferences.NAME]
    settings = preferences.effective(stored, local=at.local)
    now = at.now()
    asked = read_custom(request.json(), settings=settings, now=now)
    _check_scope(asked, request)
    snapshot = at.log.snapshot()
    session, as_of = snapshot.session, snapshot.as_of
    if asked.question.as_known_at is not None:
        now = asked.question.as_known_at
        session, as_of = known.opened(session, now), min(as_of, now)
    found = custom.answer_custom(asked, store=at.store, session=session, now=now, local=at.local)
    if asked.format is Format.JSON:
        told = custom.to_json(asked, found, as_of)
        told["notes"] += soundness.notes_of(snapshot, at.now())
        return sent(Answer(200, told), at)
    headers = {"X-Total-Count": str(found.total)}
    if asked.format is Format.CSV:
        text = tables.of_rows(found.rows, [each.name for each in found.columns])
        return sent(Answer(200, text, tables.CSV, headers), at)
    content = snapshot.session.parquet(custom.parquet_columns(found), custom.plain_rows(found))
    return sent(Answer(200, content, PARQUET, headers), at)


def _check_scope(asked: CustomQuestion, request: Request) -> None:
    """Raise Forbidden where who somebody is would be told to who may not read contacts."""
    personal = asked.personal()
    if personal and "contacts:read" not in request.scopes:
        listed = ", ".join(personal)
        raise Forbidden(f"The key needs the scope contacts:read for {listed}.")


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="POST",
        path="/v1/reports/custom",
        run=ask_custom_report,
        body="CustomReportQuestion",
        answers={200: "CustomReport", 303: "Export"},
        problems=(409,),
    ),
)
