"""A sale of PayKickstart through Stripe, as both really write of it: counted once, fired once."""

from __future__ import annotations

import itertools
import json
from urllib.parse import urlencode

import pytest

from shared.domain.observations import Parsed
from shared.providers import paykickstart, stripe
from tests.laws.two_stores import KICK, Told, hear
from tests.shared.providers.stripe_bodies import NOW, charge, event
from tests.support.firing import Desk
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

ADA = "ada@example.com"
_SALE = {
    "event": "sales",
    "mode": "live",
    "amount": "19.00",
    "currency": "USD",
    "buyer_email": ADA,
    "transaction_id": "PKT-88231",
    "invoice_id": "PKP-55120",
    "transaction_time": str(NOW),
    "product_id": "880",
    "product_name": "Lantern Letters",
    "campaign_id": "4410",
}


def _sold(**fields: str) -> Parsed:
    return paykickstart.parse(urlencode({**_SALE, **fields}).encode(), {})


def _charged(**fields: object) -> Parsed:
    billing = {"email": ADA, "name": "Ada Lovelace", "address": {}}
    thing = charge(
        id="ch_3PqX1b", payment_intent="pi_3PqX1b", customer=None, billing_details=billing, **fields
    )
    return stripe.parse(json.dumps(event("charge.succeeded", thing)).encode(), {})


_LINKS = {
    "its transaction is the charge": (_sold(transaction_id="ch_3PqX1b"), _charged()),
    "a custom field names the charge": (_sold(custom_stripe="ch_3PqX1b"), _charged()),
    "a custom field names the intent": (_sold(custom_1="pi_3PqX1b"), _charged()),
    "metadata names the transaction": (_sold(), _charged(metadata={"order": "PKT-88231"})),
}
_UNLINKED = (_sold(), _charged(metadata={"campaign": "lanterns-2026"}))


def _orders_of_arrival(pair: tuple[Parsed, Parsed]) -> list[list[Told]]:
    told = [("kick", pair[0]), ("shop", pair[1])]
    return [list(each) for each in itertools.permutations(told)]


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("link", _LINKS)
def test_it_counts_once_and_fires_once(link: str, later: bool) -> None:
    for arriving in _orders_of_arrival(_LINKS[link]):
        desk = Desk(StreamingStore())
        del desk.store.documents["connection", "shop"]
        shop = Shop(store=desk.store, connections={"kick": KICK})
        desk.automate({"type": "order_created"}, "reward")

        for each in arriving:
            hear(shop, [each])
            waited = 3_600_000 if later else 0
            records, desk.store.stream[:] = list(desk.store.stream), []
            desk.stream().handle(records, shop.now + waited)
        for message in desk.queue.of_kind("settled"):
            desk.fire().settled(message, shop.now + 3_600_000)

        assert len(desk.firings()) == 1
        assert shop.contacts()[ADA]["orders_count"] == 1
        assert shop.contacts()[ADA]["revenue"] == [{"currency": "USD", "amount": 1900}]


def test_two_sales_that_nothing_links_are_two() -> None:
    for arriving in _orders_of_arrival(_UNLINKED):
        shop = hear(Shop(connections={"kick": KICK}), arriving)

        assert shop.contacts()[ADA]["orders_count"] == 2
