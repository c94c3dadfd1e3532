"""What a backtest finds over the demo's month is what really fired in it: who, what and when.

A customer is added to the month to whom happens what is rare in it, so that each recipe fires: the
equality of two empty lists would prove nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from infra.cli.demo_story import FORTY, story_of
from infra.samples.stripe_billing import renew
from infra.samples.stripe_business import Business
from infra.samples.stripe_checkout import checkout
from infra.samples.stripe_customers import add_customer, add_price, add_product, update_card
from infra.samples.stripe_event import Delivery
from infra.samples.stripe_month import DELIVERED, Month
from shared.adapters.log_chronicle import LogChronicle
from shared.domain import times
from shared.domain.backtest.run import Window, run
from shared.domain.recipes.catalogue import RECIPES
from tests.laws.two_stores import KICK, LINKS, Sale, people, told_by_kick, told_by_shop
from tests.support.lived_month import DAYS, Life
from tests.support.log_shop import duck_of
from tests.support.shop import START

LAST = date(2026, 10, 30)
_CITY = {"field": "recurring_payment.billing_address.city", "operator": "is_not_blank"}
_AT_HOME = {"match": "all", "conditions": [_CITY]}
_NAMED = {"field": "contact.email", "operator": "contains", "value": "customer"}
_UPDATED = {"type": "recurring_payment_updated"}
# What the recipes leave out: any field, only once, late ones, plain creations, other segments.
OTHERS: Mapping[str, dict[str, Any]] = {
    "any": _UPDATED,
    "any-once": {**_UPDATED, "runs": "once"},
    "not-late": {**_UPDATED, "field": "status", "late": "skip"},
    "paid-again": {**_UPDATED, "field": "last_payment_date", "segment": _AT_HOME},
    "begun": {"type": "recurring_payment_created"},
    "begun-at-home": {"type": "recurring_payment_created", "segment": _AT_HOME},
    "ordered": {"type": "order_created"},
    "ordered-at-home": {"type": "order_created", "segment": _AT_HOME},
    "first-word": {
        "type": "order_created",
        "runs": "once",
        "segment": {"match": "all", "conditions": [_NAMED]},
    },
    "nobody": {"type": "order_created", "segment": {"match": "none", "conditions": [_NAMED]}},
    "tomorrow": {
        "type": "recurring_payment_date",
        "field": "next_payment_date",
        "offset": "-P1D",
        "runs": "once",
    },
}
_SALES: Mapping[str, dict[str, Any]] = {
    "reward": {"type": "order_created"},
    "greet": {"type": "recurring_payment_created"},
    "vip": {"type": "order_created", "segment": {"match": "all", "conditions": []}},
}


def faithful(starts_at: int) -> list[Delivery]:
    """Return who buys every week of a month, by a card that expires in the next one."""
    world = Business("faithful", starts_at=starts_at)
    weekly = add_price(world, add_product(world, "Bread"), 500, interval="week")
    world.advance(days=2)
    subscription = checkout(world, add_customer(world, "faithful@example.com", "Fay"), weekly)
    world.advance(hours=1)
    update_card(world, subscription, LAST.month + 1, LAST.year)
    for _ in range(3):
        renew(world, subscription)
    told = [each for each in world.events if each.type in DELIVERED]
    return [Delivery(each, (int(each.created) - starts_at + 1) * 1_000) for each in told]


@pytest.fixture(scope="module")
def life() -> Life:
    """Return the demo's month lived through with every recipe installed, and more."""
    played = story_of(LAST, FORTY).month
    deliveries = [*played.deliveries, *faithful(played.starts_at)]
    deliveries.sort(key=lambda each: each.offset_ms)
    life = Life(played.starts_at * 1000)
    bodies = {name: recipe.body({}) for name, recipe in RECIPES.items()}
    bodies |= {name: {"name": name, "trigger": trigger} for name, trigger in OTHERS.items()}
    life.automate(bodies)
    life.live(Month(deliveries, played.truth, played.starts_at))
    return life


def said(firing: Mapping[str, Any]) -> dict[str, Any]:
    """Return who, what, when and why; not which version of a contact was looked at."""
    names = ("firing_id", "record", "change", "cause", "at", "conditions")
    return {
        **{name: firing[name] for name in names},
        "date": firing.get("date"),
        "contact_id": firing["contact"]["contact_id"],
    }


def backtest(
    life: Life, automation_id: str, first: int, last: int, log: LogChronicle | None = None
) -> list[dict[str, Any]]:
    automation = life.store.documents["automation", automation_id]
    window = Window(first, last)
    found = run(automation, window, life.scene(), log=log or life.log(), present=life.store)
    return [said(each) for each in found]


@pytest.mark.parametrize("name", [*RECIPES, *OTHERS])
def test_a_backtest_over_the_month_equals_the_firings_that_really_happened(
    name: str, life: Life
) -> None:
    last = life.starts_at + DAYS * times.DAY

    found = backtest(life, name, life.starts_at, last)

    fired = [said(each) for each in life.firings(name)]
    assert found == fired
    assert found


@pytest.mark.parametrize("name", ["any", "any-once", "first-word", "renewal-reminder", "tomorrow"])
def test_some_days_of_the_month_are_those_days_of_what_happened(name: str, life: Life) -> None:
    first, last = life.starts_at + 10 * times.DAY, life.starts_at + 18 * times.DAY

    found = backtest(life, name, first, last)

    assert found == [said(each) for each in life.firings(name) if first <= each["at"] <= last]
    assert found


def test_a_log_that_was_written_twice_and_then_anew_tells_the_same(life: Life) -> None:
    last = life.starts_at + DAYS * times.DAY
    lines = life.store.lines
    newest = {
        (dataset, *(row.get(each) for each in ("contact_id", "record", "id", "place"))): row
        for line in lines
        for dataset, row in line.items()
    }
    later = f"{last + times.HOUR:013d}-00000000-"
    again = [
        {dataset: {**row, "position": f"{row['position'][:13]}-ffffffff-{index:06d}"}}
        for index, line in enumerate(lines)
        for dataset, row in line.items()
    ]
    anew = [
        {name[0]: {**row, "epoch": 2, "recorded_at": last, "position": f"{later}{index:06d}"}}
        for index, (name, row) in enumerate(newest.items())
    ]
    log = LogChronicle(duck_of([*lines, *again, *anew]).open({}, 2))

    for name in ("ordered", "not-late", "first-word"):
        found = backtest(life, name, life.starts_at, last, log)

        assert found == [said(each) for each in life.firings(name)]


@pytest.mark.parametrize("seed", range(10))
def test_a_sale_two_connections_report_is_found_once_where_it_fired(seed: int) -> None:
    dice = random.Random(seed)
    life = Life(START, connections={"kick": {**KICK, "authority": dice.choice([20, 80])}})
    life.automate({name: {"name": name, "trigger": each} for name, each in _SALES.items()})
    sales = [
        Sale(f"100{number}", number * 100, dice.choice(LINKS), subscribed=dice.random() < 0.6)
        for number in range(4)
    ]
    told = [each for sale in sales for each in (*told_by_shop(sale), *told_by_kick(sale))]
    dice.shuffle(told)
    now = START + 10 * times.HOUR

    for connection_id, parsed in [*people(), *told]:
        now += dice.choice((200, 1_500, 9_000, 40_000, times.HOUR))
        life.hear(connection_id, parsed, now)
    life.rest(now + times.DAY)

    for name in _SALES:
        found = backtest(life, name, START - times.DAY, now + times.DAY)
        assert found == [said(each) for each in life.firings(name)]
    assert life.firings("reward")
