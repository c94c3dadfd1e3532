"""Where an entry stands among others, and what it changes there."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.domain.timeline import CUSTOMER, Replay, replay, tell
from tests.laws.entries import payment, terms
from tests.support.timeline_entries import RULES, UPDATED, entry

CREATED, TERMINAL = 0, 90


def _statuses(replayed: Replay) -> list[tuple[str, Any, Any]]:
    """Return every change of status, and which entry made it."""
    return [
        (step.entry.event_id, change.before, change.after)
        for step in replayed.told
        for change in step.changes
        if change.field == "status"
    ]


def test_newest_word_on_each_facet_is_the_state() -> None:
    entries = [
        entry("failed", 2_000, status="payment_failed"),
        entry("paid", 1_000, said={"order:in_1": payment()}),
        entry("started", 0, status="active"),
    ]

    told = replay(entries, RULES)

    assert told.state == {"terms": terms("payment_failed"), "order:in_1": payment()}
    assert not told.ambiguous


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))))
def test_equal_seconds_are_settled_by_rank(arrival: tuple[int, ...]) -> None:
    started, failed, ended = (
        entry("started", 0, CREATED, status="active", creation=True, received_at=arrival[0]),
        entry("failed", 0, UPDATED, status="payment_failed", received_at=arrival[1]),
        entry("ended", 0, TERMINAL, status="cancelled", received_at=arrival[2]),
    )

    told = replay([ended, failed, started], RULES)

    assert [step.entry.event_id for step in told.told] == ["started", "failed", "ended"]
    assert told.state["terms"]["status"] == "cancelled"


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(4))))
def test_updates_of_one_second_are_chained_by_their_previous_values(
    arrival: tuple[int, ...],
) -> None:
    chain = ["pending", "active", "payment_failed", "active", "cancelled"]
    first = entry("first", 0, status="pending", received_at=0)
    steps = [
        entry(f"to {chain[i + 1]} {i}", 1_000, status=chain[i + 1], was=chain[i], received_at=when)
        for i, when in enumerate(arrival, start=0)
    ]

    told = replay([first, *steps], RULES)

    made = [(before, after) for _, before, after in _statuses(told)]
    assert made == list(itertools.pairwise(chain))
    assert not told.ambiguous


def test_snapshot_that_repeats_what_stands_comes_before_whatever_changes_it() -> None:
    entries = [
        entry("first", 0, status="active"),
        entry("ended", 1_000, status="cancelled", received_at=1),
        entry("snapshot", 1_000, status="active", received_at=2),
    ]

    told = replay(entries, RULES)

    assert _statuses(told) == [("ended", "active", "cancelled")]


def test_snapshot_is_the_previous_value_of_an_update_that_names_it() -> None:
    entries = [
        entry("first", 0, status="pending"),
        entry("update", 1_000, status="cancelled", was="active", received_at=1),
        entry("snapshot", 1_000, status="active", received_at=2),
    ]

    told = replay(entries, RULES)

    assert _statuses(told) == [
        ("snapshot", "pending", "active"),
        ("update", "active", "cancelled"),
    ]


def test_rivals_of_one_second_stand_by_arrival_and_are_called_ambiguous() -> None:
    entries = [
        entry("first", 0, status="pending"),
        entry("one", 1_000, status="active", received_at=7),
        entry("other", 1_000, status="payment_failed", received_at=8),
    ]

    told = replay(entries, RULES)

    assert told.state["terms"]["status"] == "payment_failed"
    assert told.ambiguous


def test_only_the_last_moment_can_be_ambiguous() -> None:
    entries = [
        entry("one", 0, status="active", received_at=7),
        entry("other", 0, status="payment_failed", received_at=8),
        entry("later", 1_000, status="cancelled", was="payment_failed"),
    ]

    assert not replay(entries, RULES).ambiguous


def test_words_on_different_facets_are_no_rivals() -> None:
    entries = [
        entry("one", 0, status="active"),
        entry("other", 0, said={"order:in_1": payment()}, received_at=2),
    ]

    assert not replay(entries, RULES).ambiguous


def test_stated_previous_value_is_what_the_change_is_measured_against() -> None:
    """The event in between is missing: the store says it was paused before, so it was."""
    entries = [
        entry("first", 0, status="active"),
        entry("resumed", 2_000, status="active", was="paused"),
    ]

    assert _statuses(replay(entries, RULES)) == [("resumed", "paused", "active")]


def test_twin_event_about_the_same_change_makes_it_once() -> None:
    entries = [
        entry("first", 0, status="active"),
        entry("failed", 2_000, status="payment_failed", was="active", received_at=1),
        entry("twin", 2_000, status="payment_failed", was="active", received_at=2),
        entry("late twin", 3_000, status="payment_failed", was="active", received_at=3),
    ]

    assert _statuses(replay(entries, RULES)) == [("failed", "active", "payment_failed")]


def test_snapshot_between_twins_does_not_part_them() -> None:
    entries = [
        entry("first", 0, status="active"),
        entry("paused", 2_000, status="paused", was="active", received_at=1),
        entry("snapshot", 2_000, status="paused", received_at=2),
        entry("twin", 2_000, status="paused", was="active", received_at=3),
    ]

    assert _statuses(replay(entries, RULES)) == [("paused", "active", "paused")]


def test_same_change_on_another_day_is_no_twin() -> None:
    day = 86_400_000
    entries = [
        entry("first", 0, status="active"),
        entry("paused", 1 * day, status="paused", was="active"),
        entry("paused again", 9 * day, status="paused", was="active"),
    ]

    assert [name for name, *_ in _statuses(replay(entries, RULES))] == ["paused", "paused again"]


def test_first_sight_without_a_stated_creation_is_no_creation() -> None:
    told = replay([entry("seen", 0, status="active")], RULES)

    assert [(step.kind, step.changes) for step in told.told] == [("updated", [])]


def test_stated_creation_is_one_and_only_one() -> None:
    entries = [
        entry("created", 0, CREATED, status="active", creation=True),
        entry("seen", 1_000, status="active"),
    ]

    assert [step.kind for step in replay(entries, RULES).told] == ["created", None]


def test_creation_is_one_although_other_facets_were_known_before() -> None:
    entries = [
        entry("paid", 0, said={"order:in_1": payment()}),
        entry("created", 1_000, CREATED, status="active", creation=True),
    ]

    assert [step.kind for step in replay(entries, RULES).told] == [None, "created"]


def test_learning_who_the_customer_is_changes_nothing_that_happened() -> None:
    card = {"email": "ada@example.com", "methods": {"pm_1": "2029-12"}}
    entries = [
        entry("created", 0, CREATED, status="active", creation=True),
        entry("customer", 0, UPDATED, said={CUSTOMER: card}, turn=4),
    ]

    told = replay(entries, RULES)

    assert [step.kind for step in told.told] == ["created", None]
    assert told.told[-1].view is not None
    assert told.told[-1].view["payment_method_expiration"] is not None


def test_customers_new_card_is_a_change() -> None:
    old, new = ({"methods": {"pm_1": month}} for month in ("2029-12", "2031-05"))
    entries = [
        entry("created", 0, CREATED, status="active", creation=True),
        entry("known", 0, UPDATED, said={CUSTOMER: old}, turn=4),
        entry("renewed", 1_000, UPDATED, said={CUSTOMER: new}, turn=4),
    ]

    (change,) = replay(entries, RULES).told[-1].changes

    assert (change.field, change.before, change.after) == (
        "payment_method_expiration",
        "2029-12-01T00:00:00.000Z",
        "2031-05-01T00:00:00.000Z",
    )


def test_tell_shows_nothing_of_a_record_nobody_has_stated() -> None:
    step = tell(entry("paid", said={"order:in_1": payment()}), {}, None, RULES)

    assert (step.kind, step.view) == (None, None)
