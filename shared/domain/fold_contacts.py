"""Folding what a contact source says: people with their labels, and what they did.

Names fill blanks, tags and lists are added at the dates the source gives them. An address nobody
has makes a contact where the connection may make them; activity never does, it waits.
"""

from __future__ import annotations

from shared.domain import activity, contact_edits, contacts, newcomers
from shared.domain.errors import Quarantined
from shared.domain.folding import Folding
from shared.domain.heard import ActivitySaid, ContactSaid, Heard, LabelSaid
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Name


def hear(folding: Folding, heard: Heard, parsed: Parsed, at: int) -> None:
    """Fold all that an event says of people, at `at` (ms). Raise Missing for reading."""
    # Nothing is signed: a date that lies ahead would outdo all that really happens until then.
    at = min(at, folding.arrival.received_at)
    for each in heard.contacts:
        _contact(folding, each, at)
    if heard.activity is not None:
        do(folding, heard.activity, parsed.event_id, at)
    if heard.reread is not None:
        _reread(folding, heard.reread, heard.activity, at)


def do(folding: Folding, said: ActivitySaid, event_id: str, at: int) -> None:
    """Keep what was done at `at` (ms), and tell the contact, or leave it waiting for one.

    Raise Missing for reading.
    """
    name = activity.name_of(said.email)
    claim = folding.get(("email", said.email))
    # Where the API can be asked, it tells lists by their names, and an event only by their ids.
    # And whether there is a tag it knows better than who has sent the event.
    told = ("list_", "tag_") if _is_heard(folding, claim) else ("list_",)
    unnamed = said.kind.startswith(told) and bool(folding.connection.get("has_api"))
    held = activity.said(
        folding.get(name), said, at, (folding.connection_id, event_id), labelled=not unnamed
    )
    done = activity.act(said, at, folding.connection_id or None)
    folding.keep(activity.act_name(said.email, at, event_id), done)
    if claim is None:
        folding.rely_on(("email", said.email))
        newcomers.wait(folding, said.email)
        folding.put(name, held)
        return
    contact_id = claim["contact_id"]
    stored = folding.get(("contact", contact_id))
    if stored is not None:
        only = said if activity.is_taken(held, contact_id) else None
        found = activity.attach(held, dict(stored), only, at)
        if found != stored and contact_edits.too_many(found) is None:
            folding.put(("contact", contact_id), found)
        held = activity.taken(held, contact_id)
    folding.put(name, held)


def attach(folding: Folding, email: str) -> None:
    """Give the contact of an address what was done by it before. Raise Missing for reading."""
    held = folding.get(activity.name_of(email))
    claim = folding.get(("email", email))
    if held is None or claim is None or activity.is_taken(held, claim["contact_id"]):
        return
    name: Name = ("contact", claim["contact_id"])
    stored = folding.get(name)
    if stored is None:
        return
    found = activity.attach(held, dict(stored))
    if found != stored and contact_edits.too_many(found) is None:
        folding.put(name, found)
    folding.put(activity.name_of(email), activity.taken(held, claim["contact_id"]))


def _contact(folding: Folding, said: ContactSaid, at: int) -> None:
    """Make or complete one contact. Raise Quarantined for more labels than one can have."""
    if said.email is None:
        return
    claim = folding.get(("email", said.email))
    if claim is None:
        if folding.connection.get("contact_policy") == "match_only":
            return
        newcomers.make(folding, said.email, at if said.created is None else said.created)
        claim = folding.get(("email", said.email))
    name: Name = ("contact", (claim or {})["contact_id"])
    stored = folding.get(name)
    if stored is None:
        return  # it is just going
    contact = dict(stored)
    contacts.fill(contact, said.person)
    held = folding.get(activity.name_of(said.email))
    for label in said.labels:
        _label(contact, label, held, at)
    full = contact_edits.too_many(contact)
    if full is not None:
        raise Quarantined("contact_full", f"its {full} are more than a contact can have")
    if contact != stored:
        folding.put(name, contact)


def _label(contact: contacts.Contact, said: LabelSaid, held: Document | None, at: int) -> None:
    date = at if said.date is None else said.date
    known = next((e for e in contact[f"{said.kind}s"] if e[said.kind] == said.label), None)
    if not said.held:
        if known is not None and known["applied_date"] <= date:
            contact_edits.remove_labels(contact, said.kind, [said.label], date)
        if said.kind == "tag":
            contact_edits.outdate(contact, [said.label], date)
        return
    removed = activity.removed_date(held, said.kind, said.label)
    if said.kind == "tag" and contact_edits.is_outdated(contact, said.label, date):
        return
    if known is None and (removed is None or removed < date):
        contact_edits.add_labels(contact, said.kind, [said.label], date)


def _reread(folding: Folding, contact: str, said: ActivitySaid | None, at: int) -> None:
    """Have the contact read again, if the answer can tell anything that is not known."""
    if said is None or said.kind.startswith("list_"):
        folding.ask("contact", contact)
        return
    claim = folding.get(("email", said.email))
    if said.kind in ("tag_added", "tag_removed"):
        if said.subject is not None and _is_heard(folding, claim):
            folding.ask("contact", contact, tag=said.subject, tag_at=str(at))
    elif claim is None and _is_heard(folding, claim):
        # Of somebody known, an act can be proved no further.
        folding.ask("contact", contact)


def _is_heard(folding: Folding, claim: Document | None) -> bool:
    """Tell whether an answer finds the contact it is about, or may make it."""
    return claim is not None or folding.connection.get("contact_policy") != "match_only"
