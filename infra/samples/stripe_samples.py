"""One event of every type the product cares about, each taken from a story in which it happens.

A sample comes with everything Stripe said before and after it, so that it can be posted alone or
in its context. The table is the list of types: what does not stand here is an unknown type.
"""

from dataclasses import dataclass

from infra.samples import stripe_scenes as scenes
from infra.samples import stripe_schedules as schedules
from infra.samples.stripe_business import STARTS_AT, Business
from infra.samples.stripe_event import Event, Shape
from infra.samples.stripe_money import DAY
from infra.samples.stripe_scenes import UNKNOWN, Story
from infra.samples.stripe_truth import Truth

THIN = "v2.core.event"


@dataclass(frozen=True)
class Sample:
    """An event with what its story said before and after it, and the truth once all is told."""

    event: Event
    before: list[Event]
    after: list[Event]
    truth: Truth


# Type of the event -> why this one is interesting (the fixture's name), and its story.
STORIES: dict[str, tuple[str, Story]] = {
    "customer.subscription.created": ("starts_incomplete", scenes.sold),
    "customer.subscription.updated": ("renewal", scenes.renewed),
    "customer.subscription.deleted": ("at_period_end", scenes.ended),
    "customer.subscription.paused": ("on_request", scenes.really_paused),
    "customer.subscription.resumed": ("after_pause", scenes.really_paused),
    "customer.subscription.trial_will_end": ("three_days_before", scenes.trial_ending),
    "customer.subscription.pending_update_applied": ("plan_paid", scenes.pending_plan(paid=True)),
    "customer.subscription.pending_update_expired": (
        "plan_unpaid",
        scenes.pending_plan(paid=False),
    ),
    "subscription_schedule.created": ("one_phase", scenes.scheduled(schedules.announce_schedule)),
    "subscription_schedule.updated": (
        "phase_shortened",
        scenes.scheduled(lambda world, schedule: schedules.shorten_schedule(world, schedule, 3)),
    ),
    "subscription_schedule.expiring": (
        "week_before",
        scenes.scheduled(schedules.announce_schedule),
    ),
    "subscription_schedule.released": ("goes_on", scenes.scheduled(schedules.release_schedule)),
    "subscription_schedule.canceled": ("ends_now", scenes.scheduled(schedules.cancel_schedule)),
    "subscription_schedule.completed": ("fixed_end", scenes.scheduled(schedules.complete_schedule)),
    "subscription_schedule.aborted": ("never_paid", scenes.scheduled(schedules.abort_schedule)),
    "invoice.created": ("draft", scenes.renewed),
    "invoice.finalized": ("renewal", scenes.renewed),
    "invoice.updated": ("becomes_paid", scenes.renewed),
    "invoice.paid": ("renewal", scenes.renewed),
    "invoice.payment_succeeded": ("renewal", scenes.renewed),
    "invoice.payment_failed": ("first_attempt", scenes.declined),
    "invoice.payment_action_required": ("bank_asks", scenes.needs_action),
    "invoice.payment_attempt_required": (
        "no_auto_advance",
        scenes.told_of_bill("invoice.payment_attempt_required", 1),
    ),
    "invoice.overdue": ("transfer_missing", scenes.told_of_bill("invoice.overdue", 15)),
    "invoice.overpaid": ("by_transfer", scenes.overpaid),
    "invoice.will_be_due": ("transfer_awaited", scenes.told_of_bill("invoice.will_be_due", 7)),
    "invoice.upcoming": ("without_id", scenes.announced),
    "invoice.voided": ("never_started", scenes.never_started),
    "invoice.marked_uncollectible": ("after_last_attempt", scenes.written_off),
    "invoice.deleted": ("draft", scenes.draft_deleted),
    "invoice_payment.paid": ("links_invoice", scenes.renewed),
    "charge.succeeded": ("renewal", scenes.renewed),
    "charge.failed": ("card_declined", scenes.card_declined),
    "charge.updated": ("description", scenes.described),
    "charge.refunded": ("part", scenes.refunded),
    "refund.created": ("part", scenes.refunded),
    "refund.updated": ("reference_known", scenes.refunded),
    "refund.failed": ("bank_returns_it", scenes.refund_failed),
    "charge.dispute.created": ("fraudulent", scenes.disputed(won=True)),
    "charge.dispute.updated": ("evidence", scenes.disputed(won=True)),
    "charge.dispute.closed": ("lost", scenes.disputed(won=False)),
    "charge.dispute.funds_withdrawn": ("fraudulent", scenes.disputed(won=True)),
    "charge.dispute.funds_reinstated": ("won", scenes.disputed(won=True)),
    "payment_intent.succeeded": ("one_time", scenes.bought),
    "payment_intent.payment_failed": ("card_declined", scenes.card_declined),
    "payment_intent.canceled": ("abandoned", scenes.abandoned),
    "payment_intent.requires_action": ("bank_asks", scenes.needs_action),
    "payment_intent.processing": ("bank_debit", scenes.by_bank(paid=True)),
    "checkout.session.completed": ("guest", scenes.guest_bought),
    "checkout.session.async_payment_succeeded": ("bank_debit", scenes.by_bank(paid=True)),
    "checkout.session.async_payment_failed": ("bank_debit", scenes.by_bank(paid=False)),
    "customer.created": ("with_addresses", scenes.ada),
    "customer.updated": ("email", scenes.email_changed),
    "customer.deleted": ("last_snapshot", scenes.customer_deleted),
    "customer.discount.created": ("percent_off", scenes.rebates),
    "customer.discount.updated": ("other_coupon", scenes.rebates),
    "customer.discount.deleted": ("percent_off", scenes.rebates),
    "payment_method.attached": ("card", scenes.sold),
    "payment_method.updated": ("expiry", scenes.cards),
    "payment_method.automatically_updated": ("expiry", scenes.cards),
    "payment_method.detached": ("replaced", scenes.cards),
    "customer.source.expiring": ("legacy_card", scenes.old_card),
    "price.created": ("monthly", scenes.goods),
    "price.updated": ("retired", scenes.goods),
    "price.deleted": ("never_used", scenes.goods),
    "product.created": ("with_sku", scenes.goods),
    "product.updated": ("renamed", scenes.goods),
    "product.deleted": ("never_used", scenes.goods),
    "coupon.created": ("amount_off", scenes.goods),
    "coupon.updated": ("renamed", scenes.goods),
    "coupon.deleted": ("withdrawn", scenes.goods),
    "promotion_code.created": ("code", scenes.goods),
    "promotion_code.updated": ("stopped", scenes.goods),
    THIN: ("thin", scenes.thin),
    UNKNOWN: ("unknown_type", scenes.unheard_of),
}

# Older API versions have no invoice payments, and thin events have no version at all.
_NEW_ONLY = frozenset({"invoice_payment.paid", THIN})


def event_types(shape: Shape = "new") -> list[str]:
    """Return every type `sample` can make, a thin and an unknown one at the end."""
    return [kind for kind in STORIES if shape == "new" or kind not in _NEW_ONLY]


def sample(
    event_type: str, shape: Shape = "new", *, seed: int | str = 1, at: int | None = None
) -> Sample:
    """Return one event of a type with its story around it.

    `at` is the Unix second at which the event happens, or up to four days earlier where the
    length of a month does not allow it exactly. Other seeds make other ids. Raise ValueError for
    a type that is not in `event_types(shape)`.
    """
    if event_type not in event_types(shape):
        raise ValueError(f"no sample of {event_type} in the {shape} shape")
    made = _tell(event_type, shape, seed, STARTS_AT)
    if at is None:
        return made
    # The story is told again, begun so much earlier or later that the event falls on `at`.
    starts_at = STARTS_AT + at - _moment(made)
    made = _tell(event_type, shape, seed, starts_at)
    while _moment(made) > at:
        starts_at -= DAY
        made = _tell(event_type, shape, seed, starts_at)
    return made


def _tell(event_type: str, shape: Shape, seed: int | str, starts_at: int) -> Sample:
    world = Business(f"{event_type}/{seed}", shape, starts_at=starts_at)
    STORIES[event_type][1](world)
    events = world.events
    (*_, last) = (n for n, event in enumerate(events) if _is(event, event_type))
    return Sample(events[last], events[:last], events[last + 1 :], world.truth)


def _is(event: Event, event_type: str) -> bool:
    return event_type in (event.type, event.content["object"])


def _moment(made: Sample) -> int:
    """Return when a sample happened; a thin one happens with the event before it."""
    created = made.event.created
    return created if isinstance(created, int) else _moment_before(made.before)


def _moment_before(events: list[Event]) -> int:
    return max(event.created for event in events if isinstance(event.created, int))
