"""What a contact is made of, and how its sums move."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import contacts
from shared.domain.contacts import Share
from tests.laws import words
from tests.laws.words import at


def _contact() -> dict[str, Any]:
    return contacts.new("contact-1", "ada@example.com", at(0))


def _share(net: int = 1900, minutes: float = 0, *, currency: str = "USD", kept: int = 1) -> Share:
    return Share(orders=1, kept=kept, currency=currency, net=net, ordered=at(minutes))


def _view(status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "gross": 1900,
        "refunded": 0,
        "withheld": 0,
        "currency": "USD",
        "occurred_date": at(0),
        **more,
    }


NOTHING = Share()


@pytest.mark.parametrize("status", ["pending", "declined"])
def test_order_that_brought_no_money_counts_for_nothing(status: str) -> None:
    assert contacts.order_share(_view(status)) == NOTHING


@pytest.mark.parametrize(
    ("status", "more", "net", "kept"),
    [
        ("completed", {}, 1900, 1),
        ("partially_refunded", {"refunded": 500}, 1400, 1),
        ("refunded", {"refunded": 1900}, 0, 0),
        ("disputed", {"withheld": 1900}, 0, 1),
    ],
)
def test_order_counts_what_is_left_of_it(
    status: str, more: dict[str, Any], net: int, kept: int
) -> None:
    share = contacts.order_share(_view(status, **more))

    assert (share.orders, share.net, share.kept) == (1, net, kept)


def test_record_that_does_not_show_counts_for_nothing() -> None:
    assert contacts.order_share(None) == contacts.subscription_share(None) == NOTHING


def test_subscription_counts_the_day_it_started() -> None:
    assert contacts.subscription_share(words.terms(started=5)) == Share(started=at(5))


def test_sums_never_mix_currencies() -> None:
    contact = _contact()

    contacts.move(contact, NOTHING, _share(1900))
    contacts.move(contact, NOTHING, _share(500, currency="EUR"))

    assert contact["revenue"] == {
        "USD": {"orders": 1, "net": 1900},
        "EUR": {"orders": 1, "net": 500},
    }
    assert contact["orders_count"] == 2


def test_currency_nobody_pays_in_any_more_is_gone() -> None:
    contact = _contact()
    contacts.move(contact, NOTHING, _share())

    contacts.move(contact, _share(), NOTHING)

    assert contact == _contact()


def test_change_of_an_order_moves_only_the_difference() -> None:
    contact = _contact()
    contacts.move(contact, NOTHING, _share(1900))
    contacts.move(contact, NOTHING, _share(2400, 60))

    contacts.move(contact, _share(2400, 60), _share(1400, 60))

    assert contact["revenue"]["USD"] == {"orders": 2, "net": 3300}


def test_earlier_order_moves_the_first_date_without_counting_again() -> None:
    contact = _contact()
    contacts.move(contact, NOTHING, _share(minutes=60))

    again = contacts.move(contact, NOTHING, _share(minutes=5))

    assert not again
    assert (contact["first_order_date"], contact["last_order_date"]) == (at(5), at(60))


@pytest.mark.parametrize(
    ("old", "new"),
    [(_share(minutes=5), NOTHING), (_share(minutes=5), _share(minutes=30))],
    ids=["order gone", "order later"],
)
def test_taking_the_first_date_away_needs_all_the_others(old: Share, new: Share) -> None:
    contact = _contact()
    contacts.move(contact, NOTHING, _share(minutes=5))
    contacts.move(contact, NOTHING, _share(minutes=60))

    assert contacts.move(contact, old, new)


def test_dates_of_the_only_order_need_no_counting() -> None:
    contact = _contact()
    contacts.move(contact, NOTHING, _share(minutes=5))

    assert not contacts.move(contact, _share(minutes=5), _share(minutes=30))
    assert contact["first_order_date"] == contact["last_order_date"] == at(30)


@pytest.mark.parametrize(
    ("ordered", "started", "since"),
    [(None, None, None), (7, None, 7), (None, 3, 3), (7, 3, 3), (2, 3, 2)],
)
def test_customer_since_is_the_first_order_or_the_first_start(
    ordered: int | None, started: int | None, since: int | None
) -> None:
    contact = {**_contact(), "first_order_date": ordered, "first_start_date": started}

    assert contacts.customer_since(contact) == since


def test_provider_names_fill_blanks_only() -> None:
    contact = {**_contact(), "first_name": "Ada"}

    contacts.fill(contact, {"first_name": "Augusta", "last_name": "Lovelace", "phone": None})

    assert (contact["first_name"], contact["last_name"]) == ("Ada", "Lovelace")
    assert contact["phone"] is None


def test_nobody_fills_nothing() -> None:
    contact = _contact()

    contacts.fill(contact, None)

    assert contact == _contact()
