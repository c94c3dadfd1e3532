"""What a report is made of: its figures, each with its meaning in one plain sentence.

Written once, in `definitions`: answers, ledgers, `GET /v1/reports/{name}/definition` and the
documentation read it there. `parts` are the sums SQL finds; a figure is one of them or follows from
several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

# Sums by name, money in minor units; what is missing is zero.
Parts = Mapping[str, int]
Value = int | Fraction | None


class Kind(StrEnum):
    """What a figure is: money, a number of things, a fraction of one, or a number with decimals."""

    MONEY = "money"
    COUNT = "count"
    RATE = "rate"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of a report.

    An `additive` one's days sum to its weeks, months and total. `rows` names the figure whose rows
    its ledger shows, where those are not its own: it is worked out from them.
    """

    name: str
    kind: Kind
    about: str
    additive: bool = True
    rows: str = ""
    of: Callable[[Parts], Value] | None = None

    def value(self, parts: Parts) -> Value:
        """Return the figure of these sums, None where it is undefined; money is in minor units."""
        found = self.of(parts) if self.of else parts.get(self.name, 0)
        if isinstance(found, Fraction) and self.kind is Kind.MONEY:
            return round(found)
        return found


@dataclass(frozen=True, slots=True)
class Definition:
    """A report: its figures, what it may be grouped by, and its own parameters.

    `leading` is the figure its groups are sorted by. `notes` are sentences about all of it.
    `grouped_by` is what it is grouped by where nobody asks for another group.
    """

    name: str
    about: str
    kpis: tuple[Kpi, ...]
    groups: tuple[str, ...]
    leading: str
    parameters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    grouped_by: str | None = None

    def kpi(self, name: str) -> Kpi | None:
        """Return the figure of that name, None where there is none."""
        return next((each for each in self.kpis if each.name == name), None)


def ratio(parts: Parts, numerator: str, denominator: str) -> Fraction | None:
    """Return a part of another as an exact fraction, None of nothing."""
    whole = parts.get(denominator, 0)
    return Fraction(parts.get(numerator, 0), whole) if whole else None


def net(parts: Parts) -> int:
    """Return what is left of what came in, in minor units."""
    return parts.get("gross", 0) - parts.get("refunds", 0) - parts.get("withheld", 0)


def told(definition: Definition) -> dict[str, Any]:
    """Return a definition as the API prints it."""
    return {
        "report": definition.name,
        "about": definition.about,
        "kpis": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "about": each.about,
                "additive": each.additive,
                "rows": each.rows or each.name,
            }
            for each in definition.kpis
        ],
        "groups": list(definition.groups),
        "parameters": list(definition.parameters),
        "notes": list(definition.notes),
    }
