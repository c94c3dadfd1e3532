"""The three stores beside the demo's month: badly delivered, and true to their own books."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from infra.samples.other_stores import Store, other_stores
from infra.samples.stripe_money import text_of
from tests.support.shop import Shop

UNTIL = 1_795_305_600
STORES = {store.provider: store for store in other_stores("20261122", UNTIL)}


def moments(store: Store) -> list[float]:
    if store.provider == "woocommerce":
        return [event.sent_at for event in store.deliveries]
    if store.provider == "paykickstart":
        return [int(dict(event.fields)["transaction_time"]) for event in store.deliveries]
    stated = [json.loads(event.body)["create_time"] for event in store.deliveries]
    return [datetime.fromisoformat(each).timestamp() for each in stated]


def processed(store: Store) -> Shop:
    shop = Shop(provider=store.provider)
    for number, event in enumerate(store.deliveries):
        transmission = {"paypal-transmission-id": f"transmission-{number}"}
        shop.receive(event.body, headers=getattr(event, "meaning", transmission))
    return shop


def as_booked(order: Mapping[str, Any]) -> tuple[str, str, str]:
    gross, refunded = (text_of(order[name], order["currency"]) for name in ("gross", "refunded"))
    return order["status"], gross, refunded


def test_a_name_has_one_set_of_stores_and_another_name_shares_nothing_with_it() -> None:
    again, others = other_stores("20261122", UNTIL), other_stores("20261123", UNTIL + 86_400)

    for store, same, other in zip(STORES.values(), again, others, strict=True):
        assert store == same
        assert store.connection != other.connection
        assert set(store.emails).isdisjoint(other.emails)
        assert store.subscriptions.keys().isdisjoint(other.subscriptions)


def test_nobody_is_at_two_stores() -> None:
    everybody = [email for store in STORES.values() for email in store.emails]

    assert len(everybody) == len(set(everybody)) == 10


@pytest.mark.parametrize("provider", STORES)
def test_a_store_delivers_in_no_order_and_some_of_it_twice(provider: str) -> None:
    store = STORES[provider]

    at = moments(store)

    times_told = Counter(event.body for event in store.deliveries)
    assert sum(count - 1 for count in times_told.values()) == store.repeated
    assert at != sorted(at)
    assert max(at) < UNTIL


@pytest.mark.parametrize("provider", STORES)
def test_each_store_sells_renews_fails_and_is_left(provider: str) -> None:
    store = STORES[provider]

    assert sorted(store.subscriptions.values()) == ["active", "cancelled", "payment_failed"]
    assert len(store.orders) > len(store.subscriptions)


@pytest.mark.parametrize("provider", STORES)
def test_what_is_recorded_of_a_store_is_what_it_wrote_down(provider: str) -> None:
    store = STORES[provider]

    shop = processed(store)

    statuses = {key: each["status"] for key, each in shop.recurring_payments().items()}
    assert shop.quarantined() == []
    assert statuses == store.subscriptions
    assert {key: as_booked(each) for key, each in shop.orders().items()} == store.orders
