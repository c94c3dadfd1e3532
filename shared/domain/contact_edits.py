"""What people and automations change on a contact: names, source, tags, lists, aliases.

Pure. Unlike what a provider says, these words replace what stood there. Tags and lists keep the
date they were first applied; applying one again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.contacts import Contact

# A contact is one item of the table; these keep it far below the size an item may have.
LABELS_MAX = 500
ALIASES_MAX = 50


def describe(contact: Contact, said: Mapping[str, Any]) -> None:
    """Take over what was said of a person's names; None clears a field."""
    contact.update(said)


def trace(contact: Contact, said: Mapping[str, Any]) -> None:
    """Take over what was said of where a contact came from; None clears a field."""
    contact["source"] = {**contact["source"], **said}


def add_labels(contact: Contact, kind: str, labels: Iterable[str], now: int) -> None:
    """Apply tags (`kind` is `tag`) or lists (`list`) that the contact does not have yet."""
    held = contact[f"{kind}s"]
    known = {each[kind] for each in held}
    fresh = [label for label in dict.fromkeys(labels) if label not in known]
    contact[f"{kind}s"] = [*held, *({kind: label, "applied_date": now} for label in fresh)]


def remove_labels(contact: Contact, kind: str, labels: Iterable[str]) -> None:
    """Take tags or lists off the contact; those it does not have are no fault."""
    gone = set(labels)
    contact[f"{kind}s"] = [each for each in contact[f"{kind}s"] if each[kind] not in gone]


def add_aliases(contact: Contact, emails: Iterable[str]) -> None:
    """Add normalised addresses that are the contact's too."""
    known = {contact["email"], *contact["aliases"]}
    fresh = [email for email in dict.fromkeys(emails) if email not in known]
    contact["aliases"] = [*contact["aliases"], *fresh]


def too_many(contact: Contact) -> str | None:
    """Return which of the contact's collections has outgrown its limit, if one has."""
    limits = {"tags": LABELS_MAX, "lists": LABELS_MAX, "aliases": ALIASES_MAX}
    return next((name for name, most in limits.items() if len(contact[name]) > most), None)
