"""The shape of a request: all of it but the names and values it happens to speak of.

Two requests of one shape ask the same of a fake. So a shape that was compared with another
implementation is one the fake may be trusted with, and one that never was is not: the product's
requests are held to that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.simulation.conformance import Call
from tests.simulation.dynamodb.values import kind_of

Shape = tuple[Any, ...]

_PLACEHOLDER = re.compile(r"[:#]\w+")
_ITEMS = ("Key", "ExclusiveStartKey")
# Told in words a service knows; every other string is a name or a text of the caller's.
_CHOICES = frozenset(
    """Select ReturnValues ReturnConsumedCapacity ReturnValuesOnConditionCheckFailure IndexName
    AttributeNames MessageSystemAttributeNames Type""".split()
)
_VALUES = "ExpressionAttributeValues"


def shapes_of(operation: str, request: Mapping[str, Any]) -> set[Shape]:
    """Return a request's shape, and that of each step of a transaction and entry of a batch."""
    fifo = str(request.get("QueueUrl", "")).endswith(".fifo")
    whole = (operation, *(["fifo"] if fifo else []))
    members = (each for part in request.values() if _is_several(part) for each in part)
    return {(*whole, _shape(request)), *((*whole, "each", _member(each)) for each in members)}


def recording(call: Call, shapes: set[Shape]) -> Call:
    """Return a `call` that notes the shape of every request before it is carried out."""

    def noted(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        shapes.update(shapes_of(operation, request))
        return call(operation, request)

    return noted


def _shape(request: Mapping[str, Any]) -> Shape:
    values = request.get(_VALUES, {})
    told = []
    for name in sorted(request):
        if name == _VALUES:
            continue
        told.append((name, _told(name, request[name], values)))
    return tuple(told)


def _told(name: str, part: Any, values: Mapping[str, Any]) -> Any:
    if name.endswith("Expression"):
        return _expression(part, values)
    if name in _ITEMS:
        return tuple(sorted(part))
    if name == "Item":
        return "an item"
    if name in _CHOICES:
        return tuple(part) if isinstance(part, list) else part
    if isinstance(part, bool):
        return part
    if name == "RequestItems":
        return tuple(_shape(each) for each in part.values())
    if _is_several(part):
        return "several"
    return type(part).__name__


def _is_several(part: object) -> bool:
    return isinstance(part, list) and bool(part) and isinstance(part[0], Mapping)


def _member(each: Mapping[str, Any]) -> Shape:
    """Return the shape of one of several, such as a transaction's step or a batch's entry."""
    if set(each) <= {"Put", "Update", "Delete", "ConditionCheck", "Get"}:
        return tuple((action, _shape(request)) for action, request in each.items())
    if "pk" in each:
        return tuple(sorted(each))
    return _shape(each)


def _expression(text: str, values: Mapping[str, Any]) -> str:
    """Return an expression in which each placeholder of a value is its type."""

    def kind(found: re.Match[str]) -> str:
        name = found[0]
        return f"<{kind_of(values[name])}>" if name in values else "<name>"

    return _PLACEHOLDER.sub(kind, text)
