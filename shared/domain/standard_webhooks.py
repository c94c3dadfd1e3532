"""Standard Webhooks 1.0.0: how an endpoint knows that a delivery is ours, fresh and untouched.

What is signed is `id.timestamp.body` over the very bytes that are sent, once with each secret in
force, so that a receiver verifies with either while it rotates. The id stays the same over all
attempts of a delivery, the timestamp is each attempt's own. A secret must never appear in an
error, a log or an answer other than the one that made it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from shared.domain import times
from shared.domain.webhooks import InvalidSignature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NotRequired, TypedDict

    class StoredSecret(TypedDict):
        """A secret of an endpoint; one that was replaced ends at `expires_at`, in ms."""

        secret: str
        expires_at: NotRequired[int]


PREFIX = "whsec_"
KEY_BYTES_MIN = 24
KEY_BYTES_MAX = 64
NEW_KEY_BYTES = 32
OVERLAP = times.DAY
# Who rotates twice in a hurry keeps a receiver of the first secret alive; a header has an end.
SECRETS_MAX = 4

# How far an attempt's timestamp may lie behind and ahead of the receiver's clock. Behind covers a
# slow journey; ahead is only skew, and every second of it lengthens the life of a replay.
TOLERANCE_SECONDS = 300
SKEW_SECONDS = 60

# A dot would let an id take over the timestamp's place in what is signed.
_ID = re.compile(r"[!-\-/-~]{1,128}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Return a secret of 256 bits; `random_bytes` has to be fit for keys."""
    return PREFIX + base64.b64encode(random_bytes(NEW_KEY_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key a secret spells. Raise ValueError where it spells none of 24 to 64 bytes."""
    prefix, encoded = secret[: len(PREFIX)], secret[len(PREFIX) :].rstrip("=")
    try:
        # Without its padding, too, base64 is common among secrets.
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if prefix != PREFIX or not key:
        # Outside of `except`: the decoder's message may tell about what it read.
        raise ValueError("a secret is whsec_ followed by base64")
    if not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise ValueError(f"a secret has {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes")
    return key


def rotated(stored: Sequence[StoredSecret], secret: str, now: int) -> list[StoredSecret]:
    """Return the secrets after `secret` became the current one: the others end within a day."""
    ends = now + OVERLAP
    kept: list[StoredSecret] = [{"secret": secret}]
    for each in stored:
        if each["secret"] != secret and each.get("expires_at", ends) > now:
            kept.append(
                {"secret": each["secret"], "expires_at": min(each.get("expires_at", ends), ends)}
            )
    return kept[:SECRETS_MAX]


def in_force(stored: Iterable[StoredSecret], now: int) -> list[str]:
    """Return the secrets to sign with at `now`, the current one first."""
    return [each["secret"] for each in stored if each.get("expires_at", now + 1) > now]


def signatures(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> list[str]:
    """Return `v1,<base64>` for each secret; `timestamp` in seconds.

    Raise ValueError for a bad secret, a bad id, or no secret at all: nothing leaves unsigned.
    """
    if not _ID.fullmatch(message_id):
        raise ValueError("a message id is 1 to 128 printable characters without a dot")
    keys = [key_of(secret) for secret in secrets]
    if not keys:
        raise ValueError("no secret to sign with")
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return ["v1," + base64.b64encode(_digest(key, signed)).decode() for key in keys]


def headers(secrets: Iterable[str], message_id: str, now: int, body: bytes) -> dict[str, str]:
    """Return the three headers of an attempt at `now` (ms). Raise ValueError as signatures do."""
    timestamp = now // times.SECOND
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures(secrets, message_id, timestamp, body)),
    }


def verify(secrets: Iterable[str], received: Mapping[str, str], body: bytes, now: int) -> str:
    """Return the id of a genuine message; header names in small letters, `now` in ms.

    Raise InvalidSignature for every other, ValueError where a secret is none.
    """
    message_id = received.get("webhook-id", "")
    timestamp = received.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise InvalidSignature("bad_header")
    expected = [each.encode() for each in signatures(secrets, message_id, int(timestamp), body)]
    given = [
        each.encode(errors="replace") for each in received.get("webhook-signature", "").split(" ")
    ]
    # Each with each, and no early end: time tells nothing about which was nearly right.
    if not sum([hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]):
        raise InvalidSignature
    age_seconds = now // times.SECOND - int(timestamp)
    if not -SKEW_SECONDS <= age_seconds <= TOLERANCE_SECONDS:
        raise InvalidSignature("replay_window")
    return message_id


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).digest()
