"""A custom report as SQL: its texts come from the catalogue of fields, its values are bound.

Rows `m` are the records that count; where a list is named, one for each of its elements `m.e`, and
`m.leads` tells a record's first row in each group, by which what belongs to the record counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from functions.query.reports.scope import Scope, run
from functions.query.reports.touches import PEOPLE
from shared.domain.reports.calendar import Interval, Span, local_day
from shared.domain.reports.custom_fields import CustomDataset
from shared.domain.reports.custom_question import (
    Bucket,
    CustomQuestion,
    Dimension,
    Function,
    Measure,
)
from shared.domain.reports.sql import FALSE, TRUE, Sql, compose, every, joined
from shared.domain.segments.fields import Kind
from shared.domain.segments.moments import Moment
from shared.domain.segments.sql_conditions import condition_on
from shared.domain.segments.tree import Condition, Group, Match

# Years 1970 to 2099: dates beyond are somebody's mistake.
_PLAUSIBLE = "({value} BETWEEN 0 AND 4102444799999)"
_BASE = "base AS (SELECT {columns} FROM {source} m WHERE {counts})"
_KEPT = """kept AS (
  SELECT m.*, row_number() OVER () AS n FROM base m WHERE {conditions}
)"""
_PARTS = """parts AS (
  SELECT m.*, unnest(CASE WHEN len(m.{listed}) > 0 THEN m.{listed} ELSE [NULL] END) AS e FROM kept m
)"""
_FOUND = """
SELECT *, count(*) OVER () AS total FROM (
  SELECT {columns} FROM (
    SELECT m.*, {leads} AS leads FROM (SELECT m.*, {dimensions} FROM {rows} m) m
  ) m GROUP BY ALL
) ORDER BY {order} LIMIT {most}
"""
_LEADS = "row_number() OVER (PARTITION BY {keys}) = 1"
# The address of an activity is some contact's, or nobody's yet.
_ACTIVITY = """(SELECT a.*, p.contact_id FROM activity a
  LEFT JOIN ({people}) p ON p.address = a.email)"""


def query_of(asked: CustomQuestion, scope: Scope, moment: Moment) -> Sql:
    """Return the groups: columns `d0`, `d1`, … and `m0`, `m1`, …, and how many there are in all.

    An average is two columns, `m0` the sum and `m0_of` how many it is of.
    """
    tables = _tables(asked, scope, moment)
    dimensions = [
        compose(
            "{value} AS d{n}",
            value=_dimension(each, asked, scope, tables),
            n=Sql(str(number)),
        )
        for number, each in enumerate(asked.dimensions)
    ]
    names = [f"d{number}" for number in range(len(asked.dimensions))]
    keys = Sql(", ".join(["m.n", *(f"m.{name}" for name in names)]))
    measures = [
        column for number, each in enumerate(asked.measures) for column in _measure(each, number)
    ]
    found = compose(
        _FOUND,
        columns=joined([*(Sql(f"m.{name}") for name in names), *measures], ", "),
        leads=compose(_LEADS, keys=keys) if asked.listed else TRUE,
        dimensions=joined(dimensions, ", ") if dimensions else Sql("0 AS whole"),
        rows=_rows(asked),
        order=_order(asked, names),
        most=asked.limit,
    )
    return compose("WITH {tables} {found}", tables=tables, found=found)


def currencies_of(asked: CustomQuestion, scope: Scope) -> list[str]:
    """Return the currencies beside the one that is counted, as far as the range has any."""
    if asked.fixed is None or asked.dataset.currency is None:
        return []
    listed, _, name = asked.dataset.currency.rpartition(".")
    value = Sql(f'unnest(m."{listed}")."{name}"' if listed else f'm."{name}"')
    query = compose(
        "WITH {base} SELECT DISTINCT {value} AS currency FROM base m",
        base=_base(asked, scope, Sql("m.*")),
        value=value,
    )
    found = {row["currency"] for row in run(scope.session, query)}
    return sorted(found - {asked.fixed, None})


def _tables(asked: CustomQuestion, scope: Scope, moment: Moment) -> Sql:
    """Return what groups are made of, for a WITH: the records, and the elements of their lists."""
    listed, _, _ = (asked.dataset.currency or "").rpartition(".")
    columns, in_currency = Sql("m.*"), TRUE
    conditions = _conditions(asked.filters, asked.dataset, moment)
    if asked.fixed is not None and listed:
        # Money of a list: elements of other currencies are as if they were not there.
        columns = compose(
            "m.* REPLACE (list_filter(m.{listed}, lambda v: v.currency = {currency}) AS {listed})",
            listed=Sql(listed),
            currency=asked.fixed,
        )
    elif asked.fixed is not None:
        in_currency = compose("m.currency = {currency}", currency=asked.fixed)
    parts = [
        _base(asked, scope, columns),
        compose(_KEPT, conditions=every((conditions, in_currency))),
    ]
    if asked.listed:
        parts.append(compose(_PARTS, listed=Sql(f'"{asked.listed}"')))
    return joined(parts, ", ")


def _rows(asked: CustomQuestion) -> Sql:
    return Sql("parts" if asked.listed else "kept")


def _base(asked: CustomQuestion, scope: Scope, columns: Sql) -> Sql:
    counts = _counts(asked, scope)
    return compose(_BASE, columns=columns, source=_source(asked.dataset), counts=counts)


def _source(dataset: CustomDataset) -> Sql:
    if dataset.name == "activity":
        return compose(_ACTIVITY, people=PEOPLE)
    return Sql(dataset.name)


def _counts(asked: CustomQuestion, scope: Scope) -> Sql:
    """Return which records count: whose, where from, and when."""
    name, record = asked.dataset.name, Sql("m")
    whose = scope.is_asked_about(Sql("m.contact_id"))
    if name == "contacts":
        whose = every((whose, scope.has_records(Sql("m.contact_id"))))
    elif name in ("orders", "recurring_payments"):
        whose = scope.counts(record)
    else:
        narrow = scope.question
        limited = narrow.test or narrow.connection is not None or narrow.provider is not None
        # What came from no connection is nobody else's.
        of_connections = compose(
            "coalesce({met}, {otherwise})",
            met=scope.of_connections(record),
            otherwise=FALSE if limited else TRUE,
        )
        whose = every((whose, of_connections))
    value = Sql(asked.dated.value)
    question = asked.question
    span = Span(question.first or question.last, question.last, question.zone)
    since = compose("{value} >= {start}", value=value, start=span.start)
    until = compose("{value} < {end}", value=value, end=span.end)
    return every((whose, since if question.first else TRUE, until if asked.has_last else TRUE))


def _conditions(group: Group, dataset: CustomDataset, moment: Moment) -> Sql:
    """Return the conditions as SQL that is true or false."""
    met = [
        _conditions(each, dataset, moment)
        if isinstance(each, Group)
        else _condition(each, dataset, moment)
        for each in group.members
    ]
    if group.match is Match.ALL:
        return compose("({all})", all=joined(met, " AND ")) if met else TRUE
    anything = compose("({any})", any=joined(met, " OR ")) if met else FALSE
    return anything if group.match is Match.ANY else compose("(NOT {any})", any=anything)


def _condition(asked: Condition, dataset: CustomDataset, moment: Moment) -> Sql:
    field = dataset.fields[asked.field.name]
    found = condition_on(field.filtered, asked, moment, dataset.currency_of(field))
    return Sql(found.text, tuple(found.params))


def _dimension(dimension: Dimension, asked: CustomQuestion, scope: Scope, tables: Sql) -> Sql:
    value = Sql(dimension.field.value)
    if dimension.field.kind is Kind.TEXT:
        return compose("nullif({value}, '')", value=value)
    if dimension.field.kind is not Kind.DATE:
        return value
    plausible = compose(_PLAUSIBLE, value=value)
    if dimension.bucket in (Bucket.TIME, None):
        return compose("CASE WHEN {plausible} THEN {value} END", plausible=plausible, value=value)
    return _bucket(dimension, asked, scope, tables, plausible)


def _bucket(
    dimension: Dimension, asked: CustomQuestion, scope: Scope, tables: Sql, plausible: Sql
) -> Sql:
    """Return the date of a moment's bucket: which there are has to be asked first."""
    value = Sql(dimension.field.value)
    query = compose(
        "WITH {tables} SELECT min({value}) AS first, max({value}) AS last FROM {rows} m"
        " WHERE {plausible}",
        tables=tables,
        value=value,
        rows=_rows(asked),
        plausible=plausible,
    )
    [found] = run(scope.session, query)
    if found["first"] is None:
        return Sql("CAST(NULL AS VARCHAR)")
    zone = UTC if dimension.field.field.civil else asked.question.zone
    span = Span(local_day(found["first"], zone), local_day(found["last"], zone), zone)
    buckets = span.buckets(Interval(str(dimension.bucket)))
    return compose(
        "CASE WHEN {plausible} THEN ({dates}::VARCHAR[])[1 + {number}] END",
        plausible=plausible,
        dates=[each.isoformat() for each in buckets.dates],
        number=buckets.number_of(value),
    )


def _measure(measure: Measure, number: int) -> list[Sql]:
    """Return a measure's columns; what belongs to the record counts once in each group."""
    name, field = f"m{number}", measure.field
    if field is None:
        return [Sql(f"count(*) FILTER (WHERE m.leads) AS {name}")]
    if measure.function is Function.COUNT_DISTINCT:
        return [Sql(f"count(DISTINCT {_counted(measure)}) AS {name}")]
    once = "" if field.listed else " FILTER (WHERE m.leads)"
    if measure.function is Function.AVG:
        return [
            Sql(f"sum({field.value}){once} AS {name}"),
            Sql(f"count({field.value}){once} AS {name}_of"),
        ]
    return [Sql(f"{_CALLS[measure.function]}({field.value}){once} AS {name}")]


def _counted(measure: Measure) -> str:
    assert measure.field is not None  # noqa: S101  # the request was read so
    value = measure.field.value
    return f"nullif({value}, '')" if measure.field.kind is Kind.TEXT else value


# The names of SQL are of this table, not of the request.
_CALLS = {Function.SUM: "sum", Function.MIN: "min", Function.MAX: "max"}


def _order(asked: CustomQuestion, names: Sequence[str]) -> Sql:
    """Return the order: as asked, then by the dimensions, so that equals never change places."""
    rest = [Sql(f"{name} NULLS LAST") for name in names]
    if asked.order is not None:
        number, largest = asked.order
        count = len(names)
        column = names[number] if number < count else f"m{number - count}"
        if number >= count and asked.measures[number - count].function is Function.AVG:
            column = f"{column} / {column}_of"
        way = " DESC" if largest else ""
        rest.insert(0, Sql(f"{column}{way} NULLS LAST"))
    return joined(rest, ", ") if rest else Sql("1")
