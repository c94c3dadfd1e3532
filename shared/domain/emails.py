"""The identity of a contact: the normalised email address, and nothing cleverer.

Folding dots or `+tags` away would merge people who are not the same at most mail hosts.
"""

from __future__ import annotations

import unicodedata

LONGEST = 254  # RFC 5321: a path of 256 octets, its two angle brackets aside


def normalise(text: str | None) -> str | None:
    """Return the address trimmed, in NFC and lower-case; None where it is no address at all."""
    if not text:
        return None
    # Small letters compose where their capitals do not, so composing comes last.
    address = unicodedata.normalize("NFC", text.strip().lower())
    local, at, host = address.rpartition("@")
    if not at or not local or not host or len(address) > LONGEST:
        return None
    if any(character.isspace() or ord(character) < 32 for character in address):
        return None
    return address
