"""The report `nurture`: who was given a tag or a list in the range, and what came of them."""

from __future__ import annotations

from functions.query.reports.scope import Scope, run
from functions.query.reports.touched_sql import ADDRESSES
from functions.query.reports.touches import Touched
from shared.domain.reports.definitions.nurture import NURTURE
from shared.domain.reports.sql import TRUE, Sql, compose, every, joined
from shared.domain.segments.texts import fold

# One application may be told by several of these: people and their first touch are told, which is
# the same however often.
_APPLIED = """
SELECT t.who, t.at, t.kind || ':' || t.label AS id, t.kind,
  CAST(NULL AS VARCHAR) AS connection_id, TRUE AS touch
FROM ({told}) t WHERE {wanted}
"""
_LABELS = """
SELECT p.who, c.kind, c.told.{kind} AS label, c.told.applied_date AS at FROM (
  SELECT c.contact_id, '{kind}_added' AS kind, unnest(c.{column}) AS told FROM contacts c
  WHERE len(c.{column}) > 0
) c JOIN people p ON p.contact_id = c.contact_id
"""
_ACTIVITY = """
SELECT p.who, a.kind, a.subject AS label, a.occurred_date AS at
FROM activity a JOIN ({people}) p ON p.address = a.email
WHERE a.kind IN ('tag_added', 'list_added') AND a.subject IS NOT NULL
"""
_NAMED = "SELECT unnest(c.{column}).{kind} AS label FROM contacts c"
_NAMED_BY_ACTIVITY = "SELECT a.subject AS label FROM activity a WHERE a.kind = {kind}"
_COLUMNS = (("tag", "tags"), ("tag", "former_tags"), ("list", "lists"), ("list", "former_lists"))


def _told() -> Sql:
    labels = [Sql(_LABELS.format(kind=kind, column=column)) for kind, column in _COLUMNS]
    return joined([*labels, compose(_ACTIVITY, people=ADDRESSES)], " UNION ALL BY NAME ")


def _rows(scope: Scope) -> Sql:
    asked = scope.question
    wanted = [
        _labelled(scope, kind, text)
        for kind, text in (("tag_added", asked.tag), ("list_added", asked.list_name))
        if text is not None
    ]
    # Asked for a tag and a list, either will do.
    found = joined(wanted, " OR ") if wanted else TRUE
    return compose(_APPLIED, told=_told(), wanted=every([compose("({found})", found=found)]))


def _labelled(scope: Scope, kind: str, text: str) -> Sql:
    """Return the condition that a touch is by this tag or list, as people compare names."""
    parts = [
        Sql(_NAMED.format(kind=each, column=column))
        for each, column in _COLUMNS
        if kind == f"{each}_added"
    ]
    parts.append(compose(_NAMED_BY_ACTIVITY, kind=kind))
    query = compose(
        "SELECT DISTINCT label FROM ({told}) WHERE label IS NOT NULL",
        told=joined(parts, " UNION "),
    )
    named = [row["label"] for row in run(scope.session, query)]
    return compose(
        "(t.kind = {kind} AND list_contains({labels}::VARCHAR[], t.label))",
        kind=kind,
        labels=[each for each in named if fold(each) == fold(text)],
    )


NURTURE_REPORT = Touched(NURTURE, _rows)
