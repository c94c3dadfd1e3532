"""What has been done at an address, whether or not anybody is known by it yet.

Pure. Each activity is a document of its own, for reports. Beside them one document per address
holds the newest activities, when each kind last happened, the first visit, and what was said of
each tag and list. It depends on what was said alone, never on the order it came in; so does what a
contact takes over from it, as far as nobody else touches the same tags and lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain import contact_edits, origin
from shared.domain.contacts import ERASED, Contact
from shared.domain.heard import LABELLED, ActivitySaid
from shared.domain.ports import Document, Name

Activity = dict[str, Any]

# Of each kind that is an act, the contact's field that tells when it was last done.
LAST_DATES: Mapping[str, str] = {
    kind: f"last_{kind}_date" for kind in ("visit", "sent", "open", "click", "reply")
}
# Whoever opens every letter has this written as often.
_ITEMS_MAX = 30
_LABELS_MAX = 500
# Of one tag: enough for what overtakes each other.
_ADDITIONS_MAX = 8


def name_of(email: str) -> Name:
    """Return the name of the document of a normalised address."""
    return ("activity", email)


def act_name(email: str, at: int, event_id: str) -> Name:
    """Return the name of the document of one activity, done by an address at `at` (ms)."""
    return ("act", email, f"{at:015d}#{event_id}")


def act(each: ActivitySaid, at: int, connection_id: str | None) -> Activity:
    """Return the document of one activity, which nobody ever changes."""
    return {
        "version": 1,
        "kind": each.kind,
        "subject": each.subject,
        "campaign": each.campaign,
        "source": each.source,
        "automation_id": each.automation_id,
        "occurred_date": at,
        "connection_id": connection_id,
    }


def said(
    document: Document | None,
    each: ActivitySaid,
    at: int,
    event: tuple[str, str],
    *,
    labelled: bool,
) -> Activity:
    """Return the document after this activity at `at` (ms), told by `event` of a connection.

    `labelled` says whether a tag or list it names is to be known by that name.
    """
    held = dict(document) if document else {"items": [], "last": {}, "labels": {}, "contact": None}
    item = {
        "kind": each.kind,
        "subject": each.subject,
        "campaign": each.campaign,
        "occurred_date": at,
        "connection_id": event[0],
        "id": event[1],
    }
    first = origin.earlier(held.get("first"), origin.touch(each, at))
    items = sorted(
        [*held["items"], item], key=lambda one: (one["occurred_date"], one["id"]), reverse=True
    )
    last = {**held["last"]}
    if each.kind in LAST_DATES:
        last[each.kind] = max(at, last.get(each.kind, at))
    labels = _labelled(held, each, at) if labelled else held["labels"]
    found = {**held, "items": items[:_ITEMS_MAX], "last": last, "labels": labels}
    return found if first is None else {**found, "first": first}


def taken(document: Document, contact_id: str) -> Activity:
    """Return the document whose words this contact has taken over."""
    return {**document, "contact": contact_id}


def is_taken(document: Document, contact_id: str) -> bool:
    """Tell whether this contact has taken over what the document held before it appeared."""
    return bool(document["contact"] == contact_id)


def removed_date(document: Document | None, kind: str, label: str) -> int | None:
    """Return when a tag or list was last said to be removed, in ms."""
    known = (document or {}).get("labels", {}).get(_key(kind, label))
    return known["removed"] if known else None


def attach(
    document: Document, contact: Contact, only: ActivitySaid | None = None, at: int = 0
) -> Contact:
    """Return the contact with all that the document says.

    Where the others were taken over before, with the tag, the list or the visit that is `only`,
    done at `at` (ms). What was done there before an erasure was done by somebody else.
    """
    document = document if ERASED not in contact else _since(document, contact[ERASED])
    dates = {
        LAST_DATES[kind]: max(date, contact.get(LAST_DATES[kind]) or date)
        for kind, date in document["last"].items()
    }
    visit = document.get("first") if only is None else origin.touch(only, at)
    found = origin.visited({**contact, **dates}, visit)
    wanted = None
    if only is not None:
        wanted = _key(LABELLED[only.kind][0], only.subject or "") if only.kind in LABELLED else ""
    for key in document["labels"]:
        if wanted in (None, key):
            kind, _, label = key.partition(":")
            found = settle(document, found, kind, label)
    return found


def settle(document: Document, contact: Contact, kind: str, label: str) -> Contact:
    """Return the contact with or without a tag or list, as the document has it.

    A later date than that of a removal stands against it: somebody has applied it since.
    """
    known = document["labels"].get(_key(kind, label))
    if known is None:
        return contact
    field = f"{kind}s"
    others = [each for each in contact[field] if each[kind] != label]
    held = next((each["applied_date"] for each in contact[field] if each[kind] == label), None)
    removed = known["removed"]
    if removed is not None and held is not None and held <= removed:
        contact = contact_edits.with_former(contact, kind, [(label, held)], removed)
        held = None
    dates = [each for each in (held, *known["added"][:1]) if each is not None]
    if not dates:
        return {**contact, field: others}
    fresh = {kind: label, "applied_date": min(dates)}
    if fresh in contact[field]:
        return contact
    return {**contact, field: [*others, fresh]}


def _since(document: Document, until: int) -> Activity:
    """Return the document as if nothing had been done there up to `until` (ms)."""
    first = document.get("first")
    labels = {
        key: {
            "added": [each for each in known["added"] if each > until],
            "removed": known["removed"] if (known["removed"] or 0) > until else None,
        }
        for key, known in document["labels"].items()
    }
    return {
        **document,
        "last": {kind: at for kind, at in document["last"].items() if at > until},
        "labels": labels,
        "first": first if first is not None and first["date"] > until else None,
    }


def _labelled(held: Document, each: ActivitySaid, at: int) -> dict[str, Any]:
    """Return what is known of tags and lists: the last removal, and the additions after it."""
    labels = dict(held["labels"])
    if each.kind not in LABELLED or each.subject is None:
        return labels
    kind, gained = LABELLED[each.kind]
    key = _key(kind, each.subject)
    known = labels.get(key, {"added": [], "removed": None})
    if key not in labels and len(labels) >= _LABELS_MAX:
        return labels
    removed = known["removed"]
    added = {*known["added"], *([at] if gained else [])}
    if not gained:
        removed = at if removed is None else max(removed, at)
    # Of one second, nobody can tell which came first: the removal ends it.
    later = sorted(date for date in added if removed is None or date > removed)
    labels[key] = {"added": later[:_ADDITIONS_MAX], "removed": removed}
    return labels


def _key(kind: str, label: str) -> str:
    return f"{kind}:{label}"
