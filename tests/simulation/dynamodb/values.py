"""Typed attribute values ({"S": "x"}): checked, made canonical, sized, copied, compared.

Canonical means: numbers as canonical text, sets sorted, binary re-encoded. So equal values are
equal dicts. Stored values are never changed in place; whoever edits one edits a copy.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error, invalid
from tests.simulation.dynamodb.number import canonical_number, number_bytes

Value = dict[str, Any]
Item = dict[str, Value]

DEPTH_MAX = 32
ITEM_BYTES_MAX = 400 * 1024
SETS = {"SS": "S", "NS": "N", "BS": "B"}
_SET_NAMES = {"SS": "string", "NS": "number", "BS": "binary"}
_DOCUMENT_BYTES = 3


def canonical_item(item: object) -> Item:
    """Return a deep, canonical copy of an item or key; raise AwsError for what DynamoDB refuses."""
    if not isinstance(item, Mapping):
        raise aws_error("SerializationException", "Unexpected value type in payload")
    return {name: canonical(value) for name, value in item.items()}


def canonical(value: object, depth: int = 1) -> Value:
    """Return a deep, canonical copy of one attribute value; raise AwsError for a malformed one."""
    if not isinstance(value, Mapping):
        raise aws_error("SerializationException", "Unexpected value type in payload")
    if len(value) != 1:
        what = "has more than one datatypes set" if value else "is empty"
        raise invalid(
            f"Supplied AttributeValue {what}, must contain exactly one of the supported datatypes"
        )
    if depth > DEPTH_MAX:
        raise invalid("Nesting Levels have exceeded supported limits")
    ((tag, body),) = value.items()
    if tag in SETS:
        return {tag: _set(tag, body)}
    if tag in ("L", "M"):
        return {tag: _document(tag, body, depth + 1)}
    scalar = _SCALARS.get(tag)
    if scalar is None:
        raise invalid(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        )
    return {tag: scalar(body)}


def _document(tag: str, body: object, depth: int) -> Any:
    if tag == "L" and isinstance(body, list):
        return [canonical(element, depth) for element in body]
    if tag == "M" and isinstance(body, Mapping):
        return {name: canonical(element, depth) for name, element in body.items()}
    raise aws_error("SerializationException", "Unexpected value type in payload")


def _string(body: object) -> str:
    if not isinstance(body, str):
        raise aws_error("SerializationException", "Value cannot be converted to String")
    try:
        body.encode()
    except UnicodeEncodeError as error:
        raise aws_error("SerializationException", "Lone surrogates have no UTF-8 form") from error
    return body


def _binary(body: object) -> str:
    if not isinstance(body, str):
        raise aws_error("SerializationException", "Value cannot be converted to Blob")
    try:
        return base64.b64encode(base64.b64decode(body, validate=True)).decode()
    except binascii.Error as error:
        raise aws_error("SerializationException", "Invalid Base64") from error


def _boolean(body: object) -> bool:
    if not isinstance(body, bool):
        raise aws_error("SerializationException", "Value cannot be converted to Boolean")
    return body


def _null(body: object) -> bool:
    if body is not True:
        raise invalid(
            "One or more parameter values were invalid: Null attribute value types must "
            "have the value of true"
        )
    return True


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "S": _string,
    "N": canonical_number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
}


def _set(tag: str, body: object) -> list[str]:
    if not isinstance(body, list):
        raise aws_error("SerializationException", "Unexpected value type in payload")
    problem = "One or more parameter values were invalid: "
    if not body:
        raise invalid(f"{problem}An {_SET_NAMES[tag]} set  may not be empty")
    elements = [_SCALARS[SETS[tag]](element) for element in body]
    if len(set(elements)) != len(elements):
        raise invalid(f"{problem}Input collection {body} contains duplicates.")
    return sorted_set(tag, elements)


def sorted_set(tag: str, elements: list[str]) -> list[str]:
    """Return a set's elements in the canonical order."""
    return sorted(elements, key=Decimal) if tag == "NS" else sorted(elements)


def copy_value(value: Value) -> Value:
    """Return a deep copy of a canonical value."""
    ((tag, body),) = value.items()
    if tag == "M":
        return {tag: {name: copy_value(element) for name, element in body.items()}}
    if tag == "L":
        return {tag: [copy_value(element) for element in body]}
    return {tag: list(body)} if tag in SETS else {tag: body}


def copy_item(item: Item) -> Item:
    """Return a deep copy of a canonical item, safe to hand to a caller."""
    return {name: copy_value(value) for name, value in item.items()}


def value_bytes(value: Value) -> int:
    """Return what a value counts towards the item's size, in bytes."""
    ((tag, body),) = value.items()
    if tag == "S":
        return len(body) if body.isascii() else len(body.encode())
    if tag == "N":
        return number_bytes(body)
    if tag == "B":
        return int(len(body) // 4 * 3 - body[-2:].count("="))
    if tag in SETS:
        return sum(value_bytes({SETS[tag]: element}) for element in body)
    if tag == "L":
        return _DOCUMENT_BYTES + sum(1 + value_bytes(element) for element in body)
    if tag == "M":
        return _DOCUMENT_BYTES + sum(
            1 + len(name.encode()) + value_bytes(element) for name, element in body.items()
        )
    return 1


def item_bytes(item: Item) -> int:
    """Return the size DynamoDB bills and limits: names and values, in bytes."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def ordering(value: Value) -> Any:
    """Return what orders a value among values of its type (only S, N and B have an order)."""
    ((tag, body),) = value.items()
    if tag == "N":
        return Decimal(body)
    return base64.b64decode(body) if tag == "B" else body


def kind_of(value: Value) -> str:
    """Return a value's type tag, such as "S"."""
    return next(iter(value))


def named(error: AwsError, name: str) -> AwsError:
    """Return a value's error as DynamoDB words it for the placeholder `name`."""
    if error.code != "ValidationException":
        return error
    text = f"ExpressionAttributeValues contains invalid value: {error.message} for key {name}"
    return invalid(text)
