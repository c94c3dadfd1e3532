"""Putting contacts on the lists of static segments, and taking them off.

Who is on a list is kept on the contact, so it is the contact that is written, and the segment has
to be there and static in the same commit.
"""

from __future__ import annotations

from typing import Any, Protocol

from functions.manage.contention import settled
from shared.domain import emails
from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Check, Document, Name, Reads, Write, Writes
from shared.domain.segments.stored import STATIC, Stored, name_of

# As many as a contact can have tags: it is one item of the table.
SEGMENTS_MAX = 500


class Store(Reads, Writes, Protocol):
    """Where segments and contacts lie."""


def add_member(segment_id: str, wanted: str, *, store: Store) -> tuple[bool, dict[str, Any]]:
    """Put the contact of an email, alias or id on a static segment's list.

    Return whether it is new there, and who it is. Raise NotFound where there is no such segment or
    contact, Conflict for a dynamic segment and for a contact that is on too many lists.
    """

    def write() -> tuple[bool, Document]:
        segment, contact = _found(segment_id, wanted, store)
        held = contact["segments"]
        if segment_id in held:
            return False, contact
        if len(held) >= SEGMENTS_MAX:
            raise Conflict(f"The contact is in {SEGMENTS_MAX} segments, which is the most.")
        _write({**contact, "segments": [*held, segment_id]}, segment, store)
        return True, contact

    added, contact = settled(write)
    return added, {"contact_id": contact["contact_id"], "email": contact["email"]}


def remove_member(segment_id: str, wanted: str, *, store: Store) -> None:
    """Take the contact of an email, alias or id off a static segment's list.

    Raise NotFound where there is no such segment, contact or member, Conflict for a dynamic
    segment.
    """

    def write() -> None:
        segment, contact = _found(segment_id, wanted, store)
        held = contact["segments"]
        if segment_id not in held:
            raise NotFound("The contact is not in this segment.")
        kept = [each for each in held if each != segment_id]
        _write({**contact, "segments": kept}, segment, store)

    settled(write)


def _write(contact: Document, segment: Document, store: Store) -> None:
    version = contact["version"]
    name: Name = ("contact", contact["contact_id"])
    check = Check(name_of(segment["segment_id"]), segment["version"])
    store.commit([Write(name, {**contact, "version": version + 1}, version), check])


def _found(segment_id: str, wanted: str, store: Store) -> tuple[Document, Document]:
    """Return the segment and the contact. Raise NotFound or Conflict as told above."""
    segment = Stored(store)(segment_id)
    if segment is None:
        raise NotFound("There is no such segment.")
    if segment["kind"] != STATIC:
        raise Conflict("The segment is dynamic: its conditions alone say who is in it.")
    contact_id: str | None = wanted
    if "@" in wanted:
        email = emails.normalise(wanted)
        claim: Name = ("email", email or "")
        claimed = store.read([claim])[claim] if email else None
        contact_id = claimed["contact_id"] if claimed else None
    name: Name = ("contact", contact_id or "")
    contact = store.read([name])[name] if contact_id else None
    if contact is None:
        raise NotFound("There is no such contact.")
    return segment, contact
