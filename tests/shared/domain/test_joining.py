"""Which entries are one order: by the names they state, and by a guess until those come."""

from __future__ import annotations

import itertools

import pytest

from shared.domain import joining
from shared.domain.joining import Group, regroup
from shared.domain.observations import Parsed
from shared.domain.timeline import Entry
from tests.laws import words


def _entry(parsed: Parsed) -> Entry:
    (said,) = parsed.orders
    assert parsed.occurred_at is not None
    return Entry(
        at=parsed.occurred_at,
        rank=said.rank,
        event_id=parsed.event_id,
        event_type=parsed.event_type,
        received_at=0,
        said=dict(said.facets),
        refs=said.refs,
    )


def _groups(*events: Parsed) -> list[tuple[list[str], bool]]:
    """Return each order's entries by their event's name, and whether it is a guess."""
    groups = regroup(_entry(event) for event in events)
    told = [(sorted(e.event_id for e in each.entries), each.provisional) for each in groups]
    return sorted(told)


def test_names_link_directly_and_through_others() -> None:
    bill = words.invoice("1", 0, "charge:ch_1")
    session = words.charge("1", 0, "session:cs_1", event_name="paid")
    stranger = words.charge("9", 0, customer="cus_9")

    assert _groups(bill, stranger, session) == [
        (["evt_ch_9"], False),
        (["evt_in_1", "evt_paid"], False),
    ]


def test_unlinked_invoice_and_charge_are_joined_provisionally_within_fifteen_minutes() -> None:
    bill = words.invoice("1", 0)

    assert _groups(bill, words.charge("1", 15)) == [(["evt_ch_1", "evt_in_1"], True)]
    assert _groups(bill, words.charge("1", 15.1)) == [(["evt_ch_1"], False), (["evt_in_1"], False)]


@pytest.mark.parametrize(
    "other",
    [
        words.charge("1", 0, amount=1901),
        words.charge("1", 0, currency="EUR"),
        words.charge("1", 0, customer="cus_2"),
        words.charge("1", 0, customer=None),
    ],
    ids=["amount", "currency", "customer", "nobody"],
)
def test_nothing_is_joined_that_is_not_alike(other: Parsed) -> None:
    assert len(_groups(words.invoice("1", 0), other)) == 2


def test_two_charges_or_two_invoices_are_never_taken_for_one() -> None:
    assert len(_groups(words.charge("1", 0), words.charge("2", 0))) == 2
    assert len(_groups(words.invoice("1", 0), words.invoice("2", 0))) == 2


def test_linked_invoice_takes_no_other_charge() -> None:
    linked = words.invoice("1", 0, "intent:pi_7")

    assert len(_groups(linked, words.charge("1", 0))) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_two_equal_purchases_within_minutes_stay_two(order: tuple[int, ...]) -> None:
    events = [
        words.invoice("1", 0),
        words.charge("1", 0),
        words.invoice("2", 4),
        words.charge("2", 4),
    ]

    assert _groups(*(events[index] for index in order)) == [
        (["evt_ch_1", "evt_in_1"], True),
        (["evt_ch_2", "evt_in_2"], True),
    ]


def test_nearest_look_alikes_are_joined_first() -> None:
    bill, near, far = words.invoice("1", 5), words.charge("1", 7), words.charge("2", 0)

    assert _groups(far, bill, near) == [
        (["evt_ch_1", "evt_in_1"], True),
        (["evt_ch_2"], False),
    ]


def test_stated_link_wins_over_the_guess() -> None:
    events = [words.invoice("1", 0), words.charge("1", 0), words.charge("2", 9)]

    assert _groups(*events, words.link("1", "2", 9)) == [
        (["evt_ch_1"], False),
        (["evt_ch_2", "evt_in_1", "evt_inpay_1_2"], False),
    ]


def test_failed_attempt_is_joined_by_the_time_it_failed() -> None:
    bill = words.invoice("1", 30, state="failed")
    declined = words.charge("1", 30, status="declined")

    assert _groups(bill, declined) == [(["evt_ch_1", "evt_in_1"], True)]


def test_invoice_nobody_has_tried_to_pay_is_joined_to_nothing() -> None:
    assert len(_groups(words.invoice("1", 0, state="open"), words.charge("1", 0))) == 2


def test_what_is_due_is_what_is_charged_where_a_credit_pays_the_rest() -> None:
    bill = words.invoice("1", 0, amount=1900, due=400)

    assert _groups(bill, words.charge("1", 0, amount=400)) == [(["evt_ch_1", "evt_in_1"], True)]


@pytest.mark.parametrize(
    ("refs", "provisional", "loose"),
    [
        ({"document:in_1"}, False, True),
        ({"intent:pi_1", "session:cs_1"}, False, True),
        ({"document:in_1", "charge:ch_1"}, False, False),
        ({"document:in_1", "charge:ch_1"}, True, True),
        ({"session:cs_1"}, False, False),
    ],
)
def test_order_is_loose_until_something_stated_holds_it(
    refs: set[str], provisional: bool, loose: bool
) -> None:
    assert Group(refs, [], provisional).is_loose is loose


def test_look_alikes_are_listed_by_customer_currency_and_amount() -> None:
    said = _entry(words.charge("1", 0)).said

    names = joining.looks("shop", joining.tries(said))

    assert names == [("look", "shop", "cus_1", "USD", "1900")]


def test_who_pays_without_a_customer_is_not_looked_for() -> None:
    said = _entry(words.charge("1", 0, customer=None)).said

    assert joining.looks("shop", joining.tries(said)) == []
