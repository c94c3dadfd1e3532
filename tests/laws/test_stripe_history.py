"""History tells the same records as the events of the same life, in whatever mixture both come.

What a Stripe account holds is imported from its API's stand-in and held against what its webhooks
made of it. Two things history cannot know, and one it knows better:

- a payment that was only asked for and never charged (`_ONLY_ASKED`) has left nothing to list;
- webhooks of older shapes name a line by its price, the API by its description;
- newer webhooks name a coupon, but not what it takes off; the API says so.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infra.samples import stripe as story
from infra.samples.stripe import Business, Shape
from tests.laws.recorded import drifted, misremembered, recorded, told, unlike
from tests.laws.truth import differences
from tests.shared.providers import stripe_bodies as bodies
from tests.support.shop import Shop
from tests.support.stripe_history import history

_ONLY_ASKED = ("payment_intent.requires_action", "payment_intent.canceled")
_SCENES = {
    scene: event_type
    for event_type, (_, scene) in story.STORIES.items()
    if event_type != story.THIN and scene not in {story.STORIES[each][1] for each in _ONLY_ASKED}
}
_DISCOUNTED = ("payment_amount", "discount_amount", "tax_amount")


def _bodies(world: Business) -> list[bytes]:
    """Return the events of an import that begins a minute after the story's end."""
    return list(history(world, (world.now + 60) * 1_000))


def _import(shop: Shop, told_by_api: Iterable[bytes]) -> Shop:
    for body in told_by_api:
        shop.receive(body, source="history")
    return shop


def _present(shop: Shop) -> dict[str, Any]:
    """Return what is recorded but for how it came to be."""
    return {**recorded(shop), "history": None}


def _fired(shop: Shop) -> list[str]:
    """Return the records of which history has told something that may fire."""
    return [
        f"{kind} {identity}"
        for kind, records in (
            ("recurring_payment", shop.recurring_payments()),
            ("order", shop.orders()),
        )
        for identity in records
        for entry in shop.history(kind, identity)
        if entry.event_type.startswith("fetched.") and not entry.historical
    ]


@pytest.mark.parametrize("event_type", sorted(_SCENES.values()))
def test_the_history_of_every_story_is_what_its_events_told(event_type: str) -> None:
    world = Business(f"history/{event_type}")
    story.STORIES[event_type][1](world)
    live, imported = told(world.events), _import(Shop(), _bodies(world))
    before = recorded(live)

    assert unlike(_present(live), _present(imported)) == []
    assert [*drifted(imported), *misremembered(imported), *imported.quarantined()] == []
    assert _fired(imported) == []

    # What was told live changes nothing by being told again by history, and the other way round.
    _import(live, _bodies(world))
    imported.receive_all(event.body for event in world.events)

    assert unlike(before, recorded(live)) == []
    assert unlike(before, recorded(imported)) == []


def _aside(shop: Shop, life: story.Life) -> dict[str, Any]:
    """Return what is recorded without what a coupon or a line's name may make of it."""
    present = _present(shop)
    for record in present["recurring_payments"].values() if "rebate" in life.deeds else ():
        for name in _DISCOUNTED:
            del record[name]
    for order in present["orders"].values():
        for line in order["line_items"]:
            line["name"] = None
    return present


@pytest.mark.parametrize("shape", ["old", "new"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_history_of_a_random_life_is_what_its_events_told(shape: Shape, seed: int) -> None:
    life = story.random_life(seed, shape)

    imported = _import(Shop(), _bodies(life.world))

    live = told(life.world.events)
    assert unlike(_aside(live, life), _aside(imported, life)) == [], life.deeds
    # What a cycle costs in tax an invoice tells, of which a trial that was cancelled has none.
    priced = [life.subscription.id] if life.subscription.tax_percent else []
    found = differences(imported, life.world.truth, priced_by_invoice=priced)
    assert [each for each in found if " passed" not in each] == [], life.deeds
    assert [*drifted(imported), *misremembered(imported), *_fired(imported)] == []


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_history_may_come_at_any_moment_between_the_events(seed: int) -> None:
    life = story.random_life(seed)
    assume("rebate" not in life.deeds)
    live = told(life.world.events)
    parts = [(event.body, "live") for event in life.world.events]
    parts += [(body, "history") for body in _bodies(life.world)]
    random.Random(seed).shuffle(parts)

    shop = Shop()
    for body, source in parts:
        shop.receive(body, source=source)

    assert unlike(recorded(live), recorded(shop)) == [], life.deeds
    assert [*drifted(shop), *misremembered(shop), *_fired(shop)] == []


def _charge(number: int, city: str) -> bytes:
    billing = {
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "address": {"city": city, "country": "US"},
    }
    charge = bodies.charge(
        id=f"ch_{number}",
        payment_intent=f"pi_{number}",
        customer="cus_1",
        created=1_700_000_000 + number,
        billing_details=billing,
    )
    return _body("fetched.charge", charge, f"evt_{number}")


def _body(kind: str, thing: dict[str, Any], event_id: str) -> bytes:
    return json.dumps(bodies.event(kind, thing, id=event_id)).encode()


def test_the_newest_payer_counts_however_history_tells_of_them() -> None:
    subscription = bodies.subscription(id="sub_1", customer="cus_1")
    told_by_api = [_body("fetched.subscription", subscription, "evt_sub")]
    told_by_api += [_charge(3, "Lyon"), _charge(2, "Paris"), _charge(1, "Nice")]

    # Once the newest is known, what older orders said of their payer is not even written down.
    for order, words in ((told_by_api, 1), (told_by_api[::-1], 3)):
        shop = _import(Shop(), order)

        (record,) = shop.recurring_payments().values()
        assert record["billing_address"]["city"] == "Lyon"
        assert len(shop.memory.documents["customer", "shop", "cus_1"]["said"]) == words
