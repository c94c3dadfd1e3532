"""What must be true of a made-up shop: written down by the story, never computed by the product."""

from dataclasses import dataclass, field

DAY = 86_400


@dataclass
class SubscriptionTruth:
    """A subscription as a person would tell it; times in Unix seconds, money in minor units."""

    status: str
    email: str
    amount: int
    interval: str
    interval_count: int
    started_at: int
    next_payment_at: int | None
    is_trial: bool = False
    cancel_at_period_end: bool = False
    cancelled_at: int | None = None
    last_payment_status: str | None = None
    last_payment_at: int | None = None
    cycles: int = 0
    origin: str | None = None
    statuses: list[str] = field(default_factory=list)

    def become(self, status: str) -> None:
        """Change the status, and remember it."""
        self.status = status
        if self.statuses[-1:] != [status]:
            self.statuses.append(status)


@dataclass
class OrderTruth:
    """An order as a person would tell it."""

    status: str
    email: str
    gross: int
    at: int
    subscription: str | None = None
    refunded: int = 0
    reference: str | None = None
    refunded_at: list[int] = field(default_factory=list)


@dataclass
class Truth:
    """All of a shop's subscriptions and orders, by id."""

    subscriptions: dict[str, SubscriptionTruth] = field(default_factory=dict)
    orders: dict[str, OrderTruth] = field(default_factory=dict)

    def revenue(self) -> dict[str, int]:
        """Return what each person's orders brought, in minor units of the one currency."""
        brought: dict[str, int] = {}
        for order in self.orders.values():
            if order.status in ("completed", "partially_refunded", "refunded"):
                net = order.gross - order.refunded
                brought[order.email] = brought.get(order.email, 0) + net
        return brought
