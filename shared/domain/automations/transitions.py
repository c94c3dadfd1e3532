"""The transitions triggers ask about: which fields there are, and when a value is the one meant.

Values are as the API prints them. `from` and `to` compare as segments do: text by its letters,
money and dates by what they say and not by how it is written. A blank is written as "".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.domain import times
from shared.domain.changes import AMOUNTS, DATES
from shared.domain.fields import FIELDS
from shared.domain.segments.texts import fold
from shared.domain.timeline import Change

ADDRESSES = ("billing_address", "shipping_address")
_ADDRESS = """first_name last_name address_1 address_2 address_3 city province country postal phone
    company email""".split()
_WHOLE = (*ADDRESSES, "line_items")
TRIGGER_FIELDS = frozenset(
    [*FIELDS, *_WHOLE, *(f"{kind}.{name}" for kind in ADDRESSES for name in _ADDRESS)]
)
WORDS = {
    "status": "active cancelled expired payment_failed paused pending".split(),
    "last_payment_status": "completed declined pending partially_refunded refunded".split(),
    "billing_interval": "daily weekly monthly yearly".split(),
}
_NUMBERS = frozenset("billing_interval_count cycles_completed total_cycles".split())
_BOOLEANS = frozenset({"is_trial", "cancel_at_period_end"})


def matcher(field: str, wanted: Any) -> Callable[[Any], bool]:
    """Return the question whether a field's value is `wanted`. Raise ValueError for nonsense."""
    if field in _WHOLE:
        raise ValueError("cannot be compared as a whole: leave it null, or use a segment")
    if wanted == "" and isinstance(wanted, str):
        return lambda actual: actual is None or actual == ""
    if field in _BOOLEANS or field in _NUMBERS:
        return _plain(field, wanted)
    if not isinstance(wanted, str):
        raise ValueError("has to be text")
    if field in AMOUNTS:
        return _amount(wanted)
    return _date(wanted) if field in DATES else _text(field, wanted)


def transition(changes: Iterable[Change], field: str) -> Change | None:
    """Return what became of one field, None where it stayed as it was."""
    whole, _, part = field.partition(".")
    for change in changes:
        if change.field == whole:
            if not part:
                return change
            before, after = ((each or {}).get(part) for each in (change.before, change.after))
            return Change(field, before, after) if before != after else None
    return None


def _plain(field: str, wanted: Any) -> Callable[[Any], bool]:
    if field in _BOOLEANS and not isinstance(wanted, bool):
        raise ValueError("has to be true or false")
    if field in _NUMBERS and (not isinstance(wanted, int) or isinstance(wanted, bool)):
        raise ValueError("has to be a whole number")
    return lambda actual: actual == wanted


def _amount(wanted: str) -> Callable[[Any], bool]:
    try:
        amount = Decimal(wanted)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError('has to be an amount as text, like "19.00"')
    return lambda actual: isinstance(actual, str) and Decimal(actual) == amount


def _date(wanted: str) -> Callable[[Any], bool]:
    try:
        moment = times.from_text(wanted)
    except ValueError:
        raise ValueError('has to be a date like "2026-11-22" or an ISO 8601 time') from None
    if len(wanted) == len("2026-11-22"):
        return lambda actual: isinstance(actual, str) and actual.startswith(wanted)
    return lambda actual: isinstance(actual, str) and times.from_text(actual) == moment


def _text(field: str, wanted: str) -> Callable[[Any], bool]:
    words = WORDS.get(field)
    if words is not None and wanted not in words:
        raise ValueError(f"has to be one of {', '.join(words)}")
    folded = fold(wanted)
    return lambda actual: isinstance(actual, str) and fold(actual) == folded
