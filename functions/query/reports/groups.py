"""What reports may be grouped by: each name of the API chooses one of the expressions here.

A grouping is joined to rows `m`, which have `connection_id`, `contact_id`, `recurring_payment_id`
and `currency` as far as there are such, and gives them a key; NULL is the group of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from functions.query.reports.scope import Scope, run
from shared.domain.reports.calendar import Interval, Span, local_day
from shared.domain.reports.sql import NULL, Sql, compose, joined

NOTHING = "(none)"
# Years 1970 to 2099: months beyond are somebody's mistake.
_PLAUSIBLE = Sql("g.first_order_date BETWEEN 0 AND 4102444799999")
_NOBODY = Sql("SELECT CAST(NULL AS VARCHAR) AS contact_id, CAST(NULL AS VARCHAR) AS key LIMIT 0")
_OF_CONTACT = Sql("LEFT JOIN contacts g ON g.contact_id = m.contact_id")
_OF_RECURRING_PAYMENT = Sql(
    "LEFT JOIN recurring_payments g"
    " ON g.connection_id = m.connection_id AND g.id = m.recurring_payment_id"
)


@dataclass(frozen=True, slots=True)
class Grouping:
    """How rows `m` get their key, and what a group is called where its key does not say it."""

    joins: Sql
    key: Sql
    label: Sql = NULL


def grouping(name: str, scope: Scope) -> Grouping:
    """Return a grouping by its name, which the question's definition allows."""
    return _GROUPINGS[name](scope)


def labels(name: str | None, keys: Iterable[str | None], scope: Scope) -> Mapping[str, str]:
    """Return what groups are called by their keys, as far as more is known of them than that."""
    wanted = sorted({key for key in keys if key is not None})
    if name in ("segment", "automation"):
        return scope.names
    if name == "connection":
        return {each["connection_id"]: str(each["name"]) for each in scope.connections}
    if name == "interval":
        return {key: _every(key) for key in wanted}
    if name == "product" and wanted:
        query = compose(
            "SELECT id, max(name) AS name FROM catalogue WHERE kind = 'product'"
            " AND id IN (SELECT unnest({wanted}::VARCHAR[])) AND name IS NOT NULL GROUP BY id",
            wanted=wanted,
        )
        return {row["id"]: row["name"] for row in run(scope.session, query)}
    return {}


def _every(key: str) -> str:
    interval, _, count = key.partition("/")
    words = {"daily": "days", "weekly": "weeks", "monthly": "months", "yearly": "years"}
    return f"every {count} {words.get(interval, interval)}" if count else interval


def _plain(joins: Sql, key: str, label: str = "NULL") -> Callable[[Scope], Grouping]:
    found = Grouping(joins, Sql(key), Sql(label))
    return lambda scope: found


def _provider(scope: Scope) -> Grouping:
    cases = [
        compose("WHEN {id} THEN {provider}", id=each["connection_id"], provider=each["provider"])
        for each in scope.connections
    ]
    if not cases:
        return Grouping(Sql(""), NULL)
    key = compose("CASE m.connection_id {cases} END", cases=joined(cases, " "))
    return Grouping(Sql(""), key)


def _segment(scope: Scope) -> Grouping:
    parts = [
        compose(
            "SELECT c.contact_id, {id} AS key FROM contacts c WHERE {met}", id=segment_id, met=met
        )
        for segment_id, met in scope.segments.items()
    ]
    members = joined(parts, " UNION ALL ") if parts else _NOBODY
    joins = compose("LEFT JOIN ({members}) g ON g.contact_id = m.contact_id", members=members)
    return Grouping(joins, Sql("g.key"))


def _first_order_month(scope: Scope) -> Grouping:
    """Return the months of first orders: which there are has to be asked first."""
    query = compose(
        "SELECT min(g.first_order_date), max(g.first_order_date) FROM contacts g WHERE {plausible}",
        plausible=_PLAUSIBLE,
    )
    [(earliest, latest)] = scope.session.rows(query.text, query.params)
    if earliest is None:
        return Grouping(Sql(""), NULL)
    zone = scope.question.zone
    span = Span(local_day(earliest, zone), local_day(latest, zone), zone)
    months = span.buckets(Interval.MONTH)
    key = compose(
        "CASE WHEN {plausible} THEN ({months}::VARCHAR[])[1 + {number}] END",
        plausible=_PLAUSIBLE,
        months=[f"{each:%Y-%m}" for each in months.dates],
        number=months.number_of(Sql("g.first_order_date")),
    )
    return Grouping(_OF_CONTACT, key)


_GROUPINGS: Mapping[str, Callable[[Scope], Grouping]] = {
    "connection": _plain(Sql(""), "m.connection_id"),
    "provider": _provider,
    "currency": _plain(Sql(""), "m.currency"),
    "product": _plain(
        _OF_RECURRING_PAYMENT,
        "coalesce(nullif(g.line_items[1].store_primary_id, ''), nullif(g.line_items[1].name, ''))",
        "g.line_items[1].name",
    ),
    "interval": _plain(
        _OF_RECURRING_PAYMENT,
        "CASE WHEN coalesce(g.billing_interval_count, 1) = 1 THEN g.billing_interval"
        " ELSE g.billing_interval || '/' || g.billing_interval_count END",
    ),
    "country": _plain(_OF_RECURRING_PAYMENT, "nullif(g.billing_address.country, '')"),
    "tag": _plain(
        Sql(
            "LEFT JOIN (SELECT contact_id, unnest(tags).tag AS key FROM contacts) g"
            " ON g.contact_id = m.contact_id"
        ),
        "g.key",
    ),
    "source": _plain(_OF_CONTACT, "nullif(g.first_source, '')"),
    "campaign": _plain(_OF_CONTACT, "nullif(g.campaign, '')"),
    "segment": _segment,
    "first_order_month": _first_order_month,
}
