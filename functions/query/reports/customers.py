"""The report `customers`: who is one, by tag, by segment or by purchase, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from functions.query.reports.groups import grouping
from functions.query.reports.measures import Group, Measures, Row, Wanted, slots
from functions.query.reports.scope import Scope, Window, between, run
from shared.domain.reports.definitions.customers import CUSTOMERS
from shared.domain.reports.sql import TRUE, Sql, compose, every, joined

_PEOPLE = """
SELECT * FROM (
  SELECT c.contact_id, c.email, {since} AS at FROM contacts c WHERE {counts}
) p WHERE p.at IS NOT NULL
"""
_APPLIED = """list_min(list_transform(
  list_filter(c.tags, lambda t: list_contains({tags}::VARCHAR[], t.tag)),
  lambda t: t.applied_date))"""
_SERIES = """
SELECT 'series' AS axis, {slot} AS slot, count(*) AS new_customers FROM people m
WHERE m.at < {end} GROUP BY ALL
"""
_GROUPS = """
SELECT 'group' AS axis, slot, key, count(*) AS new_customers
FROM (SELECT {slot} AS slot, {key} AS key FROM people m {joins} WHERE m.at < {end}) GROUP BY ALL
"""
_LEDGER = """
SELECT m.at, NULL AS connection_id, m.contact_id AS id, 'contact' AS kind, m.contact_id, m.email,
  CAST(NULL AS BIGINT) AS amount, NULL AS currency, NULL AS part, 0 AS ordinal
FROM (SELECT DISTINCT m.* FROM ({people}) m {joins} WHERE {in_time} AND {key}) m
"""
_NEW = ("new_customers",)


class Customers:
    """Customers by a tag or a segment, or by their purchases."""

    definition = CUSTOMERS

    def first(self, scope: Scope) -> int | None:
        """Return when the first customer became one."""
        query = compose("SELECT min(p.at) AS first FROM ({people}) p", people=_people(scope))
        first: int | None = run(scope.session, query)[0]["first"]
        return first

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return how many there are at the end of each bucket, and how many became one in it."""
        rows = run(scope.session, _query(scope, window))
        series = [row for row in rows if row["axis"] == "series"]
        _, previous, *found = _standing(series, window.count)
        total = {
            "customers": found[-1]["customers"],
            "new_customers": sum(each["new_customers"] for each in found),
        }
        held: defaultdict[str | None, list[Row]] = defaultdict(list)
        for row in rows:
            if row["axis"] == "group":
                held[row["key"]].append(row)
        return Measures(
            series=list(found),
            total=total,
            previous=previous if window.compared else None,
            groups=[
                Group(key, None, scope.question.currency, _standing(each, 1)[-1])
                for key, each in held.items()
            ],
        )

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return the contacts behind a figure, each with when they became a customer."""
        del window
        at = Sql("m.at")
        joins, key = Sql(""), TRUE
        if wanted.key is not None:
            found = grouping(scope.question.group_by or "", scope)
            joins = found.joins
            key = compose("({key}) IS NOT DISTINCT FROM {k}", key=found.key, k=wanted.key or None)
        standing = wanted.kpi == "customers"
        return compose(
            _LEDGER,
            people=_people(scope),
            joins=joins,
            key=key,
            in_time=compose("m.at < {end}", end=wanted.end)
            if standing
            else between(at, wanted.start, wanted.end),
        )


def _people(scope: Scope) -> Sql:
    tagged = compose(_APPLIED, tags=list(scope.joining_tags))
    since = Sql("c.customer_since")
    if scope.question.tag is not None:
        since = tagged
    elif scope.question.segment is not None:
        since = compose("coalesce({tagged}, c.customer_since, c.created_date)", tagged=tagged)
    contact = Sql("c.contact_id")
    return compose(
        _PEOPLE,
        since=since,
        counts=every((scope.is_asked_about(contact), scope.has_records(contact))),
    )


def _query(scope: Scope, window: Window) -> Sql:
    at = Sql("m.at")
    axes = [compose(_SERIES, slot=window.slot(at), end=window.end)]
    if scope.question.group_by is not None:
        found = grouping(scope.question.group_by, scope)
        axes.append(
            compose(
                _GROUPS,
                slot=window.period(at),
                key=found.key,
                joins=found.joins,
                end=window.end,
            )
        )
    return compose(
        "WITH people AS MATERIALIZED ({people}) {axes}",
        people=_people(scope),
        axes=joined(axes, " UNION ALL BY NAME "),
    )


def _standing(rows: Sequence[Row], buckets: int) -> list[Mapping[str, int]]:
    """Return each slot's new customers with how many there are at its end."""
    found: list[Mapping[str, int]] = []
    customers = 0
    for slot in slots(rows, _NEW, buckets):
        customers += slot["new_customers"]
        found.append({"customers": customers, "new_customers": slot["new_customers"]})
    return found
