"""Checks of the literals in a condition, made before anything is read.

An attribute of the wrong type only makes a comparison false; a literal of the wrong type is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.syntax import (
    AllOf,
    AnyOf,
    Between,
    Call,
    Compare,
    Condition,
    In,
    Not,
    Operand,
    Placeholder,
)
from tests.simulation.dynamodb.values import Value, kind_of, ordering

Values = Mapping[str, Value]
Check = Callable[[Values], None]
Leaf = Compare | Between | In | Call

_ORDERED = ("S", "N", "B")
_TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")


def leaves(tree: Condition) -> Iterator[Leaf]:
    """Yield the conditions of a tree that are not made of conditions."""
    if isinstance(tree, AllOf | AnyOf):
        for part in tree.conditions:
            yield from leaves(part)
    elif isinstance(tree, Not):
        yield from leaves(tree.condition)
    else:
        yield tree


def literal_checks(kind: str, tree: Condition) -> Iterator[Check]:
    """Yield what to check of the values given, once per call; each raises AwsError."""
    for leaf in leaves(tree):
        symbol, operands, allowed = _typed_operands(leaf)
        for operand in operands:
            if isinstance(operand, Placeholder):
                yield partial(_check_type, kind, symbol, operand.name, allowed)
        if symbol == "BETWEEN":
            _, low, high = operands
            if isinstance(low, Placeholder) and isinstance(high, Placeholder):
                yield partial(_check_bounds, kind, low.name, high.name)
        if symbol == "attribute_type" and isinstance(operands[0], Placeholder):
            yield partial(_check_type_name, kind, operands[0].name)


def _typed_operands(leaf: Leaf) -> tuple[str, tuple[Operand | None, ...], tuple[str, ...]]:
    """Return a leaf's operator, the operands whose type it minds, and the types it takes."""
    if isinstance(leaf, Compare) and leaf.operator not in ("=", "<>"):
        return leaf.operator, (leaf.left, leaf.right), _ORDERED
    if isinstance(leaf, Between):
        return "BETWEEN", (leaf.operand, leaf.low, leaf.high), _ORDERED
    if isinstance(leaf, Call) and leaf.function == "attribute_type":
        return leaf.function, (leaf.argument,), ("S",)
    if isinstance(leaf, Call) and leaf.function == "begins_with":
        return leaf.function, (leaf.argument,), ("S", "B")
    return "", (), ()


def _check_type(
    kind: str, symbol: str, name: str, allowed: tuple[str, ...], values: Values
) -> None:
    if kind_of(values[name]) not in allowed:
        raise invalid(
            f"Invalid {kind}: Incorrect operand type for operator or function; operator or "
            f"function: {symbol}, operand type: {kind_of(values[name])}"
        )


def _check_bounds(kind: str, low_name: str, high_name: str, values: Values) -> None:
    low, high = values[low_name], values[high_name]
    bounds = f"lower bound operand: {low}, upper bound operand: {high}"
    if kind_of(low) != kind_of(high):
        raise invalid(
            f"Invalid {kind}: The BETWEEN operator requires same data type for lower and upper "
            f"bounds; {bounds}"
        )
    if ordering(low) > ordering(high):
        raise invalid(
            f"Invalid {kind}: The BETWEEN operator requires upper bound to be greater than or "
            f"equal to lower bound; {bounds}"
        )


def _check_type_name(kind: str, name: str, values: Values) -> None:
    if values[name]["S"] not in _TYPES:
        raise invalid(
            f"Invalid {kind}: Invalid attribute type name found; type: {values[name]['S']}, "
            f"valid types: {_TYPES}"
        )
