"""Turns parsed conditions into closures over (item, values).

A missing attribute or a mismatch of types never raises: the comparison is false (`<>` is true).
"""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.simulation.dynamodb.literals import Check, Values, literal_checks
from tests.simulation.dynamodb.parser import Names, parse_condition
from tests.simulation.dynamodb.paths import lookup
from tests.simulation.dynamodb.syntax import (
    AllOf,
    AnyOf,
    Attribute,
    Between,
    Call,
    Compare,
    Condition,
    In,
    Not,
    Operand,
    Parsed,
    Path,
    Placeholder,
    Size,
)
from tests.simulation.dynamodb.values import SETS, Item, Value, kind_of, ordering, value_bytes

Test = Callable[[Item, Values], bool]
Read = Callable[[Item, Values], Value | None]

_ORDERED = ("S", "N", "B")
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": python_operator.lt,
    "<=": python_operator.le,
    ">": python_operator.gt,
    ">=": python_operator.ge,
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition ready for use: its tree, its closure, and the checks of its literals."""

    parsed: Parsed[Condition]
    test: Test
    checks: tuple[Check, ...]


@lru_cache(maxsize=2048)
def compiled(kind: str, text: str, names: Names) -> Compiled:
    """Return a condition's text compiled; `kind` is the parameter's name, for messages."""
    parsed = parse_condition(kind, text, names)
    checks = tuple(literal_checks(kind, parsed.tree))
    return Compiled(parsed, compile_condition(parsed.tree), checks)


def compile_condition(tree: Condition) -> Test:
    """Return a closure that says whether the condition holds for an item."""
    if isinstance(tree, AllOf | AnyOf):
        tests = [compile_condition(part) for part in tree.conditions]
        gather = all if isinstance(tree, AllOf) else any
        return lambda item, values: gather(test(item, values) for test in tests)
    if isinstance(tree, Not):
        inner = compile_condition(tree.condition)
        return lambda item, values: not inner(item, values)
    if isinstance(tree, Call):
        return _compile_call(tree)
    if isinstance(tree, Between):
        return _compile_between(tree)
    if isinstance(tree, In):
        return _compile_in(tree)
    return _compile_compare(tree)


def _reader(operand: Operand) -> Read:
    if isinstance(operand, Placeholder):
        name = operand.name
        return lambda _item, values: values[name]
    path: Path = operand.path
    if isinstance(operand, Size):
        return lambda item, _values: size_of(lookup(item, path))
    if len(path) == 1:
        attribute = str(path[0])
        return lambda item, _values: item.get(attribute)
    return lambda item, _values: lookup(item, path)


def size_of(value: Value | None) -> Value | None:
    """Return what `size()` answers, or None for a type that has no size."""
    if value is None:
        return None
    ((tag, body),) = value.items()
    if tag == "B":
        return {"N": str(value_bytes(value))}
    if tag in ("S", "L", "M") or tag in SETS:
        return {"N": str(len(body))}
    return None


def compare(symbol: str, left: Value | None, right: Value | None) -> bool:
    """Compare two values; nothing is ordered with a missing value or one of another type."""
    if symbol == "=":
        return left is not None and left == right
    if symbol == "<>":
        return left is None or left != right
    if left is None or right is None or kind_of(left) != kind_of(right):
        return False
    if kind_of(left) not in _ORDERED:
        return False
    return _ORDERINGS[symbol](ordering(left), ordering(right))


def _compile_compare(tree: Compare) -> Test:
    left, right, symbol = _reader(tree.left), _reader(tree.right), tree.operator
    return lambda item, values: compare(symbol, left(item, values), right(item, values))


def _compile_between(tree: Between) -> Test:
    value, low, high = _reader(tree.operand), _reader(tree.low), _reader(tree.high)

    def test(item: Item, values: Values) -> bool:
        found = value(item, values)
        return compare(">=", found, low(item, values)) and compare("<=", found, high(item, values))

    return test


def _compile_in(tree: In) -> Test:
    value, options = _reader(tree.operand), [_reader(option) for option in tree.options]

    def test(item: Item, values: Values) -> bool:
        found = value(item, values)
        return any(compare("=", found, option(item, values)) for option in options)

    return test


def _compile_call(tree: Call) -> Test:
    subject = _reader(Attribute(tree.path))
    if tree.argument is None:
        wanted = tree.function == "attribute_exists"
        return lambda item, values: (subject(item, values) is not None) == wanted
    argument = _reader(tree.argument)
    holds = {"attribute_type": _has_type, "begins_with": _begins, "contains": _contains}
    verdict = holds[tree.function]

    def test(item: Item, values: Values) -> bool:
        found, given = subject(item, values), argument(item, values)
        return found is not None and given is not None and verdict(found, given)

    return test


def _has_type(found: Value, given: Value) -> bool:
    return given == {"S": kind_of(found)}


def _begins(found: Value, given: Value) -> bool:
    if kind_of(found) != kind_of(given) or kind_of(found) not in ("S", "B"):
        return False
    start: bool = ordering(found).startswith(ordering(given))
    return start


def _contains(found: Value, given: Value) -> bool:
    tag = kind_of(found)
    if tag in SETS:
        return given.get(SETS[tag]) in found[tag]
    if tag == "L":
        return given in found["L"]
    if tag not in ("S", "B") or kind_of(given) != tag:
        return False
    return ordering(given) in ordering(found)
