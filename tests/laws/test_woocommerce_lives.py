"""Whole lives of WooCommerce subscriptions, in random orders with repetitions.

WooCommerce states neither previous values nor event ids, and builds bodies late: whatever arrives
first, one record, the right orders and each transition once is what must come of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from infra.samples import woocommerce as story
from infra.samples.woocommerce_event import Event
from infra.samples.woocommerce_truth import OrderTruth, SubscriptionTruth, Truth
from tests.laws.recorded import drifted, misremembered, recorded, unlike
from tests.laws.told import ms, statuses
from tests.support.shop import Shop


def told(events: Iterable[Event]) -> Shop:
    """Return a shop that was told these messages in this order."""
    shop = Shop(provider="woocommerce")
    for event in events:
        shop.receive(event.body, headers=event.meaning)
    return shop


def shuffled(events: Sequence[Event], seed: int, twice: int = 8) -> list[Event]:
    """Return the messages in a random order, some of them twice."""
    dice = random.Random(seed)
    order = [*events, *dice.sample(list(events), min(twice, len(events)))]
    dice.shuffle(order)
    return order


def differences(shop: Shop, truth: Truth) -> list[str]:
    """Return where the shop's records are not what the story says they must be."""
    found = [f"{each['code']}: {each['reason']}" for each in shop.quarantined()]
    subscriptions, orders = shop.recurring_payments(), shop.orders()
    if sorted(subscriptions) != sorted(truth.subscriptions):
        found.append(f"subscriptions {sorted(subscriptions)}")
    if sorted(orders) != sorted(truth.orders):
        found.append(f"orders {sorted(orders)}, not {sorted(truth.orders)}")
    for key in subscriptions.keys() & truth.subscriptions.keys():
        wanted = _subscription(truth.subscriptions[key])
        found += _unequal(key, {**subscriptions[key], "statuses": statuses(shop, key)}, wanted)
    for key in orders.keys() & truth.orders.keys():
        found += _unequal(key, orders[key], _order(truth.orders[key]))
        dates = sorted(each["date"] for each in orders[key]["refunds"])
        wanted = {"refunds": [ms(at) for at in truth.orders[key].refunded_at]}
        found += _unequal(key, {"refunds": dates}, wanted)
    brought = {
        email: sum(each["amount"] for each in contact["revenue"])
        for email, contact in shop.contacts().items()
        if contact["orders_count"]
    }
    found += _unequal("contacts", {"revenue": brought}, {"revenue": truth.revenue()})
    return found


def _unequal(what: str, found: Any, wanted: dict[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        if found[name] != value:
            yield f"{what}.{name}: {found[name]!r}, but the story says {value!r}"


def _subscription(told: SubscriptionTruth) -> dict[str, Any]:
    return {
        "status": told.status,
        "statuses": told.statuses,
        "email": told.email,
        "payment_amount": told.amount,
        "currency": "AUD",
        "billing_interval": told.interval,
        "billing_interval_count": told.interval_count,
        "start_date": ms(told.started_at),
        "next_payment_date": ms(told.next_payment_at),
        "is_trial": told.is_trial,
        "cancel_at_period_end": told.cancel_at_period_end,
        "cancelled_date": ms(told.cancelled_at),
        "last_payment_status": told.last_payment_status,
        "last_payment_date": ms(told.last_payment_at),
        "cycles_completed": told.cycles,
        "origin_order_id": told.origin,
    }


def _order(told: OrderTruth) -> dict[str, Any]:
    return {
        "kind": "subscription" if told.subscription else "one_time",
        "status": told.status,
        "email": told.email,
        "gross": told.gross,
        "refunded": told.refunded,
        "occurred_date": ms(told.at),
        "recurring_payment_id": told.subscription,
        "processor_reference": told.reference,
    }


def _creations(shop: Shop) -> dict[str, list[str]]:
    """Return how each subscription's history begins, and what else is told as a creation."""
    return {
        key: [each.kind for each in shop.history("recurring_payment", key)]
        for key in shop.recurring_payments()
    }


@pytest.mark.parametrize("seed", range(30))
def test_one_life_is_one_record_in_any_order(seed: int) -> None:
    life = story.whole_life(seed)
    in_order = told(life.events)

    mixed = told(shuffled(life.events, seed))

    assert differences(in_order, life.truth) == []
    assert differences(mixed, life.truth) == []
    assert unlike(recorded(in_order), recorded(mixed)) == []
    assert drifted(mixed) == []


@pytest.mark.parametrize("seed", range(40))
def test_a_random_life_is_what_the_story_says_in_any_order(seed: int) -> None:
    life = story.random_life(seed)
    in_order = told(life.events)

    mixed = told(shuffled(life.events, seed))

    assert differences(in_order, life.truth) == []
    assert differences(mixed, life.truth) == []
    assert unlike(recorded(in_order), recorded(mixed)) == []
    assert drifted(in_order) == drifted(mixed) == []
    for shop in (in_order, mixed):
        assert misremembered(shop, states_creation=False) == []


@pytest.mark.parametrize("seed", range(10))
def test_each_subscription_is_created_once(seed: int) -> None:
    life = story.whole_life(seed)

    shop = told(shuffled(life.events, seed))

    for kinds in _creations(shop).values():
        assert kinds.count("created") == 1


@pytest.mark.parametrize("name", story.event_types())
def test_the_story_of_every_sample_is_recorded_alike_in_any_order(name: str) -> None:
    sample = story.sample(name)
    events = [*sample.before, sample.event, *sample.after]

    in_order, mixed = told(events), told(shuffled(events, 1, twice=3))

    ends_now = "deleted" in name and name.startswith("subscription")
    for shop in (in_order, mixed):
        found = differences(shop, sample.truth)
        assert [each for each in found if not (ends_now and ".cancelled_date" in each)] == []
    if not ends_now:  # a deletion has no time but that of its receipt
        assert unlike(recorded(in_order), recorded(mixed)) == []


def test_everything_again_under_new_delivery_ids_changes_nothing() -> None:
    life = story.whole_life(5)
    once = told(life.events)

    twice = told([*life.events, *life.events])

    assert unlike(recorded(once), recorded(twice)) == []


def test_a_deletion_keeps_all_but_what_it_ends() -> None:
    sample = story.sample("subscription.deleted")
    before, after = told(sample.before), told([*sample.before, sample.event])
    ((key, old),) = before.recurring_payments().items()

    new = after.recurring_payments()[key]

    changed = {name for name in old if old[name] != new[name]}
    assert changed == {"status", "next_payment_date", "renewal_date", "cancelled_date"}
    assert new["status"] == "cancelled"
    assert new["cancelled_date"] == after.history("recurring_payment", key)[-1].received_at


def test_an_older_word_after_a_deletion_does_not_undo_it() -> None:
    sample = story.sample("subscription.deleted")
    *before, last = sample.before

    shop = told([*before, sample.event, last])

    assert [each["status"] for each in shop.recurring_payments().values()] == ["cancelled"]
