"""ProjectionExpression: which parts of an item an answer carries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tests.simulation.dynamodb.parser import Names, read_path
from tests.simulation.dynamodb.paths import lookup, overlapping
from tests.simulation.dynamodb.syntax import Cursor, Parsed, Path
from tests.simulation.dynamodb.values import Item, Value, copy_value


@lru_cache(maxsize=1024)
def parse_projection(text: str, names: Names) -> Parsed[tuple[Path, ...]]:
    """Return the paths of a ProjectionExpression; raise AwsError where two overlap."""
    cursor = Cursor("ProjectionExpression", text, dict(names))
    paths = [read_path(cursor)]
    while cursor.take(","):
        paths.append(read_path(cursor))
    pair = overlapping(paths)
    if pair:
        cursor.refuse(
            "Two document paths overlap with each other; must remove or rewrite one of these "
            f"paths; path one: {list(pair[0])}, path two: {list(pair[1])}"
        )
    return cursor.finish(tuple(paths))


def project(item: Item, paths: Sequence[Path]) -> Item:
    """Return a copy of only the given paths; list elements keep their order and close ranks."""
    tree: dict[str | int, Any] = {}
    for path in paths:
        if lookup(item, path) is None:
            continue
        node = tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
        node[path[-1]] = None
    return {str(name): _pick(item[str(name)], branch) for name, branch in tree.items()}


def _pick(value: Value, branch: dict[str | int, Any] | None) -> Value:
    if branch is None:
        return copy_value(value)
    if "M" in value:
        return {"M": {str(step): _pick(value["M"][step], branch[step]) for step in branch}}
    return {"L": [_pick(value["L"][int(step)], branch[step]) for step in sorted(branch, key=int)]}
