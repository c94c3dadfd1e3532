"""What the verbs about subscriptions share: invoice lines, ends, and the notes of the truth."""

from infra.samples.stripe_business import Business
from infra.samples.stripe_money import share
from infra.samples.stripe_state import Item, Line, Subscription
from infra.samples.stripe_truth import INTERVALS, Status

UPDATED = "customer.subscription.updated"

# Stripe's status in the record's words; a paused collection is noted by the verb that pauses it.
MEANING: dict[str, Status] = {
    "trialing": "active",
    "active": "active",
    "incomplete": "pending",
    "incomplete_expired": "expired",
    "past_due": "payment_failed",
    "unpaid": "payment_failed",
    "paused": "paused",
    "canceled": "cancelled",
}


def lines_for(world: Business, subscription: Subscription, items: list[Item]) -> list[Line]:
    """Return what one period of the items costs, with the discount and the tax on it."""
    lines = []
    left = _amount_off(subscription)
    for item in items:
        amount = item.price.amount * item.quantity
        off = _percent_off(subscription, amount) + min(left, amount)
        left = max(left - amount, 0)
        line = Line(
            world.ids.new("il"),
            amount,
            f"{item.quantity} × {item.price.product.name}",  # noqa: RUF001 - as Stripe writes it
            item.price,
            item.quantity,
            item,
            item.period_start,
            item.period_end,
            discount=off,
        )
        line.tax = share(amount - off, subscription.tax_percent, 100, subscription.currency)
        lines.append(line)
    return lines


def cycle_amount(subscription: Subscription) -> tuple[int, int, int] | None:
    """Return total, discount and tax of a whole cycle, or None for items of mixed intervals."""
    first = subscription.items[0].price
    rhythm = (first.interval, first.interval_count)
    if any((i.price.interval, i.price.interval_count) != rhythm for i in subscription.items):
        return None
    amount = sum(item.price.amount * item.quantity for item in subscription.items)
    off = _percent_off(subscription, amount) + min(_amount_off(subscription), amount)
    tax = share(amount - off, subscription.tax_percent, 100, subscription.currency)
    return amount - off + tax, off, tax


def note(world: Business, subscription: Subscription) -> None:
    """Note what follows from the subscription's own terms: status, amount, rhythm, next date."""
    record = world.record_of(subscription)
    paused = subscription.pause_behavior is not None and subscription.status == "active"
    status: Status = "paused" if paused else MEANING[subscription.status]
    if subscription.schedule and subscription.schedule.status == "completed":
        status = "expired"
    record.become(status, subscription.status)
    record.is_trial = subscription.status == "trialing"
    first = subscription.items[0].price
    record.interval = INTERVALS[first.interval or "month"]
    record.interval_count = first.interval_count
    cycle = cycle_amount(subscription)
    record.amount = cycle[0] if cycle else None
    record.cancelled_at = subscription.canceled_at
    record.cancel_at_period_end = subscription.ended_at is None and (
        subscription.cancel_at_period_end or subscription.cancel_at is not None
    )
    record.next_payment_at = _next_payment(subscription, record.cancel_at_period_end, status)


def end(world: Business, subscription: Subscription, reason: str) -> None:
    """Let a subscription end now: customer.subscription.deleted."""
    subscription.status = "canceled"
    subscription.ended_at = world.now
    subscription.canceled_at = subscription.canceled_at or world.now
    subscription.cancellation_reason = reason
    note(world, subscription)
    world.tell("customer.subscription.deleted", subscription)


def _next_payment(subscription: Subscription, ending: bool, status: Status) -> int | None:
    if ending or status in ("cancelled", "expired", "paused"):
        return None
    if subscription.status == "past_due":
        bill = subscription.latest_invoice
        return bill.next_payment_attempt if bill else None
    return min(item.period_end for item in subscription.items)


def _percent_off(subscription: Subscription, amount: int) -> int:
    percent = subscription.discount.coupon.percent_off if subscription.discount else None
    return share(amount, percent or 0, 100, subscription.currency)


def _amount_off(subscription: Subscription) -> int:
    amount = subscription.discount.coupon.amount_off if subscription.discount else None
    return amount or 0
