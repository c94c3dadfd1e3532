"""Figures and dates as people read them, the same in every drawing.

Money is printed from its own decimal text, never through a float. Text from outside (a product's
name, an email) passes `plain` before it reaches a terminal: no escape sequence of somebody else's
is ever obeyed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal

from infra.drawing.report import Kind, Kpi, Row, Value, number

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# Control characters, those that turn the direction of text, halves of pairs, line separators.
_UNFIT = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
# Where there is no value at all.
NONE = "-"
_STEPS = (1, 2, 5)


def text_of(value: Value, kind: Kind) -> str:
    """Return a figure as text: `1,234.50`, `1,234`, `12.5%`, or `-` where there is none."""
    read = number(value)
    if read is None:
        return NONE
    if kind == "rate":
        return f"{read * 100:,.1f}%"
    return f"{read:,f}"


def change_of(kpi: Kpi, *, ascii_only: bool = False) -> str:
    """Return how a figure changed: an arrow and a share of what it was; `-` where none is."""
    if kpi.change is None:
        return NONE
    if kpi.direction == 0:
        return "="
    arrows = ("+", "-") if ascii_only else ("▲ ", "▼ ")
    share = abs(Decimal(str(kpi.change))) * 100
    return f"{arrows[kpi.direction < 0]}{share:,.1f}%"


def share_of(part: Decimal, whole: Decimal) -> str:
    """Return a part as a share of the whole; `-` where the whole is nothing."""
    return f"{part / whole * 100:.0f}%" if whole else NONE


def day_of(text: str, interval: str = "day") -> str:
    """Return a local date for people: `24 Oct`, a month as `Oct 2026`; other text as it is."""
    try:
        read = date.fromisoformat(text)
    except ValueError:
        return plain(text)
    month = _MONTHS[read.month - 1]
    return f"{month} {read.year}" if interval == "month" else f"{read.day} {month}"


def moment_of(text: str) -> str:
    """Return a moment of the API's for people: `2026-10-24 12:00:05 UTC`."""
    return plain(f"{text[:19].replace('T', ' ')} UTC")


def plain(text: object, *, ascii_only: bool = False) -> str:
    """Return text without what a terminal or a reader's eye could be misled by."""
    fit = "".join("\ufffd" if unicodedata.category(each) in _UNFIT else each for each in str(text))
    return fit.encode("ascii", "replace").decode() if ascii_only else fit


def label_of(row: Row) -> str:
    """Return what a group or a day is called."""
    return plain(row.get("label") or row.get("key") or row.get("date") or NONE)


def nice_step(high: Decimal, low: Decimal, rows: int, *, whole: bool = False) -> Decimal:
    """Return the smallest round step by which `rows` of them reach from `low` to `high`.

    Zero lies between two steps: `low` is at most 0 and `high` at least. `whole` asks for a whole
    number, for what comes in pieces.
    """
    magnitude = Decimal(10) ** ((high - low) / rows).adjusted()
    for factor in (1, 10, 100):
        for step in _STEPS:
            unit = max(magnitude * step * factor, Decimal(whole))
            if steps_to(high, unit) + steps_to(low, unit) <= rows:
                return unit
    raise AssertionError("a step a hundred times the mean always reaches")


def steps_to(value: Decimal, unit: Decimal) -> int:
    """Return how many steps it takes to reach a value from zero, whatever its sign."""
    return int((abs(value) / unit).to_integral_value(ROUND_CEILING))


def reach(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the highest and the lowest of the values and zero."""
    return max([*values, Decimal(0)]), min([*values, Decimal(0)])
