"""What a read sees: the table now, or as it was a moment ago for reads that may be stale.

Eventually consistent reads, and every read of an index, may see the past. The past is the present
with the newest writes undone, so it costs only the reads that look at it.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from tests.simulation.dynamodb.schema import Index, Key
from tests.simulation.dynamodb.table import Partitions, Row, SortKey, Table


class View:
    """Rows and ordered keys at one instant."""

    def __init__(self, table: Table, as_of_ms: int | None = None) -> None:
        self._table = table
        self._past: dict[Key, Row | None] = {}
        if as_of_ms is None:
            return
        for write in reversed(table.writes):
            if write.at_ms <= as_of_ms:
                break
            self._past[write.key] = write.old

    @property
    def past(self) -> Iterable[Key]:
        """The keys that were written since, as this view sees it."""
        return self._past

    def row(self, key: Key) -> Row | None:
        """Return a row as this view sees it."""
        if key in self._past:
            return self._past[key]
        return self._table.rows.get(key)

    def sort_keys(self, index: Index | None, partition: str) -> list[SortKey]:
        """Return a partition's keys in order. Not to be changed by the caller."""
        partitions: Partitions = self._table.indexes[index.name] if index else self._table.base
        current = partitions.of(partition)
        if not self._past:
            return current
        keys = [key for key in current if self.table_key(index, partition, key) not in self._past]
        for key, row in self._past.items():
            place = self._place(index, key, row)
            if place is not None and place[0] == partition:
                insort(keys, place[1])
        return keys

    def _place(self, index: Index | None, key: Key, row: Row | None) -> tuple[str, SortKey] | None:
        if row is None:
            return None
        if index is None:
            return key[0], (key[1],)
        index_key = self._table.schema.index_key(index, row.item)
        return None if index_key is None else (index_key[0], (index_key[1], *key))

    @staticmethod
    def table_key(index: Index | None, partition: str, key: SortKey) -> Key:
        """Return the table's key of an entry of a partition."""
        return (key[1], key[2]) if index else (partition, key[0])
