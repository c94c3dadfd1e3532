"""Segments as they are stored: by their ids, with what they refer to, and as the API prints them.

A **dynamic** segment has `match` and `conditions`; a **static** one is a list that contacts are put
on, and each contact keeps the ids of those it is on. Conditions name other segments in two ways:
by `{"segment_id": …}`, and as the value of `contact.segments`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain import times
from shared.domain.errors import Invalid
from shared.domain.ports import Check, Document, Name, Reads
from shared.domain.segments.parse import Resolver, parse
from shared.domain.segments.tree import Group
from shared.domain.webhooks import is_connection_id

STATIC, DYNAMIC = "static", "dynamic"
NAMED_MAX = 50
_STATIC_MEMBERS = "contact.segments"


def name_of(segment_id: str) -> Name:
    """Return the name a segment is stored under."""
    return ("segment", segment_id)


def tree_of(segment_id: str, resolve: Resolver) -> Group:
    """Return the conditions of a stored segment; of a static one, that a contact is on it.

    Raise Invalid where they no longer make sense.
    """
    return parse({"segment_id": segment_id}, resolve=resolve)


def to_json(document: Document) -> dict[str, Any]:
    """Return a segment as the API prints it."""
    created = document["created_date"]
    return {
        "segment_id": document["segment_id"],
        "name": document["name"],
        "kind": document["kind"],
        "match": document.get("match"),
        "conditions": document.get("conditions"),
        "created_date": times.to_text(created),
        # One that a step has made was never updated.
        "updated_date": times.to_text(document.get("updated_date", created)),
    }


def named_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the segments that conditions, or an automation's trigger or steps, name, with the path.

    What a step sends is somebody else's affair and not looked into.
    """
    if isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from named_in(each, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        is_asked = value.get("field") == _STATIC_MEMBERS
        found = value.get("value") if is_asked else value.get("segment_id")
        if isinstance(found, str):
            yield path, found
        for key, each in value.items():
            if key != "payload":
                yield from named_in(each, f"{path}.{key}" if path else key)


class Stored:
    """A resolver over the store: each segment is read once, when a tree first names it."""

    def __init__(self, store: Reads) -> None:
        self._store = store
        self.found: dict[str, Document | None] = {}

    def __call__(self, segment_id: str) -> Document | None:
        """Return a segment, None where there is none."""
        if segment_id not in self.found:
            name = name_of(segment_id)
            # What could not be an id is not looked for.
            known = is_connection_id(segment_id)
            self.found[segment_id] = self._store.read([name])[name] if known else None
        return self.found[segment_id]

    def checks(self, at: str) -> list[Check]:
        """Return that the segments that were found are still as they were.

        Raise Invalid, naming the path `at`, where they are more than one commit can hold.
        """
        found = self.found.items()
        checks = [Check(name_of(each), stored["version"]) for each, stored in found if stored]
        if len(checks) > NAMED_MAX:
            fault = (at, f"contain more than {NAMED_MAX} segments in all")
            raise Invalid("Too many segments are named.", (fault,))
        return checks
