"""History gives the same records as live: the lives of both providers whose lists we page through.

What is imported must be what the live notifications of the same life come to; told again live, it
must stay what it is, and nothing of it may be announced that history has recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.samples import paykickstart as campaign
from infra.samples import woocommerce as shop_story
from infra.samples.woocommerce_event import Event
from shared.domain.history_pages import TellsHistory
from tests.laws.recorded import drifted, recorded, unlike
from tests.support.paykickstart_api import PayKickstartAccount
from tests.support.shop import START, Shop
from tests.support.woocommerce_api import WooCommerceShop

RESOURCES = ("subscriptions", "orders")
_NOW = START


def bodies(api: TellsHistory, since: int | None = None) -> Iterator[bytes]:
    """Yield a whole history as the events its pages become."""
    for phase in api.phases(RESOURCES):
        cursor: str | None = ""
        while cursor is not None:
            page = api.page(phase, cursor, since)
            assert len(page.objects) <= 100
            for found in page.objects:
                call = {"object": page.kind, "id": str(found["id"])}
                yield api.event(call, found, _NOW)[1]
            cursor = page.following


def imported(provider: str, api: TellsHistory) -> Shop:
    """Return a shop that knows its history alone."""
    shop = Shop(provider=provider)
    for body in bodies(api):
        shop.receive(body, source="history")
    return shop


def standing(shop: Shop, *left_out: str) -> dict[str, Any]:
    """Return what is so now: records, money and people, without how they came to it."""
    told = recorded(shop)
    for each in told["recurring_payments"].values():
        each.update(dict.fromkeys(left_out))
    return {name: told[name] for name in ("recurring_payments", "orders", "contacts", "owners")}


def announced(shop: Shop, before: set[Any]) -> list[tuple[Any, ...]]:
    """Return what has been told since, and could fire: changes, and creations of their own."""
    found = []
    for name, document in shop.memory.documents.items():
        if name[0] != "entry" or name in before:
            continue
        entry = document["entry"]
        creates = entry.kind == "created" and not entry.joined
        if not entry.historical and (entry.changes or creates or entry.money == "first"):
            found.append((name, entry.event_type, entry.changes))
    return found


def _entries(shop: Shop) -> set[Any]:
    return {name for name in shop.memory.documents if name[0] == "entry"}


def _lives_of_a_vendor() -> list[Any]:
    return [campaign.whole_life(1), *(campaign.random_life(seed) for seed in range(12))]


@pytest.mark.parametrize("without", [(), ("next_billing_date",)])
@pytest.mark.parametrize("life", _lives_of_a_vendor())
def test_paykickstarts_history_is_what_its_notifications_told(
    life: Any, without: tuple[str, ...]
) -> None:
    live = Shop(provider="paykickstart")
    live.receive_all(event.body for event in life.events)

    shop = imported("paykickstart", PayKickstartAccount(life.events, without=without).api)

    # Notifications leave the interval to be guessed; the purchase tells it.
    left_out = ("inferred",)
    assert unlike(standing(live, *left_out), standing(shop, *left_out)) == []
    assert shop.quarantined() == []
    assert drifted(shop) == []


@pytest.mark.parametrize("life", _lives_of_a_vendor())
def test_paykickstarts_notifications_say_nothing_new_after_its_history(life: Any) -> None:
    shop = imported("paykickstart", PayKickstartAccount(life.events).api)
    before, known = standing(shop), _entries(shop)

    shop.receive_all(event.body for event in life.events)

    assert unlike(before, standing(shop)) == []
    # That a trial had ended before it was paid for, no list of charges tells.
    new = [told for told in announced(shop, known) if told[1] != "subscription-trial-end"]
    assert new == []


def _lives_of_a_shop() -> list[Any]:
    return [
        *(shop_story.whole_life(seed) for seed in range(3)),
        *(shop_story.random_life(seed) for seed in range(15)),
    ]


@pytest.mark.parametrize("life", _lives_of_a_shop())
def test_a_shops_history_is_what_its_webhooks_told(life: Any) -> None:
    live = Shop(provider="woocommerce")
    for event in life.events:
        live.receive(event.body, headers=event.meaning)

    shop = imported("woocommerce", WooCommerceShop(life.events).api)

    assert unlike(standing(live), standing(shop)) == []
    assert shop.quarantined() == []
    assert drifted(shop) == []


@pytest.mark.parametrize("life", _lives_of_a_shop())
def test_a_shops_last_words_say_nothing_new_after_its_history(life: Any) -> None:
    shop = imported("woocommerce", WooCommerceShop(life.events).api)
    before, known = standing(shop), _entries(shop)

    for event in _last_words(life.events):
        shop.receive(event.body, headers=event.meaning)

    assert unlike(before, standing(shop)) == []
    assert announced(shop, known) == []


@pytest.mark.parametrize("life", _lives_of_a_shop())
def test_a_shops_whole_life_told_again_leaves_its_records_as_they_are(life: Any) -> None:
    shop = imported("woocommerce", WooCommerceShop(life.events).api)
    before = standing(shop)

    for event in life.events:
        shop.receive(event.body, headers=event.meaning)

    assert unlike(before, standing(shop)) == []


def _last_words(events: list[Event]) -> list[Event]:
    """Return the last message about each object: an older one tells what no list does."""
    last = {(event.topic.partition(".")[0], event.content["id"]): event for event in events}
    return list(last.values())
