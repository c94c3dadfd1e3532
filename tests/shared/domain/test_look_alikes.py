"""Sales that two connections seem to report: which are listed, and what a decision outlives."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from tests.laws import two_stores, words
from tests.laws.suspicions import decide, listed
from tests.laws.two_stores import KICK, Sale, hear, standings, sums
from tests.shared.domain.test_twins import Racing
from tests.support.shop import Shop

ADA = "ada@example.com"
SALE = Sale("1001", 0, "none")
PAIR = ("PK-1001", "pi_1001")


def _shop(**kick: Any) -> Shop:
    return hear(Shop(connections={"kick": {**KICK, **kick}}), two_stores.people())


def _tell(shop: Shop, sale: Sale = SALE) -> Shop:
    return hear(shop, [*two_stores.told_by_shop(sale), *two_stores.told_by_kick(sale)])


def _kinds(shop: Shop) -> set[str]:
    return {name[0] for name in shop.memory.documents}


def test_two_that_look_alike_are_listed_and_both_count() -> None:
    shop = _tell(_shop())

    assert set(listed(shop)) == {PAIR}
    assert sums(shop)[ADA][0] == 2


@pytest.mark.parametrize(("minutes", "found"), [(14, True), (15, True), (16, False), (-15, True)])
def test_a_quarter_of_an_hour_is_near(minutes: int, found: bool) -> None:
    shop = _shop()

    shop.hear(words.charge("1001", 1440))
    hear(shop, two_stores.told_by_kick(Sale("1001", 1440 + minutes - 1, "none")))

    assert bool(listed(shop)) == found


@pytest.mark.parametrize("about", [{"amount": 2000}, {"currency": "EUR"}, {"customer": "cus_2"}])
def test_another_amount_currency_or_person_is_another_sale(about: dict[str, Any]) -> None:
    shop = _shop()
    shop.hear(words.customer("2", 0, "bob@example.com"))

    shop.hear(words.charge("1001", 0, **about))
    hear(shop, two_stores.told_by_kick(SALE))

    assert listed(shop) == {}


def test_two_of_one_store_are_two_sales() -> None:
    shop = _shop()

    shop.hear_all([words.charge("1001", 0), words.charge("1002", 1)])

    assert listed(shop) == {}


def test_what_brought_no_money_is_no_sale() -> None:
    shop = _tell(_shop(), replace(SALE, status="declined"))

    assert listed(shop) == {}
    assert "alike" not in _kinds(shop)


def test_a_link_that_comes_later_takes_them_off_the_list() -> None:
    shop = _tell(_shop())

    again = replace(words.charge("1001", 1), event_id="evt_again")
    shop.hear(two_stores.mentioning(again, "PK-1001"))

    assert listed(shop) == {}
    assert standings(shop)["order", "shop", "pi_1001"][1] == "kick/PK-1001"


def test_a_buyer_who_changes_their_address_is_looked_at_anew() -> None:
    shop = _tell(_shop())

    shop.hear(words.customer("1", 60, "ada.new@example.com"))

    assert listed(shop) == {}
    renamed = replace(words.customer("1", 60, "ada.new@example.com"), event_id="evt_kick_renamed")
    shop.hear(renamed, connection_id="kick")
    (row,) = listed(shop).values()
    assert row["email"] == "ada.new@example.com"


def test_of_two_pairs_that_cross_one_decision_leaves_the_other() -> None:
    shop = _tell(_tell(_shop()), Sale("1002", 5, "none"))
    assert len(listed(shop)) == 4

    decide(shop, PAIR, "same")

    assert set(listed(shop)) == {("PK-1002", "pi_1002")}


@pytest.mark.parametrize("decision", ["same", "different"])
def test_a_decision_outlives_a_change_of_the_orders_id(decision: str) -> None:
    shop = _tell(_shop())
    decide(shop, PAIR, decision)
    twins = [["kick", "PK-1001"]] if decision == "same" else []

    shop.hear(words.invoice("1001", 0, subscription=None))
    shop.hear(words.link("1001", "1001", 0))

    assert standings(shop)["order", "shop", "in_1001"][0] == twins
    assert listed(shop) == {}
    assert sums(shop)[ADA][0] == (1 if decision == "same" else 2)


def test_the_same_of_two_subscriptions_first_orders_makes_them_twins() -> None:
    shop = _tell(_shop(), replace(SALE, subscribed=True))

    decide(shop, ("PK-1001", "in_1001"), "same")

    found = standings(shop)["recurring_payment", "shop", "sub_1001"]
    assert found == ([["kick", "kick_sub_1001"]], "kick/kick_sub_1001")


@pytest.mark.parametrize(
    "connections", [None, {}, {"copy": {"role": "mirror"}}, {"copy": {"mode": "test"}}]
)
def test_one_source_alone_keeps_no_lists(connections: Any) -> None:
    shop, alone = Shop(connections=connections), Shop()

    for each in (shop, alone):
        each.memory.reads = each.memory.commits = 0
        hear(each, [two_stores.people()[0], *two_stores.told_by_shop(SALE)])

    assert (shop.memory.reads, shop.memory.commits) == (alone.memory.reads, alone.memory.commits)
    assert not _kinds(shop) & {"alike", "duplicate"}


def test_a_mirror_is_suspected_of_nothing() -> None:
    """It never counts, so nobody need decide."""
    connections: dict[str, dict[str, Any]] = {
        "kick": {**KICK, "role": "mirror"},
        "third": {"provider": "woocommerce"},
    }
    shop = hear(Shop(connections=connections), two_stores.people())

    _tell(shop)

    assert listed(shop) == {}


@pytest.mark.parametrize("minute", [0, 1439])
@pytest.mark.parametrize("first", ["shop", "kick"])
def test_two_sides_that_race_are_listed(first: str, minute: int) -> None:
    """Around midnight they are kept in two lists; and no contact's sums make them meet."""
    store = Racing()
    shop = Shop(store=store, policy="match_only", connections={"kick": KICK})
    hear(shop, two_stores.people())
    for connection_id in ("shop", "kick"):
        shop.hear(words.charge("900", -9000, amount=5), connection_id=connection_id)
    other = copy.copy(shop)
    other.messages = copy.copy(shop.messages)
    sale = replace(SALE, minute=minute)
    sides = {"shop": two_stores.told_by_shop(sale), "kick": two_stores.told_by_kick(sale)}
    second = sides.pop("kick" if first == "shop" else "shop")
    store.rival = lambda: hear(other, second)

    hear(shop, sides[first])

    assert PAIR in listed(shop)
