"""A made-up WooCommerce shop: what people do there, what the shop then posts, and what is true.

Every deed changes subscriptions and orders as the plugin would, posts a message for each saved
object, and writes the truth down beside it, without knowing what paysignal makes of it.
"""

import random
from dataclasses import replace

from infra.samples import woocommerce_render as render
from infra.samples.woocommerce_event import Event
from infra.samples.woocommerce_render import Order, Person, Subscription
from infra.samples.woocommerce_truth import DAY, OrderTruth, SubscriptionTruth, Truth

STARTS_AT = 1_700_000_000
HOUR = 3_600
# The plugin's own rules for trying a failed renewal again.
RETRIES = (12 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 72 * HOUR)
_INTERVALS = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}
_LENGTHS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}


class Shop:
    """One shop at work; `events` are its messages in the order they were sent."""

    def __init__(self, seed: int | str = 1, *, starts_at: int = STARTS_AT) -> None:
        self.dice = random.Random(f"woocommerce/{seed}")  # noqa: S311  # a story, no secret
        self.now = starts_at
        self.events: list[Event] = []
        self.truth = Truth()
        self._next_id = 100 + self.dice.randrange(100_000) * 10

    def new_id(self) -> int:
        """Return the next id: posts of all kinds share one counter."""
        self._next_id += self.dice.randint(1, 3)
        return self._next_id

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds

    def person(self, name: str = "Ada", *, guest: bool = False) -> Person:
        """Return somebody new; a guest has no account."""
        own = self.new_id()
        return Person(0 if guest else own, name, "Lovelace", f"{name.lower()}.{own}@example.com")

    def save_order(self, order: Order, event: str = "updated") -> None:
        """Save an order, and post that."""
        self.wait(1)
        order.modified_at = self.now
        self._post(f"order.{event}", render.order(order))

    def save(self, sub: Subscription, event: str = "updated") -> None:
        """Save a subscription, and post that."""
        self.wait(1)
        sub.modified_at = self.now
        self._post(f"subscription.{event}", render.subscription(sub))
        told = self.truth.subscriptions.get(str(sub.id))
        if told is not None:
            told.next_payment_at = sub.payment_retry or sub.next_payment

    def delete(self, thing: Subscription | Order) -> None:
        """Throw something away: all that is posted is its id."""
        self.wait(1)
        kind = "subscription" if isinstance(thing, Subscription) else "order"
        self._post(f"{kind}.deleted", {"id": thing.id})
        if kind == "subscription":
            told = self.truth.subscriptions[str(thing.id)]
            told.next_payment_at, told.cancel_at_period_end = None, False
            told.become("cancelled")

    def say_again(self, event: str = "updated") -> None:
        """Post the last body once more under the topic of an update, as late building does."""
        last = self.events[-1]
        self.events.append(replace(last, topic=f"{last.topic.partition('.')[0]}.{event}"))

    def buy(self, person: Person, total: int) -> Order:
        """Have somebody buy something once."""
        order = self._ordered(person, total)
        self.pay(order)
        return order

    def subscribe(
        self, person: Person, total: int = 3_000, period: str = "month", *, trial_days: int = 0
    ) -> Subscription:
        """Have somebody check out a subscription: a first order, which is free during a trial."""
        first = self._ordered(person, 0 if trial_days else total)
        self.wait(1)
        trial_end = self.now + trial_days * DAY if trial_days else None
        sub = Subscription(
            id=self.new_id(),
            parent_id=first.id,
            person=person,
            total=total,
            period=period,
            interval=1,
            started_at=self.now,
            modified_at=self.now,
            currency=first.currency,
            trial_end=trial_end,
        )
        told = SubscriptionTruth(
            status="pending",
            email=person.email,
            amount=total,
            interval=_INTERVALS[period],
            interval_count=1,
            started_at=sub.started_at,
            next_payment_at=None,
            origin=str(first.id),
            statuses=["pending"],
            is_trial=trial_end is not None,
        )
        self.truth.subscriptions[str(sub.id)] = told
        self.save(sub, "created")
        if not trial_days:
            self.truth.orders[str(first.id)].subscription = str(sub.id)
            told.last_payment_status, told.last_payment_at = "pending", first.created_at
        self.pay(first, sub)
        self.activate(sub, trial_end or self.now + _LENGTHS[period])
        return sub

    def activate(self, sub: Subscription, next_payment: int | None = None) -> None:
        """Have a subscription go on."""
        sub.status, sub.payment_retry = "active", None
        sub.next_payment = next_payment or sub.next_payment
        told = self.truth.subscriptions[str(sub.id)]
        told.become("active")
        told.is_trial = sub.trial_end is not None and sub.trial_end > self.now + 1
        self.save(sub)

    def renew(self, sub: Subscription, *, paid: bool = True) -> Order:
        """Let the next payment fall due; failed, the subscription is put on hold until a retry."""
        self.now = max(self.now, sub.next_payment or self.now)
        order = self._ordered(sub.person, sub.total, renews=sub.id)
        if paid:
            self.pay(order, sub)
            self.activate(sub, self.now + _LENGTHS[sub.period])
        else:
            self.fail(order, sub)
        return order

    def fail(self, order: Order, sub: Subscription, *, retry_in: int | None = RETRIES[0]) -> None:
        """Have the payment of a renewal fail; without another retry the store says no reason."""
        order.status = "failed"
        self.save_order(order)
        truth = self.truth.orders[str(order.id)]
        if truth.status != "declined":
            truth.status, truth.at = "declined", self.now
        self._told_of_payment(sub, "declined", truth.at)
        sub.status = "on-hold"
        sub.payment_retry = None if retry_in is None else self.now + retry_in
        told = self.truth.subscriptions[str(sub.id)]
        told.become("payment_failed")
        told.is_trial = False
        self.save(sub)

    def retry(self, order: Order, sub: Subscription, *, paid: bool, last: bool = False) -> None:
        """Try a failed renewal again: the same order is paid, or fails once more."""
        self.now = max(self.now + HOUR, sub.payment_retry or self.now)
        if not paid:
            self.fail(order, sub, retry_in=None if last else RETRIES[1])
            return
        self.pay(order, sub)
        self.activate(sub, self.now + _LENGTHS[sub.period])

    def suspend(self, sub: Subscription) -> None:
        """Have somebody put their subscription on hold."""
        sub.status = "on-hold"
        self.truth.subscriptions[str(sub.id)].become("paused")
        self.save(sub)

    def ask_to_cancel(self, sub: Subscription) -> None:
        """Have somebody cancel: it goes on until what was paid for is over."""
        sub.status, sub.ends_at, sub.next_payment = "pending-cancel", sub.next_payment, None
        sub.cancelled_at = self.now
        told = self.truth.subscriptions[str(sub.id)]
        told.cancel_at_period_end, told.cancelled_at = True, self.now
        self.save(sub)

    def end(self, sub: Subscription, status: str = "cancelled") -> None:
        """Have a subscription end as cancelled, switched or expired."""
        self.now = max(self.now, sub.ends_at or self.now)
        sub.status, sub.next_payment, sub.ends_at = status, None, self.now
        sub.payment_retry = None
        told = self.truth.subscriptions[str(sub.id)]
        if status != "expired" and sub.cancelled_at is None:
            sub.cancelled_at = told.cancelled_at = self.now
        told.cancel_at_period_end = told.is_trial = False
        told.become("expired" if status == "expired" else "cancelled")
        self.save(sub, "switched" if status == "switched" else "updated")

    def refund(self, order: Order, amount: int) -> None:
        """Give some of an order back."""
        self.wait(HOUR)
        order.refunds = [(self.new_id(), amount), *order.refunds]
        told = self.truth.orders[str(order.id)]
        told.refunded += amount
        whole = told.refunded >= order.total
        order.status = "refunded" if whole else order.status
        told.status = "refunded" if whole else "partially_refunded"
        sub = self.truth.subscriptions.get(told.subscription or "")
        if sub is not None and sub.last_payment_at == told.at:
            sub.last_payment_status = told.status
        self.save_order(order)
        told.refunded_at.append(self.now)

    def pay(self, order: Order, sub: Subscription | None = None) -> None:
        """Have an order paid, and completed later."""
        self.wait(1)
        order.status, order.paid_at = "processing", self.now
        order.transaction_id = f"ch_{order.id}made0up" if order.total else ""
        self.save_order(order)
        told = self.truth.orders.get(str(order.id))
        if told is None:
            return  # nothing was asked for
        told.status, told.at, told.reference = "completed", order.paid_at, order.transaction_id
        if sub is not None:
            self._told_of_payment(sub, "completed", order.paid_at)
            self.truth.subscriptions[str(sub.id)].cycles += 1

    def _told_of_payment(self, sub: Subscription, status: str, at: int) -> None:
        told = self.truth.subscriptions[str(sub.id)]
        told.last_payment_status, told.last_payment_at = status, at

    def _ordered(self, person: Person, total: int, renews: int | None = None) -> Order:
        self.wait(1)
        order = Order(
            id=self.new_id(),
            person=person,
            total=total,
            created_at=self.now,
            modified_at=self.now,
            currency="AUD",
            renews=renews,
        )
        self.save_order(order, "created")
        if total:
            name = None if renews is None else str(renews)
            self.truth.orders[str(order.id)] = OrderTruth(
                "pending", person.email, total, order.created_at, name
            )
        return order

    def _post(self, topic: str, content: dict[str, object]) -> None:
        self.events.append(Event(topic, content, self.now))
