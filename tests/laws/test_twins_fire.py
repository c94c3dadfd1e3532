"""The law of twins and triggers: a sale that two connections report sets each automation off once.

Whoever is told of it first has it; what comes after on the side that mirrors fires nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import times
from tests.laws import words
from tests.laws.two_stores import KICK, LINKS, Sale, Told, hear, people, told_by_kick, told_by_shop
from tests.support.firing import Desk
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

_TRIGGERS: dict[str, dict[str, Any]] = {
    "reward": {"type": "order_created"},
    "greet": {"type": "recurring_payment_created"},
    "vip": {
        "type": "order_created",
        "segment": {
            "match": "all",
            "conditions": [{"field": "contact.email", "operator": "contains", "value": "ada"}],
        },
    },
}


class Business:
    """Two connections and automations: a shop, and whatever its stream sets off."""

    def __init__(self, authority: int = 80, **about: Any) -> None:
        store = StreamingStore()
        connections = {"kick": {**KICK, "authority": authority, **about}}
        self.shop = Shop(store=store, connections=connections)
        self.desk = Desk(store)
        for automation_id, trigger in _TRIGGERS.items():
            self.desk.automate(trigger, automation_id)
        self.desk.put(("settings",), {"settle": 20})
        self._read = 0
        hear(self.shop, people())

    def read_stream(self, waited: int = 0) -> None:
        """Read what the stream has had since, `waited` ms after the last event."""
        now = self.shop.now + waited
        stream = self.desk.store.stream
        records, self._read = stream[self._read :], len(stream)
        assert self.desk.stream().handle(records, now) == {"batchItemFailures": []}

    def settle(self) -> None:
        """Have the first bursts be over: whatever was put off is looked at again."""
        for message in self.desk.queue.of_kind("settled"):
            self.desk.fire().settled(message, self.shop.now + times.HOUR)

    def fired(self) -> Counter[tuple[str, str]]:
        """Return how often each automation fired for each sale or subscription."""
        return Counter(
            (each["automation_id"], each["record"]["id"].rpartition("_")[2].removeprefix("PK-"))
            for each in self.desk.firings()
        )


def _sales(draw: st.DrawFn) -> list[Sale]:
    return [
        Sale(
            name=f"100{number}",
            minute=number * 100,
            link=draw(st.sampled_from([link for link in LINKS if link != "none"])),
            subscribed=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 2)))
    ]


@st.composite
def bursts(draw: st.DrawFn) -> tuple[list[Sale], list[Told]]:
    """Invent sales, and what both sides say of them at the same moment, in any order."""
    sales = _sales(draw)
    told = [each for sale in sales for each in (*told_by_shop(sale), *told_by_kick(sale))]
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    return sales, draw(st.permutations([*told, *again]))


@st.composite
def halves(draw: st.DrawFn) -> tuple[list[Sale], list[list[Told]]]:
    """Invent sales which one side reports long before the other, each in any order."""
    sales = _sales(draw)
    sides = [
        [each for sale in sales for each in told_by_shop(sale)],
        [each for sale in sales for each in told_by_kick(sale)],
    ]
    return sales, [draw(st.permutations(side)) for side in draw(st.permutations(sides))]


def _wanted(sales: list[Sale]) -> Counter[tuple[str, str]]:
    wanted: Counter[tuple[str, str]] = Counter()
    for sale in sales:
        wanted["reward", sale.name] += 1
        wanted["vip", sale.name] += 1
        wanted["greet", sale.name] += sale.subscribed
    return +wanted


@pytest.mark.parametrize("authority", [20, 80])
@given(bursts(), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_a_sale_both_tell_of_at_once_fires_each_automation_once(
    authority: int, told: tuple[list[Sale], list[Told]], late_jobs: bool, dice: Any
) -> None:
    sales, arriving = told
    world = Business(authority)
    world.shop.holds_jobs = late_jobs

    for each in arriving:
        hear(world.shop, [each])
        if dice.random() < 0.5:
            world.read_stream()
    world.shop.work_off()
    world.read_stream()
    world.settle()

    assert world.fired() == _wanted(sales)


@pytest.mark.parametrize("authority", [20, 80])
@given(halves(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_sale_told_of_again_much_later_fires_nothing_more(
    authority: int, told: tuple[list[Sale], list[list[Told]]], meanwhile: bool
) -> None:
    sales, sides = told
    world = Business(authority)

    for side in sides:
        hear(world.shop, side)
        world.read_stream(waited=times.HOUR if meanwhile else 0)
        world.settle()

    assert world.fired() == _wanted(sales)


def test_a_failed_payment_both_tell_of_fires_once() -> None:
    world = Business()
    failing = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}
    world.desk.automate(failing, "rescue")
    sale = Sale("1001", 0, "reference", subscribed=True)
    hear(world.shop, [*told_by_shop(sale), *told_by_kick(sale)])

    for connection_id, name in (("shop", "sub_1001"), ("kick", "kick_sub_1001")):
        event = words.subscription("1001", 50, "payment_failed", was="active")
        (said,) = event.subscriptions
        said = replace(said, subscription_id=name)
        told = replace(event, event_id=f"{connection_id}_failed", subscriptions=(said,))
        world.shop.hear(told, connection_id=connection_id)
    world.read_stream()

    (firing,) = [each for each in world.desk.firings() if each["automation_id"] == "rescue"]
    assert firing["record"]["connection_id"] == "kick"


def test_a_mirror_connection_fires_nothing() -> None:
    world = Business(role="mirror", authority=1000)
    sale = Sale("1001", 0, "none", subscribed=True)

    hear(world.shop, told_by_kick(sale))
    world.read_stream(waited=times.HOUR)
    world.settle()

    assert world.desk.firings() == []
