"""What the report `automations` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi
from shared.domain.reports.definitions.wording import (
    ACTIVITY_COUNTS,
    BY_PERSON,
    COUNTED,
    GROUPED,
    TOUCHED_NOTES,
)

AUTOMATIONS = Definition(
    "automations",
    "What automations did in the range, and what the people they fired for brought after it.",
    (
        Kpi("fired", Kind.COUNT, "Firings, at the time of the change that set them off."),
        Kpi("contacts", Kind.COUNT, "Contacts that something fired for.", additive=False),
        Kpi("delivered", Kind.COUNT, "Webhooks of these firings that arrived."),
        Kpi(
            "failed",
            Kind.COUNT,
            "Webhooks of these firings that were given up: dead, or their endpoint is gone.",
        ),
        *ACTIVITY_COUNTS[1:],
        Kpi(
            "revenue_after",
            Kind.MONEY,
            "Net of these contacts' orders from the first firing in the range on, up to now.",
            additive=False,
        ),
    ),
    ("automation", *BY_PERSON),
    "fired",
    ("basis",),
    (
        "Opens, clicks and replies are those whose activity names the automation.",
        "A connection or provider limits firings to those for its records, and contacts to those "
        "who have one there.",
        "By automation, the default, a contact that two fired for counts in both.",
        *TOUCHED_NOTES[1:],
        *COUNTED,
        *GROUPED,
    ),
    grouped_by="automation",
)
