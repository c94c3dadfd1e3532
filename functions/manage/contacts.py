"""Making and changing contacts, and claiming what waited for their addresses.

Payments of an unknown email wait until somebody claims it. The job that attaches them is sent
twice: after the commit, and a little later for records the index did not show yet. The later one is
queued before the commit, so that a crash in between cannot leave payments waiting for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from functions.manage.contention import settled
from shared.api.bodies import validated
from shared.api.contact_body import ContactBody
from shared.api.contact_edit import Edit, edit_contact
from shared.domain import rendering
from shared.domain.ports import Reads, Writes


class Store(Reads, Writes, Protocol):
    """Where contacts lie."""


class Attaching(Protocol):
    """The way to the job that attaches what waits for an email."""

    def attach(self, email: str, contact_id: str) -> None:
        """Have it done now, for the contact that owns the email since a moment ago."""

    def attach_later(self, email: str) -> None:
        """Have it done once the index has followed the table."""


def put_contact(
    values: dict[str, Any],
    *,
    store: Store,
    jobs: Attaching,
    now: int,
    new_id: Callable[[], str],
) -> tuple[bool, rendering.Json]:
    """Make or change the contact of an email; return whether it is new, and the contact.

    Raise Invalid for bad values, Conflict where an alias is another contact's.
    """
    body = validated(ContactBody, values)
    announced: set[str] = set()

    def write() -> Edit:
        edit = edit_contact(body, store=store, now=now, new_id=new_id)
        for email in set(edit.fresh) - announced:
            jobs.attach_later(email)
            announced.add(email)
        if edit.steps:
            store.commit(edit.steps)
        return edit

    edit = settled(write)
    for email in edit.fresh:
        jobs.attach(email, edit.contact["contact_id"])
    return edit.created, rendering.contact(edit.contact)
