"""Sentences and groups that several reports share, so that they say the same of the same."""

from __future__ import annotations

from shared.domain.reports.definition import Kind, Kpi, ratio

COUNTED = (
    "Left out are records that mirror another connection's, those of mirror connections, orders "
    "merged into others, and what belongs to test connections; mode=test shows only the latter.",
    "Days are calendar days of the timezone, both ends included, of 23 to 25 hours where clocks "
    "change; a week is named by its Monday and a month by its first, and the range cuts both.",
    "Only one currency is counted; other_currencies names what else the range holds.",
    "The previous period is the same number of days just before; change is (value - previous) / "
    "previous. Without from there is none.",
    "A segment means its members as of now; connection and provider limit records and money, and "
    "contacts to those who have a record there.",
    "What comes late, such as a match, a refund or older history, restates the days it is of. With "
    "as_known_at everything is as it was recorded by that time, segments' members and names of "
    "products too; connections, settings and what segments ask for are those of now.",
)
MONEY_NOTES = (
    "An order brings money when it is completed, partially refunded, refunded or disputed; what "
    "goes back of other orders is not counted, as what came in was not.",
    "With basis=cash, the default, what goes back counts on its own day, whenever the order was "
    "paid; with basis=order it counts on the order's day.",
)
BY_PERSON = ("tag", "source", "campaign", "segment", "first_order_month")
GROUPED = (
    "Groups by tag and by segment overlap: who has two counts in both. The others sum to the "
    "total. Tags, sources, segments and recurring payments are as of now.",
)
# Of people who were touched: by a tag, a letter, an automation, or by something they did.
TOUCHED_PEOPLE = (
    Kpi(
        "customers",
        Kind.COUNT,
        "Those of them who are customers by now, whenever they bought.",
        additive=False,
    ),
    Kpi(
        "conversion_rate",
        Kind.RATE,
        "The share of them who are customers; undefined if there is nobody.",
        additive=False,
        rows="customers",
        of=lambda p: ratio(p, "customers", "contacts"),
    ),
)
TOUCHED_REVENUE = (
    Kpi("revenue", Kind.MONEY, "Net of all their orders, of all time.", additive=False),
    Kpi(
        "revenue_after_touch",
        Kind.MONEY,
        "Net of their orders from the first such touch in the range on, up to now.",
        additive=False,
        of=lambda p: p.get("revenue_after", 0),
    ),
)
TOUCHED_NOTES = (
    "Who was touched on two days counts on both and once in the range, so days do not add up.",
    "Net is gross less refunds and what is withheld; with basis=order what went back counts at its "
    "order's time.",
)
ACTIVITY_COUNTS = (
    Kpi("visits", Kind.COUNT, "Their visits in the range."),
    Kpi("opens", Kind.COUNT, "Letters they opened in the range."),
    Kpi("clicks", Kind.COUNT, "Links they clicked in the range."),
    Kpi("replies", Kind.COUNT, "Letters they replied to in the range."),
)
