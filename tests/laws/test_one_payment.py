"""One payment, told by charge, invoice, invoice payment, intent and session, is one order."""

from __future__ import annotations

import itertools
import random

import pytest

from infra.samples import stripe as story
from infra.samples.stripe import Event, Shape
from tests.laws.recorded import recorded, told, unlike

_ACCOUNTS = (
    "charge.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
    "payment_intent.succeeded",
    "checkout.session.completed",
)


def _accounts(shape: Shape) -> list[Event]:
    """Return every account of a first payment, and nothing else."""
    world = story.Business(1, shape)
    price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
    customer = story.add_customer(world, "ada@example.com")
    story.checkout(world, customer, price)
    return [event for event in world.events if event.type in _ACCOUNTS]


@pytest.mark.parametrize("shape", ["old", "new"])
def test_one_payment_told_six_times_is_one_order_in_every_order(shape: Shape) -> None:
    accounts = _accounts(shape)
    expected = set(_ACCOUNTS) - ({"invoice_payment.paid"} if shape == "old" else set())
    assert {event.type for event in accounts} == expected
    in_order = recorded(told(accounts))
    dice = random.Random(shape)

    permutations = list(itertools.permutations(accounts))
    for arriving in dice.sample(permutations, min(240, len(permutations))):
        shop = told([*arriving, dice.choice(accounts).redelivered()])

        (order,) = shop.orders().values()
        assert (order["gross"], order["status"]) == (1900, "completed")
        assert len(order["payments"]) == 1
        (contact,) = shop.contacts().values()
        assert contact["revenue"] == [{"currency": "USD", "amount": 1900}]
        assert unlike(in_order, recorded(shop)) == []


@pytest.mark.parametrize("shape", ["old", "new"])
def test_every_single_account_of_a_payment_already_counts_it(shape: Shape) -> None:
    alone = [event for event in _accounts(shape) if event.type != "invoice_payment.paid"]

    for event in alone:
        orders = told([event]).orders().values()

        subscribed = event.type == "checkout.session.completed"
        assert [order["gross"] for order in orders] == ([] if subscribed else [1900])


@pytest.mark.parametrize("with_invoice", [False, True])
@pytest.mark.parametrize("shape", ["old", "new"])
def test_one_purchase_is_one_order_of_its_own_in_every_order(
    shape: Shape, with_invoice: bool
) -> None:
    world = story.Business(1, shape)
    price = story.add_price(world, story.add_product(world, "Book"), 2400, interval=None)
    customer = story.add_customer(world, "ada@example.com")
    story.one_time(world, price, customer, with_invoice=with_invoice)
    accounts = [event for event in world.events if event.type in _ACCOUNTS]
    in_order = recorded(told(accounts))
    dice = random.Random(shape)

    for _ in range(30):
        shop = told(dice.sample(accounts, len(accounts)))

        (order,) = shop.orders().values()
        assert (order["kind"], order["gross"], order["status"]) == ("one_time", 2400, "completed")
        assert unlike(in_order, recorded(shop)) == []
