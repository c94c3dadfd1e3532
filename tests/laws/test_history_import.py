"""The law of imports: killed anywhere and told twice, they come to what an undisturbed one does."""

from __future__ import annotations

import random
from contextlib import closing
from typing import Any

import pytest

from infra.samples import stripe as story
from shared.domain import history_import
from shared.providers.stripe_api import StripeApi
from tests.laws.recorded import recorded, unlike
from tests.support.history import FakeApi, HistoryShop

_KINDS = ("product", "customer", "subscription")


class Tale:
    """A business with some past, and what happens to it after the pages of that were fetched."""

    def __init__(self) -> None:
        world = story.Business(1)
        price = story.add_price(world, story.add_product(world, "Tea box"), 1900)
        plans = []
        for number in range(4):
            customer = story.add_customer(world, f"person{number}@example.com")
            plans.append(story.checkout(world, customer, price))
            world.advance(days=1)
        story.cancel_now(world, plans[3])
        world.advance(hours=1)
        self.now = world.now * 1000
        self.past: dict[str, list[dict[str, Any]]] = {
            kind: [dict(world.snapshot_of(each) or {}) for _, each in reversed(world.dated(kind))]
            for kind in _KINDS
        }
        known = len(world.events)
        world.advance(hours=1)
        story.cancel_now(world, plans[0])
        world.advance(hours=1)
        story.schedule_cancel(world, plans[1])
        newcomer = story.add_customer(world, "newcomer@example.com")
        story.checkout(world, newcomer, price)
        story.update_card(world, plans[2], 1, 2031)
        self.live = [event.body for event in world.events[known:]]


@pytest.fixture(scope="module")
def tale() -> Tale:
    return Tale()


def imported(tale: Tale, seed: int = 1, *, doubles: float = 0.0, kills: Any = ()) -> HistoryShop:
    """Return a shop whose history was imported while live events came in between."""
    with closing(StripeApi("sk_1")) as speaker:
        shop = HistoryShop(FakeApi(tale.past, speaker))
        shop.fetched_at = tale.now
        shop.dice = random.Random(seed)
        shop.doubles = doubles
        shop.kills = set(kills)
        coming = list(tale.live)
        every = 3

        def happen(step: int) -> None:
            if step % every == 0 and coming:
                shop.receive(coming.pop(0))

        shop.on_step = happen
        shop.start()
        shop.run()
        shop.receive_all(coming)
    return shop


def check(shop: HistoryShop, whole: HistoryShop) -> None:
    assert unlike(recorded(whole), recorded(shop)) == []
    told, expected = shop.progress, whole.progress
    named = ("status", "imported", "rejected", "total", "pages", "errors")
    assert {name: told[name] for name in named} == {name: expected[name] for name in named}
    assert shop.job["open"] == {}
    assert shop.connection["history"]["status"] == "ready"


def test_an_import_killed_before_any_of_its_steps_ends_as_the_undisturbed_one(tale: Tale) -> None:
    whole = imported(tale)
    assert whole.progress["status"] == "ready"
    assert whole.progress["imported"] == sum(map(len, tale.past.values()))

    for step in range(1, whole.steps + 1):
        check(imported(tale, kills=[step]), whole)


@pytest.mark.parametrize("seed", range(8))
def test_killed_five_times_with_copies_of_all_messages_it_ends_the_same(
    tale: Tale, seed: int
) -> None:
    whole = imported(tale)
    dice = random.Random(seed)

    shop = imported(tale, seed, doubles=0.3, kills=dice.sample(range(1, 2 * whole.steps), 5))

    check(shop, whole)


def test_history_is_silent_and_what_happens_meanwhile_is_not(tale: Tale) -> None:
    shop = imported(tale)

    for identity in shop.recurring_payments():
        told = shop.history("recurring_payment", identity)
        assert told
        for each in told:
            assert each.historical == each.event_type.startswith("fetched.")


def test_asking_again_and_again_while_it_runs_ends_the_same(tale: Tale) -> None:
    whole = imported(tale)
    with closing(StripeApi("sk_1")) as speaker:
        shop = HistoryShop(FakeApi(tale.past, speaker))
        shop.fetched_at = tale.now

        def ask_again(step: int) -> None:
            if step % 7 == 0 and step < 60:
                shop.start()

        shop.on_step = ask_again
        shop.start()
        shop.run()
    shop.receive_all(tale.live)

    check(shop, whole)
    assert shop.job["kind"] == history_import.KIND


class _Once:
    """Asks after each copy of a page once, whoever dies before the asking is done."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def __call__(self, job: Any, page: Any) -> bool:
        fresh = page.page_id not in self._asked
        self._asked.add(page.page_id)
        return fresh and _ASKS_AFTER(job, page)


def _any_copy(job: Any, page: Any) -> bool:
    return True


def _uncounted(job: Any, page: Any, tally: Any, now: int) -> Any:
    """Count a page as often as it comes."""
    held = {**job["open"], str(page.number): {"page_id": page.page_id}}
    return _GONE_THROUGH({**job, "open": held}, page, tally, now)


_ASKS_AFTER, _GONE_THROUGH = history_import.asks_after, history_import.gone_through


@pytest.mark.parametrize("planted", ["asks once", "takes every copy"])
def test_the_law_catches_an_import_that_breaks_it(
    tale: Tale, planted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = imported(tale)
    if planted == "takes every copy":
        monkeypatch.setattr(history_import, "holds", _any_copy)
        monkeypatch.setattr(history_import, "gone_through", _uncounted)

    def breaks(step: int) -> bool:
        if planted == "asks once":
            monkeypatch.setattr(history_import, "asks_after", _Once())
        try:
            check(imported(tale, kills=[step]), whole)
        except AssertionError:
            return True
        return False

    broken = [step for step in range(1, whole.steps + 1, 3) if breaks(step)]

    assert 0 < len(broken) < whole.steps
