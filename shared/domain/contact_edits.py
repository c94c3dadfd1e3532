"""What people and automations change on a contact: names, tags, lists, aliases.

Pure. Unlike what a provider says, these words replace what stood there. Tags and lists keep the
date they were first applied; applying one again changes nothing. What was removed is remembered:
reports ask who ever had it, and a source may only then be heard to have applied it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.contacts import Contact

# A contact is one item of the table; these keep it far below the size an item may have.
LABELS_MAX = 500
ALIASES_MAX = 50
_UNTAGGED_MAX = 50
_FORMER_MAX = 100


def describe(contact: Contact, said: Mapping[str, Any]) -> None:
    """Take over what was said of a person's names; None clears a field."""
    contact.update(said)


def add_labels(contact: Contact, kind: str, labels: Iterable[str], now: int) -> None:
    """Apply tags (`kind` is `tag`) or lists (`list`) that the contact does not have yet."""
    held = contact[f"{kind}s"]
    known = {each[kind] for each in held}
    fresh = [label for label in dict.fromkeys(labels) if label not in known]
    contact[f"{kind}s"] = [*held, *({kind: label, "applied_date": now} for label in fresh)]
    if kind == "tag" and not contact.get("untagged", {}).keys().isdisjoint(fresh):
        contact["untagged"] = {k: v for k, v in contact["untagged"].items() if k not in fresh}


def remove_labels(contact: Contact, kind: str, labels: Iterable[str], at: int) -> None:
    """Take tags or lists off the contact at `at` (ms); those it does not have are no fault."""
    gone = set(labels)
    held = contact[f"{kind}s"]
    lost = [(each[kind], each["applied_date"]) for each in held if each[kind] in gone]
    contact[f"{kind}s"] = [each for each in held if each[kind] not in gone]
    contact.update(with_former(contact, kind, lost, at))


def with_former(
    contact: Contact, kind: str, lost: Iterable[tuple[str, int]], removed: int
) -> Contact:
    """Return the contact that had these labels, each since a date, and lost them at `removed`."""
    former = contact.get(f"former_{kind}s") or []
    fresh = [
        {kind: label, "applied_date": applied, "removed_date": removed} for label, applied in lost
    ]
    fresh = [each for each in fresh if each not in former]
    if not fresh:
        return contact
    newest = sorted(
        [*former, *fresh],
        key=lambda each: (each["removed_date"], each["applied_date"], each[kind]),
        reverse=True,
    )
    return {**contact, f"former_{kind}s": newest[:_FORMER_MAX]}


def untag(contact: Contact, tags: Iterable[str], at: int, until: int) -> None:
    """Take those of the tags off at `at` (ms) that the contact has.

    What a source applied up to `until` (ms) is older than that, whenever it is heard of.
    """
    held = {each["tag"] for each in contact["tags"]}
    gone = [tag for tag in tags if tag in held]
    if gone:
        remove_labels(contact, "tag", gone, at)
        outdate(contact, gone, until)


def outdate(contact: Contact, tags: Iterable[str], until: int) -> None:
    """Remember that the tags were removed: additions up to `until` (ms) do not count."""
    known = contact.get("untagged") or {}
    marks = {**known, **{tag: max(until, known.get(tag, until)) for tag in tags}}
    newest = sorted(marks.items(), key=lambda mark: (-mark[1], mark[0]))[:_UNTAGGED_MAX]
    contact["untagged"] = dict(sorted(newest))


def is_outdated(contact: Contact, tag: str, date: int) -> bool:
    """Tell whether a tag that a source applied at `date` (ms) was removed since."""
    until = (contact.get("untagged") or {}).get(tag)
    return until is not None and date <= until


def mark_unsubscribed(contact: Contact, unsubscribed: bool, now: int) -> None:
    """Note that a contact wants no emails, since the first time it was said, or wants them."""
    if not unsubscribed:
        contact.pop("unsubscribed_date", None)
    elif contact.get("unsubscribed_date") is None:
        contact["unsubscribed_date"] = now


def add_aliases(contact: Contact, emails: Iterable[str]) -> None:
    """Add normalised addresses that are the contact's too."""
    known = {contact["email"], *contact["aliases"]}
    fresh = [email for email in dict.fromkeys(emails) if email not in known]
    contact["aliases"] = [*contact["aliases"], *fresh]


def too_many(contact: Contact) -> str | None:
    """Return which of the contact's collections has outgrown its limit, if one has."""
    limits = {"tags": LABELS_MAX, "lists": LABELS_MAX, "aliases": ALIASES_MAX}
    return next((name for name, most in limits.items() if len(contact[name]) > most), None)
