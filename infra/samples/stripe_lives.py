"""Whole lives of one subscription: a fixed one that has everything, and any number of random ones.

Tests deliver such a life in other orders, doubled and late, and compare what is recorded with the
life's own truth.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.samples.stripe_billing import (
    end_trial,
    fail_renewal,
    give_up,
    recover,
    renew,
    trial_will_end,
)
from infra.samples.stripe_business import Business
from infra.samples.stripe_changes import (
    apply_discount,
    cancel_now,
    change_plan,
    pause,
    pause_for_real,
    reach_cancellation,
    remove_discount,
    resume,
    resume_for_real,
    schedule_cancel,
    unpause,
)
from infra.samples.stripe_checkout import checkout
from infra.samples.stripe_customers import (
    add_coupon,
    add_customer,
    add_price,
    add_product,
    change_email,
    update_card,
)
from infra.samples.stripe_event import Shape
from infra.samples.stripe_goods import Coupon
from infra.samples.stripe_money import HOUR, amount_of, share
from infra.samples.stripe_purchases import close_dispute, dispute, refund, settle_refund
from infra.samples.stripe_state import Dispute, Payment, Subscription

CURRENCIES = ("usd", "eur", "jpy", "isk", "ugx", "kwd", "huf")


def whole_life(seed: int | str = 1, shape: Shape = "new", currency: str = "usd") -> Business:
    """Live the life every test knows.

    A trial, its end, two renewals, a failure that is tried twice and recovered, two refunds, and
    a cancellation that is asked for first and reached later.
    """
    world = Business(seed, shape)
    price = add_price(world, add_product(world, "Tea box"), amount_of("30", currency), currency)
    customer = add_customer(world, "ada@example.com", "Ada Lovelace")
    world.advance(minutes=5)
    subscription = checkout(world, customer, price, trial_days=14)
    trial_will_end(world, subscription)
    first = end_trial(world, subscription)
    renew(world, subscription)
    renew(world, subscription)
    fail_renewal(world, subscription)
    fail_renewal(world, subscription)
    world.advance(days=1)
    last = recover(world, subscription)
    world.advance(days=1)
    if first.payment is None or last.payment is None:
        raise ValueError("the story needs paid invoices")
    settle_refund(world, refund(world, first.payment, amount_of("10", currency)))
    world.advance(hours=5)
    refund(world, last.payment)
    schedule_cancel(world, subscription)
    reach_cancellation(world, subscription)
    return world


@dataclass
class Life:
    """A random life under way; `deeds` names what happened, for a failing test's message."""

    world: Business
    subscription: Subscription
    coupon: Coupon
    dice: random.Random
    deeds: list[str] = field(default_factory=list)
    disputed: Dispute | None = None

    @property
    def state(self) -> str:
        """Say which deeds are possible now."""
        subscription = self.subscription
        if subscription.ended_at is not None:
            return "over"
        if subscription.status in ("trialing", "past_due", "paused"):
            return subscription.status
        if subscription.cancel_at is not None:
            return "ending"
        if self.world.now >= subscription.items[0].period_end - 2 * HOUR:
            return "due"
        return "halted" if subscription.pause_behavior else "active"

    def payment(self) -> Payment | None:
        """Return the newest payment that can still be given back, or None."""
        bill = self.subscription.latest_invoice
        payment = bill.payment if bill and bill.status == "paid" else None
        if payment is None or not payment.charges or payment.charge.disputed:
            return None
        return payment if payment.charge.amount > payment.charge.amount_refunded else None


def _refund_all(life: Life) -> None:
    payment = life.payment()
    if payment is not None:
        refund(life.world, payment)


def _refund_part(life: Life) -> None:
    payment = life.payment()
    if payment is not None and payment.charge.amount_refunded == 0:
        quarter = share(payment.amount, 1, 4, payment.currency)
        refund(life.world, payment, quarter or None)


def _dispute(life: Life) -> None:
    payment = life.payment()
    if life.disputed is not None:
        close_dispute(life.world, life.disputed, won=life.dice.random() < 0.5)
        life.disputed = None
    elif payment is not None and payment.charge.amount_refunded == 0:
        life.disputed = dispute(life.world, payment)


def _more(life: Life) -> None:
    change_plan(life.world, life.subscription, quantity=life.subscription.items[0].quantity + 1)


def _fewer(life: Life) -> None:
    if life.subscription.items[0].quantity > 1:
        change_plan(life.world, life.subscription, quantity=1, prorate=False)


def _rebate(life: Life) -> None:
    if life.subscription.discount is None:
        apply_discount(life.world, life.subscription, life.coupon)
    else:
        remove_discount(life.world, life.subscription)


def _email(life: Life) -> None:
    customer = life.subscription.customer
    change_email(life.world, customer, f"new{len(life.deeds)}.{customer.id[-4:]}@example.com")


Deed = Callable[[Life], object]

DEEDS: dict[str, list[tuple[int, str, Deed]]] = {
    "trialing": [
        (2, "trial_will_end", lambda life: trial_will_end(life.world, life.subscription)),
        (6, "end_trial", lambda life: end_trial(life.world, life.subscription)),
        (1, "cancel_now", lambda life: cancel_now(life.world, life.subscription)),
    ],
    "active": [
        (6, "renew", lambda life: renew(life.world, life.subscription)),
        (3, "fail_renewal", lambda life: fail_renewal(life.world, life.subscription)),
        (1, "refund_all", _refund_all),
        (2, "refund_part", _refund_part),
        (1, "dispute", _dispute),
        (2, "more", _more),
        (1, "fewer", _fewer),
        (1, "rebate", _rebate),
        (1, "email", _email),
        (1, "update_card", lambda life: update_card(life.world, life.subscription, 5, 2031)),
        (1, "pause", lambda life: pause(life.world, life.subscription)),
        (1, "pause_for_real", lambda life: pause_for_real(life.world, life.subscription)),
        (2, "schedule_cancel", lambda life: schedule_cancel(life.world, life.subscription)),
        (1, "cancel_now", lambda life: cancel_now(life.world, life.subscription)),
    ],
    "due": [
        (4, "renew", lambda life: renew(life.world, life.subscription)),
        (1, "fail_renewal", lambda life: fail_renewal(life.world, life.subscription)),
    ],
    "past_due": [
        (2, "fail_again", lambda life: fail_renewal(life.world, life.subscription)),
        (4, "recover", lambda life: recover(life.world, life.subscription)),
        (1, "give_up", lambda life: give_up(life.world, life.subscription)),
    ],
    "halted": [
        (2, "renew_halted", lambda life: renew(life.world, life.subscription)),
        (3, "unpause", lambda life: unpause(life.world, life.subscription)),
    ],
    "paused": [(1, "resume", lambda life: resume_for_real(life.world, life.subscription))],
    "ending": [
        (2, "resume", lambda life: resume(life.world, life.subscription)),
        (2, "reach_end", lambda life: reach_cancellation(life.world, life.subscription)),
        (1, "refund_part", _refund_part),
    ],
    "over": [(1, "refund_all", _refund_all)],
}


def random_life(seed: int | str, shape: Shape = "new", steps: int = 12) -> Life:
    """Live a life by dice: the same seed lives the same life in either shape."""
    dice = random.Random(f"life/{seed}")  # noqa: S311 - a story, not a secret
    world = Business(seed, shape)
    currency = dice.choice(CURRENCIES)
    price = add_price(world, add_product(world, "Tea box"), amount_of("30", currency), currency)
    coupon = add_coupon(world, "Friends", percent_off=20)
    customer = add_customer(world, f"life{seed}@example.com", "Ada Lovelace")
    world.advance(minutes=dice.randrange(1, 600))
    subscription = checkout(
        world,
        customer,
        price,
        quantity=dice.randrange(1, 4),
        trial_days=dice.choice((0, 0, 7)),
        tax_percent=dice.choice((0, 0, 20)),
        via=dice.choice(("session", "api")),
    )
    life = Life(world, subscription, coupon, dice)
    for _ in range(steps):
        world.advance(minutes=dice.randrange(2, 2_000))
        deeds = DEEDS[life.state]
        if life.state == "over" and life.payment() is None:
            break
        _, name, deed = dice.choices(deeds, [weight for weight, _, _ in deeds])[0]
        life.deeds.append(name)
        deed(life)
    return life
