"""What a report finds: sums by bucket, in all, before, and by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from functions.query.reports.scope import PREVIOUS, Scope, Window
from shared.domain.reports.definition import Definition, Parts
from shared.domain.reports.sql import Sql

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Month:
    """A month since the first order of a group's customers, 0 being the first order's own.

    `date` is its first day, None where it is another month for each; of the `size` customers whose
    month it is `customers` bought. Money is in minor units, `cumulative` from month 0 on.
    """

    number: int
    date: date | None
    customers: int
    size: int
    revenue: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class Group:
    """The sums of one group; `key` is None for what belongs to none."""

    key: str | None
    label: str | None
    currency: str
    parts: Parts
    months: Sequence[Month] = ()


@dataclass(frozen=True, slots=True)
class Measures:
    """What a report finds; `previous` is None where there is nothing to compare with."""

    series: list[Parts]
    total: Parts
    previous: Parts | None
    groups: list[Group] = field(default_factory=list)
    other_currencies: list[str] = field(default_factory=list)
    estimated: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows a ledger shows: of which figure, in which part of the range, of which group.

    [`start`, `end`) are in ms. `key` is None for all groups, empty for the group of nothing.
    """

    kpi: str
    start: int
    end: int
    key: str | None


class Report(Protocol):
    """One report over the change log."""

    @property
    def definition(self) -> Definition:
        """What it counts."""

    def first(self, scope: Scope) -> int | None:
        """Return the time (ms) of the first thing that counts, None where there is none."""

    def measure(self, scope: Scope, window: Window) -> Measures:
        """Return everything an answer is made of."""

    def ledger(self, scope: Scope, window: Window, wanted: Wanted) -> Sql:
        """Return the rows behind a figure: LEDGER's columns, each row once."""


# The columns of a ledger's rows; the last two tell rows apart that are alike in all others.
LEDGER = tuple("at connection_id id kind contact_id email amount currency part ordinal".split())


def summed(rows: Iterable[Row], names: Iterable[str]) -> Counter[str]:
    """Return the sums of these columns; what a row lacks is nothing."""
    total: Counter[str] = Counter()
    listed = tuple(names)
    for row in rows:
        for name in listed:
            total[name] += row.get(name) or 0
    return total


def slots(rows: Iterable[Row], names: Iterable[str], buckets: int) -> list[Counter[str]]:
    """Return the sums of each slot: what lies before, the previous period, and every bucket."""
    found: list[Counter[str]] = [Counter() for _ in range(buckets + 2)]
    listed = tuple(names)
    for row in rows:
        held = found[row["slot"] - PREVIOUS + 1]
        for name in listed:
            held[name] += row.get(name) or 0
    return found
