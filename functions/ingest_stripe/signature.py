"""Stripe's scheme: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=…]` over `<t>.<raw body>`.

Written out because Stripe's SDK costs 0.4 s of every start; the SDK is the oracle of the tests.
Stricter than it: stamps from the future are refused, and no stamp may be written in two ways.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from shared.domain.webhooks import InvalidSignature, Request, text_at, usable_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAST_MS, FUTURE_MS = 300_000, 60_000
_HEADER_CHARACTERS_MAX = 4_096
# The strongest tie first. An invoice payment names its payment one level down, and a thin event
# has no object at all.
_SUBJECTS = (
    ("data", "object", "customer"),
    ("data", "object", "subscription"),
    ("data", "object", "payment_intent"),
    ("data", "object", "payment", "payment_intent"),
    ("data", "object", "charge"),
    ("data", "object", "id"),
    ("related_object",),
)


def verify(request: Request, secrets: Mapping[str, Any], now: int) -> None:
    """Raise InvalidSignature unless Stripe signed exactly this body around `now` (ms).

    During a rotation the header carries a signature per secret, and two secrets may be stored:
    each is tried with each, to the end, so that the time taken tells nothing.
    """
    keys = usable_secrets(secrets, prefix="whsec_")
    stamp, signatures = _read_header(request.header("stripe-signature"))
    _check_age(stamp, now)
    signed = stamp + b"." + request.body
    genuine = False
    for key in keys:
        expected = hmac.digest(key, signed, "sha256").hex().encode()
        for signature in signatures:
            genuine |= hmac.compare_digest(expected, signature)
    if not genuine:
        raise InvalidSignature


def _read_header(header: str) -> tuple[bytes, list[bytes]]:
    if not header.isascii() or len(header) > _HEADER_CHARACTERS_MAX:
        raise InvalidSignature
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    # Only v1 counts: v0 is the scheme of Stripe's tests, and others are not ours to guess.
    signatures = [value.encode() for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not signatures:
        raise InvalidSignature
    return stamps[0].encode(), signatures


def _check_age(stamp: bytes, now: int) -> None:
    # bytes.isdigit knows 0 to 9 only; a sign, a point, `nan`, `1e9` or a leading zero is no stamp.
    if not stamp.isdigit() or stamp.startswith(b"0"):
        raise InvalidSignature("replay_window")
    if not now - PAST_MS <= int(stamp) * 1_000 <= now + FUTURE_MS:
        raise InvalidSignature("replay_window")


def event_and_subject(body: Mapping[str, Any], _: Request) -> tuple[str | None, str | None]:
    """Return the event's id, and whom it is about: the customer, else the next best id in it."""
    event_id = text_at(body, "id")
    if text_at(body, "data", "object", "object") == "customer":
        return event_id, text_at(body, "data", "object", "id")
    for path in _SUBJECTS:
        if subject := text_at(body, *path):
            return event_id, subject
    return event_id, None
