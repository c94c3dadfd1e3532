"""What the doors logged against what the table holds: every way in which they may differ."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.audit_balance import (
    APPLIED,
    DUPLICATE,
    EXCUSED_FOR,
    IN_FLIGHT,
    MISSING,
    OUTCOMES,
    QUARANTINED,
    Balance,
    Held,
    Line,
    Stretch,
    Waiting,
    adds_up,
    received,
    total,
)
from shared.domain import times

NOON = 1_795_348_800_000
STRETCH = Stretch(NOON - times.DAY, NOON + times.DAY)
NOTHING = Waiting(0)
SINCE = {"stripe": 0}


def line(name: str, at: int = NOON, receipt: str | None = "") -> Line:
    return Line(at, "stripe", "shop", f"evt_{name}", f"r{name}" if receipt == "" else receipt)


def held(name: str, at: int = NOON, outcome: str = APPLIED, receipt: str | None = "") -> Held:
    known = f"r{name}" if receipt == "" else receipt
    return Held(at, "stripe", "shop", f"evt_{name}", known, outcome)


def balance(
    lines: list[Line], kept: list[Held], waiting: Waiting = NOTHING, **since: int
) -> Balance:
    return received(lines, kept, waiting, STRETCH, since or SINCE, NOON + times.HOUR)


def counted(found: Balance) -> dict[str, int]:
    return dict(total(found.rows))


def test_what_a_door_answered_for_and_nobody_has_is_missing_and_named() -> None:
    found = balance([line("1"), line("2")], [held("1")])

    assert counted(found) == {"received": 2, APPLIED: 1, MISSING: 1}
    assert [(lost.name, lost.connection_id) for lost in found.lost] == [("evt_2", "shop")]
    assert not adds_up(found.rows, "received", OUTCOMES)


def test_an_event_without_an_id_is_named_by_its_receipt() -> None:
    found = balance([Line(NOON, "paykickstart", "shop", None, "r1")], [])

    assert [lost.name for lost in found.lost] == ["receipt r1"]


def test_a_line_that_comes_again_is_a_duplicate_whatever_became_of_the_first() -> None:
    found = balance([line("1"), line("1"), line("2"), line("2")], [held("1"), held("2", NOON, "x")])

    assert counted(found) == {"received": 4, APPLIED: 1, "x": 1, DUPLICATE: 2}


def test_a_missing_event_sent_twice_is_missing_once() -> None:
    found = balance([line("1"), line("1", NOON + 1)], [])

    assert counted(found) == {"received": 2, MISSING: 1, DUPLICATE: 1}
    assert len(found.lost) == 1


def test_as_many_as_the_queue_holds_are_in_flight_the_newest_first() -> None:
    found = balance([line("old"), line("new", NOON + 1)], [], Waiting(1))

    assert counted(found) == {"received": 2, IN_FLIGHT: 1, MISSING: 1}
    assert [lost.name for lost in found.lost] == ["evt_old"]
    assert found.excused == 1


def test_a_queues_count_excuses_nothing_that_has_been_under_way_for_too_long() -> None:
    """Any job, any other connection's event is counted as well: six days later it proves nothing.

    The line is of a stack that had one unrelated message on its queue when it was asked.
    """
    old = NOON + times.HOUR - EXCUSED_FOR - 1

    found = balance([line("old", old), line("new", old + 1)], [], Waiting(9))

    assert counted(found) == {"received": 2, IN_FLIGHT: 1, MISSING: 1}
    assert [lost.name for lost in found.lost] == ["evt_old"]
    assert found.excused == 1


def test_dead_letters_that_could_not_be_looked_at_excuse_as_many_however_old() -> None:
    """Of one customer a FIFO queue shows ten at a time."""
    lines = [line(name, NOON - times.DAY // 2) for name in "abc"]

    found = balance(lines, [], Waiting(0, unseen=2))

    assert counted(found) == {"received": 3, IN_FLIGHT: 2, MISSING: 1}
    assert found.excused == 2


def test_a_dead_letter_is_in_flight_by_its_own_receipt() -> None:
    found = balance([line("1"), line("2")], [], Waiting(0, frozenset({"r1"})))

    assert [lost.name for lost in found.lost] == ["evt_2"]


def test_what_a_queue_may_not_count_yet_is_in_flight() -> None:
    found = balance([line("1"), line("2", NOON - 1)], [], Waiting(0, unsettled_from=NOON))

    assert [lost.name for lost in found.lost] == ["evt_2"]


def test_one_confirmed_since_is_known_by_its_id() -> None:
    found = balance([line("1"), line("1", NOON + 1)], [held("1", receipt="another")])

    assert counted(found) == {"received": 2, APPLIED: 1, DUPLICATE: 1}


def test_one_body_refused_twice_was_received_twice() -> None:
    refused = [held("1", NOON + number, QUARANTINED) for number in range(2)]

    found = balance([line("1"), line("1", NOON + 1)], refused)

    assert counted(found) == {"received": 2, QUARANTINED: 2}
    assert found.unlogged == 0


def test_one_refused_and_accepted_when_it_was_sent_again_was_received_twice() -> None:
    kept = [held("1", NOON + 1), held("1", outcome=QUARANTINED)]

    found = balance([line("1"), line("1", NOON + 1), line("1", NOON + 2)], kept)

    assert counted(found) == {"received": 3, QUARANTINED: 1, APPLIED: 1, DUPLICATE: 1}


def told(way: Literal["confirmed", "asked"], at: int = NOON) -> Held:
    return Held(at, "stripe", "shop", "evt_1", None, APPLIED, way=way)


@pytest.mark.parametrize("way", ["confirmed", "asked"])
def test_what_the_providers_api_told_is_the_line_of_its_id(
    way: Literal["confirmed", "asked"],
) -> None:
    """So it stands in a table that was restored, where what the door took in came first."""
    assert counted(balance([line("1")], [told(way)])) == {"received": 1, APPLIED: 1}


@pytest.mark.parametrize("way", ["confirmed", "asked"])
def test_what_the_providers_api_told_was_received_when_its_line_says(
    way: Literal["confirmed", "asked"],
) -> None:
    """One that came before midnight and was confirmed after it is not counted a second day."""
    found = balance([], [told(way)])

    assert (counted(found), found.unlogged) == ({}, 0)


def test_of_the_time_before_the_log_what_was_confirmed_counts_and_what_was_asked_for_not() -> None:
    found = balance([], [told("confirmed"), told("asked")], stripe=NOON + 1)

    assert counted(found) == {"received": 1, APPLIED: 1}
    assert found.recorded == 1


def test_one_that_waits_for_its_confirmation_in_vain_is_missing_for_its_own_reason() -> None:
    waits = Held(NOON, "stripe", "shop", "evt_1", "r1", MISSING, reason="nobody confirmed it")

    found = balance([line("1")], [waits])

    assert counted(found) == {"received": 1, MISSING: 1}
    assert [(lost.name, lost.reason) for lost in found.lost] == [("evt_1", "nobody confirmed it")]


def test_one_id_with_two_bodies_is_two_events_each_known_by_its_receipt() -> None:
    lines = [line("1", receipt="a"), line("1", receipt="b")]

    found = balance(lines, [held("1", receipt="a"), held("1", outcome=QUARANTINED, receipt="b")])

    assert counted(found) == {"received": 2, APPLIED: 1, QUARANTINED: 1}


def test_lines_of_an_older_release_are_known_by_their_ids_or_left_out() -> None:
    lines = [line("1", receipt=None), Line(NOON, "stripe", "shop", None, None)]

    found = balance(lines, [held("1")])

    assert counted(found) == {"received": 1, APPLIED: 1}
    assert found.unreadable == 1


def test_what_came_before_the_log_begins_is_counted_from_the_table_and_said() -> None:
    found = balance([], [held("1"), held("2")], stripe=NOON + 1)

    assert counted(found) == {"received": 2, APPLIED: 2}
    assert (found.recorded, found.unlogged) == (2, 0)


def test_what_a_door_queued_and_did_not_live_to_log_is_said_and_no_fault() -> None:
    found = balance([], [held("1")])

    assert found.unlogged == 1
    assert adds_up(found.rows, "received", OUTCOMES)


def test_what_came_while_the_account_was_taken_is_no_doors_failing() -> None:
    """The log was read before the table, and is a little behind besides."""
    found = balance([], [held("1", NOON + times.HOUR - times.MINUTE), held("2", NOON)])

    assert found.unlogged == 1
    assert counted(found) == {"received": 2, APPLIED: 2}


def test_a_repetition_of_what_came_before_the_stretch_is_a_duplicate() -> None:
    found = balance([line("1")], [held("1", STRETCH.since - times.HOUR)])

    assert counted(found) == {"received": 1, DUPLICATE: 1}


def test_days_and_connections_are_counted_apart() -> None:
    other = Line(NOON, "stripe", "other", "evt_3", "r3")

    found = balance([line("1"), line("2", NOON - times.DAY), other], [held("1")])

    assert {day: row[MISSING] for day, row in found.rows.items()} == {
        ("2026-11-22", "shop"): 0,
        ("2026-11-21", "shop"): 1,
        ("2026-11-22", "other"): 1,
    }


NAMES = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(said=NAMES, kept=st.sets(st.sampled_from("abcdef")), count=st.integers(0, 3))
def test_it_adds_up_exactly_when_every_line_is_held_or_may_still_wait(
    said: list[str], kept: set[str], count: int
) -> None:
    found = balance([line(name) for name in said], [held(name) for name in kept], Waiting(count))

    gone = len(set(said) - kept)
    sums = Counter(total(found.rows))
    assert (
        sums["received"]
        == sum(sums[name] for name in OUTCOMES)
        == len(said) + len(kept - set(said))
    )
    assert len(found.lost) == max(0, gone - count)
    assert adds_up(found.rows, "received", OUTCOMES) == (gone <= count)
