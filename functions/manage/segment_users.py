"""Who uses a segment: the automations and segments whose conditions or steps name it.

They are few and read whole, page by page; nothing keeps count of them that could be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.automations.parse import automation_of
from shared.domain.automations.segments import members_of
from shared.domain.automations.steps import steps_of
from shared.domain.errors import Invalid
from shared.domain.ports import Document, Reads
from shared.domain.segments.parse import Resolver
from shared.domain.segments.stored import Stored, named_in, tree_of
from shared.domain.segments.texts import fold

_LISTED = 100
_PARTS = {"automation": ("trigger", "steps"), "segment": ("conditions",)}


class Store(Reads, Protocol):
    """Where segments and automations lie."""

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind."""


@dataclass(frozen=True, slots=True)
class User:
    """An automation or segment, `kind`, and what is to be said of it."""

    kind: str
    identity: str
    message: str


def users_of(segment_id: str, store: Store) -> list[User]:
    """Return what names a segment, with the place where it does so first."""
    found = []
    for kind, document in _others(segment_id, store):
        named = (each for part in _PARTS[kind] for each in named_in(document.get(part), part))
        places = [path for path, each in named if fold(each) == fold(segment_id)]
        if places:
            message = f"names this segment at {places[0]}"
            found.append(User(kind, document[f"{kind}_id"], message))
    return found


def broken_by(segment_id: str, said: Mapping[str, Any], store: Store) -> list[User]:
    """Return what could no longer be evaluated if a segment were as `said`.

    A whole made of small parts may outgrow what one segment can have.
    """
    stored = Stored(store)

    def now(wanted: str) -> Mapping[str, Any]:
        return stored(wanted) or members_of(wanted)

    def then(wanted: str) -> Mapping[str, Any]:
        return said if wanted == segment_id else now(wanted)

    found = []
    for kind, document in _others(segment_id, store):
        fault = _fault(kind, document, then)
        if fault is not None and _fault(kind, document, now) is None:
            found.append(User(kind, document[f"{kind}_id"], fault))
    return found


def _fault(kind: str, document: Document, resolve: Resolver) -> str | None:
    try:
        _READ[kind](document, resolve)
    except Invalid as error:
        return ": ".join(error.errors[0])
    return None


def _read_automation(document: Document, resolve: Resolver) -> None:
    automation_of(document, resolve)
    steps_of(document["steps"], resolve)


def _read_segment(document: Document, resolve: Resolver) -> None:
    tree_of(document["segment_id"], resolve)


_READ: Mapping[str, Callable[[Document, Resolver], None]] = {
    "automation": _read_automation,
    "segment": _read_segment,
}


def _others(segment_id: str, store: Store) -> Iterator[tuple[str, Document]]:
    """Yield all automations, and all segments but this one."""
    for kind in _PARTS:
        cursor = None
        while True:
            page, cursor = store.listed(kind, _LISTED, cursor)
            for each in page:
                if kind != "segment" or each["segment_id"] != segment_id:
                    yield kind, each
            if cursor is None:
                break
