"""WooCommerce's scheme: `X-WC-Webhook-Signature`, base64 of the HMAC-SHA256 of the raw body.

WordPress decodes the HTML entities of a secret before it signs with it, and shows and stores it
now this way, now that: a secret is tried as it was given and as WordPress decodes it. Nothing but
the body is signed, neither a time nor the headers, so a body sent again proves itself again: what
must happen once is the processor's to see to. The one request without a signature is the ping
that is sent when a webhook is saved; it is answered, and has no effect.
"""

from __future__ import annotations

import hmac
import re
from binascii import b2a_base64
from collections.abc import Mapping

from shared.domain.webhooks import InvalidSignature, Ping, Request, usable_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the body means depends on its topic; the delivery id is not unique and means nothing.
MEANING_HEADERS = ("x-wc-webhook-topic",)
_ENTITIES = {
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "quot": '"',
    "#60": "<",
    "#62": ">",
    "#38": "&",
    "#34": '"',
    "#39": "'",
    "#x22": '"',
    "#x26": "&",
    "#x27": "'",
}
# What `wp_specialchars_decode(…, ENT_QUOTES)` knows, and in one pass: `&amp;lt;` becomes `&lt;`.
_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot)|#0*(60|62|38|34|39)|#[xX]0*(22|26|27));")
_DIGITS_MAX = 20
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")


def verify(request: Request, secrets: Mapping[str, Any], now: int) -> None:
    """Raise InvalidSignature unless the shop signed exactly this body, and Ping for its greeting.

    Two secrets may be stored during a rotation: each is tried in both its forms, to the end, so
    that the time taken tells nothing.
    """
    del now  # no time is signed
    if _is_ping(request):
        raise Ping
    keys = usable_secrets(secrets)
    given = request.header("x-wc-webhook-signature").encode(errors="surrogatepass")
    genuine = False
    for key in keys:
        for form in (key, decoded(key.decode()).encode()):
            expected = b2a_base64(hmac.digest(form, request.body, "sha256"), newline=False)
            genuine |= hmac.compare_digest(expected, given)
    if not genuine:
        raise InvalidSignature


def decoded(secret: str) -> str:
    """Return a secret as WordPress signs with it: its HTML entities as the characters they name."""
    return _ENTITY.sub(_character, secret)


def _character(found: re.Match[str]) -> str:
    name, decimal, hexadecimal = found.groups()
    return _ENTITIES[name or (f"#{decimal}" if decimal else f"#x{hexadecimal}")]


def _is_ping(request: Request) -> bool:
    return _PING.fullmatch(request.body) is not None and not any(
        name.startswith("x-wc-") for name in request.headers
    )


def event_and_subject(body: Mapping[str, Any], _: Request) -> tuple[str | None, str | None]:
    """Return no event id, as WooCommerce gives none, and whom the body is about.

    That is the customer; of a guest, the first order's id, which their subscription names too.
    """
    named = (_id(body.get(name)) for name in ("customer_id", "parent_id", "id"))
    return None, next((name for name in named if name is not None), None)


def _id(value: object) -> str | None:
    if isinstance(value, str) and len(value) <= _DIGITS_MAX and value.isascii() and value.isdigit():
        value = int(value)
    return str(value) if type(value) is int and value > 0 else None
