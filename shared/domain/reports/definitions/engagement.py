"""What the report `engagement` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi, ratio
from shared.domain.reports.definitions.wording import (
    ACTIVITY_COUNTS,
    BY_PERSON,
    COUNTED,
    GROUPED,
    TOUCHED_NOTES,
    TOUCHED_PEOPLE,
    TOUCHED_REVENUE,
)

ENGAGEMENT = Definition(
    "engagement",
    "Who visited, opened, clicked or replied in the range, even if they bought before or after.",
    (
        Kpi(
            "engaged_contacts",
            Kind.COUNT,
            "Contacts that visited, opened, clicked or replied in the range.",
            additive=False,
            of=lambda p: p.get("contacts", 0),
        ),
        Kpi(
            "engaged_share",
            Kind.RATE,
            "Their share of all contacts that were there at the range's end.",
            additive=False,
            rows="engaged_contacts",
            of=lambda p: ratio(p, "contacts", "people"),
        ),
        TOUCHED_PEOPLE[0],
        TOUCHED_REVENUE[0],
        *ACTIVITY_COUNTS,
    ),
    BY_PERSON,
    "engaged_contacts",
    ("basis",),
    (
        "Tags, lists and what was sent are no engagement. Activity of an address counts once a "
        "contact has it. A connection or provider limits customers and revenue, not who engaged.",
        *TOUCHED_NOTES,
        *COUNTED,
        *GROUPED,
    ),
)
