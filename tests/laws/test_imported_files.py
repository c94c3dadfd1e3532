"""Files of old records and live events of the same: whichever comes first, one record, money once.

A file is what somebody exported of their provider in the midst of its life. What the provider then
tells must join it, and what it has told before must stand against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from infra.samples import paykickstart as campaign
from infra.samples import stripe as stripe_story
from infra.samples import woocommerce as shop_story
from shared.domain import money, times
from shared.providers.api_store import ORDER, RECURRING_PAYMENT
from tests.laws.recorded import drifted, unlike
from tests.support.shop import Shop
from tests.support.store_items import ApiStore, Item

_LATER = 2_500_000_000_000  # when all lives are over
_AMOUNTS = ("gross", "discount", "tax", "shipping", "refunded")
_SUMS = ("payment_amount", "discount_amount", "tax_amount", "shipping_amount")
_DATES = ("start_date", "next_payment_date", "cancelled_date", "last_payment_date")
_SAME = ("name", "status", "currency", "billing_interval", "billing_interval_count", "is_trial")


def exported(shop: Shop, at: int | None) -> list[tuple[str, Item]]:
    """Return what a shop has recorded as the items of a file written at a time (ms)."""
    modified = {} if at is None else {"store_modified_date": times.to_text(at)}
    told = [
        (RECURRING_PAYMENT, {**_recurring_payment(shop, own, view), **modified})
        for own, view in shop.recurring_payments().items()
    ]
    told += [
        (ORDER, {**_order(shop, own, view), **modified}) for own, view in shop.orders().items()
    ]
    return [(kind, {k: v for k, v in item.items() if v is not None}) for kind, item in told]


def _recurring_payment(shop: Shop, own: str, view: dict[str, Any]) -> Item:
    return {
        "connection_id": "shop",
        "store_recurring_payment_id": own,
        "store_customer_id": (shop.head(RECURRING_PAYMENT, own) or {})["customer_id"],
        "email": view["email"],
        **{name: view[name] for name in _SAME},
        # A trial that nobody has paid for may have no currency yet.
        **{name: money.to_text(view[name], view["currency"]) for name in _SUMS if view["currency"]},
        **{name: times.to_text(view[name]) for name in _DATES},
        "cancel_at_period_end": view["cancel_at_period_end"],
        "last_payment_status": view["last_payment_status"],
        "cycles_completed": view["cycles_completed"],
    }


def _order(shop: Shop, own: str, view: dict[str, Any]) -> Item:
    head = shop.head(ORDER, own) or {}
    intents = [ref.partition(":")[2] for ref in head["refs"] if ref.startswith("intent:")]
    dates = [each["date"] for each in view["refunds"]]
    return {
        "connection_id": "shop",
        "store_order_id": own,
        "store_customer_id": head["customer_id"],
        "email": view["email"],
        # A dispute is its provider's to tell.
        "status": "completed" if view["status"] == "disputed" else view["status"],
        "currency": view["currency"],
        **{name: money.to_text(view[name], view["currency"]) for name in _AMOUNTS},
        "occurred_date": times.to_text(view["occurred_date"]),
        "refunded_date": times.to_text(max(dates)) if dates else None,
        "recurring_payment_id": view["recurring_payment_id"],
        "processor_reference": next(iter(intents), None),
    }


def money_of(shop: Shop) -> dict[str, Any]:
    """Return what is counted: each order's sums and each person's revenue."""
    names = ("kind", "status", "gross", "refunded", "currency", "recurring_payment_id", "email")
    orders = {
        own: {
            **{name: view[name] for name in names},
            "parts": sum(e["amount"] for e in _kept(view)),
        }
        for own, view in shop.orders().items()
    }
    people = {
        email: (each["revenue"], each["orders_count"])
        for email, each in shop.contacts().items()
        if each["orders_count"]
    }
    return {"orders": orders, "people": people}


def _kept(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in view["payments"] if each["status"] == "completed"]


def subscriptions_of(shop: Shop) -> dict[str, Any]:
    """Return what is so of each subscription, as far as its provider tells it again."""
    names = ("status", "payment_amount", "currency", "next_payment_date", "cancelled_date", "email")
    told = shop.recurring_payments()
    return {own: {name: view[name] for name in names} for own, view in told.items()}


def _stripe() -> list[tuple[str, Any]]:
    worlds = [stripe_story.random_life(seed, "new").world for seed in range(3)]
    return [("stripe", [(e.body, {}, e.created * 1000) for e in world.events]) for world in worlds]


def _paykickstart() -> list[tuple[str, Any]]:
    lives = [campaign.whole_life(1), *(campaign.random_life(seed) for seed in range(3))]
    return [
        (
            "paykickstart",
            [(e.body, {}, int(dict(e.fields)["transaction_time"]) * 1000) for e in life.events],
        )
        for life in lives
    ]


def _woocommerce() -> list[tuple[str, Any]]:
    lives = [shop_story.whole_life(1), *(shop_story.random_life(seed) for seed in range(3))]
    return [
        ("woocommerce", [(e.body, e.meaning, e.sent_at * 1000) for e in life.events])
        for life in lives
    ]


LIVES = [*_stripe(), *_paykickstart(), *_woocommerce()]


def _hear(shop: Shop, events: Sequence[tuple[bytes, dict[str, str], int]]) -> Shop:
    for body, headers, _ in events:
        shop.receive(body, headers=headers)
    return shop


def _imported(provider: str, items: Sequence[tuple[str, Item]]) -> ApiStore:
    store = ApiStore(provider=provider)
    store.client.now = _LATER
    for kind, item in items:
        (result,) = store.put(kind, item, historical=True)
        assert result == {"status": "created", "errors": []}, item
    return store


@pytest.mark.parametrize(("provider", "events"), LIVES)
def test_what_is_imported_is_what_the_file_says(provider: str, events: Any) -> None:
    live = _hear(Shop(provider=provider), events)

    shop = _imported(provider, exported(live, None)).shop

    assert unlike(_undisputed(live), _undisputed(shop)) == []
    assert drifted(shop) == []


def _undisputed(shop: Shop) -> dict[str, Any]:
    found = shop.orders().items()
    names = ("kind", "gross", "refunded", "currency", "recurring_payment_id", "email")
    orders = {own: {name: view[name] for name in names} for own, view in found}
    return {"orders": orders, "recurring_payments": subscriptions_of(shop)}


@pytest.mark.parametrize(("provider", "events"), LIVES)
def test_events_that_follow_a_file_come_to_the_records_of_all_events(
    provider: str, events: Any
) -> None:
    half = len(events) // 2
    while half < len(events) and events[half][2] == events[half - 1][2]:
        half += 1  # a file is not written in the midst of a second
    before = _hear(Shop(provider=provider), events[:half])
    live = _hear(Shop(provider=provider), events)

    shop = _imported(provider, exported(before, events[half - 1][2])).shop
    _hear(shop, events[half:])

    assert unlike(money_of(live), money_of(shop)) == []
    assert unlike(subscriptions_of(live), subscriptions_of(shop)) == []
    assert drifted(shop) == []


@pytest.mark.parametrize(("provider", "events"), LIVES)
def test_all_events_again_after_a_file_count_no_money_twice(provider: str, events: Any) -> None:
    live = _hear(Shop(provider=provider), events)

    shop = _imported(provider, exported(live, None)).shop
    _hear(shop, events)

    assert unlike(money_of(live), money_of(shop)) == []
    assert drifted(shop) == []


@pytest.mark.parametrize(("provider", "events"), LIVES)
def test_a_file_changes_nothing_that_the_provider_has_told(provider: str, events: Any) -> None:
    store = ApiStore(provider=provider)
    _hear(store.shop, events)
    before = dict(store.shop.memory.documents)

    for kind, item in exported(store.shop, None):
        assert store.put(kind, item, historical=True)[0]["status"] == "unchanged"

    assert store.shop.memory.documents == before
