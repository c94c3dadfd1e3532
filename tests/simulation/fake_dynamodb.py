"""An in-process DynamoDB of one table: the low-level JSON operations paysignal uses, no others.

For deterministic schedules and cost budgets, where an emulator is too slow and moto is not
faithful. It is trusted only as far as the conformance suite goes, so an unknown operation,
parameter or unused placeholder is refused. Not thread-safe: the simulation runs in one thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error
from tests.simulation.dynamodb.capacity import Cost, Usage
from tests.simulation.dynamodb.query import query
from tests.simulation.dynamodb.reads import batch_get_item, get_item, transact_get_items
from tests.simulation.dynamodb.requests import check_parameters
from tests.simulation.dynamodb.scan import scan
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.dynamodb.table import Table
from tests.simulation.dynamodb.transactions import Transactions
from tests.simulation.dynamodb.values import Item, copy_item
from tests.simulation.dynamodb.view import View
from tests.simulation.dynamodb.writes import write_item
from tests.simulation.virtual_clock import VirtualClock

Answer = tuple[dict[str, Any], Cost]


class FakeDynamoDB:
    """One table that answers `call` as DynamoDB would, and counts what the calls cost."""

    def __init__(
        self, schema: Schema | None = None, clock: Callable[[], int] | None = None
    ) -> None:
        self.schema = schema or Schema()
        self.usage = Usage()
        self._clock = clock or VirtualClock()
        self._table = Table(self.schema, self._clock)
        self._transactions = Transactions(self._table)
        # Faults of one call, set by the world just before it and reset by the call.
        self.read_lag_ms = 0
        self.batch_limit: int | None = None
        # How often such a fault changed something, by kind.
        self.met: Counter[str] = Counter()
        self._operations: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "GetItem": lambda payload: get_item(payload, self._table, self._view(payload)),
            "BatchGetItem": self._batch_get_item,
            "PutItem": lambda payload: self._write("Put", payload),
            "UpdateItem": lambda payload: self._write("Update", payload),
            "DeleteItem": lambda payload: self._write("Delete", payload),
            "Query": self._query,
            "Scan": lambda payload: scan(payload, self._table, self._view(payload)),
            "TransactWriteItems": lambda payload: self._transactions.write(payload, self._clock()),
            "TransactGetItems": lambda payload: transact_get_items(payload, self._table),
        }

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation and return its answer; raise AwsError as the client would."""
        perform = self._operations.get(operation)
        if perform is None:
            raise aws_error("UnknownOperationException", f"not faked: {operation}")
        self.usage.calls[operation] += 1
        try:
            check_parameters(operation, payload, self.schema.name)
            answer, cost = perform(payload)
        finally:
            self.read_lag_ms, self.batch_limit = 0, None
        self.usage.charge(cost)
        mode = payload.get("ReturnConsumedCapacity", "NONE")
        if mode != "NONE":
            consumed = cost.answer(self.schema.name, mode)
            many = operation.startswith(("Batch", "Transact"))
            answer["ConsumedCapacity"] = [consumed] if many else consumed
        return answer

    def _view(self, payload: Mapping[str, Any]) -> View:
        if not self.read_lag_ms or payload.get("ConsistentRead"):
            return View(self._table)
        return View(self._table, self._clock() - self.read_lag_ms)

    def _query(self, payload: Mapping[str, Any]) -> Answer:
        view = self._view(payload)
        answer, cost = query(payload, self._table, view)
        if view.past:
            now, _ = query(payload, self._table, View(self._table))
            self.met["stale"] += now != answer
        return answer, cost

    def _batch_get_item(self, payload: Mapping[str, Any]) -> Answer:
        return batch_get_item(payload, self._table, self._view({}), self.batch_limit)

    def _write(self, action: str, payload: Mapping[str, Any]) -> Answer:
        answer, cost = write_item(action, payload, self._table)
        if isinstance(answer, AwsError):
            # A refused condition is charged like the write it would have been.
            self.usage.charge(cost)
            raise answer
        return answer, cost

    def items(self) -> Iterator[Item]:
        """Yield copies of all items in key order: for oracles, never for the product."""
        for key in sorted(self._table.rows):
            yield copy_item(self._table.rows[key].item)

    def stream_records(self, start: int = 0) -> list[dict[str, Any]]:
        """Return the stream's records (new and old images) from position `start` on."""
        return [self._table.stream_record(at) for at in range(start, len(self._table.writes))]

    def written_ms(self, position: int) -> int:
        """Return when the stream's record at `position` was written: records tell seconds only."""
        return self._table.writes[position].at_ms

    def first_of(self, partition: str) -> str | None:
        """Return the lowest sort key of a partition: for the world's clock, not for the product."""
        keys = self._table.base.of(partition)
        return keys[0][0] if keys else None

    def expire(self, attribute: str = "expires_at") -> int:
        """Remove the items whose time to live is over, as DynamoDB does in its own time."""
        now_seconds = self._clock() // 1000
        over = [
            key
            for key, row in self._table.rows.items()
            if int(row.item.get(attribute, {}).get("N", now_seconds + 1)) <= now_seconds
        ]
        for key in over:
            self._table.replace(key, None)
        return len(over)
