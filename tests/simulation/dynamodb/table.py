"""The table's data: rows, ordered partitions, indexes, and the stream of changes.

Rows are never changed in place, so images in the stream and reads of the past share them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.capacity import write_units
from tests.simulation.dynamodb.schema import Index, Key, Schema
from tests.simulation.dynamodb.values import ITEM_BYTES_MAX, Item, item_bytes

# Within a partition: the sort key, and for an index the table's key, which settles equal sort keys.
SortKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    item: Item
    size: int


@dataclass(frozen=True, slots=True)
class Write:
    """One change as the stream keeps it."""

    at_ms: int
    key: Key
    old: Row | None
    new: Row | None


class Partitions:
    """Sorted keys by partition, of the table or of an index."""

    def __init__(self) -> None:
        self._keys: dict[str, list[SortKey]] = {}

    def of(self, partition: str) -> list[SortKey]:
        """Return a partition's keys in order: the live list, not to be changed."""
        return self._keys.get(partition, [])

    def add(self, partition: str, key: SortKey) -> None:
        insort(self._keys.setdefault(partition, []), key)

    def discard(self, partition: str, key: SortKey) -> None:
        keys = self._keys[partition]
        del keys[bisect_left(keys, key)]
        if not keys:
            del self._keys[partition]


class Table:
    """The rows of one table, its indexes and the log of its writes."""

    def __init__(self, schema: Schema, clock: Callable[[], int]) -> None:
        self.schema = schema
        self.rows: dict[Key, Row] = {}
        self.base = Partitions()
        self.indexes = {index.name: Partitions() for index in schema.indexes}
        self.writes: list[Write] = []
        self._clock = clock

    def row_for(self, item: Item, problem: str = "Item size has exceeded the maximum") -> Row:
        """Return the row an item would be; raise AwsError where the table could not hold it."""
        self.schema.check_indexed(item)
        size = item_bytes(item)
        if size > ITEM_BYTES_MAX:
            raise invalid(f"{problem} allowed size")
        return Row(item, size)

    def replace(self, key: Key, new: Row | None) -> dict[str, float]:
        """Put or remove a row and return the units each index was charged for it."""
        old = self.rows.get(key)
        if new is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = new
        if old is None and new is not None:
            self.base.add(key[0], (key[1],))
        elif old is not None and new is None:
            self.base.discard(key[0], (key[1],))
        # A write that changes nothing leaves no stream record.
        if (old and old.item) != (new and new.item):
            self.writes.append(Write(self._clock(), key, old, new))
        charged = {}
        for index in self.schema.indexes:
            units = self._replace_in(index, key, old, new)
            if units:
                charged[index.name] = units
        return charged

    def _replace_in(self, index: Index, key: Key, old: Row | None, new: Row | None) -> float:
        before = self.schema.index_key(index, old.item if old else None)
        after = self.schema.index_key(index, new.item if new else None)
        if before == after:
            return 0.0
        units = 0.0
        partitions = self.indexes[index.name]
        if before is not None and old is not None:
            partitions.discard(before[0], (before[1], *key))
            units += write_units(item_bytes(self.index_entry(index, old.item)))
        if after is not None and new is not None:
            partitions.add(after[0], (after[1], *key))
            units += write_units(item_bytes(self.index_entry(index, new.item)))
        return units

    def index_entry(self, index: Index, item: Item) -> Item:
        """Return what a KEYS_ONLY index keeps of an item."""
        names = (*self.schema.key_names, index.hash_key, index.range_key)
        return {name: item[name] for name in names}

    def stream_record(self, position: int) -> dict[str, Any]:
        """Return a write as a DynamoDB stream event's record."""
        write = self.writes[position]
        names = ("REMOVE", "INSERT", "MODIFY")
        schema = self.schema
        body: dict[str, Any] = {
            "ApproximateCreationDateTime": write.at_ms // 1000,
            "Keys": {
                schema.hash_key: {"S": write.key[0]},
                schema.range_key: {"S": write.key[1]},
            },
            "SequenceNumber": f"{position + 1:021d}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if write.old:
            body["OldImage"] = write.old.item
        if write.new:
            body["NewImage"] = write.new.item
        return {
            "eventID": f"{position + 1:032x}",
            "eventName": names[0 if write.new is None else 2 if write.old else 1],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "dynamodb": body,
        }
