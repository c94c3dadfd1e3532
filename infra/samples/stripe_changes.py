"""Story verbs about a subscription's terms: cancelling, pausing, plans and discounts."""

from typing import Literal

from infra.samples.stripe_business import Business
from infra.samples.stripe_goods import Coupon, Price
from infra.samples.stripe_invoicing import collect, draft, finalize
from infra.samples.stripe_money import add_interval, share
from infra.samples.stripe_state import Discount, Item, Line, PendingUpdate, Subscription
from infra.samples.stripe_subscription import UPDATED, end, lines_for, note


def cancel_now(
    world: Business, subscription: Subscription, reason: str = "cancellation_requested"
) -> None:
    """End a subscription at once: customer.subscription.deleted."""
    end(world, subscription, reason)


def schedule_cancel(
    world: Business,
    subscription: Subscription,
    via: Literal["default", "boolean", "cancel_at"] = "default",
) -> None:
    """Ask for an end with the period: …updated, while the subscription stays active.

    The old shape says so by `cancel_at_period_end`; a portal cancel under flexible billing says
    `cancel_at` alone, which is the new shape's default here.
    """
    at_end = via == "boolean" or (via == "default" and not world.view.is_new)
    with world.change(UPDATED, subscription):
        subscription.cancel_at_period_end = at_end
        subscription.cancel_at = min(item.period_end for item in subscription.items)
        subscription.canceled_at = world.now
        subscription.cancellation_reason = "cancellation_requested"
    note(world, subscription)


def resume(world: Business, subscription: Subscription) -> None:
    """Take back a scheduled end: …updated."""
    with world.change(UPDATED, subscription):
        subscription.cancel_at_period_end = False
        subscription.cancel_at = subscription.canceled_at = None
        subscription.cancellation_reason = None
    note(world, subscription)


def reach_cancellation(world: Business, subscription: Subscription) -> None:
    """Come to the scheduled end: customer.subscription.deleted."""
    if subscription.cancel_at is None:
        raise ValueError("no end is scheduled")
    world.reach(subscription.cancel_at)
    end(world, subscription, "cancellation_requested")


def pause(world: Business, subscription: Subscription, behavior: str = "void") -> None:
    """Stop collecting payments: …updated with `pause_collection`; Stripe's status stays."""
    with world.change(UPDATED, subscription):
        subscription.pause_behavior = behavior
    note(world, subscription)


def unpause(world: Business, subscription: Subscription) -> None:
    """Collect payments again: …updated."""
    with world.change(UPDATED, subscription):
        subscription.pause_behavior = None
    note(world, subscription)


def pause_for_real(world: Business, subscription: Subscription) -> None:
    """Pause the subscription itself: …updated to `paused`, customer.subscription.paused."""
    with world.change(UPDATED, subscription):
        subscription.status, subscription.paused_at = "paused", world.now
        subscription.pause_reason = "pause_requested"
    world.tell("customer.subscription.paused", subscription)
    note(world, subscription)


def resume_for_real(world: Business, subscription: Subscription) -> None:
    """Go on after a real pause: …updated to `active`, customer.subscription.resumed."""
    with world.change(UPDATED, subscription):
        subscription.status, subscription.paused_at = "active", None
    world.tell("customer.subscription.resumed", subscription)
    note(world, subscription)


def change_plan(
    world: Business,
    subscription: Subscription,
    price: Price | None = None,
    quantity: int | None = None,
    *,
    prorate: bool = True,
) -> None:
    """Change the first item's price or quantity: …updated, and the difference is billed at once.

    Another interval starts a new period now. A change to something cheaper needs
    `prorate=False`: Stripe would keep the difference as a credit for later.
    """
    item = subscription.items[0]
    before = Item(
        item.id, item.price, item.quantity, item.created, item.period_start, item.period_end
    )
    with world.change(UPDATED, subscription):
        item.price, item.quantity = price or item.price, quantity or item.quantity
        rhythm = (item.price.interval, item.price.interval_count)
        if rhythm != (before.price.interval, before.price.interval_count):
            item.period_start = subscription.anchor = world.now
            item.period_end = add_interval(
                world.now, item.price.interval or "month", item.price.interval_count, world.now
            )
        lines = _proration(world, subscription, before, item) if prorate else []
        if lines:
            draft(world, subscription.customer, lines, "subscription_update", subscription)
    note(world, subscription)
    if lines and subscription.latest_invoice is not None:
        finalize(world, subscription.latest_invoice)
        collect(world, subscription.latest_invoice)


def _proration(
    world: Business, subscription: Subscription, before: Item, after: Item
) -> list[Line]:
    """Return the credit for the rest of the old period and the price of the rest of the new."""
    lines = []
    for item, sign, word in ((before, -1, "Unused"), (after, 1, "Remaining")):
        (full,) = lines_for(world, subscription, [item])
        rest, whole = item.period_end - world.now, item.period_end - item.period_start
        for part in ("amount", "discount", "tax"):
            value = share(getattr(full, part), rest, whole, subscription.currency)
            setattr(full, part, sign * value)
        full.description = f"{word} time on {full.description}"
        full.period_start, full.proration = world.now, True
        lines.append(full)
    if sum(line.amount - line.discount + line.tax for line in lines) <= 0:
        raise ValueError("a cheaper plan leaves a credit; pass prorate=False")
    return lines


def apply_discount(world: Business, subscription: Subscription, coupon: Coupon) -> Discount:
    """Give a subscription a rebate: customer.discount.created, …updated."""
    discount = world.keep(
        Discount(world.ids.new("di"), coupon, subscription.customer, subscription.id, world.now)
    )
    world.tell("customer.discount.created", discount)
    with world.change(UPDATED, subscription):
        subscription.discount = discount
    note(world, subscription)
    return discount


def change_discount(world: Business, subscription: Subscription, coupon: Coupon) -> None:
    """Put another coupon behind the rebate: customer.discount.updated."""
    discount = _discount(subscription)
    with world.change("customer.discount.updated", discount):
        discount.coupon = coupon
    note(world, subscription)


def remove_discount(world: Business, subscription: Subscription) -> None:
    """End a rebate: customer.discount.deleted, …updated."""
    world.tell("customer.discount.deleted", _discount(subscription))
    with world.change(UPDATED, subscription):
        subscription.discount = None
    note(world, subscription)


def ask_for_plan(world: Business, subscription: Subscription, price: Price) -> None:
    """Ask for a plan that takes effect once it is paid: …updated with `pending_update`."""
    with world.change(UPDATED, subscription):
        subscription.pending_update = PendingUpdate(
            subscription.items[0], price, world.now + 23 * 3_600
        )


def settle_plan(world: Business, subscription: Subscription, *, paid: bool) -> None:
    """Let a pending plan take effect, or expire: …pending_update_applied or …_expired."""
    update = subscription.pending_update
    if update is None:
        raise ValueError("no plan is pending")
    if not paid:
        world.reach(update.expires_at)
    with world.change(UPDATED, subscription):
        subscription.pending_update = None
        if paid:
            update.item.price = update.price
    kind = "applied" if paid else "expired"
    world.tell(f"customer.subscription.pending_update_{kind}", subscription)
    note(world, subscription)


def _discount(subscription: Subscription) -> Discount:
    if subscription.discount is None:
        raise ValueError("the subscription has no discount")
    return subscription.discount
