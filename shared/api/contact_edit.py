"""What a stated contact comes to: the contact as it leaves it, and the writes that make it so.

The same for the route that writes one contact and for the import that writes thousands; only the
commit is theirs. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.api.bodies import invalid
from shared.api.contact_body import ContactBody
from shared.domain import contact_edits, contacts, directory, erasure, origin, write_back
from shared.domain.contacts import Contact
from shared.domain.errors import Conflict, Retryable
from shared.domain.ports import Document, Name, Reads, Write

_PERSON = frozenset({"first_name", "last_name", "phone", "company"})


@dataclass(frozen=True, slots=True)
class Edit:
    """A contact after its edit; `fresh` are addresses it is the first to claim.

    There are no steps where nothing changes.
    """

    contact: Contact
    created: bool
    fresh: list[str]
    steps: list[Write]


def edit_contact(
    body: ContactBody,
    *,
    store: Reads,
    now: int,
    new_id: Callable[[], str],
    created_date: int | None = None,
) -> Edit:
    """Return what a body makes of the contact of its email, who may be new.

    A new one is known since `created_date` (ms), else since `now`. Raise Invalid where the body
    contradicts itself or the contact would grow too large, Conflict where an alias is another
    contact's, Retryable where the contact is just going.
    """
    _check(body)
    claims, book = _claims(body, store)
    stored = _stored(claims[body.email], store)
    since = now if created_date is None else created_date
    contact = _edited(body, stored or contacts.new(new_id(), body.email, since), now, since)
    fresh = _unclaimed(body, claims, contact, store)
    if stored == contact:
        return Edit(contact, False, [], [])
    until = erasure.last_of(fresh, book, store) if fresh else None
    if until is not None:
        # What was told of such an address by then is of somebody else, who is being erased.
        contact[contacts.ERASED] = max(until, contact.get(contacts.ERASED, until))
    contact["version"] = stored["version"] + 1 if stored else 1
    noted = write_back.notes(book, stored, contact, now)
    return Edit(contact, stored is None, fresh, [*_steps(contact, fresh), *noted])


def _check(body: ContactBody) -> None:
    for path, added, removed in (
        ("add_tags", body.add_tags, body.remove_tags),
        ("add_lists", body.add_lists, body.remove_lists),
    ):
        if set(added) & set(removed):
            raise invalid((path, "holds one that is removed as well"))


def _claims(body: ContactBody, store: Reads) -> tuple[dict[str, Document | None], Document | None]:
    """Return who owns the body's addresses, and the directory of connections."""
    wanted = dict.fromkeys([body.email, *body.add_aliases])
    names: list[Name] = [("email", email) for email in wanted]
    found = store.read([*names, directory.NAME])
    return {email: found["email", email] for email in wanted}, found[directory.NAME]


def _stored(claim: Document | None, store: Reads) -> Document | None:
    if claim is None:
        return None
    name: Name = ("contact", claim["contact_id"])
    stored = store.read([name])[name]
    if stored is None:
        raise Retryable("an address is claimed by a contact that is just going")
    return stored


def _edited(body: ContactBody, stored: Document, now: int, since: int) -> Contact:
    """Return the contact as the body leaves it, whose source is that of `since` (ms).

    Raise Invalid where it would grow too large.
    """
    contact: Contact = dict(stored)
    said = {name: getattr(body, name) for name in body.model_fields_set & _PERSON}
    contact_edits.describe(contact, said)
    origin.stated(contact, body.source.model_dump(include=body.source.model_fields_set), since)
    contact_edits.untag(contact, body.remove_tags, now, now + write_back.UNDER_WAY)
    contact_edits.add_labels(contact, "tag", body.add_tags, now)
    contact_edits.remove_labels(contact, "list", body.remove_lists, now)
    contact_edits.add_labels(contact, "list", body.add_lists, now)
    if body.unsubscribed is not None:
        contact_edits.mark_unsubscribed(contact, body.unsubscribed, now)
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
    body: ContactBody, claims: dict[str, Document | None], contact: Contact, store: Reads
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
