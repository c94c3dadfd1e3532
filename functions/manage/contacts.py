"""Making and changing contacts, and claiming what waited for their addresses.

Payments of an unknown email wait until somebody claims it. The job that attaches them is sent
twice: after the commit, and a little later for records the index did not show yet. The later one is
queued before the commit, so that a crash in between cannot leave payments waiting for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from functions.manage.bodies import ContactBody
from functions.manage.contention import settled
from shared.api.bodies import invalid, validated
from shared.domain import contact_edits, contacts, rendering
from shared.domain.contacts import Contact
from shared.domain.errors import Conflict, Retryable
from shared.domain.ports import Document, Name, Reads, Write, Writes

_PERSON = frozenset({"first_name", "last_name", "phone", "company"})


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
    _check(body)
    announced: set[str] = set()

    def write() -> tuple[bool, Contact, list[str]]:
        claims = _claims(body, store)
        stored = _stored(claims[body.email], store)
        contact = _edited(body, stored or contacts.new(new_id(), body.email, now), now)
        fresh = _unclaimed(body, claims, contact, store)
        if stored == contact:
            return False, contact, []
        for email in set(fresh) - announced:
            jobs.attach_later(email)
            announced.add(email)
        contact["version"] = stored["version"] + 1 if stored else 1
        store.commit(_steps(contact, fresh))
        return stored is None, contact, fresh

    created, contact, fresh = settled(write)
    for email in fresh:
        jobs.attach(email, contact["contact_id"])
    return created, rendering.contact(contact)


def _check(body: ContactBody) -> None:
    for path, added, removed in (
        ("add_tags", body.add_tags, body.remove_tags),
        ("add_lists", body.add_lists, body.remove_lists),
    ):
        if set(added) & set(removed):
            raise invalid((path, "holds one that is removed as well"))


def _claims(body: ContactBody, store: Store) -> dict[str, Document | None]:
    """Return who owns the body's addresses."""
    wanted = dict.fromkeys([body.email, *body.add_aliases])
    found = store.read([("email", email) for email in wanted])
    return {email: found["email", email] for email in wanted}


def _stored(claim: Document | None, store: Store) -> Document | None:
    if claim is None:
        return None
    name: Name = ("contact", claim["contact_id"])
    stored = store.read([name])[name]
    if stored is None:
        raise Retryable("an address is claimed by a contact that is just going")
    return stored


def _edited(body: ContactBody, stored: Document, now: int) -> Contact:
    """Return the contact as the body leaves it. Raise Invalid where it would grow too large."""
    contact: Contact = dict(stored)
    said = {name: getattr(body, name) for name in body.model_fields_set & _PERSON}
    contact_edits.describe(contact, said)
    contact_edits.trace(contact, body.source.model_dump(include=body.source.model_fields_set))
    contact_edits.remove_labels(contact, "tag", body.remove_tags)
    contact_edits.add_labels(contact, "tag", body.add_tags, now)
    contact_edits.remove_labels(contact, "list", body.remove_lists)
    contact_edits.add_labels(contact, "list", body.add_lists, now)
    contact_edits.add_aliases(contact, body.add_aliases)
    full = contact_edits.too_many(contact)
    if full is not None:
        raise invalid((f"add_{full}", "would be more than a contact can have"))
    return contact


def _steps(contact: Contact, fresh: list[str]) -> list[Write]:
    """Return the writes of a contact and of the addresses it is the first to claim."""
    contact_id = contact["contact_id"]
    claim = {"contact_id": contact_id, "version": 1}
    return [
        Write(("contact", contact_id), contact, contact["version"] - 1),
        *(Write(("email", email), claim, 0) for email in fresh),
    ]


def _unclaimed(
    body: ContactBody, claims: dict[str, Document | None], contact: Contact, store: Store
) -> list[str]:
    """Return the addresses nobody owns yet. Raise Conflict for one that is another contact's."""
    for index, email in enumerate(body.add_aliases):
        claim = claims[email]
        if claim is not None and claim["contact_id"] != contact["contact_id"]:
            owner = _stored(claim, store) or {}
            raise Conflict(
                f"The address {email} belongs to contact {owner['contact_id']} "
                f"({owner['email']}), so it cannot be an alias of {contact['email']}.",
                ((f"add_aliases.{index}", "belongs to another contact"),),
            )
    return [email for email, claim in claims.items() if claim is None]
