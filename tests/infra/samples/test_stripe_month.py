"""The month of the demo: its size, its mix, and that deliveries come as badly as Stripe's do."""

from collections import Counter

import pytest

from infra.samples import stripe as story
from infra.samples.stripe import Shape

DAY = 86_400


@pytest.fixture(scope="module")
def october() -> story.Month:
    return story.month(seed=1)


def test_forty_subscriptions_make_about_three_hundred_deliveries(october: story.Month) -> None:
    assert 270 <= len(october.deliveries) <= 340
    assert len(october.truth.subscriptions) == 40


@pytest.mark.parametrize("shape", ["old", "new"])
@pytest.mark.parametrize("seed", range(8))
def test_every_event_happens_within_thirty_days(seed: int, shape: Shape) -> None:
    month = story.month(seed, shape=shape)

    moments = [event.created for event in month.events if isinstance(event.created, int)]

    assert len(moments) == len(month.events)
    assert month.starts_at <= min(moments)
    assert max(moments) < month.starts_at + 30 * DAY


def test_the_month_has_failures_refunds_trials_ends_and_disputes(october: story.Month) -> None:
    told = Counter(event.type for event in october.events)

    for event_type, least in {
        "invoice.payment_failed": 5,
        "charge.refunded": 3,
        "customer.subscription.trial_will_end": 3,
        "customer.subscription.deleted": 3,
        "charge.dispute.closed": 1,
        "checkout.session.completed": 10,
    }.items():
        assert told[event_type] >= least, event_type
    statuses = Counter(record.status for record in october.truth.subscriptions.values())
    assert set(statuses) == {"active", "payment_failed", "cancelled", "paused"}
    assert set(october.truth.revenue()) == {"USD", "EUR", "JPY"}


def test_deliveries_come_sorted_late_twice_and_in_another_order(october: story.Month) -> None:
    offsets = [delivery.offset_ms for delivery in october]
    seen = Counter(delivery.event.id for delivery in october)
    late = [d for d in october if d.offset_ms // 1_000 - _since(october, d) > 5 * 60]
    order = [_since(october, delivery) for delivery in october]

    assert offsets == sorted(offsets)
    assert max(seen.values()) == 2
    assert len(late) >= 10
    assert order != sorted(order)


def test_what_was_not_told_is_not_in_the_truth(october: story.Month) -> None:
    invoices = {e.object["id"] for e in october.events if e.object["object"] == "invoice"}
    intents = {e.object["id"] for e in october.events if e.object["object"] == "payment_intent"}

    assert set(october.truth.paid_orders()) <= invoices | intents
    assert all(record.cycles <= 2 for record in october.truth.subscriptions.values())


def test_one_seed_is_one_month_and_a_larger_business_has_more() -> None:
    again, other, larger = story.month(1), story.month(2), story.month(1, subscriptions=80)

    assert [d.event.id for d in again] == [d.event.id for d in story.month(1)]
    assert [d.event.id for d in again] != [d.event.id for d in other]
    assert len(larger.truth.subscriptions) == 80


def test_a_month_can_begin_at_any_time() -> None:
    month = story.month(1, starts_at=1_772_000_000)

    assert all(int(event.created) >= 1_772_000_000 for event in month.events)


def _since(month: story.Month, delivery: story.Delivery) -> int:
    return int(delivery.event.created) - month.starts_at
