"""Stories of PayPal's made-up world: a whole life, random lives, and one for each event type."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from infra.samples.paypal_event import Event
from infra.samples.paypal_state import Payment, Subscription
from infra.samples.paypal_world import STARTS_AT, Shape, Truth, World

Story = Callable[[World], object]
_LOST, _WON = "RESOLVED_BUYER_FAVOUR", "RESOLVED_SELLER_FAVOUR"


@dataclass(frozen=True)
class Sample:
    """An event with what its story said before and after it, and the truth once all is told."""

    event: Event
    before: list[Event]
    after: list[Event]
    truth: Truth


def whole_life(seed: int | str, shape: Shape = "v2") -> World:
    """Return a world with a subscription's whole life in it, and purchases beside it."""
    world = World(seed, shape)
    ada = world.buyer()
    plan = world.plan(1900, trial_days=14 if shape == "v2" else 0)
    it = world.subscribe(ada, plan)
    world.activate(it)
    world.renew(it)
    second = world.renew(it, pending=True)
    world.refund(second, 500)
    world.fail(it)
    world.fail(it)
    world.suspend(it)
    world.resume(it)
    world.reverse(world.renew(it))
    world.dispute(world.renew(it), _WON)
    world.buy(ada, 4500)
    world.suspend(it)
    world.resume(it)
    world.cancel(it)
    _ended(world)
    world.refund(world.buy(world.buyer("Grace Hopper"), 2501, "PENDING"), 2501)
    world.buy(ada, 990, "DECLINED")
    return world


def random_life(seed: int, shape: Shape = "v2") -> World:
    """Return a world with two lives of chance in it."""
    dice, world = random.Random(seed), World(seed, shape)  # noqa: S311  # a story, not a secret
    for name in ("Ada Lovelace", "Alan Turing"):
        unit, count = dice.choice([("MONTH", 1), ("WEEK", 2), ("YEAR", 1), ("DAY", 10)])
        trial = dice.choice([0, 0, 7]) if shape == "v2" else 0
        plan = world.plan(dice.randrange(100, 9_999), unit, count, trial_days=trial)
        it = world.subscribe(world.buyer(name), plan, dice.randrange(1, 4))
        world.activate(it)
        for _ in range(dice.randrange(2, 9)):
            dice.choice(_DEEDS)(world, it, dice)
        if it.status != "ACTIVE":
            world.resume(it)
        _END[dice.choice(sorted(_END))](world, it)
    return world


_END: dict[str, Callable[[World, Subscription], object]] = {
    "cancel": World.cancel,
    "expire": World.expire,
    "renew": World.renew,
}


def _bill(world: World, it: Subscription, dice: random.Random) -> None:
    if it.status != "ACTIVE":
        world.resume(it)
    paid = world.renew(it, pending=dice.random() < 0.3)
    fate = dice.randrange(8)
    if fate == 0:
        world.refund(paid, paid.amount)
    elif fate == 1:
        world.refund(paid, 50)
        world.refund(paid, 25)
    elif fate == 2:
        world.reverse(paid)
    elif fate == 3:
        world.dispute(paid, dice.choice([None, _LOST, _WON]))


def _decline(world: World, it: Subscription, _: random.Random) -> None:
    if it.status == "ACTIVE" and not it.in_trial:
        world.fail(it)


def _pause(world: World, it: Subscription, _: random.Random) -> None:
    happens = world.suspend if it.status == "ACTIVE" else world.resume
    happens(it)


def _revise(world: World, it: Subscription, dice: random.Random) -> None:
    if it.status == "ACTIVE":
        world.revise(it, dice.randrange(1, 5))


def _shop(world: World, it: Subscription, dice: random.Random) -> None:
    world.buy(it.buyer, dice.randrange(100, 5_000), dice.choice(["COMPLETED", "DECLINED"]))


_DEEDS = (_bill, _bill, _bill, _decline, _pause, _revise, _shop)


def _sold(world: World) -> Subscription:
    it = world.subscribe(world.buyer(), world.plan())
    world.activate(it)
    return it


def _renewed(world: World) -> Payment:
    return world.renew(_sold(world), pending=True)


def _refunded(world: World) -> None:
    world.refund(_renewed(world), 700)


def _reversed(world: World) -> None:
    world.reverse(_renewed(world))


def _disputed(world: World) -> None:
    world.dispute(_renewed(world), _LOST)


def _suspended(world: World) -> None:
    it = _sold(world)
    world.fail(it)
    world.suspend(it)
    world.resume(it)


def _cancelled(world: World) -> None:
    world.cancel(_sold(world))


def _ended(world: World) -> None:
    it = world.subscribe(world.buyer("Alan Turing"), world.plan(500, "WEEK", cycles=2))
    world.activate(it)
    world.renew(it)
    world.expire(it)


def _revised(world: World) -> None:
    world.revise(_sold(world), 3)


def _bought(world: World) -> None:
    world.refund(world.buy(world.buyer(), 4500, "PENDING"), 500)


def _declined(world: World) -> None:
    world.buy(world.buyer(), 4500, "DECLINED")


def _dearer(world: World) -> None:
    world.raise_price(_sold(world).plan, 2400)


# Type of the event -> a story in which it happens.
STORIES: dict[str, Story] = {
    "BILLING.SUBSCRIPTION.CREATED": _sold,
    "BILLING.SUBSCRIPTION.ACTIVATED": _sold,
    "BILLING.SUBSCRIPTION.UPDATED": _revised,
    "BILLING.SUBSCRIPTION.PAYMENT.FAILED": _suspended,
    "BILLING.SUBSCRIPTION.SUSPENDED": _suspended,
    "BILLING.SUBSCRIPTION.CANCELLED": _cancelled,
    "BILLING.SUBSCRIPTION.EXPIRED": _ended,
    "PAYMENT.SALE.COMPLETED": _renewed,
    "PAYMENT.SALE.PENDING": _renewed,
    "PAYMENT.SALE.REFUNDED": _refunded,
    "PAYMENT.SALE.REVERSED": _reversed,
    "PAYMENT.CAPTURE.COMPLETED": _bought,
    "PAYMENT.CAPTURE.PENDING": _bought,
    "PAYMENT.CAPTURE.DECLINED": _declined,
    "PAYMENT.CAPTURE.REFUNDED": _bought,
    "CHECKOUT.ORDER.APPROVED": _bought,
    "CHECKOUT.ORDER.COMPLETED": _bought,
    "CUSTOMER.DISPUTE.CREATED": _disputed,
    "CUSTOMER.DISPUTE.RESOLVED": _disputed,
    "CATALOG.PRODUCT.CREATED": _sold,
    "BILLING.PLAN.CREATED": _sold,
    "BILLING.PLAN.PRICING-CHANGE.ACTIVATED": _dearer,
}


def event_types() -> list[str]:
    """Return every type `sample` can make."""
    return list(STORIES)


def sample(event_type: str, *, seed: int | str = 1, at: int | None = None) -> Sample:
    """Return one event of a type with its story around it; it happens at the Unix second `at`.

    Other seeds make other ids. Raise ValueError for a type that is not in `event_types()`.
    """
    if event_type not in STORIES:
        raise ValueError(f"no sample of {event_type}")
    world = World(f"{event_type}/{seed}")
    STORIES[event_type](world)
    if at is not None:
        last = _moment(world, event_type)
        world = World(f"{event_type}/{seed}", starts_at=STARTS_AT + at - last)
        STORIES[event_type](world)
    index = _last(world, event_type)
    events = world.events
    return Sample(events[index], events[:index], events[index + 1 :], world.truth)


def _last(world: World, event_type: str) -> int:
    return max(n for n, event in enumerate(world.events) if event.type == event_type)


def _moment(world: World, event_type: str) -> int:
    """Return the Unix second of a story's event of this type."""
    return world.moments[_last(world, event_type)]
