"""A WooCommerce shop's REST API: one object at a time, and all of them page by page.

A shop is somebody's own server, often a small one: few tries, short waits, and what the shop says
in an error is not repeated. Keys travel by Basic authentication, so the address must be https (or
this very machine's), and redirects are not followed.

History is listed by id, the oldest first: what is new comes last and shifts nothing. What is thrown
away meanwhile shifts the rest, and nobody would notice; so each page begins with the object that
ended the one before, and where it does not, the shop is asked again further up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain import times
from shared.domain.errors import Quarantined
from shared.domain.history_pages import NEWEST_PAYMENT, OBJECTS_MAX, Page
from shared.providers.api_calls import TIMEOUT_SECONDS, ApiCalls
from shared.providers.woocommerce import fetched

# No limit is published, and a small shop has few hands.
_RATE = 5.0
_FOLDERS = {"subscription": "subscriptions", "order": "orders", "product": "products"}
# Phase by phase, what is listed: what others refer to comes first.
_PHASES = {"products": "product", "subscriptions": "subscription", "orders": "order"}
# How many orders of one page are asked for their refunds' dates: a page has to end in time.
_REFUNDED = 20

Json = dict[str, Any]


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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        http = httpx.Client(
            base_url=f"{url.rstrip('/')}/wp-json/{namespace}",
            auth=httpx.BasicAuth(consumer_key, consumer_secret),
            headers={"accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )
        self._calls = ApiCalls(
            "the shop", http, rate=_RATE, sleep=sleep, clock=clock, monotonic=monotonic
        )

    def fetch(self, kind: str, identity: str) -> Json | None:
        """Return one object as the shop renders it, None where the shop has none.

        A subscription's newest payment is the last of its orders. Raise Retryable while the shop
        is busy, out of reach or refuses the key, and Quarantined for what it will never answer.
        """
        if kind == NEWEST_PAYMENT:
            path = f"/subscriptions/{quote(identity, safe='')}/orders"
            return max(self._rows(self._calls.send("GET", path)), key=_id, default=None)
        if kind not in _FOLDERS:
            raise Quarantined("unknown_object", "a shop's API is not asked for such objects")
        path = f"/{_FOLDERS[kind]}/{quote(identity, safe='')}"
        return self._calls.found(self._calls.send("GET", path))

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return an answer as an event: its id, and its body for the parser.

        The time of the call does not matter: the object says when it was modified.
        """
        del now
        body = fetched("order" if call["object"] == NEWEST_PAYMENT else call["object"], found)
        return f"fetch_{sha256(body).hexdigest()[:32]}", body

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what history is paged through, products first."""
        return ("products", *(each for each in _PHASES if each in resources))

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return a page of history; a cursor is `<how many lie before>:<the last one's id>`.

        Raise Retryable while the shop is busy or refuses the key, and Quarantined where it will
        not list.
        """
        if phase == "products":
            since = None  # whatever is sold may be of an old product
        place, _, told = (cursor or "0:0").partition(":")
        offset, last = int(place), int(told)
        rows, total = self._list(phase, offset, since)
        while offset and not any(_id(row) <= last for row in rows):
            # Something before has gone: what followed the last page has moved up into it.
            offset = max(0, offset - OBJECTS_MAX)
            rows, total = self._list(phase, offset, since)
        ended = len(rows) < OBJECTS_MAX
        fresh = [(at, row) for at, row in enumerate(rows, offset) if _id(row) > last]
        if phase == "orders":
            fresh, whole = self._dated(fresh)
            ended = ended and whole
        following = None
        if not ended:
            at, row = fresh[-1] if fresh else (offset + len(rows) - 1, rows[-1])
            following = f"{at}:{max(last, _id(row))}"
        return Page(tuple(row for _, row in fresh), _PHASES[phase], following, total)

    def close(self) -> None:
        """Close the connections kept alive."""
        self._calls.close()

    def _list(self, phase: str, offset: int, since: int | None) -> tuple[list[Json], int | None]:
        """Return up to a hundred objects by id from a place on, and how many there are."""
        asked = {"per_page": OBJECTS_MAX, "offset": offset, "orderby": "id", "order": "asc"}
        modified = {} if since is None else {"modified_after": _gmt(since), "dates_are_gmt": "true"}
        answer = self._calls.send("GET", f"/{phase}", params={**asked, **modified})
        rows = self._rows(answer)
        ids = [_id(row) for row in rows]
        if ids != sorted(set(ids)):
            raise Quarantined("call_refused", "the shop does not list its objects by id")
        total = answer.headers.get("x-wp-total", "")
        return rows, int(total) if total.isascii() and total.isdigit() else None

    def _dated(self, orders: Sequence[tuple[int, Json]]) -> tuple[list[tuple[int, Json]], bool]:
        """Return orders with the dates of their refunds; not all, where those are too many."""
        told: list[tuple[int, Json]] = []
        asked = 0
        for place, order in orders:
            if order.get("refunds"):
                if asked == _REFUNDED:
                    return told, False
                asked += 1
                order = {**order, "refunds": self._refunds(order)}
            told.append((place, order))
        return told, True

    def _refunds(self, order: Json) -> list[Json]:
        """Return an order's refunds, each with the date the shop gives for it elsewhere."""
        path = f"/orders/{_id(order)}/refunds"
        listed = self._rows(self._calls.send("GET", path, params={"per_page": OBJECTS_MAX}))
        dates = {row.get("id"): row.get("date_created_gmt") for row in listed}
        known = [row for row in order["refunds"] if isinstance(row, dict)]
        return [{**row, "date_created_gmt": dates.get(row.get("id"))} for row in known]

    def _rows(self, answer: httpx.Response) -> list[Json]:
        """Return a list's objects. Raise Retryable and Quarantined as `found` does."""
        if answer.status_code != 200:
            self._calls.found(answer)
            raise Quarantined("call_refused", "the shop has no such list at its API's address")
        rows = self._calls.json(answer)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Quarantined("call_refused", "the shop's list is none")
        return rows


def _id(row: Json) -> int:
    """Return an object's id. Raise Quarantined where it has none to go by."""
    found = row.get("id")
    if type(found) is not int or found <= 0:
        raise Quarantined("call_refused", "the shop lists objects without an id")
    return found


def _gmt(moment: int) -> str:
    """Return the second before a time (ms), as the shop writes times: "after" leaves it out."""
    return (times.to_text(max(0, moment - times.SECOND)) or "")[:19]
