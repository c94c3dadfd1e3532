"""The law of twins: a sale that two connections report is one sale, whatever came first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import two_stores
from tests.laws.two_stores import KICK, LINKS, Sale, Told, hear, standings, sums
from tests.support.shop import Shop

ADA = "ada@example.com"


def _sales(draw: st.DrawFn) -> list[Sale]:
    return [
        Sale(
            name=f"100{number}",
            minute=draw(st.integers(0, 3)) * 100,
            link=draw(st.sampled_from(LINKS)),
            status=draw(st.sampled_from(("completed", "completed", "declined"))),
            subscribed=draw(st.booleans()),
            refunded=draw(st.sampled_from((0, 0, 500, 1900))),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


@st.composite
def businesses(draw: st.DrawFn) -> tuple[list[Sale], list[Told]]:
    """Invent sales, and an order in which what both say of them arrives, some of it twice."""
    sales = _sales(draw)
    told = two_stores.people()
    for sale in sales:
        told += two_stores.told_by_shop(sale) + two_stores.told_by_kick(sale)
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    return sales, draw(st.permutations([*told, *again]))


def _wanted(sales: list[Sale], owner: str) -> tuple[int, int]:
    """Return how many orders of the buyer count, and what they brought."""
    count, net = 0, 0
    for sale in sales:
        if sale.status != "completed":
            continue
        brought = {"shop": 1900 - sale.refunded, "kick": 1900}
        telling = ["shop", "kick"] if sale.link == "none" else [owner]
        count += len(telling)
        net += sum(brought[each] for each in telling)
    return count, net


@pytest.mark.parametrize("authority", [20, 50, 80])
@given(businesses(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_sale_counts_once_in_whatever_order_both_tell_of_it(
    authority: int, business: tuple[list[Sale], list[Told]], late_jobs: bool
) -> None:
    sales, arriving = business
    in_order = sorted(arriving, key=lambda told: (told[0], told[1].event_id))
    connections = {"kick": {**KICK, "authority": authority}}
    one, other = Shop(connections=connections), Shop(connections=connections)
    one.holds_jobs = late_jobs

    hear(one, arriving)
    one.work_off()
    hear(other, in_order)

    assert standings(one) == standings(other)
    count, net = _wanted(sales, "kick" if authority > 50 else "shop")
    (contact,) = one.contacts().values()
    assert contact["orders_count"] == count
    assert contact["revenue"] == ([{"currency": "USD", "amount": net}] if count else [])
    assert sums(one) == sums(other)


@given(businesses())
@settings(max_examples=60, deadline=None)
def test_twins_name_each_other_and_one_of_them_owns_the_sale(
    business: tuple[list[Sale], list[Told]],
) -> None:
    sales, arriving = business
    shop = hear(Shop(connections={"kick": KICK}), arriving)
    found = standings(shop)

    for (kind, connection_id, identity), (twins, mirror_of) in found.items():
        for twin in twins:
            assert [connection_id, identity] in found[kind, *twin][0]
        assert (mirror_of is None) == (connection_id == "kick" or not twins)
    linked = [sale for sale in sales if sale.link != "none"]
    mirrors = [key for key, (_, mirror_of) in found.items() if mirror_of]
    assert len(mirrors) == len(linked) + sum(sale.subscribed for sale in linked)
