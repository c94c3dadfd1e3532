"""Calling a provider's API politely: what all its clients share, whoever they call.

Few tries and short waits, because a longer wait is the queue's and not one that keeps a Lambda
running. Redirects are not followed, for they would carry the key along. What a provider says in an
error is never repeated, nor is what was sent to it: either may hold the key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from shared.domain.errors import Quarantined, Retryable

TIMEOUT_SECONDS = 10.0
_TRIES = 3
_WAIT_SECONDS_MAX = 10.0

Json = dict[str, Any]


class KeyRefused(Retryable):
    """The account refuses its key: what was to be done waits for a person to mend that."""


class TokenBucket:
    """Lets `rate` requests a second through, evenly: an account's limit knows no bursts.

    `monotonic` is in seconds; `sleep` waits.
    """

    def __init__(
        self, rate: float, monotonic: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self._gap = 1.0 / rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = monotonic()

    def take(self) -> None:
        """Return as soon as the next request may go out."""
        now = self._monotonic()
        wait = self._free_at - now
        self._free_at = max(now, self._free_at) + self._gap
        if wait > 0:
            self._sleep(wait)


class ApiCalls:
    """One account's API; `who` names it in errors, `key` what proves us to it.

    `parse_float` reads the fractions of an answer: `str` keeps the text a parser wants. `rate` is
    how many requests a second this client may send, None where no such limit is known. `sleep`,
    `clock` and `monotonic` stand in for time in tests.
    """

    def __init__(
        self,
        who: str,
        http: httpx.Client,
        *,
        key: str = "API key",
        rate: float | None = None,
        parse_float: Callable[[str], object] = float,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._who = who
        self._key = key
        self._http = http
        self._parse_float = parse_float
        self._sleep = sleep
        self._clock = clock
        self._bucket = TokenBucket(rate, monotonic, sleep) if rate else None

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Return the first answer that is more than "later"; `request` is httpx's own.

        Raise Retryable without one.
        """
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            if self._bucket is not None:
                self._bucket.take()
            try:
                response = self._http.request(method, path, **request)
            except httpx.RequestError as error:
                if last:
                    # The request in the original error holds the key.
                    reason = f"{self._who} is out of reach: {type(error).__name__}"
                    raise Retryable(reason) from None
                self._sleep(2.0**attempt)
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
            wait = self._wait_seconds(response, attempt)
            if last or wait > _WAIT_SECONDS_MAX:
                raise Retryable(f"{self._who} is busy: {response.status_code}")
            self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def found(self, response: httpx.Response) -> Json | None:
        """Return the object an answer holds, None where there is none.

        Raise KeyRefused where a person has to mend the key, and Quarantined for what will never
        be answered.
        """
        status = response.status_code
        if status == 404:
            return None
        if status in (401, 403):
            raise KeyRefused(f"{self._who} refuses the {self._key} of this connection: {status}")
        if status != 200:
            raise Quarantined("call_refused", f"{self._who} will not answer this call: {status}")
        return self.json_object(response)

    def json_object(self, response: httpx.Response) -> Json:
        """Return the answer's JSON object. Raise Retryable for anything else."""
        found = self.json(response)
        if not isinstance(found, dict):
            raise Retryable(f"{self._who}'s answer is not an object")
        return found

    def json(self, response: httpx.Response) -> Any:
        """Return the answer's JSON. Raise Retryable for anything else."""
        try:
            return json.loads(response.content, parse_float=self._parse_float)
        except (ValueError, RecursionError) as error:
            raise Retryable(f"{self._who}'s answer is not JSON") from error

    def close(self) -> None:
        """Close the connections kept alive."""
        self._http.close()

    def _wait_seconds(self, response: httpx.Response, attempt: int) -> float:
        """Return how long it wants to be left alone: seconds or a date, else ever longer."""
        told = response.headers.get("retry-after", "")
        if told.isascii() and told.isdigit():
            return float(told)
        try:
            return max(0.0, parsedate_to_datetime(told).timestamp() - self._clock())
        except ValueError:
            return 2.0**attempt
