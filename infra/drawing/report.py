"""A report's answer as the drawings look at it, with what each of its figures is.

What a figure is (money, a number or a rate, and whether its days add up) the API says itself, in
the report's definition. The answer is never changed: figures stay the API's text and numbers until
`numbers` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

Value = str | int | float | None
Row = Mapping[str, Any]
Kind = Literal["money", "count", "rate", "number"]

# Shown first, where the report has them.
_TELLING = ("net", "mrr", "customers", "new_customers")
# More of it is worse, or better; of what stands in neither, a change is only a change.
_WORSE = frozenset("refunds withheld unmatched declined disputed cancelled churn_rate".split())
_BETTER = frozenset(
    """
    gross net orders average_order_value new_revenue returning_revenue active new mrr mrr_new
    mrr_expansion mrr_contraction mrr_churn mrr_reactivation arpu ltv trial_conversion revenue
    customers new_customers retention
    """.split()
)
_NAMES = {"mrr": "MRR", "arpu": "ARPU", "ltv": "LTV"}
_KEYS = ("key", "label", "date", "currency", "months")
# Whoever has two tags stands in two groups; amounts of two currencies have no sum.
_NO_PARTS = ("tag", "segment", "currency")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a figure is: its kind, whether its days sum to its months, and a sentence about it."""

    kind: Kind
    additive: bool
    about: str


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure of a range, and of the range before it; None where it is undefined.

    `change` is a fraction of the previous value.
    """

    name: str
    value: Value
    previous: Value = None
    change: float | int | None = None

    @property
    def direction(self) -> int:
        """1 where it went up, -1 where it went down, 0 where it did not or nobody knows."""
        now, before = number(self.value), number(self.previous)
        return 0 if now is None or before is None else (now > before) - (now < before)

    @property
    def verdict(self) -> int:
        """1 for a change to the better, -1 for one to the worse, 0 for neither."""
        return self.direction * ((self.name in _BETTER) - (self.name in _WORSE))


@dataclass(frozen=True, slots=True)
class Report:
    """An answer of `GET /v1/reports/{name}`; `group_by` is what its groups are, if any."""

    name: str
    first: str | None
    last: str
    timezone: str
    currency: str
    interval: str
    kpis: tuple[Kpi, ...]
    series: Sequence[Row]
    groups: Sequence[Row]
    group_by: str | None
    other_currencies: Sequence[str]
    as_of: str | None
    notes: Sequence[str]
    meanings: Mapping[str, Meaning]

    @classmethod
    def of(
        cls,
        answer: Mapping[str, Any],
        definition: Mapping[str, Any],
        group_by: str | None = None,
    ) -> Report:
        """Return an answer, and the definition of its report, as a report.

        Raise KeyError where they are none.
        """
        return cls(
            name=str(answer["report"]),
            first=answer.get("from"),
            last=str(answer["to"]),
            timezone=str(answer["timezone"]),
            currency=str(answer["currency"]),
            interval=str(answer["interval"]),
            kpis=tuple(
                Kpi(name, kpi["value"], kpi.get("previous"), kpi.get("change"))
                for name, kpi in answer["kpis"].items()
            ),
            series=answer["series"],
            groups=answer["groups"],
            group_by=group_by,
            other_currencies=answer["other_currencies"],
            as_of=answer.get("as_of"),
            notes=[str(note["message"]) for note in answer["notes"]],
            meanings={
                each["name"]: Meaning(each["kind"], each["additive"], each["about"])
                for each in definition["kpis"]
            },
        )

    def kind(self, name: str) -> Kind:
        """Return what sort of figure it is; one that no definition knows is a number."""
        return self.meanings[name].kind if name in self.meanings else "count"

    def adds_up(self, name: str) -> bool:
        """Say whether a figure of several days is the sum of each day's."""
        return name in self.meanings and self.meanings[name].additive

    def has_parts(self, name: str) -> bool:
        """Say whether the groups' figures are parts of one whole."""
        return self.adds_up(name) and self.group_by not in _NO_PARTS

    def columns(self, rows: Sequence[Row]) -> list[str]:
        """Return the figures' names of a series or of groups, those of the KPIs in their order."""
        there = list(dict.fromkeys(name for row in rows for name in row if name not in _KEYS))
        known = [kpi.name for kpi in self.kpis if kpi.name in there]
        return known + [name for name in there if name not in known]

    def telling(self, rows: Sequence[Row]) -> str | None:
        """Return the figure that says most about these rows; None where they have none."""
        there = self.columns(rows)
        return next((name for name in _TELLING if name in there), next(iter(there), None))

    def values(self, rows: Sequence[Row], name: str) -> list[Decimal | None]:
        """Return a figure of each row as a number."""
        return [number(row.get(name)) for row in rows]

    def ranked(self, name: str) -> list[Row]:
        """Return the groups, the largest by a figure first; those without it last."""
        return sorted(self.groups, key=lambda row: _rank(row, name), reverse=True)


def caption(name: str) -> str:
    """Return a figure's name for people: `mrr_new` is "MRR new"."""
    text = " ".join(_NAMES.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


def number(value: Value) -> Decimal | None:
    """Return a figure as a number without loss; None for none, and for what is no number."""
    if value is None:
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def _rank(row: Row, name: str) -> tuple[bool, Decimal]:
    size = number(row.get(name))
    return (size is not None, size or Decimal(0))
