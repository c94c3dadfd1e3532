"""What the report `campaigns` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi
from shared.domain.reports.definitions.wording import (
    ACTIVITY_COUNTS,
    BY_PERSON,
    COUNTED,
    GROUPED,
    TOUCHED_NOTES,
    TOUCHED_PEOPLE,
    TOUCHED_REVENUE,
)

CAMPAIGNS = Definition(
    "campaigns",
    "What was sent in the range, by campaign or letter, and what its readers brought.",
    (
        Kpi("sent", Kind.COUNT, "Letters that were sent in the range."),
        *ACTIVITY_COUNTS[1:],
        Kpi(
            "contacts",
            Kind.COUNT,
            "Contacts that a campaign reached in the range: sent to, opened, clicked or replied.",
            additive=False,
        ),
        TOUCHED_PEOPLE[0],
        *TOUCHED_REVENUE,
    ),
    ("campaign", "subject", *(each for each in BY_PERSON if each != "campaign")),
    "sent",
    ("basis",),
    (
        "By campaign, the default, and by subject, groups are those of the letters; who was "
        "reached by two counts in both. What names neither is no letter, and what was sent to an "
        "address counts once a contact has it.",
        *TOUCHED_NOTES,
        *COUNTED,
        *GROUPED,
    ),
    grouped_by="campaign",
)
