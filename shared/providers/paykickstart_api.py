"""PayKickstart's API: a purchase at a time, and all transactions backwards, page by page.

The token is a parameter of every call, and addresses of requests end up in logs: httpx itself
writes them. So the token is put in below httpx, and errors name the status alone. Redirects are not
followed, for they would carry the token along.

History goes backwards, since the list of transactions ends at a second the caller names and holds
a hundred rows, whatever lies before them. Purchases come before their charges: they say for certain
how often they bill, which charges let one only guess.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import httpx
from typing_extensions import override

from shared.domain.errors import Quarantined
from shared.domain.history_pages import NEWEST_PAYMENT, Page
from shared.domain.times import SECOND
from shared.providers import paykickstart_fetched as fetched
from shared.providers import paykickstart_transactions as transactions
from shared.providers.api_calls import TIMEOUT_SECONDS, ApiCalls

BASE_URL = "https://app.paykickstart.com/api"
# No limit is published; this is what a page of purchases is sure to bear.
_RATE = 5.0
# How many rows a list of transactions holds, and how many purchases are asked for in one page:
# a page has to be done long before the Lambda is.
_LIST = 100
_PURCHASES = 25
# Where a page names each of its objects, whatever they call themselves.
_NAMED = "id"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

Json = dict[str, Any]


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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        http = httpx.Client(
            base_url=base_url.rstrip("/"),
            timeout=TIMEOUT_SECONDS,
            transport=_WithToken(auth_token, transport or httpx.HTTPTransport()),
        )
        self._clock = clock
        self._calls = ApiCalls(
            "PayKickstart",
            http,
            key="API token",
            rate=_RATE,
            parse_float=str,
            sleep=sleep,
            clock=clock,
            monotonic=monotonic,
        )

    def fetch(self, kind: str, identity: str) -> Json | None:
        """Return the purchase behind a subscription, None where PayKickstart knows none.

        A subscription's newest payment is a transaction. Raise Retryable while PayKickstart is
        busy, out of reach or refuses the token, and Quarantined for what it will never answer.
        """
        if kind == NEWEST_PAYMENT:
            return self._newest_payment(identity)
        if kind != "subscription":
            raise Quarantined("unknown_object", "PayKickstart's API is not asked for such objects")
        answer = self._calls.send("GET", "/purchase/get", params={"id": identity})
        return self._calls.found(answer)

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return the id and the body of the event that tells of an answer; `now` is in ms.

        A transaction happened when its row says. A purchase says what holds now, so the time
        belongs to its id; one that has ended says what has held since its end.
        """
        told = {name: value for name, value in found.items() if name != _NAMED}
        if call["object"] in ("transaction", NEWEST_PAYMENT):
            return transactions.event_id(told), transactions.body(told)
        at = fetched.ended(told, now) or now
        told = {"invoice_id": call["id"], "created": at // SECOND, "purchase": told}
        event_id = f"fetch_{sha256(_canonical(told).encode()).hexdigest()[:32]}"
        return event_id, _canonical({**told, "id": event_id}).encode()

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what history is paged through: purchases before their charges."""
        first = ("purchases",) if "subscriptions" in resources else ()
        return (*first, "transactions")

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return a page of history, the newest first; a cursor is `<second>:<rows done>`.

        Raise Retryable while PayKickstart is busy, and Quarantined where it will not list.
        """
        upto, _, done = (cursor or str(int(self._clock()))).partition(":")
        listed = self._listed(int(upto))
        older, skipped = _older(listed, int(upto), since)
        kept = [row for at, row in listed if at <= int(upto) and (since or 0) <= at * SECOND]
        tell = self._purchases if phase == "purchases" else self._transactions
        objects, lacking, more = tell(kept, int(done or 0))
        return Page(
            objects=tuple(objects),
            kind="subscription" if phase == "purchases" else "transaction",
            following=older if more is None else f"{upto}:{more}",
            skipped=(*lacking, *(skipped if more is None else ())),
        )

    def close(self) -> None:
        """Close the connections kept alive."""
        self._calls.close()

    def _newest_payment(self, identity: str) -> Json | None:
        """Return a purchase's last transaction, None where it has none.

        The purchase says when that was, and the list that ends there says what.
        """
        purchase = self.fetch("subscription", identity)
        at = fetched.last_charge(purchase) if purchase is not None else None
        rows = [row for _, row in self._listed(at // SECOND)] if at is not None else []
        mine = [row for row in rows if transactions.invoice(row) == identity]
        told, _, _ = self._transactions(mine[:1], 0)
        return told[0] if told else None

    def _listed(self, upto: int) -> list[tuple[int, Json]]:
        """Return the last transactions up to a second, each with its own. Raise Quarantined."""
        answer = self._calls.send("GET", "/transactions", params={"created_at": str(upto)})
        if answer.status_code != 200:
            self._calls.found(answer)
            raise Quarantined("call_refused", "PayKickstart lists no transactions")
        found = self._calls.json(answer)
        rows = found.get("transactions", found.get("data")) if isinstance(found, dict) else found
        listed = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None
        told = [(transactions.happened(row), row) for row in listed or ()]
        dated = [(at // SECOND, row) for at, row in told if at is not None]
        if listed is None or len(dated) < len(listed):
            raise Quarantined("call_refused", "PayKickstart's list of transactions is unreadable")
        return sorted(dated, key=lambda each: (-each[0], transactions.event_id(each[1])))

    def _purchases(
        self, rows: Sequence[Json], start: int
    ) -> tuple[list[Json], list[str], int | None]:
        """Return the purchases that began among these rows, from the nth on."""
        named = (transactions.invoice(row) for row in rows if transactions.is_first(row))
        wanted = list(dict.fromkeys(each for each in named if each is not None))
        objects, lacking = [], []
        for each in wanted[start : start + _PURCHASES]:
            found = self.fetch("subscription", each)
            if found is None:
                lacking.append(each)
            else:
                objects.append({**found, _NAMED: each})
        end = start + _PURCHASES
        return objects, lacking, end if end < len(wanted) else None

    def _transactions(
        self, rows: Sequence[Json], start: int
    ) -> tuple[list[Json], list[str], int | None]:
        """Return rows from the nth on; a sale that leaves it open is told whether it recurs."""
        objects: list[Json] = []
        asked = 0
        for place, row in enumerate(rows[start:], start):
            told: Json = dict(row)
            if transactions.leaves_open(row):
                if asked == _PURCHASES:
                    return objects, [], place
                asked += 1
                found = self.fetch("subscription", transactions.invoice(row) or "")
                told[transactions.RECURS] = int(bool((found or {}).get("subscriptions")))
            told.setdefault("transaction_id", row.get("id"))
            objects.append({**told, _NAMED: transactions.name(row)})
        return objects, [], None


def _older(
    listed: Sequence[tuple[int, Json]], upto: int, since: int | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return the cursor of the list before this one, None where there is none, and what is lost.

    The oldest second's rows may go on in the next list, which therefore begins with that second.
    Of a second that fills a list alone no more can be had than the list. Raise Quarantined where
    the list does not end where it was asked to: it would never come to an end.
    """
    if not listed:
        return None, ()
    oldest = listed[-1][0]
    if oldest > upto:
        raise Quarantined("call_refused", "PayKickstart's list of transactions does not page back")
    if since is not None and oldest * SECOND < since:
        return None, ()
    if oldest < upto:
        return str(oldest), ()
    full = len(listed) >= _LIST
    return (str(upto - 1), (f"transactions@{upto}",)) if full else (None, ())
