"""The stream's event source: order, filter, what is read again, and what is given up on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from infra.cli.stream_failures import Failure
from tests.simulation.faults import Plan
from tests.simulation.shorthand import put
from tests.simulation.stream import Stream, sequence_of
from tests.simulation.stream_host import StreamHost, StreamMapping
from tests.simulation.world import World

HOUR_MS = 3_600_000
Answer = Callable[[list[str]], Any]


class Scene:
    """A world with one shard, a function on it, what that was given, and how it answers."""

    def __init__(self, answer: Answer, plan: Plan = (), **mapping: Any) -> None:
        self.world = World(0, plan)
        self.batches: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self._answer = answer
        world = self.world
        self.stream = Stream(world.dynamodb, 1)
        self.host = StreamHost(
            "fire 0",
            self.stream,
            self.stream.shards[0],
            lambda: self.handle,
            world.steps,
            world.clock,
            world.sqs,
            StreamMapping(**mapping),
        )
        world.hosts.append(self.host)

    def handle(self, event: dict[str, Any], now: int) -> Any:
        assert now == self.world.clock()
        self.events.append(event)
        batch = [each["dynamodb"]["Keys"]["sk"]["S"] for each in event["Records"]]
        self.batches.append(batch)
        return self._answer([sequence_of(each) for each in event["Records"]])

    def write(self, *places: str) -> None:
        for place in places:
            put(self.world.dynamodb, place, n=len(self.world.dynamodb.stream_records()))

    def notes(self) -> list[dict[str, Any]]:
        queue = self.world.sqs.queues["stream-dead"]
        return [json.loads(message.body) for message in queue.messages.values()]


def well(_: list[str]) -> None:
    """Answer that all went well."""


def test_records_come_in_order_with_both_images_and_nothing_else_does() -> None:
    scene = Scene(well)
    scene.write("AT#1", "HEAD", "AT#2", "AT#1")

    scene.world.drain(HOUR_MS)

    assert scene.batches == [["AT#1", "AT#2", "AT#1"]]
    first, _, last = scene.events[0]["Records"]
    assert "OldImage" not in first["dynamodb"]
    assert last["dynamodb"]["OldImage"]["n"] == {"N": "0"}
    assert last["dynamodb"]["NewImage"]["n"] == {"N": "3"}
    assert scene.world.left() == {}


def test_a_batch_is_no_larger_than_the_mapping_says() -> None:
    scene = Scene(well, batch_size=2)
    scene.write("AT#1", "AT#2", "AT#3")

    scene.world.drain(HOUR_MS)

    assert scene.batches == [["AT#1", "AT#2"], ["AT#3"]]


def test_what_failed_is_read_again_from_its_lowest_record() -> None:
    answers = iter([1])

    def second_once(sequences: list[str]) -> Any:
        place = next(answers, None)
        failed = [] if place is None else [{"itemIdentifier": sequences[place]}]
        return {"batchItemFailures": failed}

    scene = Scene(second_once)
    scene.write("AT#1", "AT#2", "AT#3")

    scene.world.drain(HOUR_MS)

    assert scene.batches == [["AT#1", "AT#2", "AT#3"], ["AT#2", "AT#3"]]


def test_a_batch_that_fails_as_a_whole_is_cut_in_two() -> None:
    def raising(sequences: list[str]) -> None:
        if len(sequences) > 1:
            raise ValueError(sequences)

    scene = Scene(raising)
    scene.write("AT#1", "AT#2", "AT#3")

    scene.world.drain(HOUR_MS)

    assert scene.batches[1:] == [["AT#1"], ["AT#2", "AT#3"], ["AT#2"], ["AT#3"]]
    assert scene.notes() == []


def test_what_fails_too_often_is_given_up_with_a_note_that_a_redrive_can_read() -> None:
    def first_fails(sequences: list[str]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": sequences[0]}]}

    scene = Scene(first_fails, retries=2)
    scene.write("AT#1", "AT#2")

    scene.world.drain(HOUR_MS)

    assert len(scene.batches) == 3
    (note,) = scene.notes()
    failure = Failure.read(json.dumps(note))
    records = scene.stream.shards[0].between(note["DDBStreamBatchInfo"]["startSequenceNumber"], "~")
    assert (failure.size, failure.function_name) == (2, "fire")
    assert [each["dynamodb"]["Keys"]["sk"]["S"] for each in records] == ["AT#1", "AT#2"]
    assert scene.host.given_up == 2


def test_what_is_too_old_is_given_up_unseen() -> None:
    scene = Scene(well, age_max_ms=1_000)
    scene.write("AT#1")
    scene.world.clock.advance(5_000)

    scene.world.drain(HOUR_MS)

    assert scene.batches == []
    assert [note["requestContext"]["condition"] for note in scene.notes()] == ["RecordAgeExceeded"]


def test_a_lost_place_brings_the_batch_again() -> None:
    scene = Scene(well, [(0, "duplicate", 0)])
    scene.write("AT#1")

    scene.world.run(HOUR_MS)

    assert scene.batches == [["AT#1"], ["AT#1"]]


def test_a_worker_that_lost_its_shard_is_not_heard() -> None:
    scene = Scene(well)

    def slow(sequences: list[str]) -> Any:
        if len(scene.batches) > 1:
            return None
        scene.host.lapse()
        scene.host.invoke_once()
        return {"batchItemFailures": [{"itemIdentifier": sequences[0]}]}

    scene._answer = slow
    scene.write("AT#1")

    scene.world.drain(HOUR_MS)

    assert scene.batches == [["AT#1"], ["AT#1"]]


def test_all_changes_of_one_partition_lie_in_one_shard() -> None:
    world = World()
    for turn in range(20):
        put(world.dynamodb, f"AT#{turn}", f"p{turn % 5}")
    stream = Stream(world.dynamodb, 2)

    stream.refresh()

    held = [
        {each["dynamodb"]["Keys"]["pk"]["S"] for each in shard.records} for shard in stream.shards
    ]
    assert sum(len(shard.records) for shard in stream.shards) == 20
    assert not held[0] & held[1]
