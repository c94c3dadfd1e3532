"""What the records must say at the end of a story: written down by the story itself.

This is the oracle of the tests, so nothing here is read back out of an event: each verb notes
what it did in the words of the product (active, payment_failed, completed, …). Amounts are
Stripe's integers, times Unix seconds, currencies upper-case as in the records.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from infra.samples.stripe_money import text_of

Status = Literal["pending", "active", "payment_failed", "paused", "cancelled", "expired"]
OrderStatus = Literal[
    "pending", "completed", "declined", "partially_refunded", "refunded", "disputed"
]
INTERVALS = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}


@dataclass
class SubscriptionTruth:
    """One recurring payment as it must stand.

    `amount` is what the next cycle costs in all, and None where the story does not say (items of
    different intervals); `billed` is what the last one cost, and None before the first. `cycles`
    counts the paid cycles above zero that were told. `card_expires` is year and month.
    `store_status` is Stripe's own, `statuses` every status passed through, in order.
    """

    id: str
    customer: str
    currency: str
    status: Status
    store_status: str
    amount: int | None
    interval: str
    interval_count: int
    started_at: int
    billed: int | None = None
    discount: int = 0
    tax: int = 0
    cycles: int = 0
    is_trial: bool = False
    last_payment_status: str | None = None
    last_payment_at: int | None = None
    last_order: str | None = None
    next_payment_at: int | None = None
    cancelled_at: int | None = None
    cancel_at_period_end: bool = False
    card_expires: tuple[int, int] | None = None
    statuses: list[Status] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the list of statuses with the first one."""
        self.statuses = self.statuses or [self.status]

    def become(self, status: Status, store_status: str) -> None:
        """Note a status, and that it was passed through when it is a new one."""
        self.store_status = store_status
        if status != self.status:
            self.statuses.append(status)
        self.status = status

    def forget_payments(self) -> None:
        """Forget the payments and the card so far, as one who was not told of them."""
        self.cycles, self.statuses, self.card_expires = 0, [self.status], None
        self.last_payment_status = self.last_payment_at = self.last_order = None


@dataclass
class OrderTruth:
    """One order: an invoice, or a single purchase that has none.

    `withheld` is what an open or lost dispute keeps back. `payments` are the payment intents.
    """

    id: str
    kind: Literal["one_time", "subscription"]
    status: OrderStatus
    gross: int
    currency: str
    at: int
    email: str | None
    customer: str | None = None
    subscription: str | None = None
    refunded: int = 0
    withheld: int = 0
    discount: int = 0
    tax: int = 0
    out_of_band: bool = False
    payments: list[str] = field(default_factory=list)

    @property
    def paid(self) -> bool:
        """Say whether the order ever brought money."""
        return self.status not in ("pending", "declined")

    @property
    def net(self) -> int:
        """What is left of the money: gross less refunds and disputes, never below zero."""
        return max(self.gross - self.refunded - self.withheld, 0) if self.paid else 0

    def settle(self) -> None:
        """Derive the status of a paid order from what was given back."""
        if self.withheld:
            self.status = "disputed"
        elif self.refunded >= self.gross:
            self.status = "refunded"
        else:
            self.status = "partially_refunded" if self.refunded else "completed"


@dataclass
class Truth:
    """All records of a story; `emails` holds each living customer's address of today."""

    subscriptions: dict[str, SubscriptionTruth] = field(default_factory=dict)
    orders: dict[str, OrderTruth] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)

    def paid_orders(self) -> dict[str, OrderTruth]:
        """Return the orders that brought money, by id."""
        return {key: order for key, order in self.orders.items() if order.paid}

    def gross(self) -> dict[str, int]:
        """Return the money taken by currency, refunds and disputes aside."""
        return _sum((order.currency, order.gross) for order in self.paid_orders().values())

    def revenue(self, email: str | None = None) -> dict[str, int]:
        """Return the net money by currency, of everybody or of one address."""
        return _sum(
            (order.currency, order.net)
            for order in self.paid_orders().values()
            if email is None or order.email == email
        )

    def revenue_text(self, email: str | None = None) -> dict[str, str]:
        """Return the net money by currency as decimal text."""
        return {
            currency: text_of(amount, currency) for currency, amount in self.revenue(email).items()
        }


def _sum(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for currency, amount in amounts:
        totals[currency] += amount
    return dict(totals)
