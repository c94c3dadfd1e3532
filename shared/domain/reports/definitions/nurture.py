"""What the report `nurture` counts."""

from __future__ import annotations

from fractions import Fraction

from shared.domain import times
from shared.domain.reports.definition import Definition, Kind, Kpi, Parts, Value, ratio
from shared.domain.reports.definitions.wording import (
    BY_PERSON,
    COUNTED,
    GROUPED,
    TOUCHED_NOTES,
    TOUCHED_PEOPLE,
    TOUCHED_REVENUE,
)


def _days(parts: Parts) -> Value:
    waited = ratio(parts, "waited", "purchases")
    return None if waited is None else Fraction(waited) / times.DAY


NURTURE = Definition(
    "nurture",
    "Who was given a tag or put on a list in the range, whenever they bought.",
    (
        Kpi(
            "contacts",
            Kind.COUNT,
            "Contacts that were given a tag or put on a list in the range.",
            additive=False,
        ),
        *TOUCHED_PEOPLE,
        *TOUCHED_REVENUE,
        Kpi(
            "days_to_purchase",
            Kind.NUMBER,
            "The average number of days of 24 hours from that touch to the first order after it "
            "that brought money, in any currency; undefined if nobody bought.",
            additive=False,
            rows="contacts",
            of=_days,
        ),
    ),
    BY_PERSON,
    "contacts",
    ("basis", "tag", "list"),
    (
        "With tag or list only that tag or list counts, and with both either one. An application "
        "counts once, wherever it is known from, and also where it was taken back later.",
        *TOUCHED_NOTES,
        *COUNTED,
        *GROUPED,
    ),
)
