"""The faults of lateness: a message that takes its time, an index that follows the table later."""

from __future__ import annotations

from typing import Any

from tests.simulation.schedules import LAGS_S, random_schedule
from tests.simulation.shorthand import KEY, TABLE, put
from tests.simulation.world import World


def test_a_message_that_is_delayed_becomes_visible_later() -> None:
    world = World(plan=[(0, "delay", 3), (1, "delay", 3)])
    queues, began = world.caller("sqs"), world.clock()
    url = world.sqs.url("events.fifo")
    sent = {"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g"}

    for _ in range(2):
        queues.call("SendMessage", {**sent, "MessageDeduplicationId": "same"})

    (message,) = world.sqs.queues["events.fifo"].messages.values()
    assert message.visible_at_ms == began + 5 + 30_000
    assert world.figures()["met delay"] == 1, "the second one was swallowed"


def test_a_query_that_sees_the_past_is_counted_where_the_past_was_another() -> None:
    world = World(plan=[(step, "stale", 60) for step in range(3)])
    query: dict[str, Any] = {"TableName": TABLE, "KeyConditionExpression": "pk = :pk"}
    query["ExpressionAttributeValues"] = {":pk": KEY["pk"]}
    table = world.caller("dynamodb")
    world.clock.advance(120_000)
    put(world.dynamodb, "a")

    stale = table.call("Query", query)
    consistent = table.call("Query", {**query, "ConsistentRead": True})
    world.clock.advance(120_000)
    late = table.call("Query", query)

    assert [each["Count"] for each in (stale, consistent, late)] == [0, 1, 1]
    assert world.figures()["met stale"] == 1


def test_in_some_schedules_the_indexes_are_late_all_the_run_long() -> None:
    plans = [random_schedule(seed).plan for seed in range(60)]

    late = [[each for each in plan if each[1] == "stale"] for plan in plans]
    lasting = [faults for faults in late if len(faults) >= 16]
    assert lasting
    assert all({seconds for _, _, seconds in faults} & set(LAGS_S) for faults in lasting)
