"""Batches off the queue: what fails alone, what waits behind it, what is kept, what it costs."""

from __future__ import annotations

import json

import pytest

from functions.process_events.process_batch import RECEIVES_MAX
from infra.queues import MAX_RECEIVES
from infra.samples import stripe as story
from shared.domain.envelope import EventEnvelope
from tests.benchmarks import processor as bench
from tests.functions.process_events.desk import NOW, Desk, body_of, message


@pytest.mark.parametrize("poison", range(3))
def test_a_group_stops_at_its_first_failure_and_the_others_go_on(poison: int) -> None:
    """powertools-python#2981: a FIFO batch went on with a group after one of it had failed."""
    desk = Desk()
    records = [message(f"m{n}", body_of(f"evt_{n}")) for n in range(3)]
    others = [message(f"o{n}", body_of(f"evt_o{n}"), group=f"other-{n}") for n in range(3)]
    desk.store.broken = {f"evt_{poison}"}

    failed = desk.handle(*(each for pair in zip(records, others, strict=True) for each in pair))

    assert failed == [f"m{n}" for n in range(poison, 3)]
    assert desk.markers() == {f"evt_{n}" for n in range(poison)} | {f"evt_o{n}" for n in range(3)}


def test_a_passing_fault_is_put_off_twice_as_long_each_time() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}

    for receives in (1, 2, 5, RECEIVES_MAX - 2):
        desk.handle(message("m", body_of("evt_1"), receives=receives))

    assert [seconds for _, seconds in desk.queues.hidden] == [2, 4, 32, 900]
    assert desk.counted == []


def test_what_keeps_failing_is_parked_before_the_queue_would_drop_it() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}
    record = message("m", body_of("evt_1"), receives=RECEIVES_MAX - 1)

    failed = desk.handle(record)

    assert failed == []
    assert desk.queues.parked == [("https://q/events-dead.fifo", record["body"], "a", "m")]
    assert desk.store.documents["broken", "a"]["connection_id"] == "shop"
    assert desk.counted == ["OrderBroken"]


@pytest.mark.parametrize(("subject", "kept"), [("cus_1", "cus_1"), ("ada@example.com", None)])
def test_a_broken_group_is_marked_by_no_address(subject: str, kept: str | None) -> None:
    """The mark has no end, and none who erases somebody would find it."""
    desk = Desk()
    desk.store.broken = {"evt_1"}
    envelope = EventEnvelope(
        provider="stripe",
        connection_id="shop",
        received_at=NOW,
        body=body_of("evt_1"),
        subject=subject,
    )

    desk.handle(message("m", envelope.to_message(), receives=RECEIVES_MAX - 1))

    assert desk.store.documents["broken", "a"]["subject"] == kept


def test_a_message_that_cannot_be_parked_is_not_acknowledged() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}
    desk.queues.refuses = 1

    failed = desk.handle(message("m", body_of("evt_1"), receives=RECEIVES_MAX - 1))

    assert failed == ["m"]
    assert desk.counted == []


def test_a_group_is_marked_before_anything_of_it_is_parked() -> None:
    """What lies among the dead letters by our hand is marked, whatever happens in between."""
    desk = Desk()
    desk.store.broken = {"evt_1"}
    record = message("m", body_of("evt_1"), receives=RECEIVES_MAX - 1)

    desk.store.full = {"broken"}
    unmarked = desk.handle(record)
    desk.store.full = set()
    desk.queues.refuses = 1
    unparked = desk.handle(record)

    assert (unmarked, unparked) == (["m"], ["m"])
    assert desk.queues.parked == []
    assert ("broken", "a") in desk.store.documents


def test_what_waits_behind_a_failure_rests_as_long_as_the_failure() -> None:
    """One message in flight holds back its whole group, so all of them must be let go at once."""
    desk = Desk()
    desk.store.broken = {"evt_0"}

    desk.handle(*(message(f"m{n}", body_of(f"evt_{n}"), receives=3 - n) for n in range(3)))

    assert desk.queues.hidden == [("handle-m0", 8), ("handle-m1", 8), ("handle-m2", 8)]


def test_each_group_of_a_batch_stops_at_its_own_failure() -> None:
    desk = Desk()
    records = [
        message(f"{group}{n}", body_of(f"evt_{group}{n}"), group=group)
        for n in range(3)
        for group in "abc"
    ]
    desk.store.broken = {"evt_a0", "evt_b2"}

    failed = desk.handle(*records)

    assert sorted(failed) == ["a0", "a1", "a2", "b2"]
    assert desk.markers() == {f"evt_{each}" for each in ("b0", "b1", "c0", "c1", "c2")}


def test_a_message_that_cannot_be_put_off_fails_alone_all_the_same() -> None:
    desk = Desk()
    desk.store.broken = {"evt_1"}
    desk.queues.holds = True

    failed = desk.handle(message("m1", body_of("evt_1")), message("m2", body_of("evt_2"), "b"))

    assert failed == ["m1"]
    assert {"event": "put_off_failed", "reason": "InvalidParameterValue"} in desk.logged


def test_a_batch_that_cannot_be_read_ahead_is_read_message_by_message() -> None:
    desk = Desk()
    desk.store.unread = 1

    failed = desk.handle(message("m1", body_of("evt_1")), message("m2", body_of("evt_2")))

    assert failed == []
    assert desk.markers() == {"evt_1", "evt_2"}


def test_two_deliveries_of_one_event_in_one_batch_count_once() -> None:
    desk = Desk()

    desk.handle(message("m1", body_of("evt_1")), message("m2", body_of("evt_1")))

    assert desk.counted == ["EventsApplied", "EventsDuplicate"]


def test_the_queue_gives_as_many_tries_as_the_processor_counts_on() -> None:
    assert RECEIVES_MAX == MAX_RECEIVES


def test_what_follows_an_event_is_sent_again_after_a_crash_before_sending() -> None:
    """LanternOps/breeze#4095: the row was committed, the send died, the retry was skipped."""
    desk = Desk()
    event = story.sample("customer.subscription.created", "new")
    desk.handle(message("m1", event.event.body))
    desk.queues.refuses = 1
    customer = next(e for e in event.before if e.type == "customer.created")

    failed = desk.handle(message("m2", customer.body))
    sent = len(desk.queues.jobs)
    again = desk.handle(message("m2", customer.body, receives=2))

    assert (failed, again) == (["m2"], [])
    assert len(desk.queues.jobs) > sent


def test_nothing_of_a_person_or_a_secret_is_logged() -> None:
    desk = Desk()
    desk.store.broken = {story.whole_life(1, "new").events[-1].id}
    world = story.whole_life(1, "new")

    for number, event in enumerate(world.events):
        desk.handle(message(f"m{number}", event.body))

    shown = json.dumps([desk.logged, desk.counted])
    assert len(desk.logged) >= len(world.events)
    assert not any(word in shown.lower() for word in ("ada", "lovelace", "example.com", "@"))


def test_an_event_of_the_demos_month_keeps_its_budget_of_calls_and_units() -> None:
    figures = bench.measure()

    assert figures["calls"] <= bench.CALLS_MAX
    assert figures["units"] <= bench.WRITE_UNITS_MAX
