"""Stripe's API, as far as events leave something out: one object at a time, or all page by page.

The API version is pinned, so that an answer has one shape whatever the account's default is.
Redirects are not followed, the key goes into one header and never into a message, and Stripe's
own error texts are not repeated, because they may quote the key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import NEWEST_PAYMENT, OBJECTS_MAX, Page
from shared.domain.times import SECOND
from shared.providers.api_calls import TIMEOUT_SECONDS, ApiCalls

API_VERSION = "2026-10-28.endive"
# Stripe bears 25 requests a second and endpoint, in its test mode altogether; so many Lambdas make
# calls at once, each with a client of its own, that this is half of it.
_RATE = 12.0
# A hundred objects take their time; three tries have to end within a Lambda's minute.
_PAGE_TIMEOUT_SECONDS = 15.0
# A restricted key may read an object, but not all that it could bring along.
_MAY_NOT_EXPAND = frozenset({400, 403})
# So is answered who names an object to go on from that is there no more.
_LOST_PLACE = frozenset({400, 404})
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

Query = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where a kind of object lies, and what is expanded so that one call tells all it can.

    A list leaves out what another list tells; `about` is what narrows or widens it. `dated` says
    that of old ones nothing else needs to know.
    """

    folder: str
    expanded: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    dated: bool = False


_CARDS = ("invoice_settings.default_payment_method", "default_source")
_TERMS = ("default_payment_method", "default_source", "discounts.source.coupon")
# Whatever others refer to comes first, and what ends a subscription before the subscription.
_KINDS = {
    "product": _Kind("products"),
    "price": _Kind("prices", ("product",)),
    "customer": _Kind("customers", _CARDS, _CARDS),
    "subscription_schedule": _Kind("subscription_schedules"),
    # Without a status the list leaves out those that are cancelled.
    "subscription": _Kind(
        "subscriptions", ("customer", *_TERMS), _TERMS, about=(("status", "all"),)
    ),
    "invoice": _Kind("invoices", ("payments",), ("payments",), dated=True),
    "charge": _Kind("charges", dated=True),
    "refund": _Kind("refunds", dated=True),
    "dispute": _Kind("disputes", dated=True),
}
_BY_PHASE = {about.folder: kind for kind, about in _KINDS.items()}
_OF_SUBSCRIPTIONS = frozenset({"subscription_schedules", "subscriptions"})


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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        http = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"authorization": f"Bearer {secret_key}", "stripe-version": API_VERSION},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )
        self._calls = ApiCalls(
            "Stripe", http, rate=_RATE, sleep=sleep, clock=clock, monotonic=monotonic
        )

    def fetch(self, kind: str, identity: str) -> dict[str, Any] | None:
        """Return one object as Stripe renders it, None where Stripe knows none.

        `invoice_payments` is the list of a payment intent's, and a subscription's newest payment
        is its latest invoice. Raise Retryable while Stripe is busy,
        out of reach or refuses the key, and Quarantined for what it will never answer.
        """
        if kind == "invoice_payments":
            about = {"payment[type]": "payment_intent", "payment[payment_intent]": identity}
            return self._calls.found(self._get("invoice_payments", {**about, "limit": "100"}))
        if kind == NEWEST_PAYMENT:
            return self._latest_invoice(identity)
        if kind not in _KINDS:
            raise Quarantined("unknown_object", "Stripe's API is not asked for such objects")
        path = f"{_KINDS[kind].folder}/{quote(identity, safe='')}"
        expanded = _KINDS[kind].expanded
        response = self._get(path, {"expand[]": list(expanded)} if expanded else {})
        if expanded and response.status_code in _MAY_NOT_EXPAND:
            response = self._get(path, {})
        return self._calls.found(response)

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what to page through for a connection's `resources`, in order.

        Payments are told by both: a subscription is no more than its terms without them.
        """
        left_out = frozenset() if "subscriptions" in resources else _OF_SUBSCRIPTIONS
        return tuple(phase for phase in _BY_PHASE if phase not in left_out)

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return up to 100 objects of a phase, the newest first; see `history_pages`.

        `since` (ms) leaves out older payments. Customers and subscriptions are told whole: an old
        one may still be paying.
        """
        kind = _BY_PHASE.get(phase)
        if kind is None:
            raise Quarantined("unknown_object", "Stripe's API does not list such objects")
        about = _KINDS[kind]
        place = _Place.read(cursor)
        query: Query = {"limit": str(OBJECTS_MAX), **dict(about.about)}
        if since is not None and about.dated:
            query["created[gte]"] = str(since // SECOND)
        response, plain = self._listed(about, query, place)
        listed = self._rows(phase, response)
        last = listed["data"][-1] if listed["data"] and listed.get("has_more") is True else None
        following = None if last is None else _Place(plain, last.get("created"), str(last["id"]))
        return Page(tuple(listed["data"]), kind, following.text if following else None)

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of an answer; `now` is in ms.

        The time belongs to the id: the same object fetched again later is another event.
        """
        created = now // SECOND
        kind = "invoice" if call["object"] == NEWEST_PAYMENT else call["object"]
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
        self._calls.close()

    def _latest_invoice(self, subscription_id: str) -> dict[str, Any] | None:
        query: Query = {"subscription": subscription_id, "limit": "1"}
        response, _ = self._listed(_KINDS["invoice"], query, _Place())
        listed = self._calls.found(response)
        rows = listed.get("data") if listed is not None else None
        return rows[0] if isinstance(rows, list) and rows and _is_named(rows[0]) else None

    def _get(self, path: str, query: Query, timeout: float = TIMEOUT_SECONDS) -> httpx.Response:
        return self._calls.send("GET", f"/v1/{path}", params=query or None, timeout=timeout)

    def _listed(self, about: _Kind, query: Query, place: _Place) -> tuple[httpx.Response, bool]:
        """Return the first answer that is a page, else the last; and whether it is unexpanded."""
        ways = place.ways(expands=bool(about.listed))
        while True:
            plain, going_on = ways.pop(0)
            asked = {**query, **going_on}
            if not plain and about.listed:
                asked["expand[]"] = [f"data.{each}" for each in about.listed]
            response = self._get(about.folder, asked, _PAGE_TIMEOUT_SECONDS)
            if not ways or response.status_code not in _MAY_NOT_EXPAND | _LOST_PLACE:
                return response, plain

    def _rows(self, phase: str, response: httpx.Response) -> dict[str, Any]:
        """Return a list's answer. Raise Quarantined where only a person can get one."""
        status = response.status_code
        if status in (401, 403):
            reason = (
                f"Stripe does not let this connection's API key list {phase} ({status}): give the "
                "key read access to them, or the connection another key, and start this again"
            )
            raise Quarantined("key_refused", reason)
        listed = self._calls.found(response)
        if listed is None:
            raise Quarantined("call_refused", f"Stripe will not list {phase}: {status}")
        data = listed.get("data")
        if not isinstance(data, list) or not all(_is_named(each) for each in data):
            raise Retryable(f"Stripe's list of {phase} is none")
        return listed


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a list was read: the last object's id and time (s), and whether it was unexpanded."""

    plain: bool = False
    created: int | None = None
    identity: str = ""

    @classmethod
    def read(cls, cursor: str) -> _Place:
        """Return the place a cursor names. Raise Quarantined for one we never gave out."""
        if not cursor:
            return cls()
        try:
            plain, created, identity = json.loads(cursor)
        except (TypeError, ValueError) as error:
            raise Quarantined("bad_cursor", "the cursor is not one of Stripe's pages") from error
        if not isinstance(identity, str) or not isinstance(created, int | None):
            raise Quarantined("bad_cursor", "the cursor is not one of Stripe's pages")
        return cls(plain is True, created, identity)

    @property
    def text(self) -> str:
        """The place as a cursor."""
        return json.dumps([self.plain, self.created, self.identity])

    def ways(self, *, expands: bool) -> list[tuple[bool, Query]]:
        """Return how to go on from here, the best way first: unexpanded or not, and the query.

        A list goes on after its last object; were that deleted meanwhile, from its second on.
        """
        manners = (False, True) if expands and not self.plain else (self.plain,)
        places: list[Query] = [{"starting_after": self.identity} if self.identity else {}]
        if self.identity and self.created is not None:
            places.append({"created[lte]": str(self.created)})
        return [(plain, place) for place in places for plain in manners]


def _is_named(thing: object) -> bool:
    return isinstance(thing, dict) and isinstance(thing.get("id"), str)
