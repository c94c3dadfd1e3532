"""ActiveCampaign's example: a subscription that begins, only where the billing city is Chicago."""

from __future__ import annotations

import random

import pytest

from infra.samples.stripe_business import Business
from infra.samples.stripe_checkout import checkout
from infra.samples.stripe_customers import add_customer, add_price, add_product
from infra.samples.stripe_goods import Address
from tests.support.firing import NOW, Desk
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

CHICAGO = {
    "match": "all",
    "conditions": [
        {
            "field": "recurring_payment.billing_address.city",
            "operator": "is",
            "value": "Chicago",
        }
    ],
}
LATER = 10_000


@pytest.mark.parametrize("seed", range(4))
def test_only_the_subscription_of_chicago_fires_in_whatever_order_it_is_told(seed: int) -> None:
    world = Business(1)
    price = add_price(world, add_product(world, "Tea box"), 3_000, "usd")
    for name, city in (("ada", "Chicago"), ("bob", "Boston")):
        home = Address("1 Main St", city, "60601", "US", "IL")
        checkout(world, add_customer(world, f"{name}@example.com", name, address=home), price)
    bodies = [event.body for event in world.events]
    random.Random(seed).shuffle(bodies)
    store = StreamingStore()
    shop = Shop(store=store)
    desk = Desk(store)
    desk.automate({"type": "recurring_payment_created", "segment": CHICAGO})

    shop.receive_all(bodies)
    desk.stream().handle(store.stream, NOW)
    fire = desk.fire()
    for message in desk.queue.of_kind("settled"):
        fire.settled(message, NOW + LATER)

    (firing,) = desk.firings()
    assert firing["contact"]["email"] == "ada@example.com"
    assert firing["conditions"] == [
        {
            "path": "conditions[0]",
            "field": "recurring_payment.billing_address.city",
            "operator": "is",
            "value": "Chicago",
            "actual": "Chicago",
            "met": True,
        }
    ]
