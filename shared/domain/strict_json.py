"""JSON as a door accepts it: one object, and nothing two readers could understand differently.

`json.loads` alone takes NaN, keeps the last of two equal keys, lets half a surrogate pair through
and dies of deep nesting. Each of these has been a 500, or two services that read one body as two
different payments. What is refused here is never queued.
"""

from __future__ import annotations

import json
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEPTH_MAX = 64
_DIGITS_MAX = 40


class NotStrictJson(ValueError):
    """The bytes are not one strict JSON object; the message never quotes them."""


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the object in `raw`. Raise NotStrictJson for everything else."""
    try:
        value = _decode(raw.decode("utf-8"))
    except RecursionError as error:
        raise NotStrictJson("nested too deeply") from error
    except ValueError as error:
        # Among them: bad UTF-8, and a byte order mark, which the decoder does not skip.
        raise NotStrictJson("not strict JSON") from error
    if not isinstance(value, dict):
        raise NotStrictJson("not an object")
    # Half a surrogate pair can only come from an escape: bytes that encode one are no UTF-8.
    _check(value, surrogates=b"\\ud" in raw or b"\\uD" in raw)
    return value


def _check(value: dict[str, Any], surrogates: bool) -> None:
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise NotStrictJson("nested too deeply")
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                if surrogates:
                    _check_texts(node)
                node = node.values()
            if surrogates:
                _check_texts(node)
            below += [child for child in node if isinstance(child, dict | list)]
        level = below


def _check_texts(texts: Any) -> None:
    try:
        for text in texts:
            if isinstance(text, str):
                text.encode()
    except UnicodeEncodeError as error:
        raise NotStrictJson("half a surrogate pair") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotStrictJson("a key twice")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise NotStrictJson("an integer too long")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJson("a number too large")
    return number


def _refuse(name: str) -> Any:
    raise NotStrictJson("a number that is none")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_refuse
).decode
