"""Query: one partition of the table or of an index, in order, a page at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.bindings import Bindings
from tests.simulation.dynamodb.capacity import Cost, read_units
from tests.simulation.dynamodb.literals import leaves
from tests.simulation.dynamodb.paths import lookup
from tests.simulation.dynamodb.reads import shown
from tests.simulation.dynamodb.schema import Index
from tests.simulation.dynamodb.syntax import (
    AllOf,
    Attribute,
    Between,
    Call,
    Compare,
    Condition,
    Placeholder,
)
from tests.simulation.dynamodb.table import Row, SortKey, Table
from tests.simulation.dynamodb.values import Item, canonical_item, item_bytes, kind_of
from tests.simulation.dynamodb.view import View

PAGE_BYTES_MAX = 1024 * 1024
_KEY, _FILTER = "KeyConditionExpression", "FilterExpression"


@dataclass(frozen=True, slots=True)
class Range:
    """The partition and the part of it a key condition asks for."""

    partition: str
    operator: str = ""
    low: str = ""
    high: str = ""

    def slice(self, keys: Sequence[SortKey]) -> tuple[int, int]:
        """Return from where to where in a partition's ordered keys the range reaches."""
        first = _first
        if self.operator == "begins_with":
            length = len(self.low)
            return (
                bisect_left(keys, self.low, key=first),
                bisect_right(keys, self.low, key=lambda key: key[0][:length]),
            )
        start, end = 0, len(keys)
        if self.operator in ("=", ">=", "BETWEEN"):
            start = bisect_left(keys, self.low, key=first)
        elif self.operator == ">":
            start = bisect_right(keys, self.low, key=first)
        if self.operator in ("=", "<=", "BETWEEN"):
            end = bisect_right(keys, self.high, key=first)
        elif self.operator == "<":
            end = bisect_left(keys, self.high, key=first)
        return start, end


def _first(key: SortKey) -> str:
    return key[0]


def query(payload: Mapping[str, Any], table: Table, view: View) -> tuple[dict[str, Any], Cost]:
    """Perform Query on what the view sees."""
    index = table.schema.index(payload["IndexName"]) if "IndexName" in payload else None
    consistent = bool(payload.get("ConsistentRead"))
    if index and consistent:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    limit = payload.get("Limit")
    if limit is not None and limit < 1:
        raise invalid("Limit must be greater than or equal to 1")
    bindings = Bindings(payload)
    wanted = _range(bindings, table, index)
    rows, last = _page(payload, wanted, table, view, index)
    answer, size = _answer(payload, rows, bindings, table, index)
    if last is not None:
        answer["LastEvaluatedKey"] = last
    units = read_units(size, consistent=consistent)
    return answer, Cost(index_read={index.name: units}) if index else Cost(read=units)


def _page(
    payload: Mapping[str, Any], wanted: Range, table: Table, view: View, index: Index | None
) -> tuple[list[Row], Item | None]:
    """Return the rows of one page before any filter, and the key to go on from, if there is more.

    A page that ends because of Limit names its last key even where nothing follows.
    """
    keys = view.sort_keys(index, wanted.partition)
    start, end = wanted.slice(keys)
    forward = payload.get("ScanIndexForward", True)
    if "ExclusiveStartKey" in payload:
        place = _start_key(payload["ExclusiveStartKey"], wanted, table, index)
        start = max(start, bisect_right(keys, place)) if forward else start
        end = end if forward else min(end, bisect_left(keys, place))
    rows: list[Row] = []
    size = 0
    for position in range(start, end) if forward else range(end - 1, start - 1, -1):
        if len(rows) == payload.get("Limit", -1) or size > PAGE_BYTES_MAX:
            return rows, _last_key(rows[-1], table, index)
        row = view.row(View.table_key(index, wanted.partition, keys[position]))
        assert row is not None
        rows.append(Row(table.index_entry(index, row.item), 0) if index else row)
        size += item_bytes(rows[-1].item) if index else row.size
    full = len(rows) == payload.get("Limit", -1)
    return rows, _last_key(rows[-1], table, index) if full else None


def _last_key(row: Row, table: Table, index: Index | None) -> Item:
    names = list(table.schema.key_names)
    names += [index.hash_key, index.range_key] if index else []
    return {name: dict(row.item[name]) for name in names}


def _start_key(given: object, wanted: Range, table: Table, index: Index | None) -> SortKey:
    """Return where to go on from; raise AwsError for a key of another table, index or range."""
    item = canonical_item(given)
    names = {*table.schema.key_names}
    names |= {index.hash_key, index.range_key} if index else set()
    if set(item) != names or any(kind_of(item[name]) != "S" for name in names):
        raise invalid("The provided starting key is invalid")
    key = table.schema.item_key(item)
    place: SortKey = (item[index.range_key]["S"], *key) if index else (key[1],)
    partition = item[index.hash_key]["S"] if index else key[0]
    if partition != wanted.partition or wanted.slice([place]) != (0, 1):
        raise invalid(
            "The provided starting key is outside query boundaries based on provided conditions"
        )
    return place


def _answer(
    payload: Mapping[str, Any],
    rows: list[Row],
    bindings: Bindings,
    table: Table,
    index: Index | None,
) -> tuple[dict[str, Any], int]:
    """Return the page filtered and projected, and the size read for it, filtered out or not."""
    names = {index.hash_key, index.range_key} if index else {*table.schema.key_names}
    condition = bindings.condition(_FILTER)
    if condition:
        _refuse_keys(condition.parsed.tree, names)
    projection = bindings.projection()
    bindings.refuse_unused()
    if index and projection is not None:
        unknown = {str(path[0]) for path in projection} - names - {*table.schema.key_names}
        if unknown:
            raise invalid(
                f"One or more parameter values were invalid: Global secondary index {index.name} "
                f"does not project {sorted(unknown)}"
            )
    if index and payload.get("Select") == "ALL_ATTRIBUTES":
        raise invalid(
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
            f"supported for global secondary index {index.name} because its projection type is "
            "not ALL"
        )
    size = sum(item_bytes(row.item) if index else row.size for row in rows)
    kept = [row for row in rows if not condition or condition.test(row.item, bindings.values)]
    answer: dict[str, Any] = {"Count": len(kept), "ScannedCount": len(rows)}
    if payload.get("Select") != "COUNT":
        answer["Items"] = [shown(row, projection) for row in kept]
    return answer, size


def _refuse_keys(tree: Condition, names: set[str]) -> None:
    marked: Item = {name: {"S": ""} for name in names}
    for leaf in leaves(tree):
        for part in (getattr(leaf, slot) for slot in leaf.__slots__):
            path = part.path if isinstance(part, Attribute) else part
            if isinstance(path, tuple) and path and lookup(marked, path[:1]):
                raise invalid(
                    "Filter Expression can only contain non-primary key attributes: Primary key "
                    f"attribute: {path[0]}"
                )


def _range(bindings: Bindings, table: Table, index: Index | None) -> Range:
    """Return the partition and range a key condition asks for; raise AwsError for another form."""
    condition = bindings.condition(_KEY)
    assert condition is not None
    tree = condition.parsed.tree
    parts = _flat(tree)
    hash_key, range_key = (index.hash_key, index.range_key) if index else table.schema.key_names
    partition: str | None = None
    sort: tuple[str, str, str] = ("", "", "")
    for part in parts:
        name, symbol, operands = _key_part(part)
        texts = [_text(bindings, operand, name) for operand in operands]
        if name == hash_key and symbol == "=" and partition is None:
            partition = texts[0]
        elif name == range_key and sort[0] == "":
            sort = (symbol, texts[0], texts[-1])
        else:
            raise invalid("Query key condition not supported")
    if partition is None:
        raise invalid(f"Query condition missed key schema element: {hash_key}")
    return Range(partition, *sort)


def _flat(tree: Condition) -> list[Condition]:
    if not isinstance(tree, AllOf):
        return [tree]
    return [leaf for part in tree.conditions for leaf in _flat(part)]


def _key_part(part: Condition) -> tuple[str, str, tuple[object, ...]]:
    """Return the attribute, the operator and the operands of one part of a key condition."""
    if isinstance(part, Compare) and part.operator != "<>" and isinstance(part.left, Attribute):
        return str(part.left.path[0]), part.operator, (part.right,)
    if isinstance(part, Between) and isinstance(part.operand, Attribute):
        return str(part.operand.path[0]), "BETWEEN", (part.low, part.high)
    if isinstance(part, Call) and part.function == "begins_with":
        return str(part.path[0]), "begins_with", (part.argument,)
    raise _refused(type(part).__name__)


def _refused(what: str) -> AwsError:
    return invalid(f"Invalid operator used in {_KEY}: {what}")


def _text(bindings: Bindings, operand: object, name: str) -> str:
    if not isinstance(operand, Placeholder):
        raise _refused("a key is compared with a value only")
    value = bindings.values[operand.name]
    if kind_of(value) != "S":
        raise invalid(
            "One or more parameter values were invalid: Condition parameter type does not match "
            "schema type"
        )
    if not value["S"]:
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty string value. Key: {name}"
        )
    text: str = value["S"]
    return text
