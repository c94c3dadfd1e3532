"""Making the contact of an address nobody has, and leaving word where none may be made.

Whatever waits for the address is attached by a job: payments and activity that came before the
contact did.
"""

from __future__ import annotations

from shared.domain import contacts, directory, erasure
from shared.domain.folding import Folding
from shared.domain.ports import Name


def make(folding: Folding, email: str, since: int) -> str:
    """Make the contact of a normalised address, known since `since` (ms); return its id.

    The address has to be unclaimed as this fold has read it. Raise Missing for reading.
    """
    contact_id = folding.new_id()
    folding.put(("email", email), {"contact_id": contact_id})
    contact = {**contacts.new(contact_id, email, since), **_again(folding, email)}
    folding.put(("contact", contact_id), contact)
    waits: Name = ("waits", email)
    if folding.get(waits) is not None:
        folding.send_job("attach_contact", email=email)
    else:
        # Nobody waits, as long as nobody begins to in between: that saves a job each time.
        folding.rely_on(waits)
    return contact_id


def _again(folding: Folding, email: str) -> dict[str, int]:
    """Return up to when nothing told of an address is the new contact's: it was erased before."""
    if directory.erased_at(folding.get(directory.NAME)) is None:
        return {}
    mark = folding.get(erasure.name_of(erasure.hash_of(email)))
    return {} if mark is None else {contacts.ERASED: mark["erased_at"]}


def wait(folding: Folding, email: str) -> None:
    """Leave word that something waits for an address: whoever makes the contact looks for it."""
    name: Name = ("waits", email)
    if folding.get(name) is None:
        folding.put(name, {})
