"""Ids by which one system speaks of another's sales, and who has said which: pure.

PayKickstart keeps the charge it made through Stripe; a shop writes its order's number into the
metadata of a payment. Every id an order is named by, or names, has a document that lists who has
said it. What lies in metadata by chance is kept out as well as can be told: an id has a digit and
no blank, and one that nobody is *named* by leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.domain.observations import REF_KINDS, Facet
from shared.domain.orders import ref_id, strongest
from shared.domain.ports import Document, Name
from shared.domain.timeline import Entry

# More ids of other systems than any event names on purpose, and any order over its life.
MOST, MOST_OF_ORDER = 12, 24
# How many orders of one connection are remembered under one id: a subscription's id would be
# said by every renewal, and only the first order is the one it began with.
_MOST_OF_CONNECTION = 8
_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9_.:/#-]{5,99}")

# How an id is said: it is the order's own name, its payment's at the processor, or another's.
NAMED, REFERRED, MENTIONED = 0, 1, 2
Row = list[Any]  # connection, ref of the order, how it is said, when (ms)


def ids_among(values: Iterable[object]) -> tuple[str, ...]:
    """Return what may be ids of other systems among the values of metadata or custom fields."""
    texts = (str(value) for value in values if type(value) in (str, int))
    return tuple(dict.fromkeys(text for text in texts if _ID.fullmatch(text)))[:MOST]


def said_by(connection_id: str, entry: Entry) -> Iterator[tuple[str, Row]]:
    """Yield each id that an event says of an order, with the row that remembers it."""
    strong = strongest(set(entry.refs))
    named = {ref_id(ref): ref for ref in entry.refs}
    for identity, ref in named.items():
        yield identity, [connection_id, ref, NAMED, 0]
    for identity in _references(entry.said):
        if identity not in named:
            yield identity, [connection_id, strong, REFERRED, entry.at]
    for identity in entry.mentions:
        yield identity, [connection_id, strong, MENTIONED, entry.at]


def ids_of(refs: Iterable[str], mentions: Iterable[str], said: Mapping[str, Facet]) -> set[str]:
    """Return all ids an order is named by or names."""
    ids = {*map(ref_id, refs), *mentions, *_references(said)}
    return {identity for identity in ids if is_id(identity)}


def is_id(text: str) -> bool:
    """Tell whether a text may be an id that two systems share: short ones are met by chance."""
    return _ID.fullmatch(text) is not None


def name_of(identity: str) -> Name:
    """Return the name of the document that lists who says an id."""
    return ("mention", identity)


def heard(document: Document | None, rows: Iterable[Row]) -> list[Row] | None:
    """Return who says an id once these say it too, None where that is known already.

    The same rows are kept whatever came first: of each connection the names, then the earliest.
    """
    before = [list(row) for row in (document["by"] if document else ())]
    earliest: dict[tuple[Any, ...], Row] = {}
    for row in sorted([*before, *rows], key=_order):
        earliest.setdefault((row[0], row[1]), row)
    kept: list[Row] = []
    for row in sorted(earliest.values(), key=_order):
        if sum(each[0] == row[0] for each in kept) < _MOST_OF_CONNECTION:
            kept.append(row)
    return kept if kept != before else None


def places(connection_ids: Iterable[str], identity: str) -> list[Name]:
    """Return where connections would keep an order that is named by this id."""
    return [("ref", each, f"{kind}:{identity}") for each in connection_ids for kind in REF_KINDS]


def _order(row: Row) -> tuple[Any, ...]:
    return row[2], row[3], row[0], row[1]


def _references(said: Mapping[str, Facet]) -> list[str]:
    facets = [facet for name, facet in said.items() if facet and name.startswith("payment:")]
    return [each["reference"] for each in facets if each.get("reference")]
