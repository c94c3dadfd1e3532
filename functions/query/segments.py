"""Segments with how many contacts are in them, and who: asked of the change log.

Conditions become SQL by `shared.domain.segments.sql`; settings say in which zone a day lies and
which currency revenue is of. Who is in a static segment comes from the log as well, so all answers
are as fresh as `as_of` says.
"""

# ruff: noqa: S608  # The texts are words of our own; values are bound.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from functions.query.adapters import Shelf
from shared.adapters.cursors import read_cursor, write_cursor
from shared.domain import preferences, times
from shared.domain.errors import Conflict, Invalid, NotFound
from shared.domain.ports import Document, Reads
from shared.domain.segments import sql
from shared.domain.segments.moments import Moment
from shared.domain.segments.parse import parse
from shared.domain.segments.stored import Stored, to_json, tree_of
from shared.domain.segments.tree import Group

if TYPE_CHECKING:
    from shared.adapters.change_log import Snapshot
    from shared.adapters.duck import Session

EXAMPLES_MAX = 10

Json = dict[str, Any]


def list_segments(
    limit: int, cursor: str | None, *, store: Shelf, snapshot: Snapshot, moment: Moment
) -> Json:
    """Return a page of segments with their counts. Raise BadRequest for a bad cursor."""
    found, following = store.listed("segment", limit, cursor)
    counted = _counted(found, store, snapshot, moment)
    return {"items": counted, "next_cursor": following, "as_of": _as_of(snapshot)}


def read_segment(segment_id: str, *, store: Reads, snapshot: Snapshot, moment: Moment) -> Json:
    """Return a segment with its count. Raise NotFound where there is none."""
    stored = Stored(store)(segment_id)
    if stored is None:
        raise NotFound("There is no such segment.")
    (counted,) = _counted([stored], store, snapshot, moment)
    return {**counted, "as_of": _as_of(snapshot)}


def members(
    tree: Group, limit: int, cursor: str | None, *, snapshot: Snapshot, moment: Moment
) -> Json:
    """Return a page of a segment's contacts, by their ids. Raise BadRequest for a bad cursor."""
    after = "" if cursor is None else read_cursor(cursor)
    where = sql.compile(tree, moment)
    rows = snapshot.session.rows(
        f"SELECT c.contact_id, c.email FROM contacts c WHERE {where.text} AND c.contact_id > ?"
        " ORDER BY c.contact_id LIMIT ?",
        [*where.params, after, limit + 1],
    )
    following = write_cursor(rows[limit - 1][0]) if len(rows) > limit else None
    items = [_member(*row) for row in rows[:limit]]
    return {"items": items, "next_cursor": following, "as_of": _as_of(snapshot)}


def preview(tree: Group, *, snapshot: Snapshot, moment: Moment) -> Json:
    """Return how many contacts are in a segment, and the first few."""
    where = sql.compile(tree, moment)
    ((count, examples),) = snapshot.session.rows(
        "SELECT count(*), arg_min([c.contact_id, c.email], c.contact_id, ?)"
        f" FROM contacts c WHERE {where.text}",
        [EXAMPLES_MAX, *where.params],
    )
    told = [_member(*each) for each in examples or ()]
    return {"count": count, "examples": told, "as_of": _as_of(snapshot)}


def moment_of(store: Reads, now: int, *, local: bool) -> Moment:
    """Return now (ms) in the business's zone and currency."""
    stored = store.read([preferences.NAME])[preferences.NAME]
    settings = preferences.effective(stored, local=local)
    zone = UTC if settings["timezone"] == "UTC" else ZoneInfo(settings["timezone"])
    return Moment(now, zone, settings["currency"])


def tree_asked(value: Mapping[str, Any], store: Reads, at: str = "") -> Group:
    """Return the conditions a body holds. Raise Invalid with the path of each fault."""
    return parse(value, at=at, resolve=Stored(store))


def tree_stored(segment_id: str, store: Reads) -> Group:
    """Return the conditions of a stored segment.

    Raise NotFound where there is none, Conflict where they no longer make sense.
    """
    resolve = Stored(store)
    if resolve(segment_id) is None:
        raise NotFound("There is no such segment.")
    try:
        return tree_of(segment_id, resolve)
    except Invalid as error:
        detail = "The segment's conditions no longer make sense; write it anew."
        raise Conflict(detail, error.errors) from error


def _counted(
    segments: Iterable[Document], store: Reads, snapshot: Snapshot, moment: Moment
) -> list[Json]:
    # What these name is read once for all of them.
    resolve = Stored(store)
    return [
        {**to_json(each), "count": _count(each["segment_id"], resolve, snapshot.session, moment)}
        for each in segments
    ]


def _count(segment_id: str, resolve: Stored, session: Session, moment: Moment) -> int | None:
    """Return how many contacts are in a segment, None where it no longer makes sense."""
    try:
        where = sql.compile(tree_of(segment_id, resolve), moment)
    except Invalid:
        return None
    ((count,),) = session.rows(f"SELECT count(*) FROM contacts c WHERE {where.text}", where.params)
    return int(count)


def _member(contact_id: str, email: str | None) -> Json:
    return {"contact_id": contact_id, "email": email}


def _as_of(snapshot: Snapshot) -> str | None:
    return times.to_text(snapshot.as_of or None)
