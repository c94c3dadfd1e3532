"""A segment as a predicate: closures, built once, so that asking it costs no reading of it.

This is the only evaluation there is. Asked for a trace, the very same closures note what each
condition found; they only stop being content with the first answer that settles a group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.domain.segments.moments import Absolute, Moment, Relative
from shared.domain.segments.operators import CONTRARIES
from shared.domain.segments.scoping import Bound, Some, Together, bind
from shared.domain.segments.subject import PLACES, Facts, Subject
from shared.domain.segments.tree import Condition, Group, Match

Values = tuple[Any, ...]
Test = Callable[[Values, Moment], bool]


@dataclass(frozen=True, slots=True)
class Note:
    """What a condition found: whom it spoke of (None where there was nobody), and its answer."""

    condition: Condition
    facts: Facts | None
    met: bool


class Case:
    """A question under way: what is chosen of each entity, and notes where they are wanted."""

    __slots__ = ("chosen", "moment", "notes", "subject")

    def __init__(self, subject: Subject, notes: list[Note] | None) -> None:
        self.subject = subject
        self.moment = subject.moment
        self.chosen: list[Facts | None] = [subject.choices[0][0], None, None]
        self.notes = notes


Meets = Callable[[Case], bool]


class Predicate:
    """A compiled segment."""

    __slots__ = ("_meets",)

    def __init__(self, meets: Meets) -> None:
        self._meets = meets

    def __call__(self, subject: Subject) -> bool:
        """Tell whether the subject is in the segment."""
        return self._meets(Case(subject, None))

    def trace(self, subject: Subject) -> tuple[bool, list[Note]]:
        """Tell the same with a note of each condition, in the order they are written."""
        notes: list[Note] = []
        case = Case(subject, notes)
        return self._meets(case), notes


def compile(tree: Group) -> Predicate:
    """Return the predicate of a parsed segment."""
    return Predicate(_compiled(bind(tree)))


def _compiled(node: Bound) -> Meets:
    if isinstance(node, Condition):
        return _condition(node)
    if isinstance(node, Some):
        return _some(PLACES[node.entity], _compiled(node.below))
    return _together(node)


def _condition(condition: Condition) -> Meets:
    place, name = PLACES[condition.field.entity], condition.field.name
    positive = CONTRARIES.get(condition.operator, condition.operator)
    contrary = positive != condition.operator
    test = _test(condition, positive)

    def meets(case: Case) -> bool:
        facts = case.chosen[place]
        met = facts is not None and test(facts[name], case.moment) is not contrary
        if case.notes is not None:
            case.notes.append(Note(condition, facts, met))
        return met

    return meets


def _together(node: Together) -> Meets:
    members = [_compiled(member) for member in node.members]
    settling = node.match is not Match.ALL
    settled = node.match is Match.ANY

    def meets(case: Case) -> bool:
        found = False
        for member in members:
            if member(case) is settling:
                found = True
                if case.notes is None:
                    break
        return found is settled

    return meets


def _some(place: int, below: Meets) -> Meets:
    def meets(case: Case) -> bool:
        outer, met = case.notes, False
        closest: list[Note] = []
        for choice in case.subject.choices[place]:
            case.chosen[place] = choice
            if outer is not None:
                case.notes = []
            met = below(case)
            if case.notes is not None:
                closest = _closer(closest, case.notes, met)
            if met:
                break
        if outer is not None:
            outer += closest
            case.notes = outer
        return met

    return meets


def _closer(held: list[Note], notes: list[Note], met: bool) -> list[Note]:
    """Return the notes to show: of the choice that met it all, else of the one nearest to it."""
    nearer = sum(note.met for note in notes) > sum(note.met for note in held)
    return notes if met or nearer or not held else held


def _test(condition: Condition, positive: str) -> Test:
    operand = condition.operand
    if isinstance(operand, Absolute | Relative):
        return _lies_in_dates(operand)
    if isinstance(operand, tuple):
        return _lies_between(*operand)
    return _BY_OPERATOR[positive](operand)


def _is(operand: Any) -> Test:
    return lambda values, moment: operand in values


def _is_blank(operand: Any) -> Test:
    return lambda values, moment: not values


# Plain loops: `any` over a generator takes three times as long for the one value most fields have.
def _contains(operand: Any) -> Test:
    def test(values: Values, moment: Moment) -> bool:
        for value in values:  # noqa: SIM110
            if operand in value:
                return True
        return False

    return test


def _starts_with(operand: Any) -> Test:
    return lambda values, moment: any(value.startswith(operand) for value in values)


def _ends_with(operand: Any) -> Test:
    return lambda values, moment: any(value.endswith(operand) for value in values)


_BY_OPERATOR: dict[str, Callable[[Any], Test]] = {
    "is": _is,
    "is_blank": _is_blank,
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
}


def _lies_between(low: int, high: int) -> Test:
    def test(values: Values, moment: Moment) -> bool:
        for value in values:  # noqa: SIM110
            if low <= value <= high:
                return True
        return False

    return test


def _lies_in_dates(asked: Absolute | Relative) -> Test:
    def test(values: Values, moment: Moment) -> bool:
        low, high = moment.interval(asked)
        for value in values:  # noqa: SIM110
            if low <= value <= high:
                return True
        return False

    return test
