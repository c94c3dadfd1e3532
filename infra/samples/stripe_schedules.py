"""Story verbs about subscription schedules: the future phases of a subscription."""

from infra.samples.stripe_business import Business
from infra.samples.stripe_money import DAY
from infra.samples.stripe_state import Schedule, Subscription
from infra.samples.stripe_subscription import UPDATED, end, note


def add_schedule(world: Business, subscription: Subscription, *, then: str = "release") -> Schedule:
    """Put a subscription on a schedule that ends with its period by `release` or `cancel`.

    subscription_schedule.created and customer.subscription.updated.
    """
    item = subscription.items[0]
    schedule = Schedule(
        world.ids.new("sub_sched"),
        subscription,
        world.now,
        item.period_start,
        item.period_end,
        then,
    )
    world.tell("subscription_schedule.created", world.keep(schedule))
    with world.change(UPDATED, subscription):
        subscription.schedule = schedule
    note(world, subscription)
    return schedule


def shorten_schedule(world: Business, schedule: Schedule, days: int) -> None:
    """End the phase earlier: subscription_schedule.updated."""
    with world.change("subscription_schedule.updated", schedule):
        schedule.phase_end -= days * DAY


def announce_schedule(world: Business, schedule: Schedule) -> None:
    """Come within a week of the end: subscription_schedule.expiring."""
    world.reach(schedule.phase_end - 7 * DAY)
    world.tell("subscription_schedule.expiring", schedule)


def release_schedule(world: Business, schedule: Schedule) -> None:
    """Let the subscription go on without its schedule: subscription_schedule.released."""
    schedule.status, schedule.released_at = "released", world.now
    world.tell("subscription_schedule.released", schedule)
    with world.change(UPDATED, schedule.subscription):
        schedule.subscription.schedule = None
    note(world, schedule.subscription)


def cancel_schedule(world: Business, schedule: Schedule) -> None:
    """Cancel the schedule, and the subscription with it: subscription_schedule.canceled."""
    schedule.status, schedule.canceled_at = "canceled", world.now
    world.tell("subscription_schedule.canceled", schedule)
    end(world, schedule.subscription, "cancellation_requested")


def complete_schedule(world: Business, schedule: Schedule) -> None:
    """Come to the fixed end of a schedule: …completed, and the subscription has expired."""
    world.reach(schedule.phase_end)
    schedule.status, schedule.completed_at = "completed", world.now
    world.tell("subscription_schedule.completed", schedule)
    end(world, schedule.subscription, "cancellation_requested")


def abort_schedule(world: Business, schedule: Schedule) -> None:
    """Let the schedule fail because the subscription did not pay: subscription_schedule.aborted."""
    schedule.status, schedule.canceled_at = "canceled", world.now
    world.tell("subscription_schedule.aborted", schedule)
    end(world, schedule.subscription, "payment_failed")
