"""PayPal's envelope: ids, the event with its bytes, and what its export adds to it.

Written from PayPal's documentation and not from the parser; nothing here may import the product's
own packages.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

Json = dict[str, Any]

_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Event:
    """One message of PayPal: the envelope, and the very bytes that are posted and signed."""

    content: Json

    @property
    def id(self) -> str:
        """PayPal's id of the event, `WH-…`."""
        return str(self.content["id"])

    @property
    def type(self) -> str:
        """The event's type, like `PAYMENT.SALE.COMPLETED`."""
        return str(self.content["event_type"])

    @property
    def resource(self) -> Json:
        """What the event is about."""
        found: Json = self.content["resource"]
        return found

    @cached_property
    def body(self) -> bytes:
        """The bytes on the wire."""
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()

    def exported(self) -> Event:
        """Return the event as PayPal's API tells it: with what became of its deliveries."""
        sent = [{"webhook_url": "https://example.com", "status": "SUCCESS"}]
        return replace(self, content={**self.content, "status": "SUCCESS", "transmissions": sent})


class Ids:
    """Hands out made-up ids that depend on the seed and the count alone."""

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._count = 0

    def new(self, prefix: str = "", length: int = 17) -> str:
        """Return another id, such as `I-…` for `I-`."""
        self._count += 1
        number = int(hashlib.sha256(f"{self._seed}/{self._count}".encode()).hexdigest(), 16)
        digits = []
        for _ in range(length):
            number, rest = divmod(number, len(_LETTERS))
            digits.append(_LETTERS[rest])
        return prefix + "".join(digits)


def envelope(
    event_id: str, event_type: str, at: int, kind: str, version: str | None, resource: Json
) -> Event:
    """Return an event at the Unix second `at`; version 1 is not written out."""
    own = f"https://api.paypal.com/v1/notifications/webhooks-events/{event_id}"
    content: Json = {
        "id": event_id,
        "event_version": "1.0",
        "create_time": moment(at, "123"),
        "resource_type": kind,
        **({} if version is None else {"resource_version": version}),
        "event_type": event_type,
        "summary": event_type.replace(".", " ").capitalize(),
        "resource": resource,
        "links": [
            {"href": own, "rel": "self", "method": "GET"},
            {"href": f"{own}/resend", "rel": "resend", "method": "POST"},
        ],
    }
    return Event(content)


def moment(at: int, milliseconds: str = "") -> str:
    """Return a Unix second as PayPal writes it."""
    dot = f".{milliseconds}" if milliseconds else ""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}{dot}Z"


def decimal(cents: int) -> str:
    """Return cents as PayPal's decimal text."""
    return f"{cents // 100}.{cents % 100:02d}"
