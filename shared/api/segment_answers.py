"""The shapes of segments, of who is in them, and of the questions about both.

As `shared.api.answers` says, no Lambda imports this module.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.answers import Shape, Time

Match = Literal["all", "any", "none"]


class Segment(Shape):
    """A set of contacts: whoever meets conditions, or whoever was put into it."""

    segment_id: str
    name: str
    kind: Literal["dynamic", "static"]
    match: Match | None = Field(description="Null for a static segment.")
    conditions: list[dict[str, Any]] | None = Field(description="Null for a static segment.")
    created_date: Time
    updated_date: Time


class CountedSegment(Segment):
    """A segment with how many contacts are in it."""

    count: int | None = Field(description="Null where its conditions no longer make sense.")


class SegmentWithCount(CountedSegment):
    """A segment with how many contacts are in it, and as of when."""

    as_of: Time | None = Field(description="What was recorded later is not counted yet.")


class SegmentPage(Shape):
    """A page of segments."""

    items: list[CountedSegment]
    next_cursor: str | None
    as_of: Time | None = Field(description="What was recorded later is not counted yet.")


class Member(Shape):
    """A contact that is in a segment."""

    contact_id: str
    email: str | None


class MemberPage(Shape):
    """A page of contacts, in the order of their ids."""

    items: list[Member]
    next_cursor: str | None
    as_of: Time | None = Field(description="What was recorded later is not in it yet.")


class Preview(Shape):
    """How many contacts meet conditions, and some of them."""

    count: int
    examples: list[Member] = Field(description="The first ten at most.")
    as_of: Time | None = Field(description="What was recorded later is not counted yet.")


class SegmentTree(Shape):
    """Conditions to ask about."""

    match: Match
    conditions: list[dict[str, Any]]


class ContactSearch(Shape):
    """Whom to look for."""

    segment: dict[str, Any] = Field(
        description="`match` and `conditions`, or the `segment_id` of a segment."
    )
    limit: int = Field(default=25, ge=1, description="How many at most; larger ones are lowered.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")
