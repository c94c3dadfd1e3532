"""A WooCommerce shop's REST API, as far as events leave something out: one object at a time.

A shop is somebody's own server, often a small one: few tries, short waits, and what the shop says
in an error is not repeated. Keys travel by Basic authentication, so the address must be https (or
this very machine's), and redirects are not followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain.errors import Quarantined, Retryable
from shared.providers.woocommerce import fetched

TIMEOUT_SECONDS = 10.0
_TRIES = 3
# A longer wait is the queue's, not one that keeps a Lambda running.
_WAIT_SECONDS_MAX = 10.0
_FOLDERS = {"subscription": "subscriptions", "order": "orders", "product": "products"}


class WooCommerceApi:
    """One shop's API under one key; `transport` stands in for the network in tests.

    `namespace` is `wc/v3`, or what an old site offers instead.
    """

    def __init__(
        self,
        url: str,
        consumer_key: str,
        consumer_secret: str,
        namespace: str = "wc/v3",
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/wp-json/{namespace}",
            auth=httpx.BasicAuth(consumer_key, consumer_secret),
            headers={"accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

    def fetch(self, kind: str, identity: str) -> dict[str, Any] | None:
        """Return one object as the shop renders it, None where the shop has none.

        Raise Retryable while the shop is busy, out of reach or refuses the key, and Quarantined
        for what it will never answer.
        """
        if kind not in _FOLDERS:
            raise Quarantined("unknown_object", "a shop's API is not asked for such objects")
        return _answer(self._get(f"/{_FOLDERS[kind]}/{quote(identity, safe='')}"))

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return an answer as an event: its id, and its body for the parser.

        The time of the call does not matter: the object says when it was modified.
        """
        del now
        body = fetched(call["object"], found)
        return f"fetch_{sha256(body).hexdigest()[:32]}", body

    def close(self) -> None:
        """Close the connections kept alive."""
        self._http.close()

    def _get(self, path: str) -> httpx.Response:
        """Return the shop's first answer that is more than "later". Raise Retryable without one."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response = self._http.get(path)
            except httpx.TransportError as error:
                if last:
                    # The request in the original error holds the key.
                    raise Retryable(f"the shop is out of reach: {type(error).__name__}") from None
                self._sleep(2.0**attempt)
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
            wait = self._wait_seconds(response, attempt)
            if last or wait > _WAIT_SECONDS_MAX:
                raise Retryable(f"the shop is busy: {response.status_code}")
            self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _wait_seconds(self, response: httpx.Response, attempt: int) -> float:
        """Return how long the shop wants to be left alone: seconds or a date, else ever longer."""
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
        raise Retryable(f"the shop refuses the API key of this connection: {status}")
    if status != 200:
        raise Quarantined("call_refused", f"the shop will not answer this call: {status}")
    try:
        found = response.json()
    except ValueError as error:
        raise Retryable("the shop's answer is not JSON") from error
    if not isinstance(found, dict):
        raise Retryable("the shop's answer is not an object")
    return found
