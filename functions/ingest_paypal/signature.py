"""PayPal's scheme: RSA over `<transmission id>|<time>|<webhook id>|<CRC32 of the raw body>`.

The headers name the certificate that signed, so where it may come from is half of the proof (see
`certificates`). CRC32 binds a body hardly at all: whoever holds one genuine set of headers can make
another body that they prove. Hence the short window, the transmission's id that serves one event
only (the processor keeps it), and the confirmation by PayPal's API. The headers are as good as a
secret and must never be logged.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from shared.domain import times
from shared.domain.webhooks import InvalidSignature, NoSecret, Request, text_at

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PAST_MS, FUTURE_MS = 10 * times.MINUTE, times.MINUTE
# What PayPal's simulator signs with instead of an id, for any URL that anybody names.
SIMULATOR = "WEBHOOK_ID"
_SIGNATURE_CHARACTERS_MAX = 1_024
_TRANSMISSION_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
# The strongest tie first: a sale names its subscription, a refund its sale.
_SUBJECTS = (
    ("resource", "billing_agreement_id"),
    ("resource", "sale_id"),
    ("resource", "capture_id"),
    ("resource", "id"),
    ("resource", "dispute_id"),
)


class Keys(Protocol):
    """Where the public key of a certificate comes from."""

    def key(self, url: str, environment: str, at: int) -> RSAPublicKey:
        """Return the key. Raise InvalidSignature for a URL not PayPal's, else Retryable."""


class _Headers(NamedTuple):
    transmission_id: str
    time: str
    url: str
    signature: bytes


class Proof:
    """Proves PayPal's requests by the certificates that `keys` finds."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def verify(self, request: Request, secrets: Mapping[str, Any], now: int) -> None:
        """Raise InvalidSignature unless PayPal signed this body's CRC for us around `now` (ms).

        Raise NoSecret where the connection has no webhook id, and Retryable where the certificate
        cannot be had now. Two webhook ids are valid while one replaces the other.
        """
        environment = "sandbox" if secrets.get("environment") == "sandbox" else "live"
        webhook_ids = _webhook_ids(secrets, environment)
        headers = _read_headers(request)
        at = _moment(headers.time)
        if not now - PAST_MS <= at <= now + FUTURE_MS:
            raise InvalidSignature("replay_window")
        key = self._keys.key(headers.url, environment, at)
        crc = zlib.crc32(request.body)
        if not any(_signed(key, headers, each, crc) for each in webhook_ids):
            raise InvalidSignature


def event_and_subject(body: Mapping[str, Any], _: Request) -> tuple[str | None, str | None]:
    """Return the event's id, and what it is about: the subscription, else the next best id."""
    event_id = text_at(body, "id")
    for path in _SUBJECTS:
        if subject := text_at(body, *path):
            return event_id, subject
    return event_id, None


def _webhook_ids(secrets: Mapping[str, Any], environment: str) -> list[str]:
    listed = secrets.get("webhook_ids")
    usable = [
        each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, str)
        and each.strip()
        and not (environment == "live" and each.strip() == SIMULATOR)
    ]
    if not usable:
        raise NoSecret("the connection has no webhook id")
    return usable


def _read_headers(request: Request) -> _Headers:
    """Return what proves; each header is there once and in the one form PayPal writes it."""
    transmission_id = request.header("paypal-transmission-id")
    signature = request.header("paypal-transmission-sig")
    if (
        request.header("paypal-auth-algo") != "SHA256withRSA"
        or not _TRANSMISSION_ID.fullmatch(transmission_id)
        or not signature.isascii()
        or not 0 < len(signature) <= _SIGNATURE_CHARACTERS_MAX
    ):
        raise InvalidSignature
    try:
        decoded = b64decode(signature, validate=True)
    except ValueError as error:
        raise InvalidSignature from error
    time, url = request.header("paypal-transmission-time"), request.header("paypal-cert-url")
    return _Headers(transmission_id, time, url, decoded)


def _moment(text: str) -> int:
    """Return the transmission's time in ms. What is no plain UTC time is outside any window."""
    if not _TIME.fullmatch(text):
        raise InvalidSignature("replay_window")
    try:
        return times.from_text(text)
    except ValueError as error:
        raise InvalidSignature("replay_window") from error


def _signed(key: RSAPublicKey, headers: _Headers, webhook_id: str, crc: int) -> bool:
    text = f"{headers.transmission_id}|{headers.time}|{webhook_id}|{crc}"
    try:
        key.verify(headers.signature, text.encode(), padding.PKCS1v15(), SHA256())
    except WrongSignature:
        return False
    return True
