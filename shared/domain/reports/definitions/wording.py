"""Sentences and groups that several reports share, so that they say the same of the same."""

from __future__ import annotations

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
