"""From a request's query to a report: what is asked, of which records, since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from functions.query.adapters import Shelf
from functions.query.reports.acquisition import Acquisition
from functions.query.reports.answer import answer
from functions.query.reports.automations import AUTOMATIONS_REPORT
from functions.query.reports.cohorts import Cohorts
from functions.query.reports.customers import Customers
from functions.query.reports.engagement import CAMPAIGNS_REPORT, ENGAGEMENT_REPORT
from functions.query.reports.known import told
from functions.query.reports.ledger import page
from functions.query.reports.measures import Report
from functions.query.reports.nurture import NURTURE_REPORT
from functions.query.reports.orders import Orders
from functions.query.reports.scope import Scope, Session, Window, run
from functions.query.reports.subscriptions import Subscriptions
from functions.query.segments import moment_of, tree_stored
from shared.domain.errors import BadRequest, Invalid
from shared.domain.ports import Document
from shared.domain.reports import request
from shared.domain.reports.calendar import Span, local_day
from shared.domain.reports.request import Question
from shared.domain.reports.sql import Sql, compose
from shared.domain.segments import sql
from shared.domain.segments.moments import Moment
from shared.domain.segments.stored import Stored, tree_of
from shared.domain.segments.texts import fold
from shared.domain.segments.tree import Condition, Group, Match

Json = dict[str, Any]

_REPORTS: Mapping[str, Report] = {
    each.definition.name: each
    for each in (
        Acquisition(),
        NURTURE_REPORT,
        ENGAGEMENT_REPORT,
        Orders(),
        Subscriptions(),
        Customers(),
        CAMPAIGNS_REPORT,
        AUTOMATIONS_REPORT,
        Cohorts(),
    )
}
_PAGE = 100
# Segments a report can be grouped by: each is a question of its own.
SEGMENTS_MAX = 100


def read_report(scope: Scope, as_of: str | None) -> Json:
    """Return a report's answer; `as_of` is the time of the newest change it knows of."""
    report = _REPORTS[scope.question.definition.name]
    window = _window(report, scope)
    return told(answer(scope, window, report.measure(scope, window), as_of), scope, window)


def read_ledger(scope: Scope, limit: int, cursor: str | None, as_of: str | None) -> Json:
    """Return a page of the rows behind a figure.

    Raise BadRequest for a cursor nobody gave out, or a date that is none of the series.
    """
    report = _REPORTS[scope.question.definition.name]
    items, following = page(report, scope, _window(report, scope), limit, cursor)
    return {"items": items, "next_cursor": following, "as_of": as_of}


def scope_of(question: Question, *, store: Shelf, session: Session, now: int, local: bool) -> Scope:
    """Return a question with whose records it is about.

    Raise NotFound for an unknown segment, Conflict for one that makes no sense any more, BadRequest
    for an unknown connection.
    """
    connections = list(_listed("connection", store))
    _check_connection(question, connections)
    moment = moment_of(store, now, local=local)
    segment, tree = None, None
    if question.segment is not None:
        tree = tree_stored(question.segment, store)
        segment = _where(tree, moment)
    grouped = question.group_by == "segment"
    segments = list(_listed("segment", store))[:SEGMENTS_MAX] if grouped else []
    return Scope(
        question=question,
        session=session,
        connections=connections,
        segment=segment,
        joining_tags=_joining_tags(question, tree, session),
        segments=_all_of(segments, store, moment),
        names=_names(question, segments, store),
    )


def _names(question: Question, segments: Iterable[Document], store: Shelf) -> dict[str, str]:
    """Return what the groups that are documents of ours are called, by their ids."""
    if question.group_by == "automation":
        return {each["automation_id"]: str(each["name"]) for each in _listed("automation", store)}
    return {each["segment_id"]: str(each["name"]) for each in segments}


def _window(report: Report, scope: Scope) -> Window:
    """Return the days that are counted: those asked for, else all from the first thing on."""
    asked = scope.question
    first = asked.first
    if first is None:
        known = report.first(scope)
        first = asked.last if known is None else local_day(known, asked.zone)
        earliest = asked.last - timedelta(days=request.DAYS_MAX - 1)
        first = min(max(first, earliest), asked.last)
    span = Span(first, asked.last, asked.zone)
    compared = asked.compare and asked.first is not None
    return Window(span, span.buckets(asked.interval_of(span)), compared)


def _check_connection(question: Question, connections: Iterable[Document]) -> None:
    if question.connection is None:
        return
    if all(each["connection_id"] != question.connection for each in connections):
        fault = ("connection", "is no connection's id")
        raise BadRequest("The query breaks the rules of this report.", (fault,))


def _listed(kind: str, store: Shelf) -> Iterator[Document]:
    cursor: str | None = None
    while True:
        found, cursor = store.listed(kind, _PAGE, cursor)
        yield from found
        if cursor is None:
            return


def _where(tree: Group, moment: Moment) -> Sql:
    found = sql.compile(tree, moment)
    return Sql(found.text, tuple(found.params))


def _all_of(segments: Iterable[Document], store: Shelf, moment: Moment) -> dict[str, Sql]:
    """Return who is in each segment; one that makes no sense any more has nobody."""
    resolve = Stored(store)
    found = {}
    for each in segments:
        try:
            found[each["segment_id"]] = _where(tree_of(each["segment_id"], resolve), moment)
        except Invalid:
            continue
    return found


def _joining_tags(question: Question, tree: Group | None, session: Session) -> list[str]:
    """Return the tags that make somebody a customer: as asked, or as the segment asks for them."""
    if question.definition.name != "customers" or (question.tag is None and tree is None):
        return []
    query = compose("SELECT DISTINCT unnest(c.tags).tag AS tag FROM contacts c ORDER BY 1")
    known = [row["tag"] for row in run(session, query)]
    if question.tag is not None:
        return [each for each in known if fold(each) == fold(question.tag)]
    asked = list(_tag_conditions(tree)) if tree else []
    return [each for each in known if any(_meets(fold(each), one) for one in asked)]


def _tag_conditions(group: Group) -> Iterator[Condition]:
    """Return the conditions that ask for a tag; a `none` asks for the lack of what it holds."""
    if group.match is Match.NONE:
        return
    for member in group.members:
        if isinstance(member, Group):
            yield from _tag_conditions(member)
        elif member.field.name == "contact.tags" and member.operator in ("is", "contains"):
            yield member


def _meets(tag: str, condition: Condition) -> bool:
    operand = str(condition.operand)
    return tag == operand if condition.operator == "is" else operand in tag
