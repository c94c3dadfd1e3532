"""Folding what a contact source says: people with their labels, what they did, pages of imports.

Names fill blanks, tags and lists are added at the dates the source gives them, and a page counts
in the import it belongs to, all in the event's own transaction. An address nobody has makes a
contact where the connection may make them; activity never does, it waits.
"""

from __future__ import annotations

from shared.domain import activity, contact_edits, contacts, history_import, newcomers
from shared.domain.contact_import import Tally
from shared.domain.folding import Folding
from shared.domain.heard import ActivitySaid, ContactSaid, Heard, LabelSaid, PageSaid
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Name


def hear(folding: Folding, heard: Heard, parsed: Parsed, at: int) -> None:
    """Fold all that an event says of people, at `at` (ms). Raise Missing for reading."""
    # Nothing is signed: a date that lies ahead would outdo all that really happens until then.
    at = min(at, folding.arrival.received_at)
    tally = Tally()
    if heard.page is not None:
        if not history_import.awaits(folding.get(_job_name(heard.page)), heard.page):
            return
        _want(folding, heard)
    for number, each in enumerate(heard.contacts):
        _contact(folding, each, at, tally, number)
    if heard.activity is not None:
        _activity(folding, heard.activity, parsed.event_id, at)
    if heard.reread is not None:
        folding.ask("contact", heard.reread)
    if heard.page is not None:
        _turn(folding, heard.page, tally)


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


def _want(folding: Folding, heard: Heard) -> None:
    """Read together what the page's people lead to."""
    told = [each.email for each in heard.contacts if each.email]
    folding.want(("email", email) for email in told)
    claims = {email: folding.get(("email", email)) for email in told}
    folding.want(("waits", email) for email, claim in claims.items() if claim is None)
    folding.want(("contact", claim["contact_id"]) for claim in claims.values() if claim)
    folding.want(activity.name_of(email) for email in told)


def _contact(folding: Folding, said: ContactSaid, at: int, tally: Tally, number: int) -> None:
    """Make or complete one contact, and count what came of it."""
    if said.email is None:
        tally.reject(number, ("email", "is not an email address"))
        return
    claim, made = folding.get(("email", said.email)), False
    if claim is None:
        if folding.connection.get("contact_policy") == "match_only":
            tally.count("unchanged")
            return
        newcomers.make(folding, said.email, at if said.created is None else said.created)
        claim, made = folding.get(("email", said.email)), True
    name: Name = ("contact", (claim or {})["contact_id"])
    stored = folding.get(name)
    if stored is None:
        tally.count("unchanged")  # it is just going
        return
    contact = dict(stored)
    contacts.fill(contact, said.person)
    held = folding.get(activity.name_of(said.email))
    for label in said.labels:
        _label(contact, label, held, at)
    full = contact_edits.too_many(contact)
    if full is not None:
        tally.reject(number, (full, "are more than a contact can have"))
        return
    if contact != stored:
        folding.put(name, contact)
    tally.count("created" if made else "updated" if contact != stored else "unchanged")


def _label(contact: contacts.Contact, said: LabelSaid, held: Document | None, at: int) -> None:
    date = at if said.date is None else said.date
    known = next((e for e in contact[f"{said.kind}s"] if e[said.kind] == said.label), None)
    if not said.held:
        if known is not None and known["applied_date"] <= date:
            contact_edits.remove_labels(contact, said.kind, [said.label])
        return
    removed = activity.removed_date(held, said.kind, said.label)
    if known is None and (removed is None or removed < date):
        contact_edits.add_labels(contact, said.kind, [said.label], date)


def _activity(folding: Folding, said: ActivitySaid, event_id: str, at: int) -> None:
    """Keep what was done, and tell the contact, or leave it waiting for one."""
    name = activity.name_of(said.email)
    # Where the API can be asked, it tells lists by their names, and an event only by their ids.
    unnamed = said.kind.startswith("list_") and bool(folding.connection.get("has_api"))
    held = activity.said(
        folding.get(name), said, at, (folding.connection_id, event_id), labelled=not unnamed
    )
    claim = folding.get(("email", said.email))
    if claim is None:
        folding.rely_on(("email", said.email))
        newcomers.wait(folding, said.email)
        folding.put(name, held)
        return
    contact_id = claim["contact_id"]
    stored = folding.get(("contact", contact_id))
    if stored is not None:
        found = activity.attach(
            held, dict(stored), said if activity.is_taken(held, contact_id) else None
        )
        if found != stored and contact_edits.too_many(found) is None:
            folding.put(("contact", contact_id), found)
        held = activity.taken(held, contact_id)
    folding.put(name, held)


def _turn(folding: Folding, page: PageSaid, tally: Tally) -> None:
    """Have the import go on to its next page."""
    job = folding.get(_job_name(page))
    assert job is not None  # noqa: S101  # `awaits` has asked
    following = history_import.advanced(job, page, tally, folding.now)
    folding.put(_job_name(page), following)
    told = {**folding.connection, "history": history_import.history_of(following)}
    folding.put(("connection", folding.connection_id), told)
    if page.failure is None and page.following is not None:
        wanted = history_import.PAGES[folding.connection["provider"]]
        folding.ask(wanted, page.following, job_id=page.job_id)


def _job_name(page: PageSaid) -> Name:
    return ("job", page.job_id)
