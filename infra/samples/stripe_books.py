"""A month's books: what its reports and its triggers must say, reckoned from the story's truth.

All that a month tells happens inside of it, so sums over its records are sums over its days. Like
the truth itself this reads no event and no answer; amounts are Stripe's integers of one currency.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.samples.stripe_money import text_of
from infra.samples.stripe_month import Month


@dataclass(frozen=True, slots=True)
class Books:
    """The month in one currency."""

    currency: str
    gross: int
    refunds: int
    withheld: int
    orders: int
    declined: int
    active: int
    new: int
    cancelled: int
    mrr: int

    @property
    def net(self) -> int:
        """What was taken less what went back."""
        return self.gross - self.refunds - self.withheld

    def text(self, name: str) -> str | int:
        """Return a figure as the reports print it: money as decimal text, numbers as they are."""
        value: int = getattr(self, name)
        money = ("gross", "refunds", "withheld", "net", "mrr")
        return text_of(value, self.currency) if name in money else value


def books(month: Month, currency: str = "USD") -> Books:
    """Reckon the month's books in one currency."""
    orders = [order for order in month.truth.orders.values() if order.currency == currency]
    paid = [order for order in orders if order.paid]
    plans = [plan for plan in month.truth.subscriptions.values() if plan.currency == currency]
    active = [plan for plan in plans if plan.status == "active" and not plan.is_trial]
    return Books(
        currency=currency,
        gross=sum(order.gross for order in paid),
        refunds=sum(order.refunded for order in paid),
        withheld=sum(order.withheld for order in paid),
        orders=len(paid),
        declined=sum(order.status == "declined" for order in orders),
        active=len(active),
        new=sum(plan.started_at >= month.starts_at for plan in plans),
        cancelled=sum(plan.statuses.count("cancelled") for plan in plans),
        # The prices of the month are monthly, which the normalisation leaves as they are.
        mrr=sum(plan.amount or 0 for plan in active),
    )


def payments_failed(month: Month) -> list[str]:
    """Return the subscriptions whose payment failed, once for each time it began to fail."""
    return [
        plan.id
        for plan in month.truth.subscriptions.values()
        for status in plan.statuses[1:]
        if status == "payment_failed"
    ]


def subscriptions_begun(month: Month) -> list[str]:
    """Return the subscriptions that were told from their beginning on."""
    plans = month.truth.subscriptions.values()
    return [plan.id for plan in plans if plan.started_at >= month.starts_at]


def emails_of(month: Month, subscriptions: list[str]) -> set[str]:
    """Return who pays for these subscriptions."""
    truth = month.truth
    return {truth.emails[truth.subscriptions[each].customer] for each in subscriptions}
