"""The routes of `query` about segments: how many contacts are in them, and who.

Two of them are POSTs that change nothing: what they ask is too long for a query string. Their
bodies are read by hand, because reading must not pay for loading models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.query import segments
from functions.query.adapters import Adapters
from shared.api.route import LIMIT, LIMIT_MAX, Answer, Request, Route
from shared.domain.errors import Invalid
from shared.domain.segments.moments import Moment


def list_segments(request: Request, at: Adapters) -> Answer:
    """List the segments, each with how many contacts are in it."""
    limit, cursor = request.page()
    moment = _now(at)
    found = segments.list_segments(
        limit, cursor, store=at.store, snapshot=at.log.snapshot(), moment=moment
    )
    return Answer(200, found)


def read_one_segment(request: Request, at: Adapters) -> Answer:
    """Read a segment, with how many contacts are in it."""
    moment = _now(at)
    found = segments.read_segment(
        request.params["segment_id"], store=at.store, snapshot=at.log.snapshot(), moment=moment
    )
    return Answer(200, found)


def list_members(request: Request, at: Adapters) -> Answer:
    """List the contacts in a segment, in the order of their ids."""
    limit, cursor = request.page()
    tree = segments.tree_stored(request.params["segment_id"], at.store)
    moment = _now(at)
    found = segments.members(tree, limit, cursor, snapshot=at.log.snapshot(), moment=moment)
    return Answer(200, found)


def preview_segment(request: Request, at: Adapters) -> Answer:
    """Count the contacts that meet conditions. Ten of them are shown; nothing is stored."""
    body = request.json()
    _refuse_others(body, ("match", "conditions"))
    tree = segments.tree_asked(body, at.store)
    moment = _now(at)
    return Answer(200, segments.preview(tree, snapshot=at.log.snapshot(), moment=moment))


def search_contacts(request: Request, at: Adapters) -> Answer:
    """List the contacts that meet conditions, or are in a segment. They come by their ids."""
    body = request.json()
    _refuse_others(body, ("segment", "limit", "cursor"))
    limit, cursor = _paging(body)
    if body.get("segment") is None:
        raise _invalid(("segment", "is missing"))
    tree = segments.tree_asked(body["segment"], at.store, "segment")
    moment = _now(at)
    found = segments.members(tree, limit, cursor, snapshot=at.log.snapshot(), moment=moment)
    return Answer(200, found)


def _now(at: Adapters) -> Moment:
    return segments.moment_of(at.store, at.now(), local=at.local)


def _paging(body: Mapping[str, Any]) -> tuple[int, str | None]:
    limit, cursor = body.get("limit", LIMIT), body.get("cursor")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise _invalid(("limit", "has to be a whole number above zero"))
    if not isinstance(cursor, str | None):
        raise _invalid(("cursor", "has to be the next_cursor of the page before"))
    return min(limit, LIMIT_MAX), cursor


def _refuse_others(body: Mapping[str, Any], known: tuple[str, ...]) -> None:
    others = [name for name in body if name not in known]
    if others:
        # Worded as pydantic words it for every other body.
        raise _invalid(*((name[:200], "Extra inputs are not permitted") for name in others))


def _invalid(*errors: tuple[str, str]) -> Invalid:
    return Invalid("The body breaks the rules of this route.", errors)


ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="GET",
        path="/v1/segments",
        run=list_segments,
        answers={200: "SegmentPage"},
        paged=True,
    ),
    Route(
        method="GET",
        path="/v1/segments/{segment_id}",
        run=read_one_segment,
        answers={200: "SegmentWithCount"},
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/segments/{segment_id}/contacts",
        run=list_members,
        answers={200: "MemberPage"},
        problems=(404, 409),
        paged=True,
    ),
    Route(
        method="POST",
        path="/v1/segments/preview",
        run=preview_segment,
        body="SegmentTree",
        answers={200: "Preview"},
    ),
    Route(
        method="POST",
        path="/v1/contacts/search",
        run=search_contacts,
        body="ContactSearch",
        answers={200: "MemberPage"},
    ),
)
