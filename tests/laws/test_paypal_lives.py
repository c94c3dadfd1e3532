"""Whole lives of PayPal subscriptions, of both versions, in random orders with repetitions.

Whatever arrives first and however often: one record, the right orders, each transition once, and
what the story says. Where the API is asked, nothing counts that it has not confirmed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from infra.samples import paypal as story
from infra.samples.paypal_event import Event
from infra.samples.paypal_state import Payment, Subscription
from infra.samples.paypal_world import Shape, Truth, World
from shared.domain import times
from shared.providers.paypal_api import PayPalApi
from tests.laws.recorded import drifted, misremembered, recorded, unlike
from tests.laws.told import ms, statuses
from tests.support.shop import Shop

_SHAPES: tuple[Shape, ...] = ("v1", "v2")
_INTERVALS = {"DAY": "daily", "WEEK": "weekly", "MONTH": "monthly", "YEAR": "yearly"}


def told(events: Iterable[Event], *, world: World | None = None) -> Shop:
    """Return a shop that was told these events; of `world` it can ask by PayPal's API."""
    shop = Shop(provider="paypal", has_api=world is not None)
    for number, event in enumerate(events):
        shop.receive(event.body, headers={"paypal-transmission-id": f"transmission-{number}"})
        if world is not None:
            answer(shop, world)
    return shop


def answer(shop: Shop, world: World) -> None:
    """Answer all calls as PayPal's API would, and all that follow from that."""
    api = PayPalApi("id", "secret")
    while shop.outbox.calls:
        call = shop.outbox.calls.pop(0)
        kind, identity = str(call["object"]), str(call["id"])
        found = world.object(kind, identity)
        if found is not None:
            _, body = api.event(call, found, world.now * times.SECOND + 60_000)
            shop.receive(body, source="fetched")
    api.close()


def shuffled(events: Sequence[Event], seed: int, twice: int = 8) -> list[Event]:
    """Return the events in a random order, some of them twice."""
    dice = random.Random(seed)
    order = [*events, *dice.sample(list(events), min(twice, len(events)))]
    dice.shuffle(order)
    return order


def differences(
    shop: Shop, truth: Truth, *, shape: Shape = "v2", priced: bool = False
) -> list[str]:
    """Return where the shop's records are not what the story says they must be.

    `priced` where somebody has told the plans, as version 1 does by itself.
    """
    found = [f"{each['code']}: {each['reason']}" for each in shop.quarantined()]
    subscriptions, orders = shop.recurring_payments(), shop.orders()
    if sorted(subscriptions) != sorted(truth.subscriptions):
        found.append(f"subscriptions {sorted(subscriptions)}")
    if sorted(orders) != sorted(truth.payments):
        found.append(f"orders {sorted(orders)}, not {sorted(truth.payments)}")
    for key in subscriptions.keys() & truth.subscriptions.keys():
        record = {**subscriptions[key], "statuses": statuses(shop, key)}
        wanted = _subscription(truth.subscriptions[key], truth)
        if shape == "v1":
            wanted = _as_v1_tells(wanted)
        if priced or shape == "v1":
            wanted |= _price(truth.subscriptions[key])
        found += _unequal(key, record, wanted)
    for key in orders.keys() & truth.payments.keys():
        found += _unequal(key, orders[key], _order(truth.payments[key]))
    return found


def _unequal(what: str, found: Any, wanted: dict[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        if found[name] != value:
            yield f"{what}.{name}: {found[name]!r}, but the story says {value!r}"


def _subscription(told: Subscription, truth: Truth) -> dict[str, Any]:
    paid = max(told.sales, key=lambda each: each.at, default=None)
    declined = told.failed_at is not None and told.failed_at > (paid.at if paid else 0)
    status = None if paid is None else _summary(truth.payments[paid.id])
    return {
        "statuses": told.statuses,
        "status": told.statuses[-1],
        "email": told.buyer.email,
        "currency": "USD",
        "start_date": ms(told.started_at),
        "cancelled_date": ms(told.changed_at) if told.status == "CANCELLED" else None,
        "cycles_completed": told.cycles,
        "total_cycles": told.plan.cycles,
        "cancel_at_period_end": False,
        "last_payment_status": "declined" if declined else status,
        "last_payment_date": ms(told.failed_at if declined else paid.at if paid else None),
    }


def _as_v1_tells(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what version 1 can know: not when a payment failed, and of an end its event's time."""
    known = dict(wanted)
    if known["last_payment_status"] == "declined":
        del known["last_payment_status"], known["last_payment_date"]
    if known["cancelled_date"] is not None:
        known["cancelled_date"] += 1_123
    return known


def _price(told: Subscription) -> dict[str, Any]:
    return {
        "billing_interval": _INTERVALS[told.plan.unit],
        "billing_interval_count": told.plan.count,
        "payment_amount": told.amount,
    }


def _summary(told: Payment) -> str:
    status = _status(told)
    return "completed" if status == "disputed" else status


def _status(told: Payment) -> str:
    if told.status != "completed":
        return told.status
    if told.disputed:
        return "disputed"
    if told.returned >= told.amount:
        return "refunded"
    return "partially_refunded" if told.returned else "completed"


def _order(told: Payment) -> dict[str, Any]:
    return {
        "kind": "subscription" if told.subscription_id else "one_time",
        "status": _status(told),
        "email": told.email,
        "gross": told.amount,
        "refunded": told.returned,
        "occurred_date": ms(told.at),
        "recurring_payment_id": told.subscription_id,
        "processor_reference": told.id,
    }


@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize("seeds", [range(10), range(10, 20)])
def test_one_life_is_one_record_in_twenty_random_orders(shape: Shape, seeds: range) -> None:
    world = story.whole_life(1, shape)
    in_order = recorded(told(world.events))
    assert differences(told(world.events), world.truth, shape=shape) == []

    for seed in seeds:
        shop = told(shuffled(world.events, seed))

        assert unlike(in_order, recorded(shop)) == [], f"order {seed}"
        assert differences(shop, world.truth, shape=shape) == [], f"order {seed}"
        assert drifted(shop) == [], f"order {seed}"


@pytest.mark.parametrize("seed", range(16))
def test_a_random_life_is_what_the_story_says_in_any_order(seed: int) -> None:
    for shape in _SHAPES:
        world = story.random_life(seed, shape)
        in_order, mixed = told(world.events), told(shuffled(world.events, seed))

        for shop in (in_order, mixed):
            assert differences(shop, world.truth, shape=shape) == []
            assert drifted(shop) == []
            assert misremembered(shop) == []
        assert unlike(recorded(in_order), recorded(mixed)) == []


@pytest.mark.parametrize("seed", range(4))
def test_with_the_api_every_event_is_confirmed_and_the_plan_known(seed: int) -> None:
    world = story.random_life(seed)

    for events in (world.events, shuffled(world.events, seed)):
        shop = told(events, world=world)

        assert differences(shop, world.truth, priced=True) == []
        outcomes = {d["outcome"] for n, d in shop.memory.documents.items() if n[0] == "event"}
        assert outcomes == {"applied"}
        assert all(each["inferred"] == [] for each in shop.recurring_payments().values())
        assert drifted(shop) == []


@pytest.mark.parametrize("event_type", story.event_types())
def test_the_story_of_every_event_type_is_recorded_alike_in_any_order(event_type: str) -> None:
    sample = story.sample(event_type)
    events = [*sample.before, sample.event, *sample.after]

    in_order, mixed = told(events), told(shuffled(events, 1, twice=3))

    assert differences(in_order, sample.truth) == []
    assert unlike(recorded(in_order), recorded(mixed)) == []


def test_each_creation_is_told_once() -> None:
    world = story.whole_life(2)

    shop = told(shuffled(world.events, 5))

    for kind, keys in (
        ("recurring_payment", shop.recurring_payments()),
        ("order", shop.orders()),
    ):
        for key in keys:
            kinds = [each.kind for each in shop.history(kind, key)]
            assert kinds.count("created") == 1, key
