"""What the report `acquisition` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi, ratio
from shared.domain.reports.definitions.wording import COUNTED, GROUPED, MONEY_NOTES

ACQUISITION = Definition(
    "acquisition",
    "Who came and who bought for the first time in the range, and what that cost and brought.",
    (
        Kpi("new_contacts", Kind.COUNT, "Contacts that were made in the range."),
        Kpi("new_customers", Kind.COUNT, "Contacts whose customer_since lies in the range."),
        Kpi(
            "conversion_rate",
            Kind.RATE,
            "The share of the range's new contacts who are customers by now; undefined without "
            "new contacts.",
            additive=False,
            rows="new_contacts",
            of=lambda p: ratio(p, "converted", "new_contacts"),
        ),
        Kpi(
            "new_customer_revenue",
            Kind.MONEY,
            "Net in the range of all orders of its new customers; those of earlier customers are "
            "left out.",
        ),
        Kpi(
            "lead_value",
            Kind.MONEY,
            "Net of all orders, of all time, of the range's new contacts, per new contact, rounded "
            "half to even.",
            additive=False,
            of=lambda p: ratio(p, "lead_revenue", "new_contacts"),
        ),
        Kpi(
            "average_first_order",
            Kind.MONEY,
            "Net of the first orders of the range's new customers, per such order, rounded half to "
            "even; undefined without any in this currency.",
            additive=False,
            of=lambda p: ratio(p, "first_order_revenue", "first_orders"),
        ),
        Kpi(
            "spend",
            Kind.MONEY,
            "What was spent on the days of the range.",
            of=lambda p: p.get("spend"),
        ),
        Kpi(
            "cost_per_customer",
            Kind.MONEY,
            "Spend per new customer, rounded half to even; undefined without any.",
            additive=False,
            rows="spend",
            of=lambda p: ratio(p, "spend", "new_customers") if "spend" in p else None,
        ),
        Kpi(
            "roas",
            Kind.NUMBER,
            "Revenue of new customers per unit spent; undefined where nothing was spent.",
            additive=False,
            rows="new_customer_revenue",
            of=lambda p: ratio(p, "new_customer_revenue", "spend"),
        ),
    ),
    ("source", "campaign", "tag", "segment", "first_order_month"),
    "new_customer_revenue",
    ("basis",),
    (
        "In a series, new customers' revenue is that of who became a customer in the whole range.",
        "The first order is the earliest that brought money, whatever its currency; with basis "
        "either way what went back of it is taken off.",
        "Spend has a source and a campaign and nothing else: grouped otherwise, or limited by a "
        "segment, connection or provider, no spend is told.",
        "A payment without a contact is not told of here. A connection or provider limits new "
        "customers and money, not new contacts.",
        *MONEY_NOTES,
        *COUNTED,
        *GROUPED,
    ),
)
