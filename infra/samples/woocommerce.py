"""WooCommerce's made-up world: one message of every topic with its story, and whole lives.

Everything a user of these samples needs is here; the other `woocommerce_*` modules are its parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.samples.woocommerce_event import Event
from infra.samples.woocommerce_render import Subscription
from infra.samples.woocommerce_shop import HOUR, STARTS_AT, Shop
from infra.samples.woocommerce_truth import DAY, Truth

Story = Callable[[Shop], Any]

# A secret with characters that HTML writes as entities, as an administrator's field keeps it.
SPECIAL_SECRET = "s&amp;cr&lt;t &quot;of&quot; the shop&#039;s"  # noqa: S105  # a made-up one


@dataclass(frozen=True)
class Sample:
    """A message with what its story said before and after it, and the truth once all is told."""

    event: Event
    before: list[Event]
    after: list[Event]
    truth: Truth


def _sold(shop: Shop) -> Subscription:
    return shop.subscribe(shop.person())


def _renewed(shop: Shop) -> Subscription:
    sub = _sold(shop)
    shop.renew(sub)
    return sub


def _failed(shop: Shop) -> None:
    sub = _renewed(shop)
    order = shop.renew(sub, paid=False)
    shop.retry(order, sub, paid=False)
    shop.retry(order, sub, paid=False, last=True)


def _recovered(shop: Shop) -> None:
    sub = _renewed(shop)
    order = shop.renew(sub, paid=False)
    shop.retry(order, sub, paid=False, last=True)
    shop.retry(order, sub, paid=True)


def _suspended(shop: Shop) -> None:
    sub = _renewed(shop)
    shop.wait(5 * DAY)
    shop.suspend(sub)


def _leaving(shop: Shop) -> None:
    sub = _renewed(shop)
    shop.wait(5 * DAY)
    shop.ask_to_cancel(sub)


def _cancelled(shop: Shop) -> None:
    sub = _renewed(shop)
    shop.ask_to_cancel(sub)
    shop.end(sub)


def _switched(shop: Shop) -> None:
    shop.end(_renewed(shop), "switched")


def _expired(shop: Shop) -> None:
    shop.end(_renewed(shop), "expired")


def _deleted(shop: Shop) -> None:
    shop.delete(_renewed(shop))


def _on_trial(shop: Shop) -> None:
    shop.subscribe(shop.person(), trial_days=14)


def _refunded(shop: Shop) -> None:
    sub = _sold(shop)
    shop.refund(shop.renew(sub), 1_000)


def _bought_by_guest(shop: Shop) -> None:
    shop.buy(shop.person("Grace", guest=True), 4_900)


def _thrown_away(shop: Shop) -> None:
    order = shop.buy(shop.person(), 1_500)
    shop.delete(order)


# The name of the sample -> the topic it is taken from (its last message), and its story.
STORIES: dict[str, tuple[str, Story]] = {
    "subscription.created": ("subscription.created", _sold),
    "subscription.updated": ("subscription.updated", _renewed),
    "subscription.updated.trial": ("subscription.updated", _on_trial),
    "subscription.updated.payment_failed": ("subscription.updated", _failed),
    "subscription.updated.recovered": ("subscription.updated", _recovered),
    "subscription.updated.on_hold": ("subscription.updated", _suspended),
    "subscription.updated.pending_cancel": ("subscription.updated", _leaving),
    "subscription.updated.cancelled": ("subscription.updated", _cancelled),
    "subscription.updated.expired": ("subscription.updated", _expired),
    "subscription.switched": ("subscription.switched", _switched),
    "subscription.deleted": ("subscription.deleted", _deleted),
    "order.created": ("order.created", _bought_by_guest),
    "order.created.renewal": ("order.created", _renewed),
    "order.updated": ("order.updated", _renewed),
    "order.updated.failed": ("order.updated", _failed),
    "order.updated.guest": ("order.updated", _bought_by_guest),
    "order.updated.refunded": ("order.updated", _refunded),
    "order.deleted": ("order.deleted", _thrown_away),
}


def event_types() -> list[str]:
    """Return the names `sample` can make: a topic, and what is special about it."""
    return list(STORIES)


def sample(name: str, *, seed: int | str = 1, at: int | None = None) -> Sample:
    """Return a message with its story around it; `at` is the Unix second it is sent at.

    Raise ValueError for a name that is not in `event_types()`.
    """
    if name not in STORIES:
        raise ValueError(f"no sample of {name}")
    made = _tell(name, seed, STARTS_AT)
    return made if at is None else _tell(name, seed, STARTS_AT + at - made.event.sent_at)


def _tell(name: str, seed: int | str, starts_at: int) -> Sample:
    topic, story = STORIES[name]
    shop = Shop(f"{name}/{seed}", starts_at=starts_at)
    story(shop)
    (*_, last) = (n for n, event in enumerate(shop.events) if event.topic == topic)
    return Sample(shop.events[last], shop.events[:last], shop.events[last + 1 :], shop.truth)


def fixtures() -> dict[str, Event]:
    """Return the messages that lie in the tests' fixtures, by file name."""
    return {f"{name}.json": sample(name).event for name in STORIES}


def whole_life(seed: int | str = 1) -> Shop:
    """Return one subscription through all it can meet, with a guest's purchase beside it."""
    shop = Shop(f"whole/{seed}")
    sub = shop.subscribe(shop.person(), trial_days=14)
    shop.say_again()
    shop.renew(sub)
    shop.say_again()
    shop.buy(shop.person("Grace", guest=True), 4_900)
    order = shop.renew(sub, paid=False)
    shop.retry(order, sub, paid=False)
    shop.retry(order, sub, paid=True)
    shop.refund(order, 1_000)
    shop.wait(2 * DAY)
    shop.suspend(sub)
    shop.wait(2 * DAY)
    shop.activate(sub)
    order = shop.renew(sub, paid=False)
    shop.retry(order, sub, paid=False, last=True)
    shop.retry(order, sub, paid=True)
    shop.refund(order, 500)
    shop.refund(order, order.total - 500)
    shop.ask_to_cancel(sub)
    shop.end(sub)
    return shop


def random_life(seed: int) -> Shop:
    """Return a subscription's life as the dice fall, told in full with its truth."""
    shop = Shop(f"random/{seed}")
    dice = shop.dice
    person = shop.person("Mary", guest=dice.random() < 0.3)
    period = dice.choice(("day", "week", "month", "year"))
    trial = dice.choice((0, 0, 7))
    sub = shop.subscribe(person, 100 * dice.randint(5, 99) + 99, period, trial_days=trial)
    for _ in range(dice.randint(1, 6)):
        _random_deed(shop, sub)
    ending = dice.choice(("leave", "cancelled", "switched", "expired", "stay", "stay"))
    if ending == "leave":
        shop.ask_to_cancel(sub)
    elif ending != "stay":
        shop.end(sub, ending)
    return shop


def _random_deed(shop: Shop, sub: Subscription) -> None:
    dice = shop.dice
    if dice.random() < 0.3:
        shop.say_again()
    deed = dice.choice(("renew", "renew", "fail", "suspend", "refund", "buy"))
    if deed == "fail":
        order = shop.renew(sub, paid=False)
        for _ in range(dice.randint(0, 2)):
            shop.retry(order, sub, paid=False, last=dice.random() < 0.3)
        shop.retry(order, sub, paid=True)
    elif deed == "suspend":
        shop.wait(HOUR)
        shop.suspend(sub)
        shop.wait(HOUR)
        shop.activate(sub)
    elif deed == "buy":
        shop.buy(sub.person, 100 * dice.randint(1, 50))
    else:
        order = shop.renew(sub)
        if deed == "refund":
            shop.refund(order, dice.choice((order.total, 100)))
