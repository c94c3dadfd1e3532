"""What exists in PayPal's made-up world, and what must be recorded of it in the end."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400
_DAYS = {"DAY": 1, "WEEK": 7, "MONTH": 30, "YEAR": 365}


@dataclass(frozen=True)
class Buyer:
    """A person with a PayPal account."""

    id: str
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Plan:
    """What is sold by subscription; the price in cents, `cycles` 0 for as many as may be."""

    id: str
    product_id: str
    name: str
    price: int
    unit: str
    count: int
    trial_days: int
    cycles: int

    @property
    def seconds(self) -> int:
        """How long a cycle lasts, in a world whose months have 30 days."""
        return _DAYS[self.unit] * self.count * DAY


@dataclass
class Payment:
    """A sale or a capture; times are Unix seconds, money cents."""

    id: str
    amount: int
    at: int
    subscription_id: str | None = None
    status: str = "completed"
    returned: int = 0
    disputed: str | None = None
    is_lost: bool = False
    email: str | None = None


@dataclass
class Checkout:
    """An approval of a one-off purchase."""

    id: str
    buyer: Buyer
    amount: int
    at: int


@dataclass
class Subscription:
    """A subscription as PayPal keeps it. `told` is how its `create_time` has drifted so far."""

    id: str
    plan: Plan
    buyer: Buyer
    quantity: int
    created_at: int
    started_at: int
    changed_at: int
    custom_id: str
    status: str = "APPROVAL_PENDING"
    approved: bool = False
    in_trial: bool = False
    cycles: int = 0
    failures: int = 0
    paid_at: int | None = None
    failed_at: int | None = None
    retry_at: int | None = None
    next_at: int | None = None
    told: int = 0
    sales: list[Payment] = field(default_factory=list)
    # What the story says must be recorded: our own statuses, in order.
    statuses: list[str] = field(default_factory=list)

    @property
    def amount(self) -> int:
        """What a cycle costs."""
        return self.plan.price * self.quantity
