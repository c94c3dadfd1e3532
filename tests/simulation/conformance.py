"""Holds two DynamoDBs to the same answers: the fake against moto, or against the emulator.

Random but sensible operations on a handful of keys, so that they meet. Every draw comes from the
`Random` given, so a seed (or Hypothesis, which can shrink it) reproduces a run. What a backend
gets wrong is left out by naming the operations it is trusted for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.conformance_dialect import FULL, Dialect
from tests.simulation.conformance_operations import Draw
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.dynamodb.values import canonical

Call = Callable[[str, Mapping[str, Any]], dict[str, Any]]
Operation = tuple[str, dict[str, Any]]


class Disagreement(AssertionError):
    """Two backends answered one operation differently; the message shows the way there."""


def run_conformance(
    call_a: Call,
    call_b: Call,
    seed: int,
    steps: int,
    *,
    dialect: Dialect = FULL,
    schema: Schema | None = None,
) -> None:
    """Run `steps` operations drawn from `seed` on both; raise Disagreement at the first difference.

    Both must hold the table of `Schema.create_table()`. Keys and tokens carry the table's name and
    the seed, so runs do not meet.
    """
    table = schema or Schema()
    draw = Draw(Random(seed), f"{table.name}-{seed}", table, dialect)
    compare_steps(call_a, call_b, [draw.operation() for _ in range(steps)])


def compare_steps(call_a: Call, call_b: Call, operations: list[Operation]) -> None:
    """Run operations on both and raise Disagreement where outcomes differ."""
    for position, (name, payload) in enumerate(operations):
        left, right = outcome(call_a, name, payload), outcome(call_b, name, payload)
        if left != right:
            story = "\n".join(f"  {step}" for step in operations[: position + 1])
            raise Disagreement(f"after\n{story}\none says  {left}\nother says {right}")


def compare_walks(call_a: Call, call_b: Call, table: str) -> int:
    """Compare all items of two tables, page by page; return how many there are.

    A scan's order is the backend's own. Raise Disagreement where the items differ.
    """
    left, right = (walk(call, table) for call in (call_a, call_b))
    if left != right:
        apart = [each for each in (*left, *right) if (each in left) != (each in right)]
        raise Disagreement(f"one table has {len(left)} items, the other {len(right)}: {apart[:2]}")
    return len(left)


def walk(call: Call, table: str) -> list[str]:
    """Return all items of a table, each as text, in an order that every backend gives.

    Raise Disagreement where a backend tells otherwise by the product's own form of the request.
    """
    found = _walked(call, {"TableName": table, "ConsistentRead": True, "Limit": 100})
    if _walked(call, {"TableName": table}) != found:
        raise Disagreement("a table has other items page by page than whole")
    return found


def _walked(call: Call, request: dict[str, Any]) -> list[str]:
    found: list[str] = []
    while True:
        answer = call("Scan", request)
        found += [repr(_canonical_items(item)) for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return sorted(found)
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def outcome(call: Call, name: str, payload: Mapping[str, Any]) -> tuple[str, Any]:
    """Return what an operation came to, in a form two faithful backends must share.

    Errors count by their code and their cancellation reasons, not by their wording.
    """
    try:
        answer = call(name, payload)
    except AwsError as error:
        reasons = error.payload.get("CancellationReasons") or []
        return error.code, [
            (reason.get("Code") or "None", _canonical_items(reason.get("Item")))
            for reason in reasons
        ] + [_canonical_items(error.payload.get("Item"))]
    if "ReturnConsumedCapacity" not in payload:
        answer.pop("ConsumedCapacity", None)
    return "ok", _comparable(answer)


def _comparable(answer: dict[str, Any]) -> Any:
    """Return an answer with values in canonical form, and unordered parts ordered."""
    result: dict[str, Any] = {}
    for name, part in answer.items():
        if name == "Responses" and isinstance(part, dict):
            result[name] = {
                table: sorted((_canonical_items(item) for item in items), key=repr)
                for table, items in part.items()
            }
        elif name == "Responses":
            result[name] = [_canonical_items(response.get("Item")) for response in part]
        elif name == "Items":
            result[name] = [_canonical_items(item) for item in part]
        elif name in ("Item", "Attributes", "LastEvaluatedKey"):
            result[name] = _canonical_items(part)
        elif part and name != "ResponseMetadata":
            result[name] = part
    return result


def _canonical_items(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return dict(sorted((name, canonical(value)) for name, value in item.items()))
