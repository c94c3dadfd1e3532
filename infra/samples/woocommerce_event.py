"""WooCommerce's messages: the topic, the bytes, and the headers under which a shop posts them.

The signature is written a second time, from WooCommerce's documentation and not from the door, so
that the door can be tested against it; for the same reason nothing here may import the product's
own packages.
"""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Json = dict[str, Any]

SOURCE = "https://shop.example.com/"


@dataclass(frozen=True)
class Event:
    """One message of a shop: its topic, and the very bytes that are posted and signed."""

    topic: str
    content: Json
    sent_at: int

    @cached_property
    def body(self) -> bytes:
        """The bytes on the wire, as PHP writes JSON: slashes and what is not ASCII escaped."""
        return json.dumps(self.content, separators=(",", ":")).replace("/", "\\/").encode()

    @property
    def meaning(self) -> dict[str, str]:
        """The headers that travel with the body to whoever reads it."""
        return {"x-wc-webhook-topic": self.topic}

    def headers(self, secret: str, webhook_id: int = 7) -> dict[str, str]:
        """Return all headers of a delivery, signed with what WordPress makes of the secret."""
        resource, _, event = self.topic.partition(".")
        delivery = hashlib.md5(f"{webhook_id}{self.sent_at}".encode(), usedforsecurity=False)
        return {
            "content-type": "application/json",
            "user-agent": "WooCommerce/10.3.0 Hookshot (WordPress/6.9)",
            "x-wc-webhook-source": SOURCE,
            "x-wc-webhook-topic": self.topic,
            "x-wc-webhook-resource": resource,
            "x-wc-webhook-event": event,
            "x-wc-webhook-signature": signature(self.body, secret),
            "x-wc-webhook-id": str(webhook_id),
            "x-wc-webhook-delivery-id": delivery.hexdigest(),
        }


def signature(body: bytes, secret: str) -> str:
    """Return the base64 of the HMAC-SHA256 of the body, under the secret with entities decoded."""
    return b64encode(hmac.new(decoded(secret).encode(), body, hashlib.sha256).digest()).decode()


def decoded(secret: str) -> str:
    """Return the secret as PHP's `htmlspecialchars_decode` makes it, for entities WordPress writes.

    The ampersand's own entity comes last: decoded text is not decoded again.
    """
    pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#039;", "'"), ("&amp;", "&")]
    for entity, character in pairs:
        secret = secret.replace(entity, character)
    return secret
