"""A made-up business on PayPal: what happens, the events PayPal sends of it, and its own truth.

Each method is one thing that happens. It changes the world, then says so as PayPal would; what must
be recorded in the end is kept beside, without knowing the product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from infra.samples import paypal_render as render
from infra.samples.paypal_event import Event, Ids, Json, envelope
from infra.samples.paypal_state import DAY, Buyer, Checkout, Payment, Plan, Subscription

Shape = Literal["v1", "v2"]
STARTS_AT = 1_780_000_000
_STATUSES = {
    "APPROVAL_PENDING": "pending",
    "ACTIVE": "active",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}


@dataclass(frozen=True)
class Truth:
    """What must be recorded: subscriptions and payments as the world has them in the end."""

    subscriptions: dict[str, Subscription]
    payments: dict[str, Payment]


class World:
    """The business. `shape` is how PayPal words its subscriptions: v1 or v2."""

    def __init__(self, seed: int | str, shape: Shape = "v2", *, starts_at: int = STARTS_AT) -> None:
        self.ids = Ids(f"{seed}/{shape}")
        self.now = starts_at
        self.events: list[Event] = []
        self.moments: list[int] = []
        self._shape: Shape = shape
        self._subscriptions: dict[str, Subscription] = {}
        self._payments: dict[str, Payment] = {}
        self._plans: dict[str, Plan] = {}

    @property
    def truth(self) -> Truth:
        """What must be recorded of all that has happened."""
        return Truth(self._subscriptions, self._payments)

    def object(self, kind: str, identity: str) -> Json | None:
        """Return what PayPal's API answers now, None for what it does not know."""
        if kind == "event":
            return next((e.exported().content for e in self.events if e.id == identity), None)
        if kind == "product":
            sold = (plan for plan in self._plans.values() if plan.product_id == identity)
            return next(map(render.product, sold), None)
        it = self._subscriptions.get(identity)
        return None if it is None else render.subscription(it, with_plan=True)

    def buyer(self, name: str = "Ada Lovelace") -> Buyer:
        """Return a person with a PayPal account."""
        first, _, last = name.partition(" ")
        return Buyer(self.ids.new(length=13), f"{first.lower()}@example.com", first, last)

    def plan(self, price: int = 1900, unit: str = "MONTH", count: int = 1, **other: int) -> Plan:
        """Offer something by subscription; `trial_days` are free, `cycles` end it."""
        made = Plan(
            id=self.ids.new("P-", 24),
            product_id=self.ids.new("PROD-"),
            name="Club",
            price=price,
            unit=unit,
            count=count,
            trial_days=other.get("trial_days", 0),
            cycles=other.get("cycles", 0),
        )
        self._plans[made.id] = made
        self._say("CATALOG.PRODUCT.CREATED", "product", None, render.product(made))
        self._say("BILLING.PLAN.CREATED", "plan", "2.0", render.plan(made))
        return made

    def raise_price(self, plan: Plan, price: int) -> Plan:
        """Change what a plan costs, for its subscriptions as well."""
        dearer = replace(plan, price=price)
        self._plans[plan.id] = dearer
        for it in self._subscriptions.values():
            if it.plan.id == plan.id:
                it.plan = dearer
        kind = "BILLING.PLAN.PRICING-CHANGE.ACTIVATED"
        self._say(kind, "plan", "2.0", render.plan(dearer))
        return dearer

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds

    def subscribe(self, buyer: Buyer, plan: Plan, quantity: int = 1) -> Subscription:
        """Begin a subscription that its buyer has not approved yet."""
        it = Subscription(
            id=self.ids.new("I-", 12),
            plan=plan,
            buyer=buyer,
            quantity=quantity,
            created_at=self.now,
            started_at=self.now + 60,
            changed_at=self.now,
            custom_id=f"order-{len(self._subscriptions) + 1001}",
        )
        self._subscriptions[it.id] = it
        self._tell(it, "CREATED")
        return it

    def activate(self, it: Subscription) -> None:
        """Have the buyer approve: a trial begins, or the first cycle is paid."""
        self.wait(60)
        it.approved, it.status, it.changed_at, it.told = True, "ACTIVE", self.now, 19
        it.in_trial = it.plan.trial_days > 0
        if it.in_trial:
            it.next_at = self.now + it.plan.trial_days * DAY
            self._tell(it, "ACTIVATED")
            return
        self._pay(it)
        self._tell(it, "ACTIVATED")
        self._sold(it.sales[-1], "COMPLETED")

    def renew(self, it: Subscription, *, pending: bool = False) -> Payment:
        """Have a cycle paid; of that PayPal sends the sale alone."""
        self.wait(it.plan.seconds if not it.in_trial else it.plan.trial_days * DAY)
        it.in_trial = False
        self._pay(it)
        if pending:
            self._sold(it.sales[-1], "PENDING")
            self.wait(3_600)
        self._sold(it.sales[-1], "COMPLETED")
        return it.sales[-1]

    def fail(self, it: Subscription) -> None:
        """Have a payment fail; it is tried again in five days."""
        self.wait(5 * DAY)
        it.failures += 1
        it.failed_at, it.retry_at = self.now, self.now + 5 * DAY
        self._tell(it, "PAYMENT.FAILED")

    def suspend(self, it: Subscription) -> None:
        """Suspend: after failures, or by the merchant."""
        self.wait(DAY)
        it.status, it.changed_at, it.retry_at = "SUSPENDED", self.now, None
        self._tell(it, "SUSPENDED")

    def resume(self, it: Subscription) -> None:
        """Go on, in version 1's word for it or in version 2's."""
        self.wait(DAY)
        it.status, it.changed_at, it.failures = "ACTIVE", self.now, 0
        it.next_at = self.now + it.plan.seconds
        self._tell(it, "RE-ACTIVATED" if self._shape == "v1" else "ACTIVATED")

    def revise(self, it: Subscription, quantity: int) -> None:
        """Change how many are paid for."""
        self.wait(DAY)
        it.quantity = quantity
        self._tell(it, "UPDATED")

    def cancel(self, it: Subscription) -> None:
        """Cancel: immediate, and there is no next payment any more."""
        self._end(it, "CANCELLED")

    def expire(self, it: Subscription) -> None:
        """End after the last cycle."""
        self._end(it, "EXPIRED")

    def refund(self, it: Payment, cents: int) -> None:
        """Give back a part of a sale or capture, or all of it."""
        self.wait(DAY)
        it.returned += cents
        refund_id = self.ids.new()
        if it.subscription_id is None:
            told = render.capture_refund(refund_id, it, cents, self.now)
            self._say("PAYMENT.CAPTURE.REFUNDED", "refund", "2.0", told)
            return
        negative = it.amount % 2 == 1
        told = render.sale_refund(refund_id, it, cents, self.now, negative=negative)
        self._say("PAYMENT.SALE.REFUNDED", "sale" if negative else "refund", None, told)

    def reverse(self, it: Payment) -> None:
        """Have the buyer's bank take a sale back."""
        self.wait(DAY)
        it.returned = it.amount
        told = render.reversal(self.ids.new(), it, self.now)
        self._say("PAYMENT.SALE.REVERSED", "sale", None, told)

    def dispute(self, it: Payment, outcome: str | None = None) -> None:
        """Open a dispute about a payment, and resolve it where there is an outcome."""
        self.wait(DAY)
        it.disputed = self.ids.new("PP-D-", 5)
        opened = self.now
        told = render.dispute(it.disputed, it, opened, None)
        self._say("CUSTOMER.DISPUTE.CREATED", "dispute", None, told)
        if outcome is not None:
            self.wait(10 * DAY)
            it.is_lost = outcome == "RESOLVED_BUYER_FAVOUR"
            it.disputed = it.disputed if it.is_lost else None
            told = render.dispute(told["dispute_id"], it, opened, outcome)
            self._say("CUSTOMER.DISPUTE.RESOLVED", "dispute", None, told)

    def buy(self, buyer: Buyer, cents: int, end: str = "COMPLETED") -> Payment:
        """Sell once: approved, then captured, declined or pending for a while."""
        checkout = Checkout(self.ids.new(), buyer, cents, self.now)
        self._say("CHECKOUT.ORDER.APPROVED", "checkout-order", "2.0", self._checkout(checkout))
        self.wait(60)
        it = Payment(self.ids.new(), cents, self.now, email=buyer.email)
        self._payments[it.id] = it
        if end == "PENDING":
            self._captured(it, "PENDING", checkout)
            self.wait(DAY)
            end = "COMPLETED"
        it.status = "completed" if end == "COMPLETED" else "declined"
        self._captured(it, end, checkout)
        if end == "COMPLETED":
            told = self._checkout(checkout, render.capture(it, end, checkout.id))
            self._say("CHECKOUT.ORDER.COMPLETED", "checkout-order", "2.0", told)
        return it

    def _checkout(self, it: Checkout, *captures: Json) -> Json:
        return render.checkout(it, "COMPLETED" if captures else "APPROVED", list(captures))

    def _captured(self, it: Payment, status: str, checkout: Checkout) -> None:
        told = render.capture(it, status, checkout.id)
        self._say(f"PAYMENT.CAPTURE.{status}", "capture", "2.0", told)

    def _pay(self, it: Subscription) -> None:
        it.cycles += 1
        it.paid_at, it.next_at, it.failures = self.now, self.now + it.plan.seconds, 0
        it.retry_at = None
        email = it.buyer.email
        made = Payment(self.ids.new(), it.amount, self.now, subscription_id=it.id, email=email)
        it.sales.append(made)
        self._payments[made.id] = made

    def _sold(self, it: Payment, word: str) -> None:
        self._say(f"PAYMENT.SALE.{word}", "sale", None, render.sale(it, word.lower()))

    def _end(self, it: Subscription, status: str) -> None:
        self.wait(DAY)
        it.status, it.changed_at, it.next_at, it.retry_at = status, self.now, None, None
        self._tell(it, status)

    def _tell(self, it: Subscription, word: str) -> None:
        paused = "payment_failed" if it.failures else "paused"
        status = _STATUSES.get(it.status, paused)
        if it.statuses[-1:] != [status]:
            it.statuses.append(status)
        kind = f"BILLING.SUBSCRIPTION.{word}"
        if self._shape == "v1":
            kind = kind.replace(".ACTIVATED", ".UPDATED")
            self._say(kind, "Agreement", "1.0", render.agreement(it))
        else:
            self._say(kind, "subscription", "2.0", render.subscription(it))

    def _say(self, kind: str, thing: str, version: str | None, resource: Json) -> None:
        self.now += 1
        event_id = f"{self.ids.new('WH-', 17)}-{self.ids.new()}"
        self.events.append(envelope(event_id, kind, self.now, thing, version, resource))
        self.moments.append(self.now)
