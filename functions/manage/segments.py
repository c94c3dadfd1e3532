"""Making, changing and removing segments.

A segment is used by the automations and segments that name it. It cannot be removed while it is,
nor changed so that one of those would no longer make sense: that one would quietly stop working.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from functions.manage.bodies import SegmentBody
from functions.manage.contention import settled
from functions.manage.names import check_name
from functions.manage.segment_users import User, broken_by, users_of
from shared.api.bodies import invalid, validated
from shared.domain.errors import Conflict, Invalid, NotFound
from shared.domain.ports import Document, Reads, Write, Writes
from shared.domain.segments.parse import parse
from shared.domain.segments.stored import DYNAMIC, STATIC, Stored, name_of, to_json
from shared.domain.segments.texts import fold

DEFINITION_BYTES_MAX = 100_000
_CONDITIONS = ("match", "conditions")
_LISTED = 100

Json = dict[str, Any]


class Store(Reads, Writes, Protocol):
    """Where segments lie, and the automations that use them."""

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind."""


def put_segment(
    segment_id: str, values: dict[str, Any], *, store: Store, now: int
) -> tuple[bool, Json]:
    """Make or replace a segment; return whether it is new, and the segment.

    Raise Invalid for a body or id that breaks a rule, Conflict where the kind would change or
    something that uses the segment would no longer make sense.
    """
    check_name("segment_id", segment_id)

    def write() -> tuple[bool, Document]:
        resolve = Stored(store)
        said = _definition(segment_id, values, resolve)
        stored = resolve(segment_id)
        if stored is None:
            _check_new(segment_id, store)
        elif stored["kind"] != said["kind"]:
            raise Conflict(f"The segment is {stored['kind']}, and cannot become {said['kind']}.")
        elif all(stored.get(key) == each for key, each in said.items()):
            return False, stored
        else:
            _check_users(segment_id, said, store)
        document = {
            "segment_id": segment_id,
            **said,
            "created_date": stored["created_date"] if stored else now,
            "updated_date": now,
            "version": stored["version"] + 1 if stored else 1,
        }
        name = name_of(segment_id)
        checks = [each for each in resolve.checks("conditions") if each.name != name]
        store.commit([Write(name, document, document["version"] - 1), *checks])
        return stored is None, document

    created, document = settled(write)
    return created, to_json(document)


def delete_segment(segment_id: str, *, store: Store) -> None:
    """Remove a segment.

    Raise NotFound where there is none, Conflict naming the automations and segments that use it.
    """

    def write() -> None:
        stored = Stored(store)(segment_id)
        if stored is None:
            raise NotFound("There is no such segment.")
        users = users_of(segment_id, store)
        if users:
            raise Conflict(f"The segment is used by {_told(users)}.", _faults(users))
        store.commit([Write(name_of(segment_id), None, stored["version"])])

    settled(write)


def _definition(segment_id: str, values: dict[str, Any], resolve: Stored) -> dict[str, Any]:
    """Return the body's name, kind and conditions. Raise Invalid with all faults at once."""
    faults: dict[str, str] = {}
    said: dict[str, Any] = {}
    try:
        said = validated(SegmentBody, values).model_dump()
    except Invalid as error:
        faults = dict(error.errors)
    written = {key: values[key] for key in _CONDITIONS if values.get(key) is not None}
    if values.get("kind", DYNAMIC) == STATIC:
        faults |= dict.fromkeys(written, "belongs to dynamic segments alone")
    elif values.get("kind", DYNAMIC) == DYNAMIC:
        try:
            parse(written, resolve=resolve, own_id=segment_id)
        except Invalid as error:
            faults = {**dict(error.errors), **faults}
        if len(json.dumps(written, ensure_ascii=False).encode()) > DEFINITION_BYTES_MAX:
            faults["conditions"] = f"are longer than {DEFINITION_BYTES_MAX:,} bytes"
    if faults:
        raise invalid(*faults.items())
    return {key: each for key, each in said.items() if each is not None}


def _check_new(segment_id: str, store: Store) -> None:
    """Raise Conflict for an id that a condition could not tell from another segment's."""
    cursor = None
    while True:
        found, cursor = store.listed("segment", _LISTED, cursor)
        for each in found:
            if fold(each["segment_id"]) == fold(segment_id):
                raise Conflict(f"There is a segment {each['segment_id']}, written otherwise.")
        if cursor is None:
            return


def _check_users(segment_id: str, said: Mapping[str, Any], store: Store) -> None:
    users = broken_by(segment_id, said, store)
    if users:
        raise Conflict(
            f"With these conditions, {_told(users)} would no longer make sense.", _faults(users)
        )


def _told(users: list[User]) -> str:
    return ", ".join(f"the {each.kind} {each.identity}" for each in users)


def _faults(users: list[User]) -> tuple[tuple[str, str], ...]:
    return tuple((each.identity, each.message) for each in users)
