"""A contact as people and imports state it: the body of a route, and a row of a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.api.bodies import Body, Email, Line, Moment

Labels = Annotated[list[Line], Field(max_length=100)]


class SourceBody(Body):
    """Where a contact came from."""

    first_source: Line | None = None
    campaign: Line | None = None
    landing_page: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None


class ContactBody(Body):
    """A contact, found or made by email; omitted fields stay, null clears one.

    `unsubscribed` says whether they want emails no more, or want them again; null leaves it.
    """

    email: Email
    first_name: Line | None = None
    last_name: Line | None = None
    phone: Line | None = None
    company: Line | None = None
    source: SourceBody = SourceBody()
    add_tags: Labels = Field(default_factory=list)
    remove_tags: Labels = Field(default_factory=list)
    add_lists: Labels = Field(default_factory=list)
    remove_lists: Labels = Field(default_factory=list)
    unsubscribed: bool | None = None
    add_aliases: Annotated[list[Email], Field(max_length=20)] = Field(default_factory=list)


class ImportedContact(ContactBody):
    """The same as a row of an import, which may also say since when a new contact is known."""

    created_date: Moment | None = None
