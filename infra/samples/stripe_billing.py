"""Story verbs about paying for a subscription: it renews, fails, recovers, or never starts."""

from infra.samples.stripe_business import Business
from infra.samples.stripe_invoicing import collect, decline, draft, finalize, pay_elsewhere, void
from infra.samples.stripe_money import DAY, HOUR, add_interval
from infra.samples.stripe_state import Invoice, Subscription
from infra.samples.stripe_subscription import UPDATED, end, lines_for, note


def expire_incomplete(world: Business, subscription: Subscription) -> None:
    """Wait 23 hours in vain: …updated to incomplete_expired, and the invoice is voided."""
    world.reach(subscription.created + 23 * HOUR)
    with world.change(UPDATED, subscription):
        subscription.status, subscription.ended_at = "incomplete_expired", world.now
    note(world, subscription)
    void(world, _open_bill(subscription))


def renew(world: Business, subscription: Subscription) -> Invoice:
    """Reach the next period and be paid an hour later; while paused the invoice is voided."""
    bill = open_cycle(world, subscription)
    world.advance(hours=1)
    if subscription.pause_behavior is not None:
        void(world, bill)
        return bill
    finalize(world, bill)
    collect(world, bill)
    return bill


def end_trial(world: Business, subscription: Subscription) -> Invoice:
    """Convert a trial: it becomes active, and the first real invoice is paid.

    Without any card the subscription pauses or ends instead, as its settings say, and the
    invoice of the trial is returned.
    """
    if subscription.trial_end is None or subscription.status != "trialing":
        raise ValueError("there is no trial to end")
    if subscription.card or subscription.customer.card:
        return renew(world, subscription)
    world.reach(subscription.trial_end)
    if subscription.missing_card == "cancel":
        end(world, subscription, "payment_failed")
    else:
        with world.change(UPDATED, subscription):
            subscription.status, subscription.paused_at = "paused", world.now
            subscription.pause_reason = "trial_end_without_payment_method"
        world.tell("customer.subscription.paused", subscription)
        note(world, subscription)
    return _latest_bill(subscription)


def trial_will_end(world: Business, subscription: Subscription) -> None:
    """Come within three days of a trial's end: customer.subscription.trial_will_end."""
    world.reach((subscription.trial_end or world.now) - 3 * DAY)
    world.tell("customer.subscription.trial_will_end", subscription)


def fail_renewal(world: Business, subscription: Subscription) -> Invoice:
    """Be declined: at the next period, or once more on the invoice that is open already."""
    bill = subscription.latest_invoice
    if subscription.status == "past_due" and bill is not None:
        world.reach(bill.next_payment_attempt or world.now)
    else:
        bill = open_cycle(world, subscription)
        world.advance(hours=1)
        finalize(world, bill)
    decline(world, bill)
    with world.change(UPDATED, subscription):
        subscription.status = "past_due"
    note(world, subscription)
    return bill


def recover(world: Business, subscription: Subscription) -> Invoice:
    """Pay the open invoice after all: the subscription is active again."""
    bill = _open_bill(subscription)
    collect(world, bill)
    with world.change(UPDATED, subscription):
        subscription.status = "active"
    note(world, subscription)
    return bill


def pay_out_of_band(world: Business, subscription: Subscription) -> Invoice:
    """Reach the next period, or take the open invoice, and be paid outside of Stripe."""
    bill = _latest_bill(subscription)
    if bill.status != "open":
        bill = open_cycle(world, subscription)
        world.advance(hours=1)
        finalize(world, bill)
    pay_elsewhere(world, bill)
    with world.change(UPDATED, subscription):
        subscription.status = "active"
    note(world, subscription)
    return bill


def give_up(world: Business, subscription: Subscription, *, unpaid: bool = False) -> None:
    """Fail for the last time: the subscription ends, or stays unpaid where so configured."""
    bill = _open_bill(subscription)
    world.reach(bill.next_payment_attempt or world.now)
    decline(world, bill, last=True)
    if not unpaid:
        end(world, subscription, "payment_failed")
        return
    with world.change(UPDATED, subscription):
        subscription.status = "unpaid"
    note(world, subscription)


def announce(world: Business, subscription: Subscription) -> None:
    """Tell a week ahead what the next cycle will cost: invoice.upcoming, without an id."""
    due = min(item.period_end for item in subscription.items)
    world.reach(due - 7 * DAY)
    items = [item for item in subscription.items if item.period_end == due]
    preview = Invoice(
        "in_upcoming",
        subscription.customer,
        subscription.currency,
        "upcoming",
        due,
        lines_for(world, subscription, items),
        subscription,
        next_payment_attempt=due + HOUR,
    )
    world.say_upcoming(preview)


def open_cycle(world: Business, subscription: Subscription) -> Invoice:
    """Reach the end of the nearest period and draft the invoice of the next one."""
    ending = subscription.cancel_at_period_end or subscription.cancel_at is not None
    if subscription.status not in ("active", "trialing") or ending:
        raise ValueError(f"a subscription that is {subscription.status} or ending has no renewal")
    due = min(item.period_end for item in subscription.items)
    world.reach(due)
    items = [item for item in subscription.items if item.period_end == due]
    with world.change(UPDATED, subscription):
        for item in items:
            interval, count = item.price.interval or "month", item.price.interval_count
            item.period_start = due
            item.period_end = add_interval(due, interval, count, subscription.anchor)
        subscription.status = "active"
        lines = lines_for(world, subscription, items)
        bill = draft(world, subscription.customer, lines, "subscription_cycle", subscription)
    note(world, subscription)
    return bill


def _latest_bill(subscription: Subscription) -> Invoice:
    if subscription.latest_invoice is None:
        raise ValueError("the subscription was never billed")
    return subscription.latest_invoice


def _open_bill(subscription: Subscription) -> Invoice:
    bill = _latest_bill(subscription)
    if bill.status != "open":
        raise ValueError(f"the latest invoice is {bill.status}, not open")
    return bill
