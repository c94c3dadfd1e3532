"""One sale that several connections report: which orders are twins, and which of them counts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.domain import directory
from shared.domain.observations import Parsed
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore
from tests.laws import two_stores, words
from tests.laws.two_stores import KICK, Sale, hear, mentioning, standings, sums
from tests.support.shop import Shop

ADA = "ada@example.com"
SALE = Sale("1001", 0, "reference")
OWN = ("order", "shop", "pi_1001")
THEIRS = ("order", "kick", "PK-1001")


def _shop(**kick: Any) -> Shop:
    return hear(Shop(connections={"kick": {**KICK, **kick}}), two_stores.people())


def _tell(shop: Shop, sale: Sale = SALE) -> Shop:
    return hear(shop, [*two_stores.told_by_shop(sale), *two_stores.told_by_kick(sale)])


def _named(name: str, *mentioned: str, minutes: float = 0, reference: str | None = None) -> Parsed:
    """Return the event of a sale as `kick` writes it, naming others' ids."""
    sale = Sale(name, 0, "none")
    ((_, event),) = two_stores.told_by_kick(sale)
    (order,) = event.orders
    facet = {**order.facets[f"payment:PK-{name}"], "reference": reference}
    order = replace(order, facets={f"payment:PK-{name}": facet})
    told = replace(event, occurred_at=words.at(minutes), orders=(order,))
    return mentioning(told, *mentioned)


def test_the_higher_authority_owns_the_sale() -> None:
    shop = _tell(_shop(authority=80))

    assert standings(shop)[OWN] == ([["kick", "PK-1001"]], "kick/PK-1001")
    assert standings(shop)[THEIRS] == ([["shop", "pi_1001"]], None)
    assert sums(shop)[ADA] == (1, True, [{"currency": "USD", "amount": 1900}])


def test_of_equals_who_moves_the_money_owns_the_sale() -> None:
    shop = _tell(_shop(authority=50))

    assert standings(shop)[OWN][1] is None
    assert standings(shop)[THEIRS][1] == "shop/pi_1001"


def test_a_mirror_connection_never_counts_with_or_without_a_twin() -> None:
    shop = _shop(role="mirror", authority=1000)

    _tell(shop)
    _tell(shop, Sale("1002", 100, "none"))

    assert sums(shop)[ADA] == (2, True, [{"currency": "USD", "amount": 3800}])


def test_a_mirror_that_becomes_a_source_counts_from_its_next_event_on() -> None:
    shop = _shop(role="mirror")
    _tell(shop, Sale("1002", 100, "none"))
    source = {**shop.memory.documents["connection", "kick"], "role": "source", "version": 2}
    shop.store.commit([Write(("connection", "kick"), source, None)])

    again = replace(_named("1002", minutes=101), event_id="evt_again")
    shop.hear(again, connection_id="kick")

    assert sums(shop)[ADA][0] == 2


def test_sales_of_another_mode_are_never_twins() -> None:
    shop = _shop(mode="test")
    told = [replace(event, live=False) for _, event in two_stores.told_by_kick(SALE)]

    hear(shop, two_stores.told_by_shop(SALE))
    hear(shop, [("kick", each) for each in told])

    assert standings(shop)[OWN] == ([], None)
    assert standings(shop)[THEIRS] == ([], None)


def test_an_order_that_changes_its_id_keeps_its_twin() -> None:
    shop = _tell(_shop())

    shop.hear(words.invoice("1001", 0, subscription=None))
    shop.hear(words.link("1001", "1001", 0))

    found = standings(shop)
    assert found["order", "shop", "in_1001"] == ([["kick", "PK-1001"]], "kick/PK-1001")
    assert found["order", "kick", "PK-1001"] == ([["shop", "in_1001"]], None)
    assert sums(shop)[ADA][0] == 1


def test_twins_recurring_payments_are_twins() -> None:
    shop = _tell(_shop(), replace(SALE, subscribed=True))

    found = standings(shop)
    assert found["recurring_payment", "shop", "sub_1001"] == (
        [["kick", "kick_sub_1001"]],
        "kick/kick_sub_1001",
    )
    assert found["recurring_payment", "kick", "kick_sub_1001"] == ([["shop", "sub_1001"]], None)


def test_a_reference_both_have_from_a_third_makes_twins() -> None:
    """Neither moves the money, and whoever does is not connected."""
    seller: dict[str, dict[str, Any]] = {"shop": {"provider": "woocommerce"}, "kick": KICK}
    shop = hear(Shop(connections=seller), two_stores.people())

    shop.hear(_named("1001", reference="ch_foreign_1"), connection_id="shop")
    other = replace(_named("2001", reference="ch_foreign_1"), event_id="evt_other")
    shop.hear(other, connection_id="kick")

    assert standings(shop)["order", "shop", "PK-1001"][1] == "kick/PK-2001"


def test_what_two_sales_merely_mention_alike_links_nobody() -> None:
    shop = _shop()

    shop.hear(mentioning(words.charge("1001", 0), "campaign-2024"))
    shop.hear(_named("1001", "campaign-2024"), connection_id="kick")

    assert standings(shop)[OWN] == ([], None)


def test_of_several_that_say_an_id_the_first_is_meant_whichever_came_first() -> None:
    """A subscription's metadata lies on every renewal; it names the order it began with."""
    first = mentioning(words.charge("1001", 0), "PK-1001")
    renewal = mentioning(words.charge("1002", 40_000), "PK-1001")
    sold = _named("1001", minutes=1)

    for arriving in ([first, renewal], [renewal, first]):
        shop = _shop()
        shop.hear(sold, connection_id="kick")
        shop.hear_all(arriving)

        found = standings(shop)
        assert found["order", "kick", "PK-1001"] == ([["shop", "pi_1001"]], None)
        assert found["order", "shop", "pi_1002"] == ([], None)
        assert sums(shop)[ADA] == (2, True, [{"currency": "USD", "amount": 3800}])


def test_an_order_that_does_not_show_hides_no_sale() -> None:
    shop = _shop(authority=20)
    draft = words.invoice("1001", 0, subscription=None, state="draft")
    shop.hear(draft)

    shop.hear(_named("1001", "in_1001"), connection_id="kick")

    assert standings(shop)[THEIRS] == ([], None)
    shop.hear(words.invoice("1001", 5, subscription=None, event_name="paid"))
    assert standings(shop)[THEIRS] == ([["shop", "in_1001"]], "shop/in_1001")
    assert sums(shop)[ADA][0] == 1


def test_orders_from_before_the_second_connection_are_found_by_their_names() -> None:
    shop = hear(Shop(), two_stores.people()[:1])
    hear(shop, two_stores.told_by_shop(SALE))
    kick = {**shop.memory.documents["connection", "shop"], **KICK, "connection_id": "kick"}
    book = None
    for each in (shop.memory.documents["connection", "shop"], kick):
        book = directory.entered(book, each)
    shop.store.commit([Write(("connection", "kick"), kick, 0), Write(directory.NAME, book, 0)])

    hear(shop, [*two_stores.people()[1:], *two_stores.told_by_kick(SALE)])

    assert standings(shop)[OWN] == ([["kick", "PK-1001"]], "kick/PK-1001")
    assert sums(shop)[ADA][0] == 1


def test_the_sales_of_a_deleted_connection_keep_their_standing() -> None:
    shop = _tell(_shop(), replace(SALE, refunded=500))
    before = standings(shop)
    book = directory.left(shop.memory.documents[directory.NAME], "kick")
    shop.store.commit(
        [Write(("connection", "kick"), None, None), Write(directory.NAME, book, None)]
    )

    shop.hear(words.refund("1001", 99, 100, number=2))
    shop.hear(words.charge("1002", 100))

    assert {key: standings(shop)[key] for key in before} == before
    assert sums(shop)[ADA] == (2, True, [{"currency": "USD", "amount": 3800}])


def test_a_contact_counted_again_is_not_told_of_mirrors() -> None:
    shop = _shop()
    _tell(shop)
    _tell(shop, Sale("1002", 100, "reference"))
    ((contact_id, _),) = {each["contact_id"]: each for each in shop.contacts().values()}.items()
    head = shop.memory.documents["contact", contact_id]
    head["first_order_date"] = None

    shop.outbox.jobs.append({"job": "recount_contact", "contact_id": contact_id})
    shop.work_off()

    assert shop.contacts()[ADA]["first_order_date"] == words.at(1)


@pytest.mark.parametrize("connections", [None, {}, {"copy": {"role": "mirror"}}])
def test_one_source_alone_pays_nothing_for_others(connections: Any) -> None:
    shop = Shop(connections=connections)
    alone = Shop()
    for each in (shop, alone):
        each.memory.reads = each.memory.commits = 0

    hear(shop, two_stores.told_by_shop(SALE))
    hear(alone, two_stores.told_by_shop(SALE))

    assert (shop.memory.reads, shop.memory.commits) == (alone.memory.reads, alone.memory.commits)
    kinds = {name[0] for name in shop.memory.documents}
    assert "mention" not in kinds


def test_a_sale_nobody_else_reports_costs_no_read_more() -> None:
    """Who else speaks of it is read together with what its names lead to."""
    shop, alone = _shop(), Shop()
    for each in (shop, alone):
        each.hear(words.customer("2", 0, "bob@example.com"))
        each.memory.reads = each.memory.commits = 0
        each.hear(words.charge("1001", 0, customer="cus_2"))
        each.hear(words.refund("1001", 9, 500))

    assert shop.memory.commits == alone.memory.commits
    assert shop.memory.reads == alone.memory.reads


class Racing(MemoryStore):
    """A store in which somebody else is always faster once, right before a commit."""

    rival: Callable[[], object] | None = None

    def commit(self, steps: Sequence[Write | Check]) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        super().commit(steps)


@pytest.mark.parametrize("first", ["shop", "kick"])
def test_two_sides_that_race_find_each_other(first: str) -> None:
    store = Racing()
    shop = Shop(store=store, connections={"kick": KICK})
    hear(shop, two_stores.people())
    other = copy.copy(shop)
    other.messages = copy.copy(shop.messages)
    sides = {"shop": two_stores.told_by_shop(SALE), "kick": two_stores.told_by_kick(SALE)}
    second = sides.pop("kick" if first == "shop" else "shop")
    store.rival = lambda: hear(other, second)

    hear(shop, sides[first])

    assert standings(shop)[OWN] == ([["kick", "PK-1001"]], "kick/PK-1001")
    assert standings(shop)[THEIRS] == ([["shop", "pi_1001"]], None)
    assert sums(shop)[ADA][0] == 1
