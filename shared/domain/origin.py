"""Where a contact first came from: source, campaign and landing page.

Pure. The first word by date wins, whenever it is heard of. What people and imports state fills what
is blank, field by field; a visit is taken whole, because a campaign belongs to its source. A visit
that names neither of the two counts only while nothing else is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.contacts import Contact
from shared.domain.heard import ActivitySaid
from shared.domain.ports import Document

FIELDS = ("first_source", "campaign", "landing_page")
# When the word was said that a contact's source is by, in ms. Hidden; older contacts lack it.
DATE = "source_date"

Touch = dict[str, Any]


def touch(said: ActivitySaid, at: int) -> Touch | None:
    """Return what a visit at `at` (ms) tells of where somebody came from, None for nothing."""
    told = (said.source, said.campaign, said.subject)
    if said.kind != "visit" or not any(told):
        return None
    return {**dict(zip(FIELDS, told, strict=True)), "date": at}


def earlier(one: Document | None, other: Document | None) -> Document | None:
    """Return the one of two visits that tells where somebody first came from."""
    known = [each for each in (one, other) if each is not None]
    return min(known, key=lambda each: _rank(each, each["date"]), default=None)


def visited(contact: Contact, visit: Document | None) -> Contact:
    """Return the contact with this visit, if it tells of an earlier beginning than is known."""
    if visit is None:
        return contact
    held = contact["source"]
    since = contact.get(DATE)
    if any(held.values()) and (since is None or _rank(held, since) <= _rank(visit, visit["date"])):
        return contact
    return {**contact, "source": {name: visit[name] for name in FIELDS}, DATE: visit["date"]}


def stated(contact: Contact, said: Mapping[str, Any], at: int) -> None:
    """Take over what was stated of a source as of `at` (ms): the earlier word of a field stays.

    None clears a field, so that another word may be heard.
    """
    held = contact["source"]
    since = contact.get(DATE)
    is_earlier = since is not None and at < since
    taken = {
        name: value
        for name, value in said.items()
        if value is None or held.get(name) is None or is_earlier
    }
    source = {**held, **taken}
    if source == held:
        return
    contact["source"] = source
    if not any(source.values()):
        contact[DATE] = None
    elif is_earlier or not any(held.values()) or (_is_vague(held) and not _is_vague(source)):
        contact[DATE] = at


def _rank(told: Mapping[str, Any], date: int) -> tuple[bool, int, str, str, str]:
    """Return what sorts first where somebody really came from first."""
    source, campaign, page = (told.get(name) or "" for name in FIELDS)
    return (_is_vague(told), date, source, campaign, page)


def _is_vague(told: Mapping[str, Any]) -> bool:
    """Tell whether neither a source nor a campaign is named."""
    return not told.get("first_source") and not told.get("campaign")
