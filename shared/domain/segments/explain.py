"""Why somebody is in a segment or not: each condition with what it found, as the API prints it.

The rows are the evaluation's own notes, so they cannot tell another story than what happened. Of
several recurring payments the rows speak of the one that met the conditions, else of the one that
met most of them. `met` is the condition's own answer, also inside a `none`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.domain import money, times
from shared.domain.segments.evaluate import Note, Predicate
from shared.domain.segments.fields import Field, Kind
from shared.domain.segments.subject import Facts, Subject


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and a row `{path, field, operator, value, actual, met}` for each condition."""

    met: bool
    conditions: list[dict[str, Any]]


def explain(predicate: Predicate, subject: Subject) -> Explanation:
    """Return the predicate's answer for a subject, with its reasons."""
    met, notes = predicate.trace(subject)
    return Explanation(met, [_row(note) for note in notes])


def _row(note: Note) -> dict[str, Any]:
    condition = note.condition
    return {
        "path": condition.path,
        "field": condition.field.name,
        "operator": condition.operator,
        "value": condition.value,
        "actual": _actual(condition.field, note.facts),
        "met": note.met,
    }


def _actual(field: Field, facts: Facts | None) -> Any:
    """Return a field's value in the API's text, a list where there can be several."""
    if facts is None:
        return None
    values = field.values(facts.source)
    if field.kind is Kind.DATE:
        values = [times.to_text(each) for each in values]
    elif field.kind is Kind.MONEY:
        values = [money.to_text(each, facts.source.get("currency")) for each in values]
    if field.many:
        return values
    return values[0] if values else None
