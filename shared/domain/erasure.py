"""Who was erased, and when: the one fact about an erased person that is kept, and how it is told.

Of a person nothing stays but hashes of their addresses and the opaque id they had, so that late
events, replays and readers of the change log can tell what must not come back. An erasure is
kept twice: as one object of the ledger, outside the table, which a restored table is told from,
and as a document per address, which folding reads when it meets an address nobody has.

Nothing here holds an address: whoever asks has to bring it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from shared.domain import directory, emails
from shared.domain.ports import Document, Name, Reads

# What the names of the ledger's objects begin with, in the change log's bucket.
PREFIX = "erased/"
_VERSION = 1
SALT = "paysignal:erased:"
_HASH_LENGTH = 64
_TOLD = ("contact_id", "email_hashes", "erased_at")
_DAMAGED = "an object of the erase ledger is damaged; its erasure cannot be replayed"


def hash_of(email: str) -> str:
    """Return what is kept of an address instead of itself: 64 hex digits, however it is spelt."""
    return sha256(f"{SALT}{emails.normalise(email) or email}".encode()).hexdigest()


def name_of(email_hash: str) -> Name:
    """Return the name of the document that says when an address was erased last."""
    return ("erased", email_hash)


def last_of(addresses: Iterable[str], book: Document | None, store: Reads) -> int | None:
    """Return when (ms) one of some addresses was erased last, None where none of them ever was.

    `book` is the directory: where nobody was erased yet, nothing is read.
    """
    if directory.erased_at(book) is None:
        return None
    marks = store.read([name_of(hash_of(each)) for each in addresses]).values()
    return max((mark["erased_at"] for mark in marks if mark is not None), default=None)


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure: of whom nothing from `erased_at` (ms) or before is to be known any more.

    `contact_id` is None where the address was nobody's; `email_hashes` are sorted.
    """

    contact_id: str | None
    email_hashes: tuple[str, ...]
    erased_at: int

    @classmethod
    def of(cls, contact_id: str | None, addresses: Iterable[str], erased_at: int) -> Erasure:
        """Return the erasure of a person with all their addresses at a time (ms)."""
        hashes = sorted({hash_of(each) for each in addresses})
        return cls(contact_id, tuple(hashes), erased_at)

    @property
    def key(self) -> str:
        """The name of its object in the ledger; names sort by the time of erasure."""
        whom = [self.contact_id or "", *self.email_hashes]
        digest = sha256(",".join(whom).encode()).hexdigest()
        return f"{PREFIX}{self.erased_at:015d}-{digest[:16]}.json"

    def covers(self, contact_id: str | None, email: str | None, at: int) -> bool:
        """Tell whether what was recorded of a contact or an address at a time (ms) is erased."""
        if at > self.erased_at:
            return False
        theirs = contact_id is not None and contact_id == self.contact_id
        return theirs or (email is not None and hash_of(email) in self.email_hashes)

    def to_object(self) -> bytes:
        """Return its object of the ledger: JSON, the same bytes whenever it is told."""
        told = {
            "version": _VERSION,
            "contact_id": self.contact_id,
            "email_hashes": list(self.email_hashes),
            "erased_at": self.erased_at,
        }
        return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


def read_object(content: bytes) -> Erasure:
    """Return the erasure an object of the ledger tells of. Raise ValueError where it tells none."""
    told = json.loads(content)
    if not isinstance(told, dict) or told.get("version") != _VERSION:
        raise ValueError("not an erasure this version can read; update paysignal and try again")
    contact_id, hashes, erased_at = (told.get(name) for name in _TOLD)
    if not (contact_id is None or isinstance(contact_id, str)) or not isinstance(hashes, list):
        raise ValueError(_DAMAGED)
    sound = all(isinstance(each, str) and len(each) == _HASH_LENGTH for each in hashes)
    if not sound or type(erased_at) is not int:
        raise ValueError(_DAMAGED)
    return Erasure(contact_id, tuple(sorted(hashes)), erased_at)
