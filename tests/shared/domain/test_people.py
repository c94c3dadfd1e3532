"""Whose records they are: contacts made, waited for, claimed and moved."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.people import to_json
from tests.laws import words
from tests.laws.recorded import drifted, owners
from tests.support.shop import Shop

ADA = "ada@example.com"
SUBSCRIPTION = ("recurring_payment", "sub_1")


def _bought(shop: Shop) -> Shop:
    shop.hear_all(
        [
            words.customer("1", 0, ADA),
            words.subscription("1", 1, creation=True),
            words.invoice("1", 2),
        ]
    )
    return shop


def test_unknown_email_makes_a_contact_with_the_records_sums() -> None:
    shop = _bought(Shop(policy="create"))

    (contact,) = shop.contacts().values()

    assert contact["email"] == ADA
    assert contact["orders_count"] == 1
    assert contact["customer_since"] == words.at(0)


def test_email_is_matched_normalised() -> None:
    shop = Shop()

    shop.hear(words.charge("1", 0, customer=None, email="  Ada@Example.COM "))
    shop.hear(words.charge("2", 60, customer=None, email=ADA))

    (contact,) = shop.contacts().values()
    assert contact["orders_count"] == 2


def test_what_is_no_address_makes_no_contact() -> None:
    shop = Shop()

    shop.hear(words.charge("1", 0, customer=None, email="not an address"))

    assert shop.contacts() == {}
    assert owners(shop) == {("order", "pi_1"): None}


def test_match_only_makes_nobody_and_lets_the_payment_wait() -> None:
    shop = _bought(Shop(policy="match_only"))

    assert shop.contacts() == {}
    assert set(owners(shop).values()) == {None}
    assert (shop.head(*SUBSCRIPTION) or {})["email"] == ADA


def test_what_waited_is_claimed_the_moment_its_contact_appears() -> None:
    shop = _bought(Shop(policy="match_only"))

    contact_id = shop.add_contact(ADA)

    assert set(owners(shop).values()) == {ADA}
    assert drifted(shop) == []
    told = shop.history(*SUBSCRIPTION)
    assert [entry.contact_id for entry in told] == [contact_id] * len(told)


def test_match_only_matches_a_contact_that_is_there() -> None:
    shop = Shop(policy="match_only")
    shop.add_contact(ADA)

    _bought(shop)

    assert set(owners(shop).values()) == {ADA}


def test_contact_made_by_an_order_claims_what_waited_for_the_email() -> None:
    """A record of an unmatched connection's time, before the policy was `create`."""
    shop = _bought(Shop(policy="match_only"))
    shop.memory.documents["connection", "shop"]["contact_policy"] = "create"

    shop.hear(words.charge("9", 900, customer="cus_9", email=ADA))

    assert set(owners(shop).values()) == {ADA}
    assert len(owners(shop)) == 3
    assert drifted(shop) == []


def test_record_whose_email_is_not_known_waits_and_is_no_contact() -> None:
    shop = Shop()

    shop.hear(words.subscription("1", 0, creation=True))

    assert shop.contacts() == {}
    assert owners(shop) == {SUBSCRIPTION: None}


@pytest.mark.parametrize("entries", [49, 50, 51, 160])
def test_contact_reaches_every_entry_however_many_waited(entries: int) -> None:
    shop = Shop(policy="match_only")
    shop.hear(words.customer("1", 0, ADA))
    for number in range(entries):
        status = "active" if number % 2 else "paused"
        shop.hear(words.subscription("1", number + 1, status))

    contact_id = shop.add_contact(ADA)

    stored = shop.store.history(("recurring_payment", "shop", "sub_1"))
    owned = {entry.contact_id for entry in stored if "terms" in entry.said}
    assert owned == {contact_id}
    assert (shop.head(*SUBSCRIPTION) or {})["contact_id"] == contact_id


def test_attaching_twice_is_attaching_once() -> None:
    shop = _bought(Shop(policy="match_only"))
    shop.add_contact(ADA)
    before = shop.contacts()

    shop.outbox.jobs.append({"job": "attach_contact", "connection_id": "shop", "email": ADA})
    shop.work_off()

    assert shop.contacts() == before


def test_order_that_becomes_part_of_another_takes_its_money_along() -> None:
    shop = Shop()
    shop.hear_all([words.customer("1", 0, ADA), words.charge("1", 1)])

    shop.hear(words.invoice("1", 3))

    (contact,) = shop.contacts().values()
    assert (contact["orders_count"], contact["revenue"]) == (
        1,
        [{"currency": "USD", "amount": 1900}],
    )


def test_first_dates_are_counted_again_when_the_first_order_moves_away() -> None:
    shop = Shop()
    shop.hear_all(
        [
            words.charge("1", 5, customer="cus_1", email=ADA),
            words.charge("2", 60, customer="cus_2", email=ADA),
        ]
    )

    shop.hear(words.customer("1", 90, "king@example.com"))

    contact = shop.contacts()[ADA]
    assert contact["first_order_date"] == contact["customer_since"] == words.at(60)
    assert drifted(shop) == []


def test_contact_of_only_refunded_orders_is_no_customer_but_has_ordered() -> None:
    shop = _bought(Shop())

    shop.hear_all([words.charge("1", 2), words.refund("1", 60, 1900)])

    (contact,) = shop.contacts().values()
    assert (contact["customer"], contact["orders_count"]) == (False, 1)
    assert contact["revenue"] == [{"currency": "USD", "amount": 0}]


def test_declined_payment_makes_a_contact_but_no_customer() -> None:
    shop = Shop()

    shop.hear(words.charge("1", 0, status="declined", email=ADA))

    (contact,) = shop.contacts().values()
    assert (contact["customer"], contact["orders_count"], contact["customer_since"]) == (
        False,
        0,
        None,
    )


def test_nobodys_revenue_is_an_empty_list_and_inner_sums_stay_inside() -> None:
    shop = Shop()
    shop.add_contact(ADA)
    (stored,) = [d for n, d in shop.memory.documents.items() if n[0] == "contact"]

    told: dict[str, Any] = to_json(stored)

    assert told["revenue"] == []
    assert not {"kept_orders", "first_start_date", "version"} & told.keys()
