"""What the business itself keeps at Stripe: products, prices, coupons, and how addresses look.

Amounts are Stripe's integers, times whole Unix seconds, currencies lower-case as on the wire.
"""

from dataclasses import dataclass, field

from infra.samples.stripe_money import Interval


@dataclass(eq=False)
class Product:
    """A thing the business sells."""

    id: str
    name: str
    created: int
    updated: int
    active: bool = True
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Price:
    """What a product costs; without an interval it is paid once."""

    id: str
    product: Product
    amount: int
    currency: str
    created: int
    interval: Interval | None = "month"
    interval_count: int = 1
    nickname: str | None = None
    lookup_key: str | None = None
    active: bool = True


@dataclass(eq=False)
class Coupon:
    """A rebate the business invented: a percentage or an amount of a currency."""

    id: str
    name: str
    created: int
    percent_off: int | None = None
    amount_off: int | None = None
    currency: str | None = None


@dataclass(eq=False)
class PromotionCode:
    """The word a customer types to get a coupon."""

    id: str
    code: str
    coupon: Coupon
    created: int
    active: bool = True


@dataclass(frozen=True)
class Address:
    """A postal address as Stripe keeps it."""

    line1: str
    city: str
    postal_code: str
    country: str
    state: str | None = None
    line2: str | None = None
