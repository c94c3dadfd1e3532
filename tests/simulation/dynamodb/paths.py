"""Document paths inside an item: read, set and remove what `a.b[2]` in an expression means."""

from __future__ import annotations

from typing import Any

from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.syntax import Path
from tests.simulation.dynamodb.values import Item, Value

_NO_PARENT = "The document path provided in the update expression is invalid for update"


def lookup(item: Item, path: Path) -> Value | None:
    """Return the value at `path`, or None where the item has none. The value is the item's own."""
    value = item.get(path[0])  # type: ignore[arg-type]  # the first step is always a name
    for step in path[1:]:
        if value is None:
            return None
        value = _child(value, step)
    return value


def _child(value: Value, step: str | int) -> Value | None:
    if isinstance(step, str):
        children: dict[str, Value] = value.get("M", {})
        return children.get(step)
    elements: list[Value] = value.get("L", [])
    return elements[step] if step < len(elements) else None


def _parent(item: Item, path: Path) -> Any:
    """Return the dict or list that holds the path's last step; raise AwsError where none does."""
    if len(path) == 1:
        return item
    parent = lookup(item, path[:-1])
    body = (parent or {}).get("M" if isinstance(path[-1], str) else "L")
    if body is None:
        raise invalid(_NO_PARENT)
    return body


def put_at(item: Item, path: Path, value: Value) -> None:
    """Set the value at `path` in place; a list index past the end appends."""
    parent, step = _parent(item, path), path[-1]
    if isinstance(step, int) and step >= len(parent):
        parent.append(value)
    else:
        parent[step] = value


def remove_at(item: Item, path: Path) -> None:
    """Remove the value at `path` in place; what is not there is removed already."""
    parent, step = _parent(item, path), path[-1]
    if isinstance(step, str):
        parent.pop(step, None)
    elif step < len(parent):
        del parent[step]


def overlapping(paths: list[Path]) -> tuple[Path, Path] | None:
    """Return two paths of which one lies within the other, if there are such."""
    for position, first in enumerate(paths):
        for second in paths[position + 1 :]:
            shorter = min(len(first), len(second))
            if first[:shorter] == second[:shorter]:
                return first, second
    return None
