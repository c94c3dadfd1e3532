"""DynamoDB's numbers: 38 significant digits, a bounded exponent, and one canonical text for each.

Equal numbers have equal canonical texts, so the rest of the fake compares numbers for equality as
text.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, Overflow
from functools import lru_cache

from tests.simulation.aws_errors import aws_error, invalid

DIGITS_MAX = 38
EXPONENT_MAX = 125
EXPONENT_MIN = -130

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WIDE = Context(prec=400, Emax=10_000, Emin=-10_000, traps=[Inexact, Overflow])


@lru_cache(maxsize=4096)
def canonical_number(text: str) -> str:
    """Return the plain decimal text DynamoDB answers with; raise AwsError beyond its limits."""
    if not isinstance(text, str):
        raise aws_error("SerializationException", "NUMBER_VALUE cannot be converted to String")
    if not _NUMBER.fullmatch(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return format_number(Decimal(text))


def format_number(number: Decimal) -> str:
    """Return `number` as canonical text, refusing what DynamoDB could not store exactly."""
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    significant = "".join(map(str, digits)).rstrip("0")
    if number.adjusted() > EXPONENT_MAX:
        raise invalid(
            "Number overflow. Attempting to store a number with magnitude larger than "
            "supported range"
        )
    if number.adjusted() < EXPONENT_MIN:
        raise invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than "
            "supported range"
        )
    if len(significant) > DIGITS_MAX:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    exponent += len(digits) - len(significant)
    return format(Decimal((sign, tuple(map(int, significant)), exponent)), "f")


def add_numbers(left: str, right: str, *, sign: int = 1) -> str:
    """Return `left + sign * right` exactly; raise AwsError where the sum needs too many digits."""
    total = _WIDE.add(Decimal(left), _WIDE.multiply(Decimal(sign), Decimal(right)))
    return format_number(total)


@lru_cache(maxsize=4096)
def number_bytes(text: str) -> int:
    """Return a canonical number's stored size: a byte per two digits, one more, one for minus."""
    digits = len(text.lstrip("-").replace(".", "").strip("0")) or 1
    return (digits + 1) // 2 + 1 + text.startswith("-")
