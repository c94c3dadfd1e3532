"""Automations, and what became of them: why each fired, and how far its steps have come.

What a deleted automation did stays readable under its id for as long as the logs keep it.
"""

from __future__ import annotations

from functions.query.adapters import Shelf
from functions.query.contacts import find_contact
from functions.query.logs import Page, check_owner, walk
from shared.domain import rendering_automations as rendering
from shared.domain import revisions
from shared.domain.errors import NotFound
from shared.domain.ports import Name
from shared.domain.rendering_automations import Json


def read_automation(automation_id: str, *, store: Shelf) -> Json:
    """Return an automation. Raise NotFound where there is none."""
    name: Name = ("automation", automation_id)
    found = store.read([name])[name]
    if found is None:
        raise NotFound("There is no such automation.")
    return rendering.automation(found)


def read_firings(automation_id: str, limit: int, cursor: str | None, *, store: Shelf) -> Page:
    """Return a page of an automation's firings, the newest first.

    Raise NotFound where there never was such an automation, BadRequest for a bad cursor.
    """
    now: Name = ("automation", automation_id)
    once = revisions.reached_name(automation_id)
    if not any(store.read([now, once]).values()):
        raise NotFound("There is no such automation.")
    return store.newest(("firings", automation_id), limit, cursor)


def read_runs(
    automation_id: str | None, contact: str | None, limit: int, cursor: str | None, *, store: Shelf
) -> Page:
    """Return a page of runs, the newest first: of a contact, of an automation, or of all.

    With both, a page holds those of the contact's that are the automation's, so it may be short.
    Raise BadRequest for a bad cursor.
    """
    if contact is not None:
        try:
            contact_id = find_contact(contact, store=store)["contact_id"]
        except NotFound:
            return [], None
        runs, following = store.newest(("runs_of_contact", contact_id), limit, cursor)
        wanted = [each for each in runs if automation_id in (None, each["automation_id"])]
        return wanted, following
    if automation_id is not None:
        check_owner(automation_id, "automation")
        return store.newest(("runs", automation_id), limit, cursor)

    def read(owner: str, most: int, place: str | None) -> Page:
        return store.newest(("runs", owner), most, place)

    return walk("automation", read, limit, cursor, store=store)
