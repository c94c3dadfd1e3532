"""PayKickstart's API, as far as notifications leave something out: one purchase at a time.

The token is a parameter of every call, and addresses of requests end up in logs: httpx itself
writes them. So the token is put in below httpx, and errors name the status alone. Redirects are not
followed, for they would carry the token along.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import httpx
from typing_extensions import override

from shared.domain.errors import Quarantined, Retryable
from shared.domain.times import SECOND

BASE_URL = "https://app.paykickstart.com/api"
TIMEOUT_SECONDS = 10.0
_TRIES = 3
# A longer wait is the queue's, not one that keeps a Lambda running.
_WAIT_SECONDS_MAX = 10.0
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class _WithToken(httpx.BaseTransport):
    """Adds the token to the address of each request, where nobody logs it any more."""

    def __init__(self, auth_token: str, inner: httpx.BaseTransport) -> None:
        self._auth_token = auth_token
        self._inner = inner

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with the token, and return the answer."""
        url = request.url.copy_add_param("auth_token", self._auth_token)
        proven = httpx.Request(
            request.method, url, headers=request.headers, extensions=request.extensions
        )
        return self._inner.handle_request(proven)

    @override
    def close(self) -> None:
        """Close the connections kept alive."""
        self._inner.close()


class PayKickstartApi:
    """PayKickstart's API under an account's token; `transport` stands in for the network."""

    def __init__(
        self,
        auth_token: str,
        base_url: str = BASE_URL,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            timeout=TIMEOUT_SECONDS,
            transport=_WithToken(auth_token, transport or httpx.HTTPTransport()),
        )

    def fetch(self, kind: str, identity: str) -> dict[str, Any] | None:
        """Return the purchase behind a subscription, None where PayKickstart knows none.

        Raise Retryable while PayKickstart is busy, out of reach or refuses the token, and
        Quarantined for what it will never answer.
        """
        if kind != "subscription":
            raise Quarantined("unknown_object", "PayKickstart's API is not asked for such objects")
        return _answer(self._get("/purchase/get", {"id": identity}))

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of an answer; `now` is in ms.

        The time belongs to the id: the same purchase fetched again later is another event.
        """
        told = {"invoice_id": call["id"], "created": now // SECOND, "purchase": found}
        event_id = f"fetch_{sha256(_canonical(told).encode()).hexdigest()[:32]}"
        return event_id, _canonical({**told, "id": event_id}).encode()

    def close(self) -> None:
        """Close the connections kept alive."""
        self._http.close()

    def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        """Return the first answer that is more than "later". Raise Retryable without one."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response = self._http.get(path, params=query)
            except httpx.TransportError as error:
                if last:
                    # The request in the original error holds the token.
                    name = type(error).__name__
                    raise Retryable(f"PayKickstart is out of reach: {name}") from None
                self._sleep(2.0**attempt)
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
            wait = self._wait_seconds(response, attempt)
            if last or wait > _WAIT_SECONDS_MAX:
                raise Retryable(f"PayKickstart is busy: {response.status_code}")
            self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _wait_seconds(self, response: httpx.Response, attempt: int) -> float:
        """Return how long it wants to be left alone: seconds or a date, else ever longer."""
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
        raise Retryable(f"PayKickstart refuses the API token of this connection: {status}")
    if status != 200:
        raise Quarantined("call_refused", f"PayKickstart will not answer this call: {status}")
    try:
        found = response.json()
    except ValueError as error:
        raise Retryable("PayKickstart's answer is not JSON") from error
    if not isinstance(found, dict):
        raise Retryable("PayKickstart's answer is not an object")
    return found
