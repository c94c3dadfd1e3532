"""What calls cost: capacity units by DynamoDB's rules, and counts of calls, for budgets in tests.

A transaction doubles the table's units, never an index's. An index is charged for the change of
what it holds, so a write that leaves its keys alone costs it nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


def write_units(size: int) -> float:
    """Return the units of writing `size` bytes: one for each started KB, at least one."""
    return float(max(1, -(-size // WRITE_UNIT_BYTES)))


def read_units(size: int, *, consistent: bool) -> float:
    """Return the units of reading `size` bytes: one a started 4 KB, half if not consistent."""
    return max(1, -(-size // READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)


@dataclass(slots=True)
class Cost:
    """What one request consumed: units of the table and of each index."""

    read: float = 0.0
    write: float = 0.0
    index_read: dict[str, float] = field(default_factory=dict)
    index_write: dict[str, float] = field(default_factory=dict)

    @property
    def reads(self) -> float:
        return self.read + sum(self.index_read.values())

    @property
    def writes(self) -> float:
        return self.write + sum(self.index_write.values())

    def add_index_writes(self, units: dict[str, float]) -> None:
        """Add what a write cost the indexes."""
        for name, amount in units.items():
            self.index_write[name] = self.index_write.get(name, 0.0) + amount

    def answer(self, table: str, mode: str) -> dict[str, Any]:
        """Return `ConsumedCapacity` as an answer carries it; `mode` is TOTAL or INDEXES."""
        total: dict[str, Any] = {"TableName": table, "CapacityUnits": self.reads + self.writes}
        if mode == "INDEXES":
            total["Table"] = {"CapacityUnits": self.read + self.write}
            units = {**self.index_read, **self.index_write}
            if units:
                total["GlobalSecondaryIndexes"] = {
                    name: {"CapacityUnits": amount} for name, amount in units.items()
                }
        return total


@dataclass(slots=True)
class Usage:
    """What has been consumed so far, over all calls."""

    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0

    def charge(self, cost: Cost) -> None:
        """Add one request's cost."""
        self.read_units += cost.reads
        self.write_units += cost.writes

    @property
    def call_count(self) -> int:
        return sum(self.calls.values())

    def reset(self) -> None:
        """Forget what was counted, to measure from here on."""
        self.calls.clear()
        self.read_units = self.write_units = 0.0
