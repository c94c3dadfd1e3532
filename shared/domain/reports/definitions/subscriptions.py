"""What the report `subscriptions` counts."""

from __future__ import annotations

from shared.domain.reports.definition import Definition, Kind, Kpi, Parts, Value, ratio
from shared.domain.reports.definitions.wording import BY_PERSON, COUNTED, GROUPED, MONEY_NOTES


def _lifetime(parts: Parts) -> Value:
    """Return the arpu over the churn of as long; `month` is how long, in twelfths of a day."""
    arpu, churn = ratio(parts, "mrr", "active"), ratio(parts, "churned", "opening")
    if not churn or arpu is None:
        return None
    return arpu / (churn * parts["month"] / 12 / parts["days"])


SUBSCRIPTIONS = Definition(
    "subscriptions",
    "Recurring payments: what is active, what it brings in a month, and what moved it.",
    (
        Kpi(
            "active",
            Kind.COUNT,
            "Recurring payments with status active and not in a trial at the range's end.",
            additive=False,
        ),
        Kpi("new", Kind.COUNT, "Recurring payments whose start date lies in the range."),
        Kpi(
            "cancelled",
            Kind.COUNT,
            "Steps in the range into cancelled or expired from any other status.",
        ),
        Kpi(
            "mrr",
            Kind.MONEY,
            "The amounts of active recurring payments, trials apart, at the range's end, each for "
            "30 days (day x 30, week x 30/7, month x 1, year x 30/365) or, with "
            "normalisation=month, for a month (day x 365/12, week x 52/12, month x 1, year / 12); "
            "divided by the intervals a cycle takes, and rounded half to even, each by itself.",
            additive=False,
        ),
        Kpi("mrr_new", Kind.MONEY, "MRR of recurring payments that had none before."),
        Kpi("mrr_expansion", Kind.MONEY, "MRR that grew."),
        Kpi("mrr_contraction", Kind.MONEY, "MRR that shrank and did not end; negative."),
        Kpi("mrr_churn", Kind.MONEY, "MRR that ended, by whatever status; negative."),
        Kpi(
            "mrr_reactivation",
            Kind.MONEY,
            "MRR of recurring payments that had some once, but not now.",
        ),
        Kpi(
            "churn_rate",
            Kind.RATE,
            "The share of those active at the range's start that are cancelled or expired at its "
            "end; undefined if there were none.",
            additive=False,
            of=lambda p: ratio(p, "churned", "opening"),
        ),
        Kpi(
            "arpu",
            Kind.MONEY,
            "MRR per active recurring payment, rounded half to even; undefined if there is none.",
            additive=False,
            rows="mrr",
            of=lambda p: ratio(p, "mrr", "active"),
        ),
        Kpi(
            "ltv",
            Kind.MONEY,
            "The exact arpu divided by the churn rate of 30 days (churn_rate x 30 / days of the "
            "range; with normalisation=month of 365/12 days), rounded half to even; undefined "
            "without churn.",
            additive=False,
            rows="mrr",
            of=_lifetime,
        ),
        Kpi(
            "trials",
            Kind.COUNT,
            "Recurring payments that started in the range and ever had a trial.",
        ),
        Kpi(
            "trial_conversion",
            Kind.RATE,
            "Of the trials that ended in the range, the share that went on to active.",
            additive=False,
            of=lambda p: ratio(p, "trials_converted", "trials_ended"),
        ),
        Kpi(
            "revenue",
            Kind.MONEY,
            "Net in the range of the orders of recurring payments that started in the range.",
        ),
        Kpi("unmatched", Kind.MONEY, "The part of revenue that belongs to no contact."),
    ),
    ("product", "provider", "connection", "interval", "country", *BY_PERSON),
    "mrr",
    ("basis", "normalisation"),
    (
        *COUNTED,
        *MONEY_NOTES,
        "A recurring payment was what its events say in the order they occurred, so late events "
        "restate MRR. Its first state counts from its start date on, where that is the earlier, "
        "and is no step. The mrr at the start plus all movements is the mrr at the end.",
        "Annual, weekly: a cycle of any length brings a month's share of its amount, all the time "
        "it is active, whenever it is billed. What has no known billing interval has no mrr.",
        "Multi-item: all lines that are billed together are one amount of one recurring payment.",
        "Discounted: the amount is payment_amount, what a cycle costs after its discount, with tax "
        "and shipping; when a discount begins or ends, mrr_contraction or mrr_expansion says so on "
        "the day an event or invoice tells it. A first cycle's introductory price is not it.",
        "Trial: neither active nor mrr until it ends; if it goes on, that day's is mrr_new.",
        "Paused, and past-due (payment_failed): not active. Its mrr is mrr_churn on that day and "
        "mrr_reactivation when it goes on; churn_rate and cancelled count only what ended.",
        "Scheduled cancel (cancel_at_period_end): active, with all its mrr, until it has ended.",
        "A group has whole recurring payments, by what they are now; product is that of the first "
        "line. In a series, active and mrr are as of each bucket's end, rates are of the bucket, "
        "and revenue is of what started in the whole range.",
        *GROUPED,
    ),
)
