"""`paysignal redrive stream` in a simulated world: what a mapping gave up on is handed over anew.

The command is the product's own; what stands in for boto3's clients reads the world's stream and
invokes the function as the world does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from infra.cli import stream_failures
from tests.simulation.function import Handle
from tests.simulation.stream import Stream
from tests.simulation.world import World

_DESTINATION = "stream-dead"


def redrive_stream(world: World, stream: Stream, start: Callable[[], Handle]) -> int:
    """Hand over what was given up on to a function that `start` starts; return how many notes."""
    queue = world.sqs.queues[_DESTINATION]
    notes = list(queue.messages.values())
    aws: Any = SimpleNamespace(dynamodbstreams=_Reader(stream), lambda_=_Invoker(world, start))
    for note in notes:
        stream_failures.redrive(stream_failures.Failure.read(note.body), aws, lambda _: None)
        queue.remove(note)
    return len(notes)


class _Reader:
    """Stands where boto3's client of streams does: one page from a place on."""

    def __init__(self, stream: Stream) -> None:
        self._shards = {shard.name: shard for shard in stream.shards}

    def get_shard_iterator(self, **asked: str) -> dict[str, str]:
        return {"ShardIterator": f"{asked['ShardId']}/{asked['SequenceNumber']}"}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        shard, first = ShardIterator.split("/")
        return {"Records": self._shards[shard].between(first.zfill(21), "~")}


class _Invoker:
    """Stands where boto3's Lambda client does."""

    def __init__(self, world: World, start: Callable[[], Handle]) -> None:
        self._world = world
        self._start = start

    def invoke(self, *, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        event = json.loads(Payload)
        answer = self._world.request(self._start(), event, self._world.clock())
        return {"Payload": SimpleNamespace(read=lambda: json.dumps(answer).encode())}
