"""Poison: a message nothing of ours can read yet. It waits aside; nobody else waits with it.

The parser fails at it as by a bug. Once that is mended (the calm of a run), the redrive of the
dead letters brings it back, and what it changes is told as late instead of not at all.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from functions.process_events.process_batch import RECEIVES_MAX
from infra.samples import stripe as story
from shared.adapters.documents import to_document
from tests.simulation.laws import Run, judge, run
from tests.simulation.oracle import marker_of
from tests.simulation.schedules import Schedule, at_once, in_order
from tests.simulation.stories import Story, moving_away

CUSTOMERS = 3


def three_customers() -> Story:
    """Return two events of each of three customers, one customer after the other."""
    world = story.Business("poison")
    for number in range(CUSTOMERS):
        customer = story.add_customer(world, f"customer{number}@example.com", "Ada Lovelace")
        story.change_email(world, customer, f"changed{number}@example.com")
    return Story("three customers", tuple(world.events))


def poisoned(base: Schedule, *numbers: int) -> Run:
    return judge(run(replace(base, poison=frozenset(numbers))))


@pytest.mark.parametrize("position", range(2 * CUSTOMERS))
def test_poison_in_any_position_of_a_batch_delays_no_other_group(position: int) -> None:
    events = three_customers()

    done = poisoned(at_once(events), position)

    accepted = done.world.sqs.queues["events.fifo"].accepted
    poison = events.events[position]
    group = next(each.group for each in accepted if marker_of(each) == (poison.id, poison.type))
    others = [each for each in accepted if each.group != group and marker_of(each)]
    assert len(others) == 2 * (CUSTOMERS - 1)
    assert [each.receive_count for each in others] == [1] * len(others)


@pytest.mark.parametrize("position", range(2 * CUSTOMERS))
def test_poison_is_put_aside_before_its_last_receive_and_its_group_goes_on(position: int) -> None:
    done = poisoned(at_once(three_customers()), position)

    (letter,) = done.dead
    parked = next(
        message
        for message in done.world.sqs.queues["events.fifo"].accepted
        if message.body == letter.body
    )
    assert parked.receive_count == RECEIVES_MAX - 1
    assert not letter.source_arn, "SQS has moved it by itself"
    assert letter.group == parked.group
    assert done.said.count('"event":"OrderBroken"') == 1


def test_two_poisonous_messages_of_one_group_are_put_aside_one_after_the_other() -> None:
    done = poisoned(at_once(three_customers()), 0, 1)

    assert [marker_of(each) for each in done.dead] == [
        (event.id, event.type) for event in three_customers().events[:2]
    ]


def test_the_rest_of_a_group_is_not_held_back_longer_than_the_poison_is_put_off() -> None:
    """Messages of its batch that were not tried rest as long as it does, not three minutes."""
    done = poisoned(at_once(three_customers()), 0)

    receives = [line for line in done.world.steps.trace if "ChangeMessageVisibility" in line]
    times = sorted({int(line.split()[1]) // 1000 for line in receives})
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert waits[:4] == [2, 4, 8, 16]


def test_what_is_redriven_is_told_as_late() -> None:
    """A purchase whose payment nobody could read until after it was given back."""
    world = story.Business("late")
    book = story.add_price(world, story.add_product(world, "The book of tea"), 900, interval=None)
    customer = story.add_customer(world, "ada@example.com", "Ada Lovelace")
    payment = story.one_time(world, book, customer)
    world.advance(days=1)
    story.refund(world, payment, 300)
    bought = Story("late", tuple(world.events))
    told = [number for number, event in enumerate(bought.events) if event.type.endswith("ceeded")]

    done = poisoned(in_order(bought), *told)

    late = {entry.event_type for entry in _entries(done) if entry.late}
    assert late & {"charge.succeeded", "payment_intent.succeeded"}
    assert not [entry for entry in _entries(judge(run(in_order(bought)))) if entry.late]


def _entries(done: Run) -> list[Any]:
    items = (each for each in done.world.dynamodb.items() if each["sk"]["S"].startswith("AT#"))
    return [to_document(item)["entry"] for item in items]


def test_a_poisonous_change_of_customer_reaches_their_records_by_the_redrive() -> None:
    moving = moving_away()
    last = len(moving.events) - 1

    done = poisoned(in_order(moving), last)

    assert len(done.dead) == 1
