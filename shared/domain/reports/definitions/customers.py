"""What the report `customers` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi
from shared.domain.reports.definitions.wording import BY_PERSON, COUNTED, GROUPED

CUSTOMERS = Definition(
    "customers",
    "Customers by tag or segment, or by their purchases; no payment provider is needed.",
    (
        Kpi("customers", Kind.COUNT, "Who was a customer at the range's end.", additive=False),
        Kpi("new_customers", Kind.COUNT, "Who became a customer in the range."),
    ),
    BY_PERSON,
    "customers",
    ("tag",),
    (
        "With tag, a customer is a contact that has this tag now, since it was applied. With a "
        "segment it is a member as of now: since the earliest tag that meets one of the segment's "
        "positive tag conditions was applied, else since customer_since, else since the contact "
        "was made. With neither it is a contact with customer_since.",
        *COUNTED[1:],
        *GROUPED,
    ),
)
