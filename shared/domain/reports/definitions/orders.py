"""What the report `orders` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi, net, ratio
from shared.domain.reports.definitions.wording import BY_PERSON, COUNTED, GROUPED, MONEY_NOTES

ORDERS = Definition(
    "orders",
    "All orders of the range, of new and existing customers, matched to a contact or not.",
    (
        Kpi("gross", Kind.MONEY, "What orders that brought money in the range were paid with."),
        Kpi("refunds", Kind.MONEY, "What was refunded in the range, of orders of any time."),
        Kpi("withheld", Kind.MONEY, "What open or lost disputes of the range hold back."),
        Kpi(
            "net",
            Kind.MONEY,
            "Gross less refunds and what is withheld.",
            of=net,
        ),
        Kpi(
            "orders", Kind.COUNT, "Orders that brought money in the range, refunded ones included."
        ),
        Kpi(
            "average_order_value",
            Kind.MONEY,
            "Net per order, rounded half to even; undefined without orders.",
            additive=False,
            rows="net",
            of=lambda p: ratio({**p, "net": net(p)}, "net", "orders"),
        ),
        Kpi(
            "new_revenue",
            Kind.MONEY,
            "Net of contacts whose customer_since lies in the range, in its every part.",
        ),
        Kpi("returning_revenue", Kind.MONEY, "Net of all other contacts."),
        Kpi("declined", Kind.COUNT, "Declined orders of the range; they brought no money."),
        Kpi("disputed", Kind.COUNT, "Orders of the range that are disputed now."),
        Kpi("unmatched", Kind.MONEY, "Net of orders without a contact."),
    ),
    ("product", "provider", "connection", "currency", "interval", "country", *BY_PERSON),
    "net",
    ("basis",),
    (
        *COUNTED,
        *MONEY_NOTES,
        "By product, an order and what went back of it are split over its lines in proportion to "
        "their amounts: each line reaches up to its cumulative share, rounded down; a line of "
        "nothing or less gets nothing, and without any amount the first line gets all. An order "
        "counts once for each of its products, so counts by product may exceed the total.",
        "By currency, each group is in its own currency. Interval and country are those of the "
        "order's recurring payment.",
        *GROUPED,
    ),
)
