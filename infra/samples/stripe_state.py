"""What Stripe holds of its customers: the things whose snapshots its events carry.

These are neutral of any API version; the renderers turn them into the old or the new shape.
Amounts are Stripe's integers, times whole Unix seconds, currencies lower-case as on the wire.
"""

from dataclasses import dataclass, field

from infra.samples.stripe_goods import Address, Coupon, Price


@dataclass(eq=False)
class Card:
    """A payment method; `customer` is None once it is detached."""

    id: str
    created: int
    customer: "Customer | None"
    exp_month: int = 12
    exp_year: int = 2029
    last4: str = "4242"
    brand: str = "visa"


@dataclass(eq=False)
class LegacyCard:
    """A card of the sources API, which some old customers still pay with."""

    id: str
    customer: "Customer"
    exp_month: int
    exp_year: int
    last4: str = "0341"


@dataclass(eq=False)
class Customer:
    """A person or company known to Stripe."""

    id: str
    email: str | None
    created: int
    name: str | None = None
    phone: str | None = None
    address: Address | None = None
    shipping: Address | None = None
    card: Card | None = None
    deleted: bool = False
    invoices_count: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Discount:
    """A coupon at work on a subscription."""

    id: str
    coupon: Coupon
    customer: Customer
    subscription: str
    start: int


@dataclass(eq=False)
class Item:
    """One price of a subscription, with its own period."""

    id: str
    price: Price
    quantity: int
    created: int
    period_start: int
    period_end: int


@dataclass(eq=False)
class PendingUpdate:
    """A change of plan that waits for its payment."""

    item: Item
    price: Price
    expires_at: int


@dataclass(eq=False)
class Subscription:
    """A subscription in Stripe's own words; `status` is Stripe's status."""

    id: str
    customer: Customer
    items: list[Item]
    currency: str
    status: str
    created: int
    start_date: int
    anchor: int
    trial_start: int | None = None
    trial_end: int | None = None
    missing_card: str = "create_invoice"
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    cancellation_reason: str | None = None
    pause_behavior: str | None = None
    paused_at: int | None = None
    pause_reason: str = "pause_requested"
    discount: Discount | None = None
    tax_percent: int = 0
    latest_invoice: "Invoice | None" = None
    schedule: "Schedule | None" = None
    card: Card | None = None
    pending_update: PendingUpdate | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Line:
    """One line of an invoice; `amount` is before discount and tax."""

    id: str
    amount: int
    description: str
    price: Price
    quantity: int
    item: Item | None
    period_start: int
    period_end: int
    discount: int = 0
    tax: int = 0
    proration: bool = False


@dataclass(eq=False)
class Invoice:
    """A bill, of a subscription or of a single purchase."""

    id: str
    customer: Customer
    currency: str
    billing_reason: str
    created: int
    lines: list[Line]
    subscription: Subscription | None = None
    status: str = "draft"
    number: str | None = None
    customer_email: str | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    uncollectible_reason: str | None = None
    attempt_count: int = 0
    next_payment_attempt: int | None = None
    due_date: int | None = None
    out_of_band: bool = False
    amount_paid: int = 0
    amount_overpaid: int = 0
    discount: Discount | None = None
    payment: "Payment | None" = None
    invoice_payment: "InvoicePayment | None" = None

    @property
    def total(self) -> int:
        """What the customer owes: lines less discounts plus tax."""
        return sum(line.amount - line.discount + line.tax for line in self.lines)


@dataclass(eq=False)
class InvoicePayment:
    """The link between an invoice and the payment intent that pays it; new shape only."""

    id: str
    invoice: Invoice
    payment: "Payment"
    created: int
    paid_at: int | None = None


@dataclass(eq=False)
class Payment:
    """A payment intent with the charges it tried."""

    id: str
    amount: int
    currency: str
    created: int
    customer: Customer | None
    status: str = "requires_payment_method"
    invoice: Invoice | None = None
    card: Card | None = None
    email: str | None = None
    name: str | None = None
    description: str | None = None
    charges: "list[Charge]" = field(default_factory=list)
    canceled_at: int | None = None

    @property
    def charge(self) -> "Charge":
        """The newest charge; raise IndexError when none was tried."""
        return self.charges[-1]


@dataclass(eq=False)
class Charge:
    """One try to take the money."""

    id: str
    payment: Payment
    amount: int
    created: int
    status: str = "succeeded"
    failure_code: str | None = None
    balance_transaction: str | None = None
    amount_refunded: int = 0
    disputed: bool = False
    refunds: "list[Refund]" = field(default_factory=list)


@dataclass(eq=False)
class Refund:
    """Money given back."""

    id: str
    charge: Charge
    amount: int
    created: int
    status: str = "succeeded"
    reference_status: str = "pending"
    receipt_number: str | None = None
    failure_reason: str | None = None


@dataclass(eq=False)
class Dispute:
    """A customer's bank asks for its money back."""

    id: str
    charge: Charge
    amount: int
    created: int
    status: str = "needs_response"
    has_evidence: bool = False
    transactions: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass(eq=False)
class Session:
    """A visit to Stripe's checkout page; `email` is what the buyer typed there."""

    id: str
    mode: str
    email: str | None
    created: int
    currency: str
    subtotal: int
    total: int
    discount: int = 0
    tax: int = 0
    name: str | None = None
    status: str = "complete"
    payment_status: str = "paid"
    customer: Customer | None = None
    subscription: Subscription | None = None
    invoice: Invoice | None = None
    payment: Payment | None = None
    shipping: Address | None = None


@dataclass(eq=False)
class Schedule:
    """The future phases of a subscription."""

    id: str
    subscription: Subscription
    created: int
    phase_start: int
    phase_end: int
    end_behavior: str = "release"
    status: str = "active"
    canceled_at: int | None = None
    completed_at: int | None = None
    released_at: int | None = None
