"""`paysignal redrive stream` in a simulated world: what a mapping gave up on is handed over anew.

The command is the product's own; what stands in for boto3's clients reads the world's stream, which
keeps its records for a day, and invokes the function as the world does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from infra.cli import stream_failures
from infra.cli.stream_failures import KEPT_MS
from tests.simulation.function import Handle
from tests.simulation.stream import Stream, sequence_of
from tests.simulation.world import World

_DESTINATION = "stream-dead"


def redrive_stream(world: World, stream: Stream, start: Callable[[], Handle]) -> int:
    """Hand over what was given up on to a function that `start` starts; return how many notes.

    While faults rage a note whose function fails stays where it is. Raise AssertionError where one
    stays although nothing goes wrong any more: its records are gone. A mapping made anew begins
    with records that it is too late for, and notes them; they had been read before.
    """
    queue = world.sqs.queues[_DESTINATION]
    queue.expire()
    notes = list(queue.messages.values())
    reader = _Reader(stream, world.clock)
    aws: Any = SimpleNamespace(dynamodbstreams=reader, lambda_=_Invoker(world, start))
    for note in notes:
        try:
            stream_failures.redrive(stream_failures.Failure.read(note.body), aws, lambda _: None)
        except stream_failures.Unreadable as error:
            if world.steps.calm and not world.steps.took["mapping_recreated"]:
                raise AssertionError(str(error)) from error
            if world.steps.calm:
                queue.remove(note)
        else:
            queue.remove(note)
    done = sum(note.message_id not in queue.messages for note in notes)
    world.person.notes += done
    return done


class _Reader:
    """Stands where boto3's client of streams does: one page from a place on."""

    def __init__(self, stream: Stream, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._shards = {shard.name: shard for shard in stream.shards}

    def get_shard_iterator(self, **asked: str) -> dict[str, str]:
        shard = self._shards[asked["ShardId"]]
        first = asked["SequenceNumber"].zfill(21)
        place = list(map(sequence_of, shard.records)).index(first)
        if shard.written_ms[place] <= self._clock() - KEPT_MS:
            told: Any = {"Code": "TrimmedDataAccessException", "Message": "beyond the trim horizon"}
            raise ClientError({"Error": told}, "GetShardIterator")
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
        event, now = json.loads(Payload), self._world.clock()
        told: Any = {"errorType": "died"}
        failed = True
        try:
            answers = self._world.request(lambda: [self._start()(event, now)])
        except Exception as error:  # Lambda's own edge
            told = {"errorType": type(error).__name__}
        else:
            if answers is not None:
                (told,), failed = answers, False
        text = json.dumps(told).encode()
        return {
            "Payload": SimpleNamespace(read=lambda: text),
            **({"FunctionError": "Unhandled"} if failed else {}),
        }
