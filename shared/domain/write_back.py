"""Writing back to a contact source what is known here: what, from which change, and by which call.

Pure. A connection asks for it by its `write_back`; nothing is written back unless one does. Calls
name what may have changed and never say how: whoever carries one out reads how things stand by
then, so calls may come late, twice or in any order.

    a record's change ───> stream ──> {"object": "write_back", "id": "recurring_payments", …}
    tags changed by us ──> a note in the same commit ──> stream ──> {… "id": "tags", …}

What the source itself has told makes no such note, and it tells of no recurring payments. So
nothing goes back to where it came from, and the echo of our own writing finds all as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.domain import directory, times
from shared.domain.contacts import Contact
from shared.domain.ports import Document, Name, Write
from shared.domain.records import RECURRING_PAYMENT
from shared.domain.timeline import Entry

OBJECT = "write_back"
PAYMENTS, TAGS = "recurring_payments", "tags"
# One request takes a whole batch of recurring payments; a contact's tags take some each.
_PAYMENTS_A_CALL = 25
_CONTACTS_A_CALL = 5
# The stream keeps what it tells for a day; after that a note is of no use.
_NOTE_KEPT = times.DAY
# So long after a removal here (ms), the echo of what was being written may still name an addition.
UNDER_WAY = times.MINUTE

Json = dict[str, Any]
Payment = tuple[str, str]  # connection, id there


def options(connection: Document | None) -> Mapping[str, Any]:
    """Return what a connection wants written back; nothing where it says nothing."""
    wanted: Mapping[str, Any] = (connection or {}).get("write_back") or {}
    return wanted


def targets(connections: Iterable[Document], what: str) -> list[Document]:
    """Return the connections to which `what` is written back."""
    return [each for each in connections if options(each).get(what)]


def may_tell(connection: Document | None) -> bool:
    """Tell whether a store's records are to be told of at all: neither mirrors' nor test ones."""
    known = connection or {}
    return known.get("role") != "mirror" and known.get("mode") == "live"


def concerns(name: Name, entry: Entry) -> bool:
    """Tell whether an entry changes what a recurring payment shows."""
    return name[1] == RECURRING_PAYMENT and entry.kind is not None


def is_silent(entry: Entry) -> bool:
    """Tell whether an entry is to set nothing off where it is written."""
    return entry.historical or entry.suppressed


def payment_calls(target: Document, silent: Mapping[Payment, bool]) -> list[Json]:
    """Return the calls that write these recurring payments, each silently or not."""
    rows = [[*payment, quiet] for payment, quiet in silent.items()]
    return [
        _call(target, PAYMENTS, payments=rows[start : start + _PAYMENTS_A_CALL])
        for start in range(0, len(rows), _PAYMENTS_A_CALL)
    ]


def tag_calls(target: Document, tags: Mapping[str, Sequence[str]]) -> list[Json]:
    """Return the calls that write the tags that changed, by the contacts' ids."""
    rows = [[contact_id, list(dict.fromkeys(changed))] for contact_id, changed in tags.items()]
    return [
        _call(target, TAGS, contacts=rows[start : start + _CONTACTS_A_CALL])
        for start in range(0, len(rows), _CONTACTS_A_CALL)
    ]


def changed_tags(before: Document | None, after: Contact) -> list[str]:
    """Return the tags a contact has gained or lost."""
    held = {each["tag"] for each in (before or {}).get("tags") or ()}
    return sorted(held ^ {each["tag"] for each in after["tags"]})


def notes(book: Document | None, before: Document | None, after: Contact, now: int) -> list[Write]:
    """Return the note of tags changed by us, to be written with the contact, `after`.

    `book` is the directory: without a connection that takes tags there is no note.
    """
    changed = changed_tags(before, after)
    if not changed or not directory.takes_tags(book):
        return []
    contact_id = after["contact_id"]
    name: Name = ("retagged", contact_id, str(after["version"]))
    note = {
        "version": 1,
        "contact_id": contact_id,
        "tags": changed,
        "expires_at": (now + _NOTE_KEPT) // times.SECOND,
    }
    return [Write(name, note, None)]


def _call(target: Document, what: str, **about: Any) -> Json:
    named = {"connection_id": target["connection_id"], "provider": target["provider"]}
    return {**named, "object": OBJECT, "id": what, **about}
