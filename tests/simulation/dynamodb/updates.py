"""UpdateExpression: SET, REMOVE, ADD and DELETE, read once, applied to a copy of an item.

Every right-hand side sees the item as it was before the update; list positions, too, are those of
the item before. The item given is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.literals import Values
from tests.simulation.dynamodb.number import add_numbers
from tests.simulation.dynamodb.parser import Names, read_path, read_placeholder
from tests.simulation.dynamodb.paths import lookup, overlapping, put_at, remove_at
from tests.simulation.dynamodb.syntax import Attribute, Cursor, Parsed, Path, Placeholder
from tests.simulation.dynamodb.values import SETS, Item, Value, copy_value, kind_of, sorted_set

KIND = "UpdateExpression"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_MISSING = "The provided expression refers to an attribute that does not exist in the item"


@dataclass(frozen=True, slots=True)
class IfNotExists:
    path: Path
    otherwise: Term


@dataclass(frozen=True, slots=True)
class ListAppend:
    head: Term
    tail: Term


@dataclass(frozen=True, slots=True)
class Sum:
    left: Term
    right: Term
    sign: int


Term = Attribute | Placeholder | IfNotExists | ListAppend | Sum


@dataclass(frozen=True, slots=True)
class Update:
    """What an UpdateExpression does, by clause."""

    sets: tuple[tuple[Path, Term], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, Placeholder], ...] = ()
    deletes: tuple[tuple[Path, Placeholder], ...] = ()

    @property
    def paths(self) -> list[Path]:
        """The paths the update touches, in the order of the clauses."""
        pairs = (*self.sets, *self.adds, *self.deletes)
        return [*(path for path, _ in pairs), *self.removes]


@lru_cache(maxsize=2048)
def parse_update(text: str, names: Names) -> Parsed[Update]:
    """Return what an UpdateExpression does; raise AwsError where it contradicts itself."""
    cursor = Cursor(KIND, text, dict(names))
    clauses: dict[str, list[tuple[Path, Term]]] = {}
    while section := cursor.take("SET", "REMOVE", "ADD", "DELETE"):
        if section in clauses:
            cursor.refuse(f'The "{section}" section can only be used once in an update expression;')
        clauses[section] = [_read_action(cursor, section)]
        while cursor.take(","):
            clauses[section].append(_read_action(cursor, section))
    update = Update(
        sets=tuple(clauses.get("SET", ())),
        removes=tuple(path for path, _ in clauses.get("REMOVE", ())),
        adds=_with_placeholders(clauses.get("ADD", [])),
        deletes=_with_placeholders(clauses.get("DELETE", [])),
    )
    pair = overlapping(update.paths)
    if pair:
        cursor.refuse(
            "Two document paths overlap with each other; must remove or rewrite one of these "
            f"paths; path one: {list(pair[0])}, path two: {list(pair[1])}"
        )
    return cursor.finish(update)


def _read_action(cursor: Cursor, section: str) -> tuple[Path, Term]:
    path = read_path(cursor)
    if section == "REMOVE":
        return path, Attribute(path)
    if section == "SET":
        cursor.expect("=")
        return path, _read_sum(cursor)
    placeholder = read_placeholder(cursor)
    if placeholder is None:
        cursor.unexpected()
    return path, placeholder


def _with_placeholders(
    actions: list[tuple[Path, Term]],
) -> tuple[tuple[Path, Placeholder], ...]:
    return tuple((path, term) for path, term in actions if isinstance(term, Placeholder))


def _read_sum(cursor: Cursor) -> Term:
    left = _read_term(cursor)
    symbol = cursor.take("+", "-")
    if symbol is None:
        return left
    return Sum(left, _read_term(cursor), 1 if symbol == "+" else -1)


def _read_term(cursor: Cursor) -> Term:
    if not cursor.calls_function():
        return read_placeholder(cursor) or Attribute(read_path(cursor))
    function = cursor.tokens[cursor.at].text
    cursor.at += 2
    if function == "if_not_exists":
        path = read_path(cursor)
        cursor.expect(",")
        term: Term = IfNotExists(path, _read_term(cursor))
    elif function == "list_append":
        head = _read_term(cursor)
        cursor.expect(",")
        term = ListAppend(head, _read_term(cursor))
    else:
        cursor.refuse(f"Invalid function name; function: {function}")
    cursor.expect(")")
    return term


def apply_update(before: Item, update: Update, values: Values) -> Item:
    """Return the item after the update; raise AwsError where it does not fit the item."""
    results = [(path, _evaluate(term, before, values)) for path, term in update.sets]
    results += [(path, _added(lookup(before, path), values[v.name])) for path, v in update.adds]
    after = dict(before)
    for path in update.paths:
        top = str(path[0])
        if len(path) > 1 and top in before and after[top] is before[top]:
            after[top] = copy_value(before[top])
    # Appends beyond a list's end land in the order of the positions asked for.
    for path, value in sorted(results, key=_position):
        put_at(after, path, value)
    for path, placeholder in update.deletes:
        _delete_elements(after, path, values[placeholder.name])
    for path in sorted(update.removes, key=lambda path: _position((path, None)), reverse=True):
        remove_at(after, path)
    return after


def _position(action: tuple[Path, object]) -> int:
    last = action[0][-1]
    return last if isinstance(last, int) else -1


def _evaluate(term: Term, item: Item, values: Values) -> Value:
    if isinstance(term, Placeholder):
        return values[term.name]
    if isinstance(term, Attribute):
        found = lookup(item, term.path)
        if found is None:
            raise invalid(_MISSING)
        return found
    if isinstance(term, IfNotExists):
        found = lookup(item, term.path)
        return found or _evaluate(term.otherwise, item, values)
    if isinstance(term, ListAppend):
        head, tail = _evaluate(term.head, item, values), _evaluate(term.tail, item, values)
        return {"L": [*_body(head, "L"), *_body(tail, "L")]}
    left, right = _evaluate(term.left, item, values), _evaluate(term.right, item, values)
    return {"N": add_numbers(_body(left, "N"), _body(right, "N"), sign=term.sign)}


def _body(value: Value, tag: str) -> str:
    if kind_of(value) != tag:
        raise invalid(_WRONG_TYPE)
    body: str = value[tag]
    return body


def _added(found: Value | None, given: Value) -> Value:
    """Return the sum of two numbers or the union of two sets, as ADD makes it."""
    tag = kind_of(given)
    if tag != "N" and tag not in SETS:
        raise invalid(
            f"Invalid {KIND}: Incorrect operand type for operator or function; operator: ADD, "
            f"operand type: {tag}"
        )
    if found is None:
        return given
    if tag == "N":
        return {"N": add_numbers(_body(found, "N"), given["N"])}
    return {tag: sorted_set(tag, list({*_body(found, tag), *given[tag]}))}


def _delete_elements(item: Item, path: Path, given: Value) -> None:
    """Take elements from a set in place; the attribute goes with its last element."""
    tag = kind_of(given)
    if tag not in SETS:
        raise invalid(
            f"Invalid {KIND}: Incorrect operand type for operator or function; operator: DELETE, "
            f"operand type: {tag}"
        )
    found = lookup(item, path)
    if found is None:
        return
    left = [element for element in _body(found, tag) if element not in given[tag]]
    if left:
        put_at(item, path, {tag: left})
    else:
        remove_at(item, path)
