"""What was said of a store's customer, in order of time, and what records show of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.domain import customers
from shared.domain.observations import Facet
from shared.domain.ports import Missing, Reading
from shared.domain.records import ORDER, RECURRING_PAYMENT, Record
from shared.domain.timeline import Entry
from tests.fakes.memory_store import MemoryStore


def _word(at: int, rank: int = 10, **about: Any) -> Entry:
    """Return a word at a second; `email` and `was` are short for the person and the one before."""
    said = dict(about.pop("said", {}))
    before: dict[str, Facet] = {}
    if "email" in about:
        said["customer"] = {"email": about.pop("email")}
    if "was" in about:
        before["customer"] = {"email": about.pop("was")}
    about.setdefault("received_at", at)
    name = f"evt_{at}_{rank}_{about['received_at']}"
    return Entry(at, rank, name, "told", said=said, before=before, **about)


def _heard(*words: Entry) -> dict[str, Any]:
    customer: dict[str, Any] | None = None
    for word in words:
        customer, _ = customers.hear(customer, word)
    assert customer is not None
    return customer


def _record(kind: str = RECURRING_PAYMENT) -> Record:
    name, reading = (kind, "shop", "1"), Reading()
    reading.load(MemoryStore(), Missing([name]))
    return Record(name, reading, lambda *_: False, 0)


def _told(customer: dict[str, Any], kind: str = RECURRING_PAYMENT) -> list[tuple[int, Any]]:
    entries = customers.entries_for(customer, _record(kind))
    return [(entry.at, entry.said["customer"]) for entry in entries]


def _card(expires: str | None) -> dict[str, Any]:
    return {"method:pm_1": {"expires": expires}}


def _payer(email: str, **more: Any) -> dict[str, Any]:
    return {"payer": {"email": email, **more}}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_customer_is_the_same_in_whatever_order_it_was_told(order: tuple[int, ...]) -> None:
    words = [
        _word(1, 0, email="ada@example.com"),
        _word(2, said=_card("2029-12")),
        _word(3, email="king@example.com", was="ada@example.com"),
        _word(4, 90, said=_card(None)),
    ]

    customer = _heard(*(words[index] for index in order))

    assert customer == _heard(*words)
    assert customers.shown(customer) == {"email": "king@example.com", "methods": {}}
    assert _told(customer) == [
        (1, {"email": "ada@example.com"}),
        (2, {"email": "ada@example.com", "methods": {"pm_1": "2029-12"}}),
        (3, {"email": "king@example.com", "methods": {"pm_1": "2029-12"}}),
        (4, {"email": "king@example.com"}),
    ]


@pytest.mark.parametrize("arrival", list(itertools.permutations((1, 2, 3))))
def test_updates_of_one_second_are_chained_by_their_previous_values(
    arrival: tuple[int, ...],
) -> None:
    made = _word(1, 0, email="a@example.com")
    chain = ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]
    updates = [
        _word(1, email=after, was=before, received_at=when)
        for (before, after), when in zip(itertools.pairwise(chain), arrival, strict=True)
    ]

    customer = _heard(made, *updates)

    assert customers.shown(customer)["email"] == "d@example.com"
    assert [told["email"] for _, told in _told(customer)] == chain


def test_rivals_of_one_second_are_a_guess() -> None:
    customer = _heard(_word(1, email="a@example.com", received_at=1))

    _, guessed = customers.hear(customer, _word(1, email="b@example.com", received_at=2))

    assert guessed


def test_repetition_keeps_only_both_ends() -> None:
    customer = _heard(*(_word(at, email="ada@example.com") for at in range(9)))

    assert [row["place"][0] for row in customer["said"]] == [0, 8]
    assert _told(customer) == [(0, {"email": "ada@example.com"})]


def test_older_word_between_two_equal_ones_undoes_neither() -> None:
    customer = _heard(
        _word(1, email="ada@example.com"),
        _word(9, email="ada@example.com"),
        _word(5, email="bob@example.com"),
    )

    assert customers.shown(customer)["email"] == "ada@example.com"


def test_payer_counts_from_when_they_were_first_named() -> None:
    """An invoice keeps the address it was finalised with, however late it is paid."""
    customer = _heard(
        _word(1, said=_payer("old@example.com")),
        _word(2, said=_payer("new@example.com")),
        _word(3, said=_payer("old@example.com")),
    )

    assert customers.shown(customer)["email"] == "new@example.com"
    assert [row["place"][0] for row in customer["said"]] == [1, 2]


def test_stores_own_record_stands_before_what_an_order_says() -> None:
    customer = _heard(
        _word(1, said={"customer": {"email": "ada@example.com", "phone": None}}),
        _word(9, said=_payer("payer@example.com", phone="+44 1")),
    )

    shown = customers.shown(customer)
    assert (shown["email"], shown["phone"]) == ("ada@example.com", "+44 1")


def test_cards_that_were_removed_are_not_shown() -> None:
    customer = _heard(
        _word(1, said=_card("2029-12")),
        _word(2, said={"method:pm_2": {"expires": "2031-05"}}),
        _word(3, 90, said=_card(None)),
    )

    assert customers.shown(customer)["methods"] == {"pm_2": "2031-05"}


def test_order_hears_of_the_email_alone() -> None:
    customer = _heard(
        _word(1, email="ada@example.com"),
        _word(2, said=_card("2029-12")),
        _word(3, said=_card("2031-05")),
    )

    assert _told(customer, ORDER) == [(1, {"email": "ada@example.com"})]


def test_customer_of_whom_nothing_is_known_any_more_stays_as_they_were() -> None:
    customer = _heard(_word(1, email="ada@example.com"), _word(2, 90, said={"customer": {}}))

    assert _told(customer) == [(1, {"email": "ada@example.com"})]


def test_one_event_may_speak_twice_of_one_customer() -> None:
    customer = _heard(_word(1, email="ada@example.com"), _word(1, said=_card("2029-12")))

    assert len(customer["said"]) == 1
    assert customers.shown(customer)["methods"] == {"pm_1": "2029-12"}


def test_what_was_imported_is_told_as_history() -> None:
    customer = _heard(_word(1, email="ada@example.com", historical=True))

    (entry,) = customers.entries_for(customer, _record())

    assert entry.historical


def test_change_with_a_stated_previous_value_is_told_with_it() -> None:
    customer = _heard(
        _word(1, email="ada@example.com"),
        _word(2, email="king@example.com", was="ada@example.com"),
        _word(3, said=_card("2029-12")),
    )

    first, second, third = customers.entries_for(customer, _record())

    assert (first.before, third.before) == ({}, {})
    assert second.before == {"customer": {"email": "ada@example.com"}}


def test_entries_for_an_order_carry_its_strongest_name() -> None:
    record = _record(ORDER)
    record.refs = {"charge:ch_1", "document:in_1"}

    (entry,) = customers.entries_for(_heard(_word(1, email="ada@example.com")), record)

    assert entry.refs == ("document:in_1",)


def test_customer_does_not_grow_without_end() -> None:
    card = _word(0, said=_card("2029-12"))

    customer = _heard(card, *(_word(at, email=f"{at}@example.com") for at in range(1, 60)))

    assert len(customer["said"]) == 40
    shown = customers.shown(customer)
    assert (shown["email"], shown["methods"]) == ("59@example.com", {"pm_1": "2029-12"})
