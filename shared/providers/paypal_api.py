"""PayPal's API, as far as events leave something out, and to confirm the events themselves.

An access token lives for hours and is kept for most of them. The credentials go into one header of
one call and never into a message, and PayPal's own error texts are not repeated. Redirects are not
followed. An event comes back as PayPal holds it, under its own id and time.
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
from shared.domain.times import to_text

BASE_URLS = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}
TIMEOUT_SECONDS = 10.0
_TRIES = 3
# A longer wait is the queue's, not one that keeps a Lambda running.
_WAIT_SECONDS_MAX = 10.0
# A token is renewed so long before it ends, and where PayPal does not say when that is.
_MARGIN_SECONDS, _TOKEN_SECONDS = 300.0, 600.0
_PATHS = {
    "event": "/v1/notifications/webhooks-events/{}",
    "subscription": "/v1/billing/subscriptions/{}?fields=plan,last_failed_payment",
    "plan": "/v1/billing/plans/{}",
    "product": "/v1/catalogs/products/{}",
}
_SUBSCRIPTION = "I-"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class PayPalApi:
    """PayPal's API under one app's credentials; `transport` stands in for the network in tests."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        environment: str = "live",
        base_url: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._monotonic = monotonic
        self._credentials = httpx.BasicAuth(client_id, client_secret)
        self._token = ""
        self._token_until = 0.0
        self._http = httpx.Client(
            base_url=(base_url or BASE_URLS[environment]).rstrip("/"),
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

    def fetch(self, kind: str, identity: str) -> dict[str, Any] | None:
        """Return one object as PayPal renders it, None where PayPal knows none.

        A `customer` is known through a subscription alone, by the subscription's id. Raise
        Retryable while PayPal is busy, out of reach or refuses the credentials, and Quarantined for
        what it will never answer.
        """
        if kind == "customer":
            return (
                self.fetch("subscription", identity) if identity.startswith(_SUBSCRIPTION) else None
            )
        if kind not in _PATHS:
            raise Quarantined("unknown_object", "PayPal's API is not asked for such objects")
        path = _PATHS[kind].format(quote(identity, safe=""))
        response = self._get(path)
        if response.status_code == 401:
            # Taken back before its time, perhaps: once more with a fresh one.
            self._token_until = 0.0
            response = self._get(path)
        return _answer(response)

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of an answer; `now` is in ms.

        An event that was asked for is itself. Of anything else the time belongs to the id: the same
        object fetched again later is another event.
        """
        if call["object"] == "event":
            return str(found.get("id")), _canonical(found).encode()
        kind = "subscription" if call["object"] == "customer" else call["object"]
        told = {
            "event_type": f"FETCHED.{kind.upper()}",
            "event_version": "1.0",
            "create_time": to_text(now),
            "resource_type": kind,
            "resource_version": "2.0",
            "resource": found,
        }
        event_id = f"fetch_{sha256(_canonical(told).encode()).hexdigest()[:32]}"
        return event_id, _canonical({**told, "id": event_id}).encode()

    def close(self) -> None:
        """Close the connections kept alive."""
        self._http.close()

    def _get(self, path: str) -> httpx.Response:
        token = self._access_token()
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        return self._send("GET", path, headers=headers)

    def _access_token(self) -> str:
        if self._monotonic() < self._token_until:
            return self._token
        response = self._send(
            "POST",
            "/v1/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=self._credentials,
        )
        if response.status_code != 200:
            status = response.status_code
            raise Retryable(f"PayPal refuses the credentials of this connection: {status}")
        answered = _json(response)
        token, lives = answered.get("access_token"), answered.get("expires_in")
        if not isinstance(token, str) or not token:
            raise Retryable("PayPal's answer holds no access token")
        seconds = float(lives) if isinstance(lives, int) else _TOKEN_SECONDS
        self._token = token
        self._token_until = self._monotonic() + max(0.0, seconds - _MARGIN_SECONDS)
        return token

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Return PayPal's first answer that is more than "later". Raise Retryable without one."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if last:
                    # The request in the original error holds the token.
                    raise Retryable(f"PayPal is out of reach: {type(error).__name__}") from None
                self._sleep(2.0**attempt)
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
            wait = self._wait_seconds(response, attempt)
            if last or wait > _WAIT_SECONDS_MAX:
                raise Retryable(f"PayPal is busy: {response.status_code}")
            self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _wait_seconds(self, response: httpx.Response, attempt: int) -> float:
        """Return how long PayPal wants to be left alone: seconds or a date, else ever longer."""
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
        raise Retryable(f"PayPal refuses the credentials of this connection: {status}")
    if status != 200:
        raise Quarantined("call_refused", f"PayPal will not answer this call: {status}")
    return _json(response)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        # A fraction stays the text it is, as the parser reads it.
        found = json.loads(response.content, parse_float=str)
    except ValueError as error:
        raise Retryable("PayPal's answer is not JSON") from error
    if not isinstance(found, dict):
        raise Retryable("PayPal's answer is not an object")
    return found
