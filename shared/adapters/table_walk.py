"""The whole table, page by page, for the one job that must look at everything: erasing somebody.

Nothing else walks: whatever is asked for has a key or an index. A page is as of about now; what is
written while the walk goes on may be missed, so whoever walks begins when nothing more is written
that they look for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

from shared.adapters.aws import AwsError
from shared.adapters.cursors import read_key, write_key
from shared.adapters.documents import to_document
from shared.adapters.table_keys import CONFIG, RECORDS, SINGLE, TAGS
from shared.adapters.table_writes import meaning
from shared.domain.ports import Document, Name

# What lies under a word of its own in the partition of another.
_INSIDE = {"DID#": "act", "POSTED#": "posted", "REVISION#": "revision", TAGS: "retagged"}
_NUMBERED = frozenset({"revision", "retagged"})
_ENTITIES = {word: kind for kind, word in RECORDS.items()}


class Caller(Protocol):
    """The DynamoDB client, real or fake."""

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        """Call one operation. Raise AwsError when it fails."""


class TableWalk:
    """All documents of a table, in no order that means anything."""

    def __init__(self, name: str, client: Caller) -> None:
        self._name = name
        self._client = client

    def page(self, cursor: str | None) -> tuple[Sequence[tuple[Name, Document]], str | None]:
        """Return a page of documents by name, and the cursor of the next, None at the end."""
        request: dict[str, Any] = {"TableName": self._name}
        if cursor is not None:
            request["ExclusiveStartKey"] = read_key(cursor)
        try:
            answer = self._client.call("Scan", request)
        except AwsError as error:
            raise meaning(error) from error
        found = [
            (name, to_document(item))
            for item in answer["Items"]
            if (name := name_of_key(item["pk"]["S"], item["sk"]["S"])) is not None
        ]
        last = answer.get("LastEvaluatedKey")
        return found, write_key(last) if last else None


def name_of_key(partition: str, place: str) -> Name | None:
    """Return the name of the document that has this key, None for one of no kind we know."""
    entity, *escaped = partition.split("#")
    parts = [unquote(each) for each in escaped]
    if entity == "CONFIG":
        return _configured(place)
    if entity in ("QUARANTINE", "DUPLICATE"):
        return (entity.lower(), unquote(place))
    if entity == "FIRINGS":
        return ("firing", *parts, unquote(place))
    if entity == "DUE":
        when, *rest = map(unquote, place.split("#"))
        return ("due", str(int(when)), *rest)
    if entity in _ENTITIES:
        if place == "HEAD":
            return (_ENTITIES[entity], *parts)
        return ("entry", _ENTITIES[entity], *parts, unquote(place.removeprefix("AT#")))
    return _inside(parts, place) or _single(entity, parts, place)


def _configured(place: str) -> Name | None:
    word, mark, identity = place.partition("#")
    if not mark:
        return (word.lower(),)
    kind = next((kind for kind, prefix in CONFIG.items() if prefix == word), None)
    return None if kind is None else (kind, unquote(identity))


def _inside(parts: Sequence[str], place: str) -> Name | None:
    for prefix, kind in _INSIDE.items():
        if place.startswith(prefix):
            rest = unquote(place.removeprefix(prefix))
            return (kind, *parts, str(int(rest)) if kind in _NUMBERED else rest)
    return None


def _single(entity: str, parts: Sequence[str], place: str) -> Name | None:
    if (entity, place) == ("KEY", "KEY"):
        return ("secret", *parts)
    kind = entity.lower()
    return (kind, *parts) if entity == place and kind in SINGLE else None
