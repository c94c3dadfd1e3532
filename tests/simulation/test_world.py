"""The world: faults at their steps, other invocations inside a call, liveness, and determinism."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings

from shared.adapters.aws import AwsError
from tests.simulation.faults import KINDS, Crashed, Plan, exhaustive, plans, random_plan
from tests.simulation.shorthand import KEY, TABLE, expression
from tests.simulation.world import NotDrained, World

HOUR_MS = 3_600_000
ADD: dict[str, Any] = {"TableName": TABLE, "Key": KEY, **expression(update="ADD n :v", v_v=1)}


class Counting:
    """A worker that counts each message: once by a marker, or, if naive, once per delivery."""

    def __init__(
        self, plan: Plan = (), *, seed: int = 0, naive: bool = False, batch_size: int = 10
    ) -> None:
        self.world = World(seed, plan)
        self.counted: list[str] = []
        self._naive = naive
        self._table = self.world.caller("dynamodb")
        self.builds = 0
        self.host = self.world.add_host("count", "events.fifo", self.build, batch_size=batch_size)

    def build(self) -> Callable[[dict[str, Any], int], Any]:
        self.builds += 1
        return self.handle

    def handle(self, event: dict[str, Any], now: int) -> Any:
        failures: list[dict[str, str]] = []
        for record in event["Records"]:
            try:
                self.count(record["body"])
                self.counted.append(record["body"])
            except AwsError:
                failures.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failures}

    def count(self, body: str) -> None:
        if self._naive:
            self._table.call("UpdateItem", ADD)
            return
        marker = {"pk": {"S": f"seen {body}"}, "sk": {"S": "marker"}}
        once = expression(condition="attribute_not_exists(pk)")
        members = [{"Put": {"TableName": TABLE, "Item": marker, **once}}, {"Update": ADD}]
        try:
            self._table.call("TransactWriteItems", {"TransactItems": members})
        except AwsError as error:
            if error.cancellation_codes != ["ConditionalCheckFailed", "None"]:
                raise

    def send(self, count: int) -> None:
        for number in range(count):
            self.world.sqs.call(
                "SendMessage",
                {
                    "QueueUrl": self.world.sqs.url("events.fifo"),
                    "MessageBody": f"{number}",
                    "MessageGroupId": f"g{number % 2}",
                    "MessageDeduplicationId": f"{number}",
                },
            )

    def finish(self, count: int = 4) -> int:
        """Send, run under faults, drain, and return what was counted."""
        self.send(count)
        self.world.run(HOUR_MS)
        self.world.drain(HOUR_MS)
        found = self.world.dynamodb.call("GetItem", {"TableName": TABLE, "Key": KEY})
        return int(found["Item"]["n"]["N"])


def test_a_plain_run_counts_each_message_once() -> None:
    assert Counting(naive=True).finish() == 4


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_marker_in_the_transaction_holds_against_every_single_fault(kind: str) -> None:
    for plan in exhaustive(8, [kind]):
        scene = Counting(plan)

        assert scene.finish() == 4, plan
        assert scene.host.errors == []


@pytest.mark.parametrize("kind", ["crash_after", "lost_reply", "resent", "duplicate", "zombie"])
def test_a_bare_counter_is_found_out_by_every_fault_that_repeats(kind: str) -> None:
    counted = {Counting(plan, naive=True).finish() for plan in exhaustive(8, [kind])}

    assert max(counted) > 4


@settings(max_examples=60, deadline=None)
@given(plan=plans(steps=20))
def test_no_plan_breaks_the_marker(plan: Plan) -> None:
    assert Counting(plan).finish() == 4


def test_faults_in_numbers_do_not_break_the_marker_either() -> None:
    for seed in range(60):
        assert Counting(random_plan(seed, steps=20), seed=seed).finish() == 4, seed


def test_the_same_plan_gives_the_same_trace() -> None:
    def run(seed: int) -> tuple[str, list[str]]:
        scene = Counting(random_plan(seed, steps=20))
        scene.finish()
        return scene.world.trace_hash(), scene.world.steps.trace

    hashes = set()
    for seed in range(30):
        first, second = run(seed), run(seed)
        assert first == second
        hashes.add(first[0])
    assert len(hashes) > 15


def test_a_crash_passes_through_the_products_own_handling_of_errors() -> None:
    world = World(plan=[(0, "crash_before", 0)])
    table = world.caller("dynamodb")

    def careless() -> str:
        try:
            table.call("UpdateItem", ADD)
        except Exception:
            return "caught"
        return "done"

    assert world.request(careless) is None
    assert world.request(careless) == "done"


def test_a_dead_worker_can_do_nothing_more() -> None:
    world = World(plan=[(0, "crash_after", 0)])
    table = world.caller("dynamodb")

    def cleaning_up() -> None:
        try:
            table.call("UpdateItem", ADD)
        finally:
            table.call("UpdateItem", ADD)

    assert world.request(cleaning_up) is None
    assert world.dynamodb.usage.calls == {"UpdateItem": 1}


def test_a_crash_outside_any_worker_reaches_the_test() -> None:
    world = World(plan=[(0, "crash_before", 0)])

    with pytest.raises(Crashed):
        world.caller("dynamodb").call("UpdateItem", ADD)


@pytest.mark.parametrize(
    ("fault", "code", "done"),
    [
        ((0, "throttle", 1), "ProvisionedThroughputExceededException", 0),
        ((0, "conflict", 0), "TransactionConflictException", 0),
        ((0, "lost_reply", 0), "InternalServerError", 1),
    ],
)
def test_a_failed_call_is_retryable_and_may_have_had_its_effect(
    fault: tuple[int, str, int], code: str, done: int
) -> None:
    world = World(plan=[fault])

    with pytest.raises(AwsError) as failed:
        world.caller("dynamodb").call("UpdateItem", ADD)

    assert failed.value.code == code
    assert failed.value.retryable
    assert len(list(world.dynamodb.items())) == done


def test_a_conflict_cancels_a_transaction_with_a_retryable_reason() -> None:
    world = World(plan=[(0, "conflict", 0)])

    with pytest.raises(AwsError) as failed:
        world.caller("dynamodb").call("TransactWriteItems", {"TransactItems": [{"Update": ADD}]})

    assert failed.value.cancellation_codes == ["TransactionConflict"]
    assert failed.value.retryable


def test_a_stale_read_of_an_index_misses_what_was_just_written() -> None:
    world = World(plan=[(1, "stale", 10)])
    table = world.caller("dynamodb")
    item = {**KEY, "gsi1pk": {"S": "c"}, "gsi1sk": {"S": "1"}}
    query = {
        "TableName": TABLE,
        "IndexName": "by_contact",
        "KeyConditionExpression": "gsi1pk = :c",
        "ExpressionAttributeValues": {":c": {"S": "c"}},
    }

    table.call("PutItem", {"TableName": TABLE, "Item": item})

    assert [table.call("Query", query)["Count"] for _ in range(2)] == [0, 1]


def test_another_invocation_runs_inside_a_call_in_an_environment_of_its_own() -> None:
    scene = Counting([(1, "interleave", 1)], batch_size=1)
    scene.send(2)

    scene.world.run(HOUR_MS)

    assert scene.counted == ["1", "0"]
    assert scene.builds == 2


def test_a_zombie_meets_the_worker_that_took_over() -> None:
    scene = Counting([(1, "zombie", 0)], naive=True)

    assert scene.finish(1) == 2
    assert scene.host.invocations == 2
    assert scene.builds == 2


def test_a_cold_start_builds_the_handler_anew() -> None:
    scene = Counting([(3, "cold_start", 0)])
    scene.send(1)
    scene.world.run(HOUR_MS)
    scene.world.schedule(600_000, lambda: scene.send(1))
    scene.world.run(HOUR_MS)

    assert scene.builds == 2


def test_scheduled_actions_happen_at_their_time_in_order() -> None:
    world = World()
    seen: list[int] = []
    for after_ms in (20, 10, 10):
        world.schedule(after_ms, partial(seen.append, after_ms))

    world.run(15)

    assert seen == [10, 10]
    assert world.left() == {"scheduled": 1}


def test_draining_tells_how_long_it_took() -> None:
    scene = Counting([(1, "crash_after", 0)])
    scene.send(1)
    scene.world.run(1_000)

    took_ms = scene.world.drain(HOUR_MS)

    assert 178_000 < took_ms < 181_000


def test_work_that_never_ends_is_not_drained() -> None:
    world = World()
    world.add_host("stuck", "history", lambda: lambda event, now: "no answer")
    url = world.sqs.url("history")
    world.sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": "x"})

    with pytest.raises(NotDrained, match="history"):
        world.drain(400_000)


def test_an_invariant_that_breaks_stops_the_world_and_is_raised() -> None:
    scene = Counting(naive=True)
    scene.send(4)

    def at_most_two() -> None:
        item = next(scene.world.dynamodb.items(), {"n": {"N": "0"}})
        assert int(item["n"]["N"]) <= 2, "counted too far"

    scene.world.watch(at_most_two)

    with pytest.raises(AssertionError, match="counted too far"):
        scene.world.run(HOUR_MS)
    assert scene.world.dynamodb.usage.calls["UpdateItem"] == 3


def test_a_plan_of_unknown_faults_is_refused() -> None:
    with pytest.raises(ValueError, match="no such fault"):
        World(plan=[(0, "earthquake", 1)])


def test_plans_are_drawn_from_all_kinds() -> None:
    drawn = {kind for seed in range(200) for _, kind, _ in random_plan(seed)}

    assert drawn == set(KINDS)
