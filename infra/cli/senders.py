"""Who `paysignal send` can speak as: one sender for each provider, a new one is a line below.

A sender lists its samples, makes the connection it signs for, and writes a sample's story as
letters: the bytes and headers the provider would post. It knows the generated worlds alone, and
nothing of how paysignal reads them.
"""

from __future__ import annotations

import secrets as tokens
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

from infra.local.stack import STATE_DIR, Endpoints
from infra.samples import activecampaign, paykickstart, paypal, woocommerce
from infra.samples.paypal_event import Event as PayPalEvent
from infra.samples.paypal_signing import signed_headers
from infra.samples.stripe_event import Event, Shape
from infra.samples.stripe_samples import event_types, sample
from infra.samples.woocommerce_event import Event as WooCommerceEvent

Secrets = Mapping[str, Any]


@dataclass(frozen=True)
class Letter:
    """One event as it is posted; `type` and `id` name it to people."""

    type: str
    id: str
    body: bytes
    headers: Mapping[str, str]
    query: str = ""


@dataclass(frozen=True)
class Wish:
    """What somebody wants sent: an event of a shape, from the story of a seed, as if at `now`."""

    event: str
    shape: str
    seed: str | int
    now: int


class Sender(Protocol):
    """A provider's side of a connection."""

    # The connection that is used where none is named.
    connection: str

    def types(self, shape: str) -> list[str]:
        """Return the events there are samples of."""

    def secrets(self) -> dict[str, Any]:
        """Return new secrets, as a connection is made with them."""

    def signs_for(self, secrets: Secrets) -> bool:
        """Say whether these secrets of a connection let the sender be proved."""

    def letters(self, wish: Wish, secrets: Secrets) -> list[Letter]:
        """Return a sample's whole story, the wanted event last."""


class StripeSender:
    """Stripe, in both of its shapes."""

    connection = "shop"

    def types(self, shape: str) -> list[str]:
        """Return the events that this shape has."""
        return event_types("old" if shape == "old" else "new")

    def secrets(self) -> dict[str, Any]:
        """Return a signing secret."""
        return {"signing_secrets": [f"whsec_{tokens.token_urlsafe(24)}"]}

    def signs_for(self, secrets: Secrets) -> bool:
        """Say whether there is a signing secret."""
        return bool(secrets.get("signing_secrets"))

    def letters(self, wish: Wish, secrets: Secrets) -> list[Letter]:
        """Return the events, signed just now."""
        shape: Shape = "old" if wish.shape == "old" else "new"
        told = sample(wish.event, shape, seed=wish.seed, at=wish.now)
        secret = str(secrets["signing_secrets"][0])
        return [self._letter(event, secret, wish.now) for event in [*told.before, told.event]]

    def _letter(self, event: Event, secret: str, now: int) -> Letter:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": event.sign(secret, now),
        }
        return Letter(event.type, event.id, event.body, headers)


class PayKickstartSender:
    """PayKickstart's one made-up campaign."""

    connection = "paykickstart"

    def types(self, shape: str) -> list[str]:
        """Return the events; PayKickstart has no versions."""
        del shape
        return paykickstart.event_types()

    def secrets(self) -> dict[str, Any]:
        """Return a secret for the campaign."""
        return {"campaign_secrets": {paykickstart.CAMPAIGN: [tokens.token_urlsafe(24)]}}

    def signs_for(self, secrets: Secrets) -> bool:
        """Say whether the campaign has a secret."""
        return bool((secrets.get("campaign_secrets") or {}).get(paykickstart.CAMPAIGN))

    def letters(self, wish: Wish, secrets: Secrets) -> list[Letter]:
        """Return the notifications, signed with the campaign's first secret."""
        told = paykickstart.sample(wish.event, seed=crc32(str(wish.seed).encode()), at=wish.now)
        return self.signed([*told.before, told.event], secrets, wish.now)

    def signed(
        self, events: Sequence[paykickstart.Event], secrets: Secrets, now: int
    ) -> list[Letter]:
        """Return these notifications as letters; a signature holds no time."""
        del now
        secret = str(secrets["campaign_secrets"][paykickstart.CAMPAIGN][0])
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return [Letter(event.type, event.id, event.sign(secret).body, headers) for event in events]


class WooCommerceSender:
    """A made-up shop on WooCommerce."""

    connection = "woocommerce"

    def types(self, shape: str) -> list[str]:
        """Return the samples; WooCommerce's webhooks have one shape that counts."""
        del shape
        return woocommerce.event_types()

    def secrets(self) -> dict[str, Any]:
        """Return a signing secret, with a character that WordPress writes as an entity."""
        return {"signing_secrets": [f"{tokens.token_urlsafe(24)}&amp;"]}

    def signs_for(self, secrets: Secrets) -> bool:
        """Say whether there is a signing secret."""
        return bool(secrets.get("signing_secrets"))

    def letters(self, wish: Wish, secrets: Secrets) -> list[Letter]:
        """Return the messages, signed with the newest secret."""
        told = woocommerce.sample(wish.event, seed=wish.seed, at=wish.now)
        return self.signed([*told.before, told.event], secrets, wish.now)

    def signed(
        self, events: Sequence[WooCommerceEvent], secrets: Secrets, now: int
    ) -> list[Letter]:
        """Return these messages as letters; a signature holds no time."""
        del now
        secret = str(secrets["signing_secrets"][0])
        return [
            Letter(event.topic, str(event.content["id"]), event.body, event.headers(secret))
            for event in events
        ]


class PayPalSender:
    """PayPal, as this machine's stand-in of it."""

    connection = "paypal"

    def __init__(self, hooks: Mapping[str, str] | None = None) -> None:
        """Sign with these hooks of the stand-in; without any, with this machine's stack's."""
        self._hooks = hooks

    def types(self, shape: str) -> list[str]:
        """Return the events; the stories are told in the newer shape."""
        del shape
        return paypal.event_types()

    def secrets(self) -> dict[str, Any]:
        """Return the id of a webhook."""
        return {"webhook_id": tokens.token_hex(8).upper()}

    def signs_for(self, secrets: Secrets) -> bool:
        """Say whether there is a webhook id."""
        return bool(secrets.get("webhook_ids") or secrets.get("webhook_id"))

    def letters(self, wish: Wish, secrets: Secrets) -> list[Letter]:
        """Return the events, each a transmission of its own, signed just now."""
        told = paypal.sample(wish.event, seed=wish.seed, at=wish.now)
        return self.signed([*told.before, told.event], secrets, wish.now)

    def signed(self, events: Sequence[PayPalEvent], secrets: Secrets, now: int) -> list[Letter]:
        """Return these events as letters, transmitted at the Unix second `now`."""
        webhook_id = secrets.get("webhook_id") or secrets["webhook_ids"][0]
        hooks = self._hooks or _paypal_hooks()
        private_key = Path(hooks["private_key_file"]).read_bytes()
        letters = []
        for event in events:
            headers = signed_headers(
                event.body,
                private_key=private_key,
                cert_url=hooks["cert_url"],
                webhook_id=str(webhook_id),
                transmission_id=str(uuid.uuid4()),
                at=now,
            )
            headers["content-type"] = "application/json"
            letters.append(Letter(event.type, event.id, event.body, headers))
        return letters


def _paypal_hooks() -> Mapping[str, str]:
    endpoints = Endpoints.read(STATE_DIR / "endpoints.json")
    return (endpoints.test_hooks if endpoints else {})["paypal"]


class ActiveCampaignSender:
    """A made-up ActiveCampaign account, and what its contacts do."""

    connection = "activecampaign"

    def types(self, shape: str) -> list[str]:
        """Return the kinds of webhooks; they have no versions."""
        del shape
        return activecampaign.event_types()

    def secrets(self) -> dict[str, Any]:
        """Return a token for the webhooks' address."""
        return {"webhook_token": tokens.token_urlsafe(24)}

    def signs_for(self, secrets: Secrets) -> bool:
        """Say whether there is a token."""
        return bool(secrets.get("webhook_tokens") or secrets.get("webhook_token"))

    def letters(self, wish: Wish, secrets: Secrets) -> list[Letter]:
        """Return the forms, with the token behind the address."""
        token = secrets.get("webhook_token") or secrets["webhook_tokens"][0]
        told = activecampaign.story(wish.event, seed=wish.seed, at=wish.now)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return [Letter(kind, "", body, headers, f"?token={token}") for kind, body in told]


SENDERS: dict[str, Sender] = {
    "activecampaign": ActiveCampaignSender(),
    "paykickstart": PayKickstartSender(),
    "paypal": PayPalSender(),
    "stripe": StripeSender(),
    "woocommerce": WooCommerceSender(),
}
