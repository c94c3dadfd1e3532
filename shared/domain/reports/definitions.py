"""What each report counts and what each of its figures means, in one plain sentence each.

Written once: answers, ledgers, `GET /v1/reports/{name}/definition` and the documentation read it
here. `parts` are the sums SQL finds; a figure is one of them or follows from several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

# Sums by name, money in minor units; what is missing is zero.
Parts = Mapping[str, int]
Value = int | Fraction | None


class Kind(StrEnum):
    """What a figure is: an amount of money, a number of things, or a fraction of one."""

    MONEY = "money"
    COUNT = "count"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of a report.

    An `additive` one's days sum to its weeks, months and total. `rows` names the figure whose rows
    its ledger shows, where those are not its own: it is worked out from them.
    """

    name: str
    kind: Kind
    about: str
    additive: bool = True
    rows: str = ""
    of: Callable[[Parts], Value] | None = None

    def value(self, parts: Parts) -> Value:
        """Return the figure of these sums, None where it is undefined; money is in minor units."""
        found = self.of(parts) if self.of else parts.get(self.name, 0)
        if isinstance(found, Fraction) and self.kind is Kind.MONEY:
            return round(found)
        return found


@dataclass(frozen=True, slots=True)
class Definition:
    """A report: its figures, what it may be grouped by, and its own parameters.

    `leading` is the figure its groups are sorted by. `notes` are sentences about all of it.
    """

    name: str
    about: str
    kpis: tuple[Kpi, ...]
    groups: tuple[str, ...]
    leading: str
    parameters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def kpi(self, name: str) -> Kpi | None:
        """Return the figure of that name, None where there is none."""
        return next((each for each in self.kpis if each.name == name), None)


def ratio(parts: Parts, numerator: str, denominator: str) -> Fraction | None:
    """Return a part of another as an exact fraction, None of nothing."""
    whole = parts.get(denominator, 0)
    return Fraction(parts.get(numerator, 0), whole) if whole else None


def _average(numerator: str, denominator: str) -> Callable[[Parts], Value]:
    return lambda parts: ratio(parts, numerator, denominator)


def _lifetime(parts: Parts) -> Value:
    arpu, churn = ratio(parts, "mrr", "active"), ratio(parts, "churned", "opening")
    if not churn or arpu is None or not parts.get("days"):
        return None
    return arpu / (churn * 30 / parts["days"])


def _net(parts: Parts) -> int:
    return parts.get("gross", 0) - parts.get("refunds", 0) - parts.get("withheld", 0)


_MONEY, _COUNT, _RATE = Kind.MONEY, Kind.COUNT, Kind.RATE
_COUNTED = (
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
_MONEY_NOTES = (
    "An order brings money when it is completed, partially refunded, refunded or disputed; what "
    "goes back of other orders is not counted, as what came in was not.",
    "With basis=cash, the default, what goes back counts on its own day, whenever the order was "
    "paid; with basis=order it counts on the order's day.",
)
_BY_PERSON = ("tag", "source", "campaign", "segment", "first_order_month")
_GROUPED = (
    "Groups by tag and by segment overlap: who has two counts in both. The others sum to the "
    "total. Tags, sources, segments and recurring payments are as of now.",
)

ORDERS = Definition(
    "orders",
    "All orders of the range, of new and existing customers, matched to a contact or not.",
    (
        Kpi("gross", _MONEY, "What orders that brought money in the range were paid with."),
        Kpi("refunds", _MONEY, "What was refunded in the range, of orders of any time."),
        Kpi("withheld", _MONEY, "What open or lost disputes of the range hold back."),
        Kpi(
            "net",
            _MONEY,
            "Gross less refunds and what is withheld.",
            of=_net,
        ),
        Kpi("orders", _COUNT, "Orders that brought money in the range, refunded ones included."),
        Kpi(
            "average_order_value",
            _MONEY,
            "Net per order, rounded half to even; undefined without orders.",
            additive=False,
            rows="net",
            of=lambda p: ratio({**p, "net": _net(p)}, "net", "orders"),
        ),
        Kpi(
            "new_revenue",
            _MONEY,
            "Net of contacts whose customer_since lies in the range, in its every part.",
        ),
        Kpi("returning_revenue", _MONEY, "Net of all other contacts."),
        Kpi("declined", _COUNT, "Declined orders of the range; they brought no money."),
        Kpi("disputed", _COUNT, "Orders of the range that are disputed now."),
        Kpi("unmatched", _MONEY, "Net of orders without a contact."),
    ),
    ("product", "provider", "connection", "currency", "interval", "country", *_BY_PERSON),
    "net",
    ("basis",),
    (
        *_COUNTED,
        *_MONEY_NOTES,
        "By product, an order and what went back of it are split over its lines in proportion to "
        "their amounts: each line reaches up to its cumulative share, rounded down; a line of "
        "nothing or less gets nothing, and without any amount the first line gets all. An order "
        "counts once for each of its products, so counts by product may exceed the total.",
        "By currency, each group is in its own currency. Interval and country are those of the "
        "order's recurring payment.",
        *_GROUPED,
    ),
)

SUBSCRIPTIONS = Definition(
    "subscriptions",
    "Recurring payments: what is active, what it brings in 30 days, and what moved it.",
    (
        Kpi(
            "active",
            _COUNT,
            "Recurring payments with status active and not in a trial at the range's end.",
            additive=False,
        ),
        Kpi("new", _COUNT, "Recurring payments whose start date lies in the range."),
        Kpi(
            "cancelled",
            _COUNT,
            "Steps in the range into cancelled or expired from any other status.",
        ),
        Kpi(
            "mrr",
            _MONEY,
            "The amounts of active recurring payments, trials apart, at the range's end, each for "
            "30 days (day x 30, week x 30/7, month x 1, year x 30/365) and rounded half to even.",
            additive=False,
        ),
        Kpi("mrr_new", _MONEY, "MRR of recurring payments that had none before."),
        Kpi("mrr_expansion", _MONEY, "MRR that grew."),
        Kpi("mrr_contraction", _MONEY, "MRR that shrank and did not end; negative."),
        Kpi("mrr_churn", _MONEY, "MRR that ended, by whatever status; negative."),
        Kpi(
            "mrr_reactivation", _MONEY, "MRR of recurring payments that had some once, but not now."
        ),
        Kpi(
            "churn_rate",
            _RATE,
            "The share of those active at the range's start that are cancelled or expired at its "
            "end; undefined if there were none.",
            additive=False,
            of=lambda p: ratio(p, "churned", "opening"),
        ),
        Kpi(
            "arpu",
            _MONEY,
            "MRR per active recurring payment, rounded half to even; undefined if there is none.",
            additive=False,
            rows="mrr",
            of=lambda p: ratio(p, "mrr", "active"),
        ),
        Kpi(
            "ltv",
            _MONEY,
            "The exact arpu divided by the churn rate of 30 days (churn_rate x 30 / days of the "
            "range), rounded half to even; undefined without churn.",
            additive=False,
            rows="mrr",
            of=_lifetime,
        ),
        Kpi("trials", _COUNT, "Recurring payments that started in the range and ever had a trial."),
        Kpi(
            "trial_conversion",
            _RATE,
            "Of the trials that ended in the range, the share that went on to active.",
            additive=False,
            of=lambda p: ratio(p, "trials_converted", "trials_ended"),
        ),
        Kpi(
            "revenue",
            _MONEY,
            "Net in the range of the orders of recurring payments that started in the range.",
        ),
        Kpi("unmatched", _MONEY, "The part of revenue that belongs to no contact."),
    ),
    ("product", "provider", "connection", "interval", "country", *_BY_PERSON),
    "mrr",
    ("basis",),
    (
        *_COUNTED,
        *_MONEY_NOTES,
        "A recurring payment was what its events say in the order they occurred, so late events "
        "restate MRR. Its first state counts from its start date on, where that is the earlier, "
        "and is no step. The mrr at the start plus all movements is the mrr at the end.",
        "Paused and payment_failed are not active. What has no known billing interval has no mrr.",
        "A group has whole recurring payments, by what they are now; product is that of the first "
        "line. In a series, active and mrr are as of each bucket's end, rates are of the bucket, "
        "and revenue is of what started in the whole range.",
        *_GROUPED,
    ),
)

CUSTOMERS = Definition(
    "customers",
    "Customers by tag or segment, or by their purchases; no payment provider is needed.",
    (
        Kpi("customers", _COUNT, "Who was a customer at the range's end.", additive=False),
        Kpi("new_customers", _COUNT, "Who became a customer in the range."),
    ),
    _BY_PERSON,
    "customers",
    ("tag",),
    (
        "With tag, a customer is a contact that has this tag now, since it was applied. With a "
        "segment it is a member as of now: since the earliest tag that meets one of the segment's "
        "positive tag conditions was applied, else since customer_since, else since the contact "
        "was made. With neither it is a contact with customer_since.",
        *_COUNTED[1:],
        *_GROUPED,
    ),
)

REPORTS: Mapping[str, Definition] = {each.name: each for each in (ORDERS, SUBSCRIPTIONS, CUSTOMERS)}


def told(definition: Definition) -> dict[str, Any]:
    """Return a definition as the API prints it."""
    return {
        "report": definition.name,
        "about": definition.about,
        "kpis": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "about": each.about,
                "additive": each.additive,
                "rows": each.rows or each.name,
            }
            for each in definition.kpis
        ],
        "groups": list(definition.groups),
        "parameters": list(definition.parameters),
        "notes": list(definition.notes),
    }
