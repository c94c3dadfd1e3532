"""The faults of the stream: shards that are split, a mapping that is made anew."""

from __future__ import annotations

from typing import Any

from tests.simulation.shorthand import TABLE
from tests.simulation.stream import Stream
from tests.simulation.stream_host import StreamHost
from tests.simulation.test_stream_host import Scene as Shard
from tests.simulation.test_stream_host import well
from tests.simulation.world import World

HOUR_MS = 3_600_000


def test_a_split_shard_is_read_to_its_end_before_its_children_are() -> None:
    scene = Shard(well, plan=[(0, "shard_split", 0)])
    scene.write("AT#1")
    scene.world.schedule(1_000, lambda: scene.write("AT#2"))
    scene.world.schedule(2_000, lambda: scene.write("AT#3"))

    scene.world.run(HOUR_MS)

    assert scene.batches == [["AT#1"], ["AT#2"], ["AT#3"]]
    assert scene.world.left() == {}
    assert len(scene.stream.shards) == 3
    assert len(scene.stream.shards[0].records) == 1


def test_both_readers_of_a_split_shard_read_its_children() -> None:
    scene, others = Shard(well, plan=[(0, "shard_split", 0)]), list[str]()

    def read(event: dict[str, Any], now: int) -> None:
        others.extend(each["dynamodb"]["Keys"]["sk"]["S"] for each in event["Records"])

    world, shard = scene.world, scene.stream.shards[0]
    second = StreamHost(
        "log 0", scene.stream, shard, lambda: read, world.steps, world.clock, world.sqs
    )
    world.hosts.append(second)
    scene.write("AT#1")
    world.schedule(1_000, lambda: scene.write("AT#2"))
    world.run(HOUR_MS)

    assert scene.batches == [["AT#1"], ["AT#2"]]
    assert others == ["AT#1", "AT#2"]


def test_what_one_partition_holds_stays_in_one_shard_through_splits() -> None:
    world = World()
    stream = Stream(world.dynamodb, 1)
    for _ in range(2):
        for shard in [each for each in stream.shards if not each.children]:
            stream.split(shard)
    for number in range(6):
        world.dynamodb.call(
            "PutItem",
            {"TableName": TABLE, "Item": {"pk": {"S": f"{number % 3}"}, "sk": {"S": f"{number}"}}},
        )
    stream.refresh()

    places = [[each["dynamodb"]["Keys"]["pk"]["S"] for each in s.records] for s in stream.shards]
    assert sum(map(len, places)) == 6
    for partition in "012":
        assert [each.count(partition) for each in places if partition in each] == [2]


def test_a_mapping_made_anew_reads_the_day_again_and_nothing_older() -> None:
    scene = Shard(well, plan=[(2, "mapping_recreated", 0)])
    scene.write("AT#older")
    scene.world.schedule(10 * HOUR_MS, lambda: scene.write("AT#old"))
    scene.world.schedule(28 * HOUR_MS, lambda: scene.write("AT#new"))

    scene.world.run(30 * HOUR_MS)

    assert scene.batches == [["AT#older"], ["AT#old"], ["AT#old", "AT#new"]]
