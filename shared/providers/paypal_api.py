"""PayPal's API, as far as events leave something out, to confirm them, and to tell what was before.

An access token lives for hours and is kept for most of them. The credentials go into one header of
one call and never into a message, and PayPal's own error texts are not repeated. Redirects are not
followed. An event comes back as PayPal holds it, under its own id and time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain import times
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import NEWEST_PAYMENT, Page
from shared.providers.api_calls import TIMEOUT_SECONDS, ApiCalls, KeyRefused
from shared.providers.paypal_history import History

BASE_URLS = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}
# PayPal publishes no limit; so many requests a second have hurt nobody.
RATE = 8.0
# A token is renewed so long before it ends, and where PayPal does not say when that is.
_MARGIN_SECONDS, _TOKEN_SECONDS = 300.0, 600.0
_PATHS = {
    "event": "/v1/notifications/webhooks-events/{}",
    "subscription": "/v1/billing/subscriptions/{}?fields=plan,last_failed_payment",
    "plan": "/v1/billing/plans/{}",
    "product": "/v1/catalogs/products/{}",
}
# What is asked for under one name, and is another's object.
_TOLD_AS = {"customer": "subscription", NEWEST_PAYMENT: "transaction"}
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
        rate: float | None = RATE,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._credentials = httpx.BasicAuth(client_id, client_secret)
        self._token = ""
        self._token_until = 0.0
        self._calls = ApiCalls(
            "PayPal",
            httpx.Client(
                base_url=(base_url or BASE_URLS[environment]).rstrip("/"),
                timeout=TIMEOUT_SECONDS,
                transport=transport,
            ),
            key="credentials",
            rate=rate,
            # A fraction stays the text it is, as the parser reads it.
            parse_float=str,
            sleep=sleep,
            clock=clock,
            monotonic=monotonic,
        )
        self._history = History(self._ask, lambda: int(clock() * times.SECOND))

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
        if kind == "return":
            return self._history.money_back(identity)
        if kind == NEWEST_PAYMENT:
            return self._history.newest_payment(identity)
        if kind not in _PATHS:
            raise Quarantined("unknown_object", "PayPal's API is not asked for such objects")
        return self._calls.found(self._get(_PATHS[kind].format(quote(identity, safe=""))))

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what a history is paged through, in order."""
        return self._history.phases(resources)

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return one page of a phase. Raise Retryable or Quarantined, as `TellsHistory` says."""
        return self._history.page(phase, cursor, since)

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of an answer; `now` is in ms.

        An event that was asked for is itself. Of anything else the time belongs to the id: the same
        object fetched again later is another event.
        """
        if call["object"] == "event":
            return str(found.get("id")), _canonical(found).encode()
        kind = _TOLD_AS.get(call["object"], call["object"])
        told = {
            "event_type": f"FETCHED.{kind.upper()}",
            "event_version": "1.0",
            "create_time": times.to_text(now),
            "resource_type": kind,
            "resource_version": "2.0",
            "resource": found,
        }
        event_id = f"fetch_{sha256(_canonical(told).encode()).hexdigest()[:32]}"
        return event_id, _canonical({**told, "id": event_id}).encode()

    def close(self) -> None:
        """Close the connections kept alive."""
        self._calls.close()

    def _ask(self, path: str, about: Mapping[str, str | int]) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; of an error that may be anything."""
        response = self._get(path, about)
        if response.status_code == 200:
            return 200, self._calls.json_object(response)
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, None

    def _get(self, path: str, about: Mapping[str, str | int] | None = None) -> httpx.Response:
        response = self._send(path, about)
        if response.status_code == 401:
            # Taken back before its time, perhaps: once more with a fresh one.
            self._token_until = 0.0
            response = self._send(path, about)
        return response

    def _send(self, path: str, about: Mapping[str, str | int] | None) -> httpx.Response:
        token = self._access_token()
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        return self._calls.send(
            "GET", path, headers=headers, **({"params": about} if about else {})
        )

    def _access_token(self) -> str:
        if self._monotonic() < self._token_until:
            return self._token
        response = self._calls.send(
            "POST",
            "/v1/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=self._credentials,
        )
        if response.status_code != 200:
            status = response.status_code
            raise KeyRefused(f"PayPal refuses the credentials of this connection: {status}")
        answered = self._calls.json_object(response)
        token, lives = answered.get("access_token"), answered.get("expires_in")
        if not isinstance(token, str) or not token:
            raise Retryable("PayPal's answer holds no access token")
        seconds = float(lives) if isinstance(lives, int) else _TOKEN_SECONDS
        self._token = token
        self._token_until = self._monotonic() + max(0.0, seconds - _MARGIN_SECONDS)
        return token
