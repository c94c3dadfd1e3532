"""Each kind of fault does what it says; some of the oldest are in `test_world`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.endpoint_servers import ADDRESS, FLIPPED
from tests.simulation.faults import KINDS, Plan, forced
from tests.simulation.shorthand import KEY, TABLE, expression, put
from tests.simulation.test_endpoint_servers import Scene as Receivers
from tests.simulation.world import World

HOUR_MS = 3_600_000
ADD: dict[str, Any] = {"TableName": TABLE, "Key": KEY, **expression(update="ADD n :v", v_v=1)}


class Workers:
    """A world whose workers say what they do: two calls for each message of a standard queue."""

    def __init__(self, plan: Plan = (), **options: Any) -> None:
        self.world = World(0, plan)
        self.said: list[str] = []
        self.starts = 0
        self._table = self.world.caller("dynamodb")
        self._queue = self.world.caller("sqs")
        self.host = self.world.add_host("work", "history", self._start, **options)

    def _start(self) -> Callable[[dict[str, Any], int], Any]:
        self.starts += 1
        return self._handle

    def _handle(self, event: dict[str, Any], now: int) -> Any:
        for record in event["Records"]:
            for turn in (1, 2):
                self._table.call("UpdateItem", ADD)
                self.said.append(f"{record['body']}{turn}")
        return {"batchItemFailures": []}

    def send(self, *bodies: str) -> None:
        url = self.world.sqs.url("history")
        for body in bodies:
            self.world.sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": body})

    def met(self, kind: str) -> int:
        return self.world.figures()[f"met {kind}"]


def test_every_kind_of_fault_is_told_of_in_a_test() -> None:
    here = Path(__file__).parent
    names = ("test_faults.py", "test_world.py", "test_stream_faults.py", "test_lateness.py")
    said = "".join((here / name).read_text() for name in names)

    assert [kind for kind in KINDS if f'"{kind}"' not in said] == []


def test_two_workers_take_turns() -> None:
    scene = Workers([(2, "switch", 0), (5, "switch", 0)], batch_size=1)
    scene.send("A", "B")

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "B1", "A2", "B2"]
    assert scene.met("switch") == 2
    assert scene.world.left() == {}


def test_without_a_fault_a_worker_goes_on_to_its_end() -> None:
    scene = Workers(batch_size=1)
    scene.send("A", "B")

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "A2", "B1", "B2"]


def test_a_switch_may_choose_which_worker_goes_on() -> None:
    orders = set()
    for choice in range(3):
        plan = [(1, "switch", 0), (3, "switch", 0), (6, "switch", choice), (7, "switch", choice)]
        scene = Workers(plan, batch_size=1)
        scene.send("A", "B", "C")
        scene.world.run(HOUR_MS)
        orders.add(tuple(scene.said))

    assert len(orders) > 1


def test_a_pause_is_time_for_others_to_work() -> None:
    scene = Workers([(2, "pause", 30)], batch_size=1)
    scene.send("A")
    scene.world.schedule(10_000, lambda: scene.send("B"))

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "B1", "B2", "A2"]
    assert scene.met("pause") == 1


def test_a_pause_without_others_only_passes_time() -> None:
    scene = Workers([(1, "pause", 30)])
    began = scene.world.clock()
    scene.send("A")

    scene.world.run(HOUR_MS)

    assert int(scene.world.steps.trace[-1].split()[1]) - began == 30_000 + 4 * 5


def test_a_timeout_kills_the_worker_when_its_time_is_up() -> None:
    scene = Workers([(2, "timeout", 0)], batch_size=1)
    began = scene.world.clock()
    scene.send("A")

    scene.world.run(29_000)
    before = scene.world.left()
    scene.world.run(HOUR_MS)

    assert before == {"history": 1, "at work": 1}
    assert scene.said == ["A1", "A1", "A2"]
    assert int(scene.world.steps.trace[-1].split()[1]) - began > 180_000
    assert scene.met("timeout") == 1


def test_a_transaction_in_progress_has_gone_through() -> None:
    world = World(plan=[(0, "in_progress", 0)])
    members = {"TransactItems": [{"Update": ADD}]}

    with pytest.raises(AwsError) as failed:
        world.caller("dynamodb").call("TransactWriteItems", members)

    assert failed.value.code == "TransactionInProgressException"
    assert failed.value.retryable
    assert next(world.dynamodb.items())["n"] == {"N": "1"}


def test_a_batch_is_done_in_part() -> None:
    world = World(plan=[(0, "partial", 1)])
    url = world.sqs.url("history")
    entries = [{"Id": f"{number}", "MessageBody": "x"} for number in range(3)]

    answer = world.caller("sqs").call("SendMessageBatch", {"QueueUrl": url, "Entries": entries})

    assert [len(answer[part]) for part in ("Successful", "Failed")] == [1, 2]
    assert world.figures()["met partial"] == 1


def test_keys_that_were_not_read_are_named() -> None:
    world = World(plan=[(0, "partial", 1)])
    put(world.dynamodb, "a")
    put(world.dynamodb, "b")
    keys = [{"pk": KEY["pk"], "sk": {"S": sk}} for sk in ("a", "b")]

    answer = world.caller("dynamodb").call(
        "BatchGetItem", {"RequestItems": {TABLE: {"Keys": keys}}}
    )

    assert len(answer["UnprocessedKeys"][TABLE]["Keys"]) == 1


def test_a_fault_waits_for_a_step_at_which_it_means_something() -> None:
    scene = Workers([(1, "reorder", 1)], batch_size=1)
    scene.send("A", "B", "C")

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "A2", "C1", "C2", "B1", "B2"]
    assert scene.met("reorder") == 1


def test_a_pick_takes_another_source_than_the_one_whose_turn_it_is() -> None:
    def first(plan: Plan) -> str:
        world, said = World(plan=plan), list[str]()
        for queue in ("history", "calls"):
            world.add_host(queue, queue, lambda queue=queue: lambda event, now: said.append(queue))  # type: ignore[misc]
            url = world.sqs.url(queue)
            world.sqs.call("SendMessage", {"QueueUrl": url, "MessageBody": "x"})
        world.run(HOUR_MS)
        return said[0]

    assert [first([]), first([(0, "pick", 1)])] == ["history", "calls"]


@pytest.mark.parametrize("nonsense", range(4))
def test_after_a_garbled_answer_the_whole_batch_comes_again(nonsense: int) -> None:
    scene = Workers([(0, "garbled", nonsense)])
    scene.send("A", "B")

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "A2", "B1", "B2"] * 2
    assert scene.met("garbled") == 1


def test_a_message_that_is_blamed_comes_again_alone() -> None:
    scene = Workers([(0, "blamed", 1)])
    scene.send("A", "B")

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "A2", "B1", "B2", "B1", "B2"]


def test_a_clock_that_jumped_is_right_again_when_all_is_calm() -> None:
    world = World(plan=[(0, "clock_jump", 30), (1, "clock_jump", 31)])
    table, found = world.caller("dynamodb"), list[int]()
    for _ in range(2):
        table.call("UpdateItem", ADD)
        found.append(world.product_clock() - world.clock())

    world.drain(1)

    assert found == [30_000, -31_000]
    assert world.product_clock() == world.clock()


@pytest.mark.parametrize("flip", range(len(FLIPPED)))
def test_a_name_that_resolves_to_an_address_inside_is_not_dialled(flip: int) -> None:
    scene = Receivers("ok", plan=[(0, "dns_flip", flip)])

    told = scene.post("ok")
    scene.world.caller("dynamodb").call("UpdateItem", ADD)
    again = scene.post("ok")

    assert (told.status, again.status) == (0, 204)
    assert told.fault
    assert len(scene.servers[0].requests) == 1
    assert scene.world.steps.violation is None


def test_whoever_dials_an_address_inside_breaks_a_law() -> None:
    scene = Receivers("ok")
    scene.post("ok")

    scene.uplink._connect("169.254.169.254", 443, 1.0)

    assert "169.254.169.254 was dialled" in str(scene.world.steps.violation)
    assert ADDRESS not in FLIPPED[0]


def test_a_new_release_starts_cold_and_is_known_to_be_new() -> None:
    scene = Workers([(3, "redeploy", 0)])
    scene.send("A")
    scene.world.run(HOUR_MS)
    scene.send("B")
    scene.world.run(HOUR_MS)

    assert scene.starts == 2
    assert scene.world.disturbances.releases == 1


def test_a_person_acts_in_the_middle_of_a_call() -> None:
    scene = Workers([(2, "deed", 1)])
    scene.world.deeds |= {
        "a first": lambda: scene.said.append("first"),
        "b second": lambda: scene.said.append("second"),
    }
    scene.send("A")

    scene.world.run(HOUR_MS)

    assert scene.said == ["A1", "second", "A2"]
    assert scene.world.figures()["met deed: b second"] == 1


def test_what_was_met_is_counted_apart_from_what_was_planned() -> None:
    scene = Workers([(0, "resent", 0), (400, "crash_before", 0), (401, "zombie", 0)])
    scene.send("A")
    scene.world.run(HOUR_MS)

    figures = scene.world.figures()

    assert (figures["planned crash_before"], figures["met crash_before"]) == (1, 0)
    assert figures["met resent"] == 1
    assert figures["calls of dynamodb"] == len(scene.said)


def test_a_forced_plan_stands_for_that_of_every_world_that_has_one() -> None:
    plan = [(3, "throttle", 1)]
    with forced(plan):
        disturbed, calm = World(plan=[(1, "crash_before", 0)]), World()

    assert disturbed.plan == tuple(plan)
    assert calm.plan == ()
