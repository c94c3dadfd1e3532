"""ActiveCampaign's API v3, as far as people are imported and read again: politely, and no more.

All keys of an account share five requests a second, so requests are spaced out, and what is asked
is brought along in one answer. Redirects are not followed, the token goes into one header and never
into a message, and ActiveCampaign's own error texts are not repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain.errors import Quarantined, Retryable
from shared.providers.activecampaign import fetched

TIMEOUT_SECONDS = 15.0
REQUESTS_A_SECOND = 5
# So many Lambdas make calls at once, each with a client of its own.
_CLIENTS = 2
# As many as go into one transaction, each with its address and what may wait for that: a page is
# done or not. The API would give a hundred.
PAGE_CONTACTS = 30
_ID_DIGITS_MAX = 18
_TRIES = 3
# A longer wait is the queue's, not one that keeps a Lambda running.
_WAIT_SECONDS_MAX = 10.0
_INCLUDE = "contactTags.tag,contactLists.list"

Json = dict[str, Any]


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


class ActiveCampaignApi:
    """One account's API under one token; `url` is the account's own, as its settings show it.

    `base_url` stands in for it, and `transport` for the network in tests.
    """

    def __init__(
        self,
        url: str,
        token: str,
        base_url: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._bucket = TokenBucket(REQUESTS_A_SECOND / _CLIENTS, monotonic, sleep)
        self._http = httpx.Client(
            base_url=f"{(base_url or url).rstrip('/')}/api/3",
            headers={"api-token": token, "accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

    def fetch(self, kind: str, identity: str) -> Json | None:
        """Return one contact, or the page of contacts whose ids follow `identity`.

        A page holds `contacts` with their tags and lists, `following` for the next one (None after
        the last) and, if it is the first, `total`; or `failure` where the API refuses it for good.
        None where there is no such contact. Raise Retryable while ActiveCampaign is busy, out of
        reach or refuses the token of a single read, and Quarantined for what it will never answer.
        """
        if kind == "contact":
            return self._contact(identity)
        if kind == "contacts":
            return self._page(identity)
        raise Quarantined("unknown_object", "ActiveCampaign's API is not asked for such objects")

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return an answer as an event: its id, and its body for the parser."""
        return fetched(call, found, now)

    def close(self) -> None:
        """Close the connections kept alive."""
        self._http.close()

    def _contact(self, identity: str) -> Json | None:
        response = self._get(f"/contacts/{quote(identity, safe='')}", {"include": _INCLUDE})
        if response.status_code == 404:
            return None
        if response.status_code in (401, 403):
            raise Retryable(f"ActiveCampaign refuses this connection's token: {_status(response)}")
        if response.status_code != 200:
            raise Quarantined(
                "call_refused", f"ActiveCampaign will not answer: {_status(response)}"
            )
        answer = _object(response)
        contact = answer.get("contact")
        if not isinstance(contact, dict):
            raise Retryable("ActiveCampaign's answer holds no contact")
        return {"contacts": _whole([contact], answer)}

    def _page(self, after: str) -> Json:
        query = {
            "limit": str(PAGE_CONTACTS),
            "orders[id]": "ASC",
            "id_greater": after,
            "status": "-1",  # all of them, whatever became of their subscriptions
            "include": _INCLUDE,
        }
        response = self._get("/contacts", query)
        if response.status_code != 200:
            # Told to the import, or it would wait for this page without anybody's knowing.
            return {"failure": f"ActiveCampaign's API answers {response.status_code}"}
        answer = _object(response)
        contacts = [each for each in answer.get("contacts") or () if isinstance(each, dict)]
        page: Json = {"contacts": _whole(contacts, answer), "following": None}
        if len(contacts) >= PAGE_CONTACTS:
            page["following"] = _last_id(contacts)
            if int(page["following"]) <= int(after):
                # Or the import would go round for ever.
                return {"failure": "ActiveCampaign's API does not page by id"}
        if after == "0":
            page["total"] = _count((answer.get("meta") or {}).get("total"))
        return page

    def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        """Return the first answer that is more than "later". Raise Retryable without one."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            self._bucket.take()
            try:
                response = self._http.get(path, params=query)
            except httpx.TransportError as error:
                if last:
                    # The request in the original error holds the token.
                    reason = f"ActiveCampaign is out of reach: {type(error).__name__}"
                    raise Retryable(reason) from None
                self._sleep(2.0**attempt)
                continue
            if response.status_code != 429 and response.status_code < 500:
                return response
            wait = _wait_seconds(response, attempt)
            if last or wait > _WAIT_SECONDS_MAX:
                raise Retryable(f"ActiveCampaign is busy: {_status(response)}")
            self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")


def _wait_seconds(response: httpx.Response, attempt: int) -> float:
    """Return how long ActiveCampaign wants to be left alone, in seconds; else ever longer."""
    told = response.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() else 2.0**attempt


def _last_id(contacts: list[Json]) -> str:
    last = str(contacts[-1].get("id"))
    if not last.isascii() or not last.isdigit() or len(last) > _ID_DIGITS_MAX:
        raise Retryable("ActiveCampaign's answer names no contact's id")
    return last


def _status(response: httpx.Response) -> int:
    return response.status_code


def _object(response: httpx.Response) -> Json:
    try:
        found = response.json()
    except ValueError as error:
        raise Retryable("ActiveCampaign's answer is not JSON") from error
    if not isinstance(found, dict):
        raise Retryable("ActiveCampaign's answer is not an object")
    return found


def _whole(contacts: Iterable[Json], answer: Json) -> list[Json]:
    """Return the contacts with their tags and lists by name, which the answer has beside them."""
    tags, lists = _names(answer, "tags", "tag"), _names(answer, "lists", "name")
    tagged, listed = _grouped(answer, "contactTags"), _grouped(answer, "contactLists")
    told = ("id", "email", "firstName", "lastName", "phone", "orgname", "cdate")
    return [
        {
            **{name: each[name] for name in told if isinstance(each.get(name), str)},
            "tags": [
                {"name": tags.get(str(one.get("tag"))), "cdate": one.get("cdate")}
                for one in tagged.get(str(each.get("id")), ())
            ],
            "lists": [
                {
                    "name": lists.get(str(one.get("list"))),
                    "status": str(one.get("status")),
                    "sdate": one.get("sdate"),
                    "udate": one.get("udate"),
                }
                for one in listed.get(str(each.get("id")), ())
            ],
        }
        for each in contacts
    ]


def _names(answer: Json, folder: str, field: str) -> dict[str, str]:
    return {str(each.get("id")): str(each.get(field)) for each in _rows(answer, folder)}


def _grouped(answer: Json, folder: str) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for each in _rows(answer, folder):
        found.setdefault(str(each.get("contact")), []).append(each)
    return found


def _rows(answer: Json, folder: str) -> list[Json]:
    return [each for each in answer.get(folder) or () if isinstance(each, dict)]


def _count(text: object) -> int | None:
    digits = str(text) if isinstance(text, str | int) else ""
    known = digits.isascii() and digits.isdigit() and len(digits) <= _ID_DIGITS_MAX
    return int(digits) if known else None
