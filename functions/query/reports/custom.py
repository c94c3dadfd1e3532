"""A custom report's answer: its groups as people read them, or as a table for other programs.

Money is text in its currency, dates are days or times in text; in Parquet money is a decimal of
three places, which is what the finest currency has, so that sums need no reading of text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from functions.query.adapters import Shelf
from functions.query.reports import ask, custom_sql
from functions.query.reports.scope import Session, run
from shared.domain import money, times
from shared.domain.errors import Invalid, NotFound
from shared.domain.reports.custom_fields import CUSTOM_DATASETS
from shared.domain.reports.custom_question import Bucket, CustomQuestion, Function, Measure
from shared.domain.segments.fields import Kind
from shared.domain.segments.moments import Moment

Json = dict[str, Any]
_DIGITS = 6
_KINDS = {
    Kind.TEXT: "text",
    Kind.LABEL: "text",
    Kind.NUMBER: "number",
    Kind.MONEY: "money",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
}
# How a column is kept in Parquet; sums of numbers may be larger than BIGINT holds.
_PARQUET = {
    "text": "VARCHAR",
    "number": "DECIMAL(38, 0)",
    "decimal": "DOUBLE",
    "count": "BIGINT",
    "money": "DECIMAL(38, 3)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIMESTAMP",
}


@dataclass(frozen=True, slots=True)
class CustomColumn:
    """A column of the answer; its kind is one of those that are kept in Parquet."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class CustomAnswer:
    """What was found; `total` counts the rows there are, of which `rows` may be the first."""

    columns: tuple[CustomColumn, ...]
    rows: list[Json]
    total: int
    other_currencies: list[str]


def answer_custom(
    asked: CustomQuestion, *, store: Shelf, session: Session, now: int, local: bool
) -> CustomAnswer:
    """Return what a custom report finds.

    Raise Invalid for an unknown segment, Conflict for one that makes no sense any more, BadRequest
    for an unknown connection.
    """
    question = asked.question
    try:
        scope = ask.scope_of(question, store=store, session=session, now=now, local=local)
    except NotFound as error:
        fault = ("segment", "is no segment's id")
        raise Invalid("The body breaks the rules of this report.", (fault,)) from error
    moment = Moment(now, question.zone, question.currency)
    rows = run(session, custom_sql.query_of(asked, scope, moment))
    return CustomAnswer(
        columns=columns_of(asked),
        rows=[_told(row, asked) for row in rows],
        total=rows[0]["total"] if rows else 0,
        other_currencies=custom_sql.currencies_of(asked, scope),
    )


def to_json(asked: CustomQuestion, found: CustomAnswer, as_of: int) -> Json:
    """Return the answer as the API prints it; `as_of` is in ms, 0 for an empty log."""
    question = asked.question
    notes = []
    if found.total > len(found.rows):
        message = f"There are {found.total} rows; these are the first {len(found.rows)}."
        notes.append({"code": "rows_limited", "message": message})
    return {
        "report": "custom",
        "dataset": asked.dataset.name,
        "date_field": asked.dated.name,
        "from": question.first.isoformat() if question.first else None,
        "to": question.last.isoformat() if asked.has_last else None,
        "timezone": question.timezone,
        "currency": asked.fixed,
        "columns": [{"name": each.name, "kind": each.kind} for each in found.columns],
        "items": found.rows,
        "total": found.total,
        "other_currencies": found.other_currencies,
        "as_of": times.to_text(as_of or None),
        "notes": notes,
    }


def parquet_columns(found: CustomAnswer) -> dict[str, str]:
    """Return the columns of the same as a Parquet file, with their types."""
    return {each.name: _PARQUET[each.kind] for each in found.columns}


def plain_rows(found: CustomAnswer) -> list[Json]:
    """Return the rows for such a file: times as it has them, in UTC."""
    timed = [each.name for each in found.columns if each.kind == "time"]
    return [{**row, **{name: _plain_time(row[name]) for name in timed}} for row in found.rows]


def _plain_time(text: str | None) -> str | None:
    return None if text is None else text.removesuffix("Z").replace("T", " ")


def columns_of(asked: CustomQuestion) -> tuple[CustomColumn, ...]:
    """Return the columns of a question's answer."""
    dimensions = [
        CustomColumn(each.name, "time" if each.bucket is Bucket.TIME else _KINDS[each.field.kind])
        for each in asked.dimensions
    ]
    return (*dimensions, *(CustomColumn(each.name, _kind(each)) for each in asked.measures))


def datasets_told() -> list[Json]:
    """Return what there is to ask, as the definition tells it."""
    return [
        {
            "dataset": each.name,
            "date_field": each.dated,
            "fields": [
                {
                    "name": field.name,
                    "kind": _KINDS[field.kind],
                    "list": field.listed or None,
                    "personal": field.personal,
                }
                for field in each.fields.values()
            ],
        }
        for each in CUSTOM_DATASETS.values()
    ]


def _kind(measure: Measure) -> str:
    if measure.field is None or measure.function is Function.COUNT_DISTINCT:
        return "count"
    kind = measure.field.kind
    if kind is Kind.DATE:
        return "time"
    if measure.function is Function.AVG and kind is Kind.NUMBER:
        return "decimal"
    return _KINDS[kind]


def _told(row: Mapping[str, Any], asked: CustomQuestion) -> Json:
    """Return a group as people read it."""
    names = [each.name for each in asked.dimensions]
    currency = asked.fixed
    if asked.dataset.currency in names:
        currency = row[f"d{names.index(asked.dataset.currency)}"]
    values = [row[f"d{number}"] for number in range(len(names))]
    values += [_worked_out(row, number, each) for number, each in enumerate(asked.measures)]
    columns: Sequence[CustomColumn] = columns_of(asked)
    return {
        column.name: _shown(value, column.kind, currency)
        for column, value in zip(columns, values, strict=True)
    }


def _worked_out(row: Mapping[str, Any], number: int, measure: Measure) -> Any:
    """Return a measure's value, an average exactly."""
    value = row[f"m{number}"]
    if measure.function is not Function.AVG:
        return value
    return Fraction(int(value), row[f"m{number}_of"]) if row[f"m{number}_of"] else None


def _shown(value: Any, kind: str, currency: str | None) -> str | int | float | bool | None:
    if value is None:
        return None
    if kind == "money":
        # An average is rounded half to even.
        return money.to_text(round(value), currency)
    if kind == "time":
        return times.to_text(value)
    if kind == "decimal":
        return round(float(value), _DIGITS)
    if kind in ("count", "number"):
        return int(value)
    shown: str | bool = value
    return shown
