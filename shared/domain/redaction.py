"""Foreign text made fit to keep: what looks like a secret or a person is blotted out.

An endpoint may answer with anything, our own request included: its signature, the customer's
email, a token out of its URL. A log of deliveries outlives all of those. This is a net, not a
proof, so keep little of a text even so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

BLOT = "[redacted]"
# Beyond, nobody reads; and the patterns below are never let loose on more.
_LENGTH_READ = 4_096
_HIDDEN_LENGTH_MIN = 8

# "password": "…", api_key=…, Cookie: …: the name stays, it tells what went wrong.
_NAMED = re.compile(
    r"((?:passw(?:or)?d|pwd|secret|token|api[_-]?key|authorization|cookie|signature)"
    r"[\"']?\s{0,4}[:=]\s{0,4})(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&<]+)",
    re.ASCII | re.IGNORECASE,
)
_PATTERNS = [
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        r"\b(?:bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{8,}",
        r"\b(?:whsec|sk|rk|pk)_[A-Za-z0-9_+/=-]{6,}",
        r"\bv1a?,[A-Za-z0-9+/]{16,}={0,2}",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"[^\s@<>\"'(),:;=&/]{1,64}(?:@|%40)[^\s@<>\"'(),:;=&/]{1,253}",
        r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])",
        r"[A-Za-z0-9_+/-]{32,}={0,2}",
    )
]


def redacted(text: str, length: int, hidden: Iterable[str] = ()) -> str:
    """Return the beginning of `text`, at most `length` characters, without what must not be kept.

    `hidden` are exact texts known to be secret; shorter than 8 characters they are ignored.
    """
    kept = text[:_LENGTH_READ]
    for secret in sorted(set(hidden), key=len, reverse=True):
        if len(secret) >= _HIDDEN_LENGTH_MIN:
            kept = kept.replace(secret, BLOT)
    for pattern in _PATTERNS:
        kept = pattern.sub(BLOT, kept)
    kept = _NAMED.sub(rf"\1{BLOT}", kept)
    if len(kept) > length:
        kept = kept[: length - 1] + "…"
    return "".join(map(_printable, kept))


def _printable(character: str) -> str:
    """Return the character, a space for those that steer terminals, logs or reading order."""
    if character in "\n\t":
        return character
    return " " if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") else character
