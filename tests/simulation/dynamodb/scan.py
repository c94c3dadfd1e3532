"""Scan: all items of the table, a page at a time, partition by partition in an order of no meaning.

Of the real one's parameters only those are known that the product's one walk sends: no filter, no
projection, no index, no segments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.capacity import Cost, read_units
from tests.simulation.dynamodb.query import PAGE_BYTES_MAX
from tests.simulation.dynamodb.reads import shown
from tests.simulation.dynamodb.schema import Key
from tests.simulation.dynamodb.table import Row, Table
from tests.simulation.dynamodb.values import canonical_item, kind_of
from tests.simulation.dynamodb.view import View


def scan(payload: Mapping[str, Any], table: Table, view: View) -> tuple[dict[str, Any], Cost]:
    """Perform Scan on what the view sees."""
    limit = payload.get("Limit")
    if limit is not None and limit < 1:
        raise invalid("Limit must be greater than or equal to 1")
    start = None
    if "ExclusiveStartKey" in payload:
        start = _place(_start_key(payload["ExclusiveStartKey"], table))
    rows: list[Row] = []
    size, last = 0, None
    for key in sorted({*table.rows, *view.past}, key=_place):
        row = view.row(key)
        if row is None or (start is not None and _place(key) <= start):
            continue
        if len(rows) == limit or size > PAGE_BYTES_MAX:
            last = rows[-1]
            break
        rows.append(row)
        size += row.size
    # A page that ends because of Limit names its last key even where nothing follows.
    if last is None and rows and len(rows) == limit:
        last = rows[-1]
    answer: dict[str, Any] = {
        "Count": len(rows),
        "ScannedCount": len(rows),
        "Items": [shown(row, None) for row in rows],
    }
    if last is not None:
        answer["LastEvaluatedKey"] = {n: dict(last.item[n]) for n in table.schema.key_names}
    consistent = bool(payload.get("ConsistentRead"))
    return answer, Cost(read=read_units(size, consistent=consistent))


def _place(key: Key) -> tuple[str, str, str]:
    """Return where a key comes in a scan: partitions by a hash, their items in order."""
    return hashlib.md5(key[0].encode(), usedforsecurity=False).hexdigest(), key[0], key[1]


def _start_key(given: object, table: Table) -> Key:
    item = canonical_item(given)
    if set(item) != {*table.schema.key_names} or any(kind_of(e) != "S" for e in item.values()):
        raise invalid("The provided starting key is invalid")
    return table.schema.item_key(item)
