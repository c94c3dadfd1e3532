"""Whole lives of subscriptions, told in random orders with repetitions, in old and new shapes.

Whatever the order, records, orders, money, contacts and histories are one and the same, and what
the story says they must be.
"""

from __future__ import annotations

import pytest

from infra.samples import stripe as story
from infra.samples.stripe import Shape
from tests.laws.recorded import drifted, misremembered, recorded, shuffled, told, unlike
from tests.laws.truth import differences

_SHAPES: tuple[Shape, ...] = ("old", "new")


@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize(
    "seeds", [range(10), range(10, 20), range(20, 30), range(30, 40), range(40, 50)]
)
def test_one_life_is_one_record_in_fifty_random_orders(shape: Shape, seeds: range) -> None:
    world = story.whole_life(1, shape)
    in_order = recorded(told(world.events))

    for seed in seeds:
        shop = told(shuffled(world.events, seed))

        assert unlike(in_order, recorded(shop)) == [], f"order {seed}"
        assert differences(shop, world.truth) == [], f"order {seed}"
        assert drifted(shop) == [], f"order {seed}"


def test_both_shapes_tell_the_same_life() -> None:
    old, new = (recorded(told(story.whole_life(1, shape).events)) for shape in _SHAPES)

    assert unlike({**old, "history": None}, {**new, "history": None}) == []


@pytest.mark.parametrize("currency", story.CURRENCIES)
def test_one_life_in_any_currency_is_what_the_story_says(currency: str) -> None:
    world = story.whole_life(currency, "new", currency)

    shop = told(world.events)

    assert differences(shop, world.truth) == []


@pytest.mark.parametrize("seed", range(40))
def test_a_random_life_is_what_the_story_says_in_any_order(seed: int) -> None:
    for shape in _SHAPES:
        life = story.random_life(seed, shape)
        in_order = told(life.world.events)
        mixed = told(shuffled(life.world.events, seed))
        priced = [life.subscription.id] if life.subscription.tax_percent or _rebated(life) else []

        for shop in (in_order, mixed):
            found = differences(shop, life.world.truth, priced_by_invoice=priced)
            assert found == [], f"{shape}: {life.deeds}"
            assert drifted(shop) == [], f"{shape}: {life.deeds}"
            assert misremembered(shop) == [], f"{shape}: {life.deeds}"
        assert unlike(recorded(in_order), recorded(mixed)) == [], f"{shape}: {life.deeds}"


def _rebated(life: story.Life) -> bool:
    return "rebate" in life.deeds


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", _SHAPES)
def test_second_event_about_the_same_change_changes_nothing(shape: Shape, seed: int) -> None:
    """Stripe sends two events about one change now and then, under two ids."""
    events = story.random_life(seed, shape).world.events
    twins = [event.twin(f"{event.id}twin") for event in events]

    once, twice = told(events), told(shuffled([*events, *twins], seed))

    assert unlike(recorded(once), recorded(twice)) == []


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_month_of_a_shop_is_what_the_story_says_in_any_order(shape: Shape) -> None:
    month = story.month(1, 26, shape=shape)
    as_delivered = told(delivery.event for delivery in month)

    mixed = told(shuffled(month.events, 1, twice=20))

    assert differences(as_delivered, month.truth) == []
    assert drifted(as_delivered) == drifted(mixed) == []
    assert misremembered(as_delivered) == misremembered(mixed) == []
    assert unlike(recorded(as_delivered), recorded(mixed)) == []


@pytest.mark.parametrize("event_type", sorted(set(story.STORIES) - {story.THIN}))
def test_the_story_of_every_event_type_is_recorded_alike_in_any_order(event_type: str) -> None:
    for shape in _SHAPES:
        if event_type not in story.event_types(shape):
            continue
        sample = story.sample(event_type, shape)
        events = [*sample.before, sample.event, *sample.after]
        in_order, mixed = told(events), told(shuffled(events, 1, twice=3))

        assert differences(in_order, sample.truth) == []
        assert unlike(recorded(in_order), recorded(mixed)) == []
        assert drifted(in_order) == drifted(mixed) == []
