"""Whole lives of subscriptions at PayKickstart, in random orders with repetitions.

Whatever the order, records, orders, money, contacts and histories are one and the same, and what
the story says they must be.
"""

from __future__ import annotations

import pytest

from infra.samples import paykickstart as story
from tests.laws.recorded import drifted, misremembered, recorded, unlike
from tests.laws.recorded import shuffled as _shuffled
from tests.laws.truth import differences
from tests.support.shop import Shop


def _told(events: list[story.Event]) -> Shop:
    shop = Shop(provider="paykickstart")
    shop.receive_all(event.body for event in events)
    return shop


def shuffled(events: list[story.Event], seed: int) -> list[story.Event]:
    return _shuffled(events, seed)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("seeds", [range(10), range(10, 20), range(20, 30)])
def test_one_life_is_one_record_in_thirty_random_orders(seeds: range) -> None:
    life = story.whole_life(1)
    in_order = recorded(_told(life.events))

    for seed in seeds:
        shop = _told(shuffled(life.events, seed))

        assert unlike(in_order, recorded(shop)) == [], f"order {seed}"
        assert differences(shop, life.truth) == [], f"order {seed}"
        assert drifted(shop) == [], f"order {seed}"
        assert len(shop.recurring_payments()) == 1


@pytest.mark.parametrize("seed", range(40))
def test_random_lives_are_what_the_story_says_in_any_order(seed: int) -> None:
    life = story.random_life(seed)
    in_order = _told(life.events)
    mixed = _told(shuffled(life.events, seed))

    for shop in (in_order, mixed):
        assert differences(shop, life.truth) == []
        assert drifted(shop) == []
        assert misremembered(shop) == []
    assert unlike(recorded(in_order), recorded(mixed)) == []


def test_each_transition_is_told_once() -> None:
    life = story.whole_life(1)

    shop = _told(shuffled(life.events, 5))

    (identity,) = shop.recurring_payments()
    history = shop.history("recurring_payment", identity)
    statuses = [
        (change.before, change.after)
        for entry in history
        for change in entry.changes
        if change.field == "status"
    ]
    assert [entry.kind for entry in history].count("created") == 1
    assert statuses == [
        ("active", "payment_failed"),
        ("payment_failed", "active"),
        ("active", "cancelled"),
    ]
