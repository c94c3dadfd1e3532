"""A segment as it was understood: groups of conditions, each with its operand ready to compare.

Immutable, and made by `parse` alone. Both compilers start from here, by way of `scoping`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.domain.segments.fields import Field
from shared.domain.segments.moments import Absolute, Interval, Relative

# Folded text, a boolean, an interval of whole numbers (money in thousandths), dates, or nothing.
Operand = str | bool | Interval | Absolute | Relative | None


class Match(StrEnum):
    """How many of a group's members must be met."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about one field; `value` as it was written, `path` from the segment's root."""

    path: str
    field: Field
    operator: str
    value: Any
    operand: Operand


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups; of none, `all` and `none` are met and `any` is not."""

    match: Match
    members: tuple[Condition | Group, ...]


Node = Condition | Group
