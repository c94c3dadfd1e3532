"""The law of look-alikes: the same pairs are listed, and the same follows from deciding on them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import two_stores
from tests.laws.suspicions import decide, listed, order_of, wanted
from tests.laws.two_stores import KICK, Sale, Told, hear, standings, sums
from tests.support.shop import Shop

ADA = "ada@example.com"
# Before midnight and after; near each other, and just not.
MINUTES = (0, 10, 16, 1_430, 1_441, 1_500)


@st.composite
def businesses(draw: st.DrawFn) -> tuple[list[Sale], list[Told]]:
    """Invent sales, most of them linked by nothing, and an order in which both tell of them."""
    sales = [
        Sale(
            name=f"100{number}",
            minute=draw(st.sampled_from(MINUTES)),
            link=draw(st.sampled_from(("none", "none", "none", "charge", "reference"))),
            status=draw(st.sampled_from(("completed", "completed", "declined"))),
            subscribed=draw(st.booleans()),
            refunded=draw(st.sampled_from((0, 0, 500, 1900))),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    told = two_stores.people()
    for sale in sales:
        told += two_stores.told_by_shop(sale) + two_stores.told_by_kick(sale)
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    return sales, draw(st.permutations([*told, *again]))


@given(businesses(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_same_pairs_are_listed_in_whatever_order_both_tell(
    business: tuple[list[Sale], list[Told]], late_jobs: bool
) -> None:
    sales, arriving = business
    one, other = Shop(connections={"kick": KICK}), Shop(connections={"kick": KICK})
    one.holds_jobs = late_jobs

    hear(one, arriving)
    one.work_off()
    hear(other, sorted(arriving, key=lambda told: (told[0], told[1].event_id)))

    assert set(listed(one)) == wanted(sales)
    assert _told(one) == _told(other)


@given(businesses())
@settings(max_examples=60, deadline=None)
def test_what_is_decided_counts_and_is_never_asked_again(
    business: tuple[list[Sale], list[Told]],
) -> None:
    sales, arriving = business
    shop = hear(Shop(connections={"kick": KICK}), arriving)
    same = {(f"PK-{each.name}", order_of(each)) for each in sales}

    while open_ones := sorted(listed(shop)):
        decide(shop, open_ones[0], "same" if open_ones[0] in same else "different")

    completed = sum(each.status == "completed" for each in sales)
    found = (standings(shop), sums(shop))
    assert found[1][ADA][0] == completed
    mirrored = {key[2] for key, (_, mirror_of) in found[0].items() if mirror_of}
    assert mirrored >= {order_of(each) for each in sales if each.status == "completed"}
    hear(shop, arriving)
    assert (standings(shop), sums(shop)) == found
    assert listed(shop) == {}


def _told(shop: Shop) -> list[tuple[Any, ...]]:
    return sorted(
        (row["duplicate_id"], row["orders"], row["email"], row["currency"], row["gross"])
        for row in listed(shop).values()
    )
