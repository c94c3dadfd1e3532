"""Segments inside automations: those of triggers, and those of branches.

They may speak of the change at hand. A segment named by its id means the list of its members,
until segments with conditions can be stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.automations.faults import Faults
from shared.domain.errors import Invalid
from shared.domain.segments.evaluate import Predicate, compile
from shared.domain.segments.parse import Resolver, parse


def members_of(segment_id: str) -> Mapping[str, Any]:
    """Resolve any segment's id to its list of members: a step may make it later."""
    del segment_id
    return {"kind": "static"}


def read_segment(given: Any, path: str, faults: Faults, resolve: Resolver) -> Predicate | None:
    """Return a segment's predicate, None where none is given or it has faults."""
    if given is None:
        return None
    try:
        return compile(parse(given, at=path, resolve=resolve, changes=True))
    except Invalid as error:
        faults.take_over(error)
        return None
