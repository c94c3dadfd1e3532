"""The routes of `manage` that write segments, and who is in the static ones."""

from __future__ import annotations

from functions.manage.adapters import Adapters
from functions.manage.bodies import SegmentBody
from functions.manage.members import add_member, remove_member
from functions.manage.segments import delete_segment, put_segment
from shared.api.route import Answer, Request, Route


def write_segment(request: Request, at: Adapters) -> Answer:
    """Make or replace a segment.

    A `dynamic` segment holds whoever meets its conditions, a `static` one whoever was put into it;
    the kind stays. Segments may contain others by `segment_id`. One that is used cannot be changed
    so that its users would no longer make sense.
    """
    created, segment = put_segment(
        request.params["segment_id"], request.json(), store=at.store, now=at.now()
    )
    return Answer(201 if created else 200, segment)


def remove_segment(request: Request, at: Adapters) -> Answer:
    """Remove a segment.

    One that automations or segments name cannot be removed: `errors` lists them. The contacts of a
    static one are untouched, and in it again if it is made again.
    """
    delete_segment(request.params["segment_id"], store=at.store)
    return Answer(204)


def write_member(request: Request, at: Adapters) -> Answer:
    """Put a contact into a static segment. Lists and counts show it as soon as reports would."""
    params = request.params
    added, member = add_member(params["segment_id"], params["email"], store=at.store)
    return Answer(201 if added else 200, member)


def remove_one_member(request: Request, at: Adapters) -> Answer:
    """Take a contact out of a static segment."""
    params = request.params
    remove_member(params["segment_id"], params["email"], store=at.store)
    return Answer(204)


_MEMBER = "/v1/segments/{segment_id}/contacts/{email}"

ROUTES: tuple[Route[Adapters], ...] = (
    Route(
        method="PUT",
        path="/v1/segments/{segment_id}",
        run=write_segment,
        body=SegmentBody,
        answers={201: "Segment", 200: "Segment"},
        problems=(409,),
    ),
    Route(
        method="DELETE",
        path="/v1/segments/{segment_id}",
        run=remove_segment,
        answers={204: None},
        problems=(404, 409),
    ),
    Route(
        method="PUT",
        path=_MEMBER,
        run=write_member,
        answers={201: "Member", 200: "Member"},
        problems=(404, 409),
    ),
    Route(
        method="DELETE",
        path=_MEMBER,
        run=remove_one_member,
        answers={204: None},
        problems=(404, 409),
    ),
)
