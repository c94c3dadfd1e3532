"""An account's history tells the records that the events of the same lives have told.

Once imported, the events of those lives change nothing; and after the events, an import changes
nothing and sets nothing off.
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.samples import paypal as story
from infra.samples.paypal_state import DAY
from infra.samples.paypal_world import World
from shared.domain import times
from tests.laws.recorded import drifted, recorded, unlike
from tests.laws.test_paypal_lives import answer, differences, told
from tests.support.history import HistoryShop
from tests.support.paypal_account import Account, imported
from tests.support.shop import Shop

_YEARS = 3 * 365 * DAY - 40 * DAY


def _short(seed: int) -> World | None:
    """Return a random life that PayPal's search can look back on."""
    world = story.random_life(seed)
    return world if world.moments[-1] - world.moments[0] < _YEARS else None


_WORLDS = [story.whole_life(1), *(world for seed in range(6) if (world := _short(seed)))]


def _state(shop: Shop) -> dict[str, Any]:
    """Return what is recorded now, whatever came before; a creation's seconds are not stable."""
    found = recorded(shop)
    del found["history"]
    for record in found["recurring_payments"].values():
        del record["store_created_date"]
    return found


def _fired(shop: Shop) -> list[tuple[str, str, str]]:
    return [
        (kind, identity, str(entry.kind))
        for kind, records in (
            ("recurring_payment", shop.recurring_payments()),
            ("order", shop.orders()),
        )
        for identity in records
        for entry in shop.history(kind, identity)
        if not entry.historical
    ]


@pytest.mark.parametrize("world", _WORLDS)
def test_history_gives_the_records_that_live_events_give(world: World) -> None:
    live = told(world.events, world=world)
    listed, searched = (Shop(provider="paypal", has_api=True) for _ in range(2))

    imported(listed, Account(world))
    imported(searched, Account(world, refused=("/v1/billing/subscriptions",)))

    assert unlike(_state(live), _state(listed)) == []
    # What was never paid, payments cannot name.
    if all(each.sales for each in world.truth.subscriptions.values()):
        assert unlike(_state(live), _state(searched)) == []
    for shop in (listed, searched):
        assert drifted(shop) == []
        assert shop.quarantined() == []
        assert shop.outbox.calls == []
        assert _fired(shop) == []


def test_import_after_the_events_changes_nothing_and_fires_nothing() -> None:
    world = _WORLDS[0]
    shop = told(world.events, world=world)
    before, fired = _state(shop), _fired(shop)

    imported(shop, Account(world))

    assert unlike(before, _state(shop)) == []
    assert _fired(shop) == fired


def test_import_between_the_events_leaves_what_the_story_says() -> None:
    world = _WORLDS[0]
    shop = told(world.events[:14], world=world)

    imported(shop, Account(world))
    after = _state(shop)
    for number, event in enumerate(world.events):
        shop.receive(event.body, headers={"paypal-transmission-id": f"t-{number}"})
        answer(shop, world)

    assert unlike(after, _state(shop)) == []
    assert differences(shop, world.truth, priced=True) == []


def test_import_that_is_killed_on_the_way_tells_the_same() -> None:
    world = _WORLDS[0]
    account = Account(world)
    shop = HistoryShop(account.api(), "paypal")
    shop.fetched_at = account.now * times.SECOND
    shop.doubles, shop.kills = 0.2, set(range(7, 200, 31))

    shop.start()
    shop.run()

    assert (shop.progress["status"], shop.progress["rejected"]) == ("ready", 0)
    assert unlike(_state(told(world.events, world=world)), _state(shop)) == []
    assert _fired(shop) == []


def test_importing_again_changes_nothing() -> None:
    world = _WORLDS[0]
    shop = Shop(provider="paypal", has_api=True)
    imported(shop, Account(world))
    before = _state(shop)
    later = Account(world)
    later.now += DAY

    imported(shop, later)

    assert unlike(before, _state(shop)) == []
