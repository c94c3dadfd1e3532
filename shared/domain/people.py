"""Whose records they are: matching an event's records to contacts, and moving the contacts' sums.

A record belongs to the contact of its email. Under `create` an unknown email makes a contact;
under `match_only`, or while no email is known, the record waits, and is attached by whoever
makes the contact or learns the email.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.domain import (
    activity,
    contacts,
    customers,
    directory,
    emails,
    erasure,
    newcomers,
    personal,
)
from shared.domain.contacts import Contact, Share
from shared.domain.fold_customers import Customers
from shared.domain.late_words import Erased
from shared.domain.ports import Name
from shared.domain.records import ORDER, Record

if TYPE_CHECKING:
    from shared.domain.folding import Folding
    from shared.domain.timeline import Entry

# Entries attached to a late contact in one transaction; a job goes on with the rest.
_ATTACHED_AT_ONCE = 50
# Of a contact, what is kept for our own reckoning alone.
_HIDDEN = frozenset(
    """kept_orders first_start_date untagged former_tags former_lists source_date erased_at
    version""".split()
)


class People:
    """The contacts an event's records belong to."""

    def __init__(self, folding: Folding, customers: Customers) -> None:
        self._folding = folding
        self._customers = customers

    def settle(self, records: Iterable[Record]) -> None:
        """Attach records to contacts and move the contacts' sums. Raise Missing for reading."""
        settled = list(records)
        mirrors = self._folding.connection.get("role") == "mirror"
        named = [email for each in settled if (email := self._email(each))]
        self._folding.want(("email", email) for email in named)
        unknown = [email for email in named if self._folding.get(("email", email)) is None]
        self._folding.want(("waits", email) for email in unknown)
        if directory.erased_at(self._folding.get(directory.NAME)) is not None:
            self._folding.want(erasure.name_of(erasure.hash_of(email)) for email in unknown)
        for record in settled:
            record.standing.counts = not mirrors and record.standing.mirror_of is None
            record.contact_id = self._resolve(record)
        ids = {each for r in settled for each in (r.old_contact, r.contact_id) if each}
        self._folding.want(("contact", each) for each in sorted(ids))
        for record in settled:
            self._move(record)
            self._attach(record)

    def version(self, contact_id: str | None) -> int:
        """Return the version a contact will have once this event is through."""
        return self._folding.version_after(("contact", contact_id)) if contact_id else 0

    def _email(self, record: Record) -> str | None:
        view = record.view if record.merged_into is None else None
        return emails.normalise(view.get("email")) if view else None

    def _resolve(self, record: Record) -> str | None:
        """Return the contact a record belongs to, made where the connection's policy says so."""
        if record.merged_into is not None or record.view is None:
            return None
        email = self._email(record)
        if email is None:
            return record.old_contact or self._nobody(record)
        name: Name = ("email", email)
        claim = self._folding.get(name)
        if claim is not None:
            return str(claim["contact_id"])
        if record.old_contact and email == emails.normalise(record.head.get("email")):
            return record.old_contact
        gone = self._gone(record, email)
        if gone is not None:
            record.standing.erase(*gone.over(record))
            return self._nobody(record)
        if self._folding.connection.get("contact_policy") == "match_only":
            self._folding.rely_on(name)
            newcomers.wait(self._folding, email)
            return None
        return newcomers.make(self._folding, email, self._folding.now)

    def _gone(self, record: Record, email: str) -> Erased | None:
        """Return whose an address was, if all that tells it of a record is older than its erasure.

        What is kept of somebody goes one by one: who finds an old word still takes it for none.
        """
        if directory.erased_at(self._folding.get(directory.NAME)) is None:
            return None
        mark = self._folding.get(erasure.name_of(erasure.hash_of(email)))
        if mark is None or email in self._folding.said:
            return None
        customer = self._customers.get(record.customer_id) if record.customer_id else None
        if customer is not None and customers.says_since(customer, email, mark["erased_at"]):
            return None
        return Erased(mark["erased_at"], mark["contact_id"])

    def _nobody(self, record: Record) -> str | None:
        """Return whose a record of somebody erased is, who is nobody any more: money stays matched.

        Who was not known when they were erased would be by now, where contacts are made. So would
        who has come again since, without an address, as a customer of whom nothing is left.
        """
        standing = record.standing
        until, contact_id = standing.erased_until, standing.erased_contact
        if until is None:
            until, contact_id = self._erased_customer(record)
        if until is None or contact_id is not None:
            return contact_id
        if self._folding.connection.get("contact_policy") == "match_only":
            return None
        # The same one, however often this is folded.
        nobody = sha256("\0".join(("nobody", *record.name)).encode()).hexdigest()[:32]
        if standing.erased_until is not None:
            standing.erase(until, nobody)
        return nobody

    def _erased_customer(self, record: Record) -> tuple[int | None, str | None]:
        """Return up to when a record's customer was erased, and who that was; None if never."""
        if record.customer_id is None:
            return None, None
        if directory.erased_at(self._folding.get(directory.NAME)) is None:
            return None, None
        customer = self._customers.get(record.customer_id)
        until, contact_id = (customer or {}).get("erased") or (None, None)
        return until, contact_id

    def _move(self, record: Record) -> None:
        """Take the record's old share from its old contact and give its new one to the new."""
        share = contacts.order_share if record.kind == ORDER else contacts.subscription_share
        old = share(record.old_view) if record.old_contact and record.standing.counted else Share()
        view = record.view if record.merged_into is None else None
        new = share(view) if record.contact_id and record.standing.counts else Share()
        if record.old_contact and record.old_contact != record.contact_id:
            self._change(record.old_contact, record, old, Share())
            old = Share()
        if record.contact_id:
            self._change(record.contact_id, record, old, new)

    def _change(self, contact_id: str, record: Record, old: Share, new: Share) -> None:
        stored = self._folding.get(("contact", contact_id))
        if stored is None:
            return
        contact: Contact = {
            **stored,
            "revenue": {code: dict(held) for code, held in stored["revenue"].items()},
        }
        recount = contacts.move(contact, old, new)
        if record.contact_id == contact_id:
            since = contact.get(contacts.ERASED)
            contacts.fill(contact, self._customers.person(record.customer_id, since))
        if contact != stored:
            self._folding.put(("contact", contact_id), contact)
        if recount:
            self._folding.send_job("recount_contact", contact_id=contact_id)

    def _attach(self, record: Record) -> None:
        """Give what waited its contact: the changes recorded while nobody was known."""
        late = record.attaches or record.old_contact is None
        if not record.known or record.contact_id is None or not late:
            return
        waiting = [each for each in record.entries() if each.contact_id is None]
        self._forget(record, waiting)
        for entry in waiting[-_ATTACHED_AT_ONCE:]:
            record.mend(entry)
        if len(waiting) > _ATTACHED_AT_ONCE:
            kind, _, identity = record.name
            self._folding.send_job("attach_record", record=kind, id=identity)

    def _forget(self, record: Record, waiting: Iterable[Entry]) -> None:
        """Have erased what a store kept of somebody before, whom nobody knew until they came again.

        When they were erased, nothing told that its customer was them.
        """
        contact = self._folding.get(("contact", record.contact_id or "")) or {}
        until = contact.get(contacts.ERASED)
        if until is None or record.customer_id is None:
            return
        if any(personal.moment(entry) <= until for entry in waiting):
            self._folding.erase_as_well(Erased(until, None), record.customer_id)


def to_json(contact: Contact) -> dict[str, Any]:
    """Return a contact's own fields with its derived ones, in internal values."""
    shown = {name: value for name, value in contact.items() if name not in _HIDDEN}
    return {
        **dict.fromkeys(activity.LAST_DATES.values()),
        "unsubscribed_date": None,
        **shown,
        "customer": contact["kept_orders"] > 0,
        "customer_since": contacts.customer_since(contact),
        "revenue": [
            {"currency": code, "amount": held["net"]}
            for code, held in sorted(contact["revenue"].items())
        ],
    }
