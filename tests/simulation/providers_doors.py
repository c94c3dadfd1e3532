"""How each provider posts a notice: its headers and its proof, as it would write them itself.

A notice that is posted again carries the same bytes under a proof of its own time. A stranger's
carries the proof of a secret that is nobody's here.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from infra.samples.paykickstart_event import SECRET as CAMPAIGN_SECRET
from infra.samples.paykickstart_world import CAMPAIGN
from infra.samples.paypal_event import moment
from tests.support.paypal_proof import LIVE_URL, stand_in

SIGNING_SECRET = "whsec_simulated"
WEBHOOK_ID = "5GP028458E2496506"
# What each provider's connections keep, by which their doors prove a sender.
SECRETS: Mapping[str, Mapping[str, Any]] = {
    "stripe": {"signing_secrets": [SIGNING_SECRET]},
    "paypal": {"webhook_ids": [WEBHOOK_ID], "environment": "live"},
    "paykickstart": {"campaign_secrets": {CAMPAIGN: [CAMPAIGN_SECRET]}},
    "woocommerce": {"signing_secrets": [SIGNING_SECRET]},
}
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def post(
    provider: str, event: Any, connection_id: str, now_ms: int, *, number: str, genuine: bool
) -> dict[str, Any]:
    """Return the request in which a provider posts an event; `number` names the transmission."""
    secret = SIGNING_SECRET if genuine else "whsec_of_a_stranger"
    body, headers = _POSTS[provider](event, secret, now_ms // 1000, number)
    return {
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"connection_id": connection_id},
        "headers": headers,
        "body": body.decode(),
    }


Posted = tuple[bytes, dict[str, str]]


def _stripe(event: Any, secret: str, at: int, number: str) -> Posted:
    del number
    return event.body, {"content-type": _JSON, "stripe-signature": event.sign(secret, at)}


def _paypal(event: Any, secret: str, at: int, number: str) -> Posted:
    webhook_id = WEBHOOK_ID if secret == SIGNING_SECRET else "a-stranger"
    time = moment(at)
    text = f"{number}|{time}|{webhook_id}|{zlib.crc32(event.body)}"
    return event.body, {
        "content-type": _JSON,
        "paypal-transmission-id": number,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": _signed(text),
        "paypal-cert-url": LIVE_URL,
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-auth-version": "v2",
    }


@cache
def _key() -> Any:
    return serialization.load_pem_private_key(stand_in().private_key, password=None)


@cache
def _signed(text: str) -> str:
    signed = _key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return b64encode(signed).decode()


def _paykickstart(event: Any, secret: str, at: int, number: str) -> Posted:
    del at, number
    told = event if secret == SIGNING_SECRET else event.sign(secret)
    return told.body, {"content-type": _FORM}


def _woocommerce(event: Any, secret: str, at: int, number: str) -> Posted:
    del at, number
    return event.body, event.headers(secret)


_POSTS: Mapping[str, Callable[[Any, str, int, str], Posted]] = {
    "stripe": _stripe,
    "paypal": _paypal,
    "paykickstart": _paykickstart,
    "woocommerce": _woocommerce,
}
