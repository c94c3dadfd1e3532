"""Stripe's API, as far as events leave something out: one object at a time, politely.

The API version is pinned, so that an answer has one shape whatever the account's default is.
Redirects are not followed, the key goes into one header and never into a message, and Stripe's
own error texts are not repeated, because they may quote the key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain.errors import Quarantined, Retryable
from shared.domain.times import SECOND

API_VERSION = "2026-10-28.endive"
TIMEOUT_SECONDS = 10.0
_TRIES = 3
# A longer wait is the queue's, not one that keeps a Lambda running.
_WAIT_SECONDS_MAX = 10.0
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

# What a fetch expands, so that one call tells as much as it can.
_OBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "customer": ("customers", ("invoice_settings.default_payment_method",)),
    "subscription": (
        "subscriptions",
        ("customer", "default_payment_method", "discounts.source.coupon"),
    ),
    "product": ("products", ()),
    "price": ("prices", ("product",)),
}


class StripeApi:
    """Stripe's API under one secret key; `transport` stands in for the network in tests."""

    def __init__(
        self,
        secret_key: str,
        base_url: str = "https://api.stripe.com",
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"authorization": f"Bearer {secret_key}", "stripe-version": API_VERSION},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

    def fetch(self, kind: str, identity: str) -> dict[str, Any] | None:
        """Return one object as Stripe renders it, None where Stripe knows none.

        `invoice_payments` is the list of a payment intent's. Raise Retryable while Stripe is busy,
        out of reach or refuses the key, and Quarantined for what it will never answer.
        """
        if kind == "invoice_payments":
            about = {"payment[type]": "payment_intent", "payment[payment_intent]": identity}
            return _answer(self._get("/v1/invoice_payments", {**about, "limit": "100"}))
        if kind not in _OBJECTS:
            raise Quarantined("unknown_object", "Stripe's API is not asked for such objects")
        folder, expanded = _OBJECTS[kind]
        path = f"/v1/{folder}/{quote(identity, safe='')}"
        response = self._get(path, {"expand[]": list(expanded)} if expanded else None)
        if expanded and response.status_code in (400, 403):
            # A restricted key may read the object, but not all that it could bring along.
            response = self._get(path, None)
        return _answer(response)

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of an answer; `now` is in ms.

        The time belongs to the id: the same object fetched again later is another event.
        """
        created, kind = now // SECOND, call["object"]
        named = _canonical([kind, call["id"], created, found])
        event_id = f"fetch_{sha256(named.encode()).hexdigest()[:32]}"
        event = {
            "object": "event",
            "id": event_id,
            "type": f"fetched.{kind}",
            "created": created,
            "data": {"object": found},
        }
        # A list and a deleted object do not say; then nobody can.
        if isinstance(found.get("livemode"), bool):
            event["livemode"] = found["livemode"]
        return event_id, _canonical(event).encode()

    def close(self) -> None:
        """Close the connections kept alive."""
        self._http.close()

    def _get(self, path: str, query: Mapping[str, str | list[str]] | None) -> httpx.Response:
        """Return Stripe's first answer that is more than "later". Raise Retryable without one."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response = self._http.get(path, params=query)
            except httpx.TransportError as error:
                if last:
                    # The request in the original error holds the key.
                    raise Retryable(f"Stripe is out of reach: {type(error).__name__}") from None
                self._sleep(2.0**attempt)
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
            wait = self._wait_seconds(response, attempt)
            if last or wait > _WAIT_SECONDS_MAX:
                raise Retryable(f"Stripe is busy: {response.status_code}")
            self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _wait_seconds(self, response: httpx.Response, attempt: int) -> float:
        """Return how long Stripe wants to be left alone: seconds or a date, else ever longer."""
        told = response.headers.get("retry-after", "")
        if told.isascii() and told.isdigit():
            return float(told)
        try:
            return max(0.0, parsedate_to_datetime(told).timestamp() - self._clock())
        except ValueError:
            return 2.0**attempt


def _answer(response: httpx.Response) -> dict[str, Any] | None:
    status = response.status_code
    if status == 404:
        return None
    if status in (401, 403):
        raise Retryable(f"Stripe refuses the API key of this connection: {status}")
    if status != 200:
        raise Quarantined("call_refused", f"Stripe will not answer this call: {status}")
    try:
        found = response.json()
    except ValueError as error:
        raise Retryable("Stripe's answer is not JSON") from error
    if not isinstance(found, dict):
        raise Retryable("Stripe's answer is not an object")
    return found
