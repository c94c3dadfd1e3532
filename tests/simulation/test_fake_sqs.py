"""Queues in virtual time: order, visibility, de-duplication, dead letters."""

from __future__ import annotations

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.queue_bench import FIFO, STANDARD, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_group_gives_nothing_while_one_of_its_messages_is_in_flight(bench: Bench) -> None:
    bench.send("a1", "a")
    bench.send("a2", "a")
    bench.send("b1", "b")

    first = bench.receive(limit=1)
    meanwhile = bench.bodies()
    bench.delete(first[0])

    assert [message["Body"] for message in first] == ["a1"]
    assert meanwhile == ["b1"]
    assert bench.bodies() == ["a2"]


def test_a_batch_may_hold_several_messages_of_several_groups_in_order(bench: Bench) -> None:
    for body, group in (("a1", "a"), ("b1", "b"), ("a2", "a")):
        bench.send(body, group)

    assert bench.bodies() == ["a1", "b1", "a2"]


def test_a_released_message_waits_for_the_rest_of_its_group_and_comes_first(bench: Bench) -> None:
    bench.send("a1")
    bench.send("a2")
    first, second = bench.receive()
    bench.release(first)
    blocked = bench.bodies()
    bench.release(second)

    assert blocked == []
    assert bench.bodies() == ["a1", "a2"]


def test_a_message_comes_back_when_its_visibility_ends(bench: Bench) -> None:
    bench.send("a1")
    bench.receive()

    bench.clock.advance(59_999)
    early = bench.receive()
    bench.clock.advance(1)
    again = bench.receive()

    assert early == []
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_repeated_id_is_swallowed_for_five_minutes_even_when_the_first_is_deleted(
    bench: Bench,
) -> None:
    sent = bench.send("first", identity="x")
    bench.delete(bench.receive()[0])

    bench.clock.advance(299_999)
    repeated = bench.send("second", identity="x")
    swallowed = bench.bodies()
    bench.clock.advance(1)
    bench.send("third", identity="x")

    assert repeated["MessageId"] == sent["MessageId"]
    assert swallowed == []
    assert bench.bodies() == ["third"]


def test_a_deduplication_id_counts_within_its_group_only(bench: Bench) -> None:
    bench.send("a", "a", identity="x")
    bench.send("b", "b", identity="x")

    assert bench.bodies() == ["a", "b"]


def test_a_message_received_too_often_becomes_a_dead_letter_and_the_group_goes_on(
    bench: Bench,
) -> None:
    bench.send("poison")
    bench.send("next")
    for _ in range(3):
        poison = bench.receive(limit=1)[0]
        bench.release(poison)

    survivors = bench.bodies()
    letter = bench.receive("dead.fifo")[0]

    assert survivors == ["next"]
    assert letter["Body"] == "poison"
    assert letter["Attributes"]["MessageDeduplicationId"] == letter["MessageId"]
    assert letter["Attributes"]["DeadLetterQueueSourceArn"].endswith(FIFO)


def test_a_redriven_message_starts_with_a_new_count(bench: Bench) -> None:
    bench.send("poison")
    for _ in range(3):
        bench.release(bench.receive()[0])
    bench.receive()

    moved = bench.sqs.redrive(FIFO)

    assert moved == 1
    assert bench.receive()[0]["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_letter_that_lay_too_long_is_redriven_no_more(bench: Bench) -> None:
    bench.send("poison")
    for _ in range(3):
        bench.release(bench.receive()[0])
    bench.receive()
    bench.clock.advance(345_600_000)

    moved = bench.sqs.redrive(FIFO)

    assert moved == 0
    assert bench.bodies() == []
    assert not bench.sqs.queues["dead.fifo"].messages


def test_a_message_may_be_redriven_again_within_five_minutes(bench: Bench) -> None:
    bench.send("poison")
    for _ in range(2):
        for _ in range(3):
            bench.release(bench.receive()[0])
        bench.receive()
        bench.sqs.redrive(FIFO)

    assert bench.bodies() == ["poison"]


def test_a_message_is_hidden_for_twelve_hours_at_most_from_its_receive(bench: Bench) -> None:
    bench.send("long")
    message = bench.receive()[0]
    bench.clock.advance(1_000)

    with pytest.raises(AwsError, match="beyond 43200"):
        bench.release(message, 43_200)

    bench.release(message, 43_199)


def test_the_age_of_a_standard_dead_letter_began_in_its_first_queue(bench: Bench) -> None:
    bench.do("SendMessage", STANDARD, MessageBody="old")
    for _ in range(3):
        bench.release(bench.receive(STANDARD)[0], queue=STANDARD)
    bench.clock.advance(345_600_000 - 1)
    bench.receive(STANDARD)
    kept = len(bench.sqs.queues["dead"].messages)
    bench.clock.advance(1)

    assert kept == 1
    assert bench.receive("dead") == []


def test_a_delay_hides_a_standard_message(bench: Bench) -> None:
    bench.do("SendMessage", STANDARD, MessageBody="later", DelaySeconds=5)

    early = bench.bodies(STANDARD)
    bench.clock.advance(5_000)

    assert early == []
    assert bench.bodies(STANDARD) == ["later"]


def test_a_standard_queue_may_give_messages_from_further_back(bench: Bench) -> None:
    for body in "abc":
        bench.do("SendMessage", STANDARD, MessageBody=body)

    bench.sqs.receive_start = 1

    assert bench.bodies(STANDARD) == ["b", "c", "a"]


def test_an_old_receipt_deletes_nothing(bench: Bench) -> None:
    bench.do("SendMessage", STANDARD, MessageBody="x")
    bench.send("y")
    old_standard, old_fifo = bench.receive(STANDARD)[0], bench.receive()[0]
    bench.clock.advance(60_000)
    bench.receive(STANDARD)

    bench.delete(old_standard, STANDARD)
    with pytest.raises(AwsError, match="expired"):
        bench.delete(old_fifo)

    assert len(bench.sqs.queues[STANDARD].messages) == 1
    assert len(bench.sqs.queues[FIFO].messages) == 1


def test_a_message_out_of_flight_has_no_visibility_to_change(bench: Bench) -> None:
    bench.do("SendMessage", STANDARD, MessageBody="x")
    message = bench.receive(STANDARD)[0]
    bench.delete(message, STANDARD)

    with pytest.raises(AwsError, match="MessageNotInflight"):
        bench.release(message, queue=STANDARD)


def test_attributes_count_what_waits_and_what_is_in_flight(bench: Bench) -> None:
    for body in "abc":
        bench.do("SendMessage", STANDARD, MessageBody=body)
    bench.do("SendMessage", STANDARD, MessageBody="d", DelaySeconds=5)
    bench.receive(STANDARD, limit=1)
    counted = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]

    answer = bench.do("GetQueueAttributes", STANDARD, AttributeNames=counted)

    assert [answer["Attributes"][name] for name in counted] == ["2", "1", "1"]
