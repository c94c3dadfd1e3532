"""Stripe's envelope: ids, the event with its bytes and signature, and what changed.

Everything the generated Stripe world says leaves through here. The signature is written a second
time, from Stripe's documentation and not from the door, so that the door can be tested against
it; for the same reason nothing here may import the product's own packages.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

Shape = Literal["old", "new"]
Json = dict[str, Any]

API_VERSIONS: dict[Shape, str] = {"old": "2020-08-27", "new": "2026-10-28.endive"}

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Stripe's older id families have 14 characters, the newer ones 24.
_SHORT_IDS = frozenset({"cus", "prod", "si"})


@dataclass(frozen=True)
class View:
    """How one webhook endpoint sees Stripe's objects: the API version's shape, live or test."""

    shape: Shape
    livemode: bool

    @property
    def is_new(self) -> bool:
        """Say whether the shape is that of basil and later."""
        return self.shape == "new"


class Ids:
    """Hand out made-up ids that depend on the seed, the prefix and the count alone.

    Each prefix counts for itself, so both shapes of one story name the same customers,
    subscriptions and payments although they consist of different events.
    """

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._counts: dict[str, int] = {}

    def new(self, prefix: str) -> str:
        """Return the next id of a family, like `sub_…` for `sub`."""
        count = self._counts.get(prefix, 0)
        self._counts[prefix] = count + 1
        digest = hashlib.sha256(f"{self._seed}/{prefix}/{count}".encode()).digest()
        length = 14 if prefix in _SHORT_IDS else 24
        return f"{prefix}_" + "".join(_letters(digest, length))


def _letters(digest: bytes, length: int) -> Iterator[str]:
    number = int.from_bytes(digest, "big")
    for _ in range(length):
        number, rest = divmod(number, len(_ALPHABET))
        yield _ALPHABET[rest]


@dataclass(frozen=True)
class Event:
    """One message of Stripe: the object, and the very bytes that are posted and signed."""

    content: Json

    @property
    def id(self) -> str:
        """Stripe's id of the event, `evt_…`."""
        return str(self.content["id"])

    @property
    def type(self) -> str:
        """The event's type, like `invoice.paid`."""
        return str(self.content["type"])

    @property
    def created(self) -> int | str:
        """When it happened: whole Unix seconds, or an ISO time in a thin event."""
        moment: int | str = self.content["created"]
        return moment

    @property
    def object(self) -> Json:
        """The snapshot the event carries; empty in a thin event."""
        snapshot: Json = self.content.get("data", {}).get("object", {})
        return snapshot

    @cached_property
    def body(self) -> bytes:
        """The bytes on the wire: indented JSON in UTF-8, as Stripe sends it."""
        return json.dumps(self.content, indent=2, ensure_ascii=False).encode()

    def sign(self, secret: str, at: int, *others: str) -> str:
        """Return the `Stripe-Signature` header for a delivery at Unix second `at`.

        `others` are further active secrets: during a rotation Stripe sends one `v1` for each.
        """
        return signature_header(self.body, at, secret, *others)

    def redelivered(self, pending_webhooks: int = 0) -> "Event":
        """Return the same event as a retry states it: only `pending_webhooks` may differ."""
        return replace(self, content={**self.content, "pending_webhooks": pending_webhooks})

    def twin(self, event_id: str) -> "Event":
        """Return a second event about the same change, which Stripe sends now and then."""
        return replace(self, content={**self.content, "id": event_id})


@dataclass(frozen=True)
class Delivery:
    """One POST of an event, `offset_ms` milliseconds after the story began."""

    event: Event
    offset_ms: int


def signature(body: bytes, secret: str, at: int) -> str:
    """Return the hex HMAC-SHA256 of `{at}.{body}`, keyed by the whole secret string."""
    signed = str(at).encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signature_header(body: bytes, at: int, *secrets: str) -> str:
    """Return a `Stripe-Signature` header with one `v1` for each secret."""
    return ",".join([f"t={at}", *(f"v1={signature(body, secret, at)}" for secret in secrets)])


def envelope(
    event_id: str, event_type: str, created: int, *, shape: Shape, livemode: bool, data: Json
) -> Event:
    """Return a snapshot event in the API version of the shape."""
    return Event(
        {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSIONS[shape],
            "created": created,
            "data": data,
            "livemode": livemode,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
    )


def previous_attributes(before: Json, after: Json) -> Json:
    """Return what `data.previous_attributes` says of a change.

    Only changed keys appear, with their former values; nested objects are told key by key,
    arrays whole, and a key that did not exist before was null.
    """
    changed: Json = {}
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = previous_attributes(old, new)
        else:
            changed[key] = old
    return changed
