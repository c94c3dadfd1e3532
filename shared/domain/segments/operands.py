"""The value of a condition, read for its field's type into what evaluation compares with.

Numbers and money become intervals of whole numbers, because that is what records hold: counts,
and money in thousandths of the major unit, whatever decimals its currency has. So `greater_than
19.999` is "from 20.000 on", and no compiler rounds anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from shared.domain.segments.fields import Field, Kind
from shared.domain.segments.moments import HIGHEST, LOWEST, UNITS, Absolute, Interval, Relative
from shared.domain.segments.operators import WITHOUT_VALUE
from shared.domain.segments.texts import fold
from shared.domain.segments.tree import Operand

TEXT_CHARACTERS_MAX = 1_000
MONEY_SCALE = 1_000
_YEARS_MAX = 100
_NUMBER_END = 10**15
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"(?:19|2\d)\d\d-\d\d-\d\d", re.ASCII)
_TIME = re.compile(_DATE.pattern + r"[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_LENGTH = re.compile(rf"(\d{{1,7}}) ({'|'.join(UNITS)})s?", re.ASCII)
_PER_YEAR = {"minute": 527_040, "hour": 8_784, "day": 366, "week": 53, "month": 12, "year": 1}

Read = TypeVar("Read")


class Unfit(ValueError):
    """A value that does not fit its field and operator; `faults` are places in it and messages."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__(faults)
        self.faults = faults


def read(field: Field, operator: str, given: Mapping[str, Any]) -> Operand:
    """Return the operand of the condition `given`. Raise Unfit where its value will not do."""
    value = given.get("value")
    if operator in WITHOUT_VALUE:
        if value is not None:
            raise Unfit(("", f'"{operator}" takes no value'))
        return None
    if value is None:
        raise Unfit(("", "is missing"))
    if field.kind is Kind.BOOLEAN:
        return _boolean(value)
    if field.kind is Kind.DATE:
        return _dates(operator, value, field.civil)
    if field.kind in (Kind.NUMBER, Kind.MONEY):
        return _amounts(operator, value, MONEY_SCALE if field.kind is Kind.MONEY else 1)
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit(("", "has to be text"))
    if not value:
        raise Unfit(("", "may not be empty"))
    if len(value) > TEXT_CHARACTERS_MAX:
        raise Unfit(("", f"is longer than {TEXT_CHARACTERS_MAX} characters"))
    return fold(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit(("", "has to be true or false"))
    return value


def _amounts(operator: str, value: object, scale: int) -> Interval:
    first, last = _bounds(operator, value, _decimal)
    low, high = first * scale, last * scale
    if low > high:
        raise Unfit(("[1]", "is less than the first"))
    if operator == "greater_than":
        return math.floor(low) + 1, HIGHEST
    if operator == "less_than":
        return LOWEST, math.ceil(high) - 1
    return (
        LOWEST if operator == "at_most" else math.ceil(low),
        HIGHEST if operator == "at_least" else math.floor(high),
    )


def _decimal(value: object) -> Decimal:
    text = str(value) if type(value) is int and abs(value) < _NUMBER_END else value
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise Unfit(("", 'has to be a decimal number as text, like "50" or "19.99"'))
    return Decimal(text)


def _dates(operator: str, value: object, civil: bool) -> Absolute | Relative:
    if operator in ("in_last", "not_in_last", "in_next"):
        return _length(value, operator == "in_next", civil)
    first, last = _bounds(operator, value, _date if operator == "on" else _date_or_time)
    if _is_reversed(first, last):
        raise Unfit(("[1]", "lies before the first"))
    return Absolute(operator, first, last, civil)


def _date(value: object) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # The 30th of February: no date, as much as any other text.
    raise Unfit(("", 'has to be a date like "2026-11-22"'))


def _date_or_time(value: object) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
        if isinstance(value, str) and _TIME.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise Unfit(("", 'has to be a date like "2026-11-22" or a time like "2026-11-22T08:00:00Z"'))


def _length(value: object, ahead: bool, civil: bool) -> Relative:
    found = _LENGTH.fullmatch(value.lower()) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise Unfit(("", 'has to be a length of time like "24 hours", "7 days" or "1 month"'))
    amount, unit = int(found[1]), found[2]
    if amount > _YEARS_MAX * _PER_YEAR[unit]:
        raise Unfit(("", f"is longer than {_YEARS_MAX} years"))
    return Relative(ahead, amount, unit, civil)


def _is_reversed(first: date, last: date) -> bool:
    """Tell whether a range ends before it begins; of a day and a time only the zone could say."""
    return _sort(first) == _sort(last) and last < first


def _sort(place: date) -> tuple[bool, bool]:
    is_time = isinstance(place, datetime)
    return is_time, isinstance(place, datetime) and place.tzinfo is not None


def _bounds(operator: str, value: object, one: Callable[[object], Read]) -> tuple[Read, Read]:
    """Return the two values of `between`, or any other operator's one value twice."""
    if operator != "between":
        only = one(value)
        return only, only
    if not isinstance(value, list) or len(value) != 2:
        raise Unfit(("", "has to be a list of two, the lower and the upper bound"))
    read_ones: list[Read] = []
    faults: list[tuple[str, str]] = []
    for index, each in enumerate(value):
        try:
            read_ones.append(one(each))
        except Unfit as unfit:
            faults += [(f"[{index}]", message) for _, message in unfit.faults]
    if faults:
        raise Unfit(*faults)
    return read_ones[0], read_ones[1]
