"""The table's stream as its readers find it: shards of records in order, kept for a day.

All changes of one partition lie in one shard, in the order in which they were made; between two
shards there is no order at all. A shard may be split: it is to be read to its end before its
children are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.sqs.message import ACCOUNT, REGION

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/paysignal/stream/2026-10-01T00:00:00.000"
Record = Mapping[str, Any]


class Shard:
    """Records of some partitions; positions count from the first one on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: list[Record] = []
        self.written_ms: list[int] = []
        # The two it was split into; from then on it takes in nothing more.
        self.children: tuple[Shard, ...] = ()

    def between(self, first: str, last: str) -> list[Record]:
        """Return the records of these sequence numbers and all between them."""
        return [each for each in self.records if first <= sequence_of(each) <= last]


class Stream:
    """The stream of one table, split into shards by the hash of the partition key."""

    def __init__(self, dynamodb: FakeDynamoDB, shards: int = 2) -> None:
        self._dynamodb = dynamodb
        self._seen = 0
        self._first = shards
        self.shards = [Shard(f"shardId-{number:020d}-00000000") for number in range(shards)]

    def refresh(self) -> None:
        """Take in what was written since."""
        fresh = self._dynamodb.stream_records(self._seen)
        for record in fresh:
            shard = self._shard_of(record["dynamodb"]["Keys"]["pk"]["S"])
            shard.records.append({**record, "eventSourceARN": ARN})
            shard.written_ms.append(self._dynamodb.written_ms(self._seen))
            self._seen += 1

    def split(self, shard: Shard) -> None:
        """Close a shard: what is written from now on lies in one of two new ones."""
        self.refresh()
        names = (f"{shard.name[:-8]}{len(self.shards) + child:08d}" for child in range(2))
        shard.children = tuple(Shard(name) for name in names)
        self.shards += shard.children

    def _shard_of(self, partition: str) -> Shard:
        digest = hashlib.sha256(partition.encode()).digest()
        shard, depth = self.shards[digest[0] % self._first], 1
        while shard.children:
            shard, depth = shard.children[digest[depth] % 2], depth + 1
        return shard


def sequence_of(record: Record) -> str:
    """Return a record's place in the stream."""
    return str(record["dynamodb"]["SequenceNumber"])


def sort_key_of(record: Record) -> str:
    """Return the sort key of what was written, by which mappings filter."""
    return str(record["dynamodb"]["Keys"]["sk"]["S"])
