"""Unsubscribing by the link of an email: one POST, and no email step sends to them any more.

The link is its holder's only right: whoever has it may unsubscribe that contact, and nothing else.
It asks nothing and reveals nothing, so a mail program may follow it by itself (RFC 8058).
"""

from __future__ import annotations

from typing import Any, Protocol

from functions.manage.contention import settled
from shared.domain import mails
from shared.domain.errors import NotFound
from shared.domain.ports import Name, Reads, Write, Writes


class Store(Reads, Writes, Protocol):
    """Where contacts lie."""


class Secrets(Protocol):
    """Where the key lies that signs links."""

    def read(self, endpoint_id: str) -> dict[str, Any] | None:
        """Return the secrets of that name, None where there are none."""


def unsubscribe(token: str, *, store: Store, secrets: Secrets, now: int) -> None:
    """Note that a contact wants no emails; the first time counts.

    Raise NotFound for a link that is not ours, or whose contact is gone.
    """
    key = (secrets.read(mails.KEY_ID) or {}).get("key")
    contact_id = mails.contact_of(token, key) if key else None
    if contact_id is None:
        raise NotFound("There is no such link.")
    name: Name = ("contact", contact_id)

    def write() -> None:
        contact = store.read([name])[name]
        if contact is None:
            raise NotFound("There is no such link.")
        if contact.get("unsubscribed_date") is None:
            version = contact["version"]
            told = {**contact, "unsubscribed_date": now, "version": version + 1}
            store.commit([Write(name, told, version)])

    settled(write)
