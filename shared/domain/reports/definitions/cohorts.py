"""What the report `cohorts` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi, ratio
from shared.domain.reports.definitions.wording import BY_PERSON, COUNTED, GROUPED, MONEY_NOTES

COHORTS = Definition(
    "cohorts",
    "Customers by the month of their first order: how many come back, and what they bring.",
    (
        Kpi(
            "customers",
            Kind.COUNT,
            "Contacts whose first order that brought money lies in the range.",
        ),
        Kpi("revenue", Kind.MONEY, "Net in the range of all orders of these customers."),
        Kpi(
            "retention",
            Kind.RATE,
            "The repeat rate: of the customers whose month after that of their first order has "
            "begun by the range's end, the share with an order that brought money in that month; "
            "undefined without any such customer.",
            additive=False,
            rows="customers",
            of=lambda p: ratio(p, "retained", "awaited"),
        ),
    ),
    ("cohort", *(each for each in BY_PERSON if each != "first_order_month")),
    "customers",
    ("basis",),
    (
        "The first order is the earliest that brought money, whatever its currency; with "
        "connection or provider, the earliest there.",
        "Each group has its months up to that of the range's end: month 0 is that of the first "
        "order, month 1 the one after it by the calendar of the timezone. customers had an order "
        "that brought money in that month; retention is their share of those whose month it is; "
        "revenue is what moved in it, and cumulative_revenue all up to it.",
        "What moved before a customer's first order counts in month 0. The last month ends with "
        "the range.",
        "In a series, customers stand at their first order, with their retention by the end of the "
        "range, and revenue at the day it moved, of the customers of the whole range.",
        "By cohort, the default, a group is a month such as 2026-08; in other groups a month is "
        "that of each customer's own, and has no date.",
        *MONEY_NOTES,
        *COUNTED,
        *GROUPED,
    ),
    grouped_by="cohort",
)
