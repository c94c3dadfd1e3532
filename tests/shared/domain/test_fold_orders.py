"""Orders as events arrive: found by their names, joined, split again, and told to subscriptions."""

from __future__ import annotations

from typing import Any

from shared.domain.observations import Parsed
from tests.laws import words
from tests.laws.recorded import drifted
from tests.support.shop import Shop

ADA = words.customer("1", 0, "ada@example.com")


def _shop(*events: Parsed) -> Shop:
    shop = Shop()
    shop.hear_all([ADA, *events])
    return shop


def _orders(shop: Shop) -> dict[str, tuple[str, str, int]]:
    return {key: (o["kind"], o["status"], o["gross"]) for key, o in shop.orders().items()}


def _head(shop: Shop, identity: str) -> dict[str, Any]:
    head = shop.head("order", identity)
    assert head is not None
    return head


def _money(shop: Shop) -> int:
    assert drifted(shop) == []
    return sum(
        each["amount"] for contact in shop.contacts().values() for each in contact["revenue"]
    )


def _creations(shop: Shop, identity: str) -> list[tuple[str, bool]]:
    told = shop.history("order", identity)
    return [(entry.event_id, entry.joined) for entry in told if entry.kind == "created"]


def test_unlinked_charge_counts_at_once_as_a_one_time_order() -> None:
    shop = _shop(words.charge("1", 0))

    assert _orders(shop) == {"pi_1": ("one_time", "completed", 1900)}
    assert _money(shop) == 1900


def test_charge_is_rekinded_when_its_invoice_shows() -> None:
    shop = _shop(words.charge("1", 0))

    shop.hear(words.invoice("1", 3))

    assert _orders(shop) == {"in_1": ("subscription", "completed", 1900)}
    assert _head(shop, "in_1")["provisional"]
    assert _money(shop) == 1900


def test_order_that_yields_its_id_leaves_a_tombstone() -> None:
    shop = _shop(words.charge("1", 0), words.invoice("1", 3))

    tombstone = _head(shop, "pi_1")

    assert tombstone["merged_into"] == "in_1"
    assert shop.history("order", "pi_1") == []
    assert shop.view("order", "pi_1") is None


def test_creation_is_announced_once_however_often_the_order_changes_its_id() -> None:
    shop = _shop(words.charge("1", 3), words.invoice("1", 0))

    assert _creations(shop, "in_1") == [("evt_in_1", True)]

    shop.hear(words.link("1", "1", 4))

    assert _creations(shop, "in_1") == [("evt_in_1", True)]


def test_creation_announced_under_a_weaker_name_is_not_announced_again() -> None:
    shop = _shop(words.charge("1", 0))
    assert _creations(shop, "pi_1") == [("evt_ch_1", False)]

    shop.hear(words.invoice("1", 3))

    assert _creations(shop, "in_1") == [("evt_ch_1", True)]


def test_order_that_was_taken_for_part_of_another_is_announced_once_it_stands_alone() -> None:
    shop = _shop(words.charge("1", 3), words.invoice("1", 0))
    assert _creations(shop, "in_1") == [("evt_in_1", True)]

    shop.hear(words.link("other", "1", 4))

    assert _creations(shop, "in_1") == [("evt_in_1", False)]


def test_order_known_by_its_invoice_from_the_start_announces_itself() -> None:
    shop = _shop(words.invoice("1", 0), words.charge("1", 3))

    assert _creations(shop, "in_1") == [("evt_in_1", False)]


def test_stated_link_settles_the_guess() -> None:
    shop = _shop(words.charge("1", 0), words.invoice("1", 3))

    shop.hear(words.link("1", "1", 3))

    assert not _head(shop, "in_1")["provisional"]
    assert _orders(shop) == {"in_1": ("subscription", "completed", 1900)}


def test_stated_link_undoes_a_wrong_guess() -> None:
    shop = _shop(words.invoice("1", 0), words.charge("wrong", 0), words.charge("right", 9))
    assert set(shop.orders()) == {"in_1", "pi_right"}

    shop.hear(words.link("1", "right", 9))

    assert _orders(shop) == {
        "in_1": ("subscription", "completed", 1900),
        "pi_wrong": ("one_time", "completed", 1900),
    }
    assert [each["id"] for each in shop.orders()["in_1"]["payments"]] == ["pi_right"]
    assert _head(shop, "pi_right")["merged_into"] == "in_1"
    assert not _head(shop, "pi_wrong").get("merged_into")
    assert _money(shop) == 3800


def test_charge_freed_by_a_link_looks_for_another_invoice() -> None:
    shop = _shop(
        words.invoice("1", 0), words.charge("a", 1), words.invoice("2", 8), words.charge("b", 9)
    )

    shop.hear(words.link("1", "b", 9))

    payments = {key: [each["id"] for each in o["payments"]] for key, o in shop.orders().items()}
    assert payments == {"in_1": ["pi_b"], "in_2": ["pi_a"]}


def test_two_equal_purchases_within_minutes_stay_two() -> None:
    shop = _shop(
        words.charge("1", 0), words.charge("2", 2), words.invoice("2", 2), words.invoice("1", 0)
    )

    assert set(shop.orders()) == {"in_1", "in_2"}
    assert _money(shop) == 3800


def test_charge_a_quarter_of_an_hour_off_is_another_sale() -> None:
    shop = _shop(words.charge("1", 0), words.invoice("1", 16))

    assert set(shop.orders()) == {"pi_1", "in_1"}
    assert _money(shop) == 3800


def test_second_delivery_of_a_joined_payment_counts_nothing_twice() -> None:
    events = [words.charge("1", 0), words.invoice("1", 3), words.link("1", "1", 3)]

    shop = _shop(*events, *events)

    assert _money(shop) == 1900


def test_names_that_lead_to_several_orders_make_them_one() -> None:
    shop = _shop(words.charge("1", 0), words.invoice("1", 500))
    assert len(shop.orders()) == 2

    shop.hear(words.link("1", "1", 500))

    assert _orders(shop) == {"in_1": ("subscription", "completed", 1900)}
    assert _money(shop) == 1900


def test_every_name_of_an_order_leads_to_it() -> None:
    shop = _shop(words.charge("1", 0, "session:cs_1"), words.invoice("1", 1, "charge:ch_1"))

    shop.hear(words.refund("1", 60, 400))

    assert shop.orders()["in_1"]["refunded"] == 400
