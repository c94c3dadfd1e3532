"""Segments inside automations: those of triggers, and those of branches.

They may speak of the change at hand. A segment named by its id means its conditions as they are
now. One that is not stored means the list of its members: a step may make it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.automations.faults import Faults
from shared.domain.errors import Invalid
from shared.domain.ports import Document, Reading
from shared.domain.segments.evaluate import Predicate, compile
from shared.domain.segments.parse import Resolver, parse
from shared.domain.segments.stored import STATIC, name_of, named_in
from shared.domain.webhooks import is_connection_id


def members_of(segment_id: str) -> Mapping[str, Any]:
    """Resolve any segment's id to its list of members."""
    del segment_id
    return {"kind": STATIC}


def among(segments: Mapping[str, Document]) -> Resolver:
    """Return a resolver of these segments, any other being a list of members."""
    return lambda segment_id: segments.get(segment_id) or members_of(segment_id)


def read_by(value: Any, reading: Reading) -> Resolver:
    """Return a resolver of the segments that an automation's steps name, and of those these name.

    Raise Missing while they are not read, all that are known to be needed at once.
    """
    found: dict[str, Document] = {}
    asked: set[str] = set()
    wanted = _ids(value)
    while wanted - asked:
        names = {each: name_of(each) for each in sorted(wanted - asked)}
        reading.want(names.values())
        asked |= wanted
        for segment_id, name in names.items():
            stored = reading.get(name)
            if stored is not None:
                found[segment_id] = stored
                wanted |= _ids(stored.get("conditions"))
    return among(found)


def _ids(value: Any) -> set[str]:
    # A condition may compare `contact.segments` with any text, which is no key to read by.
    return {each for _, each in named_in(value) if is_connection_id(each)}


def read_segment(
    given: Any, path: str, faults: Faults, resolve: Resolver, *, changes: bool = True
) -> Predicate | None:
    """Return a segment's predicate, None where none is given or it has faults.

    `changes` says whether there is a change at hand that it may speak of.
    """
    if given is None:
        return None
    try:
        return compile(parse(given, at=path, resolve=resolve, changes=changes))
    except Invalid as error:
        faults.take_over(error)
        return None
