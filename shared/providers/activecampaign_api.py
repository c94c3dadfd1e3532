"""ActiveCampaign's API v3, as far as people are read and what we know is written back.

All keys of an account share five requests a second, so requests are spaced out, and what is asked
is brought along in one answer. Reading and writing share one client for that reason. The token
goes into one header and never into a message, and ActiveCampaign's own error texts are not
repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from shared.domain import times
from shared.domain.errors import Quarantined, Retryable
from shared.domain.history_pages import OBJECTS_MAX, Page
from shared.providers.activecampaign import fetched
from shared.providers.activecampaign_writes import Writes
from shared.providers.api_calls import ApiCalls

TIMEOUT_SECONDS = 15.0
REQUESTS_A_SECOND = 5
# So many Lambdas make calls at once, each with a client of its own.
_CLIENTS = 2
PAGE_CONTACTS = OBJECTS_MAX
_ID_DIGITS_MAX = 18
_INCLUDE = "contactTags.tag,contactLists.list"
_CONTACTS = "contacts"

Json = dict[str, Any]


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
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        http = httpx.Client(
            base_url=f"{(base_url or url).rstrip('/')}/api/3",
            headers={"api-token": token, "accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )
        self._calls = ApiCalls(
            "ActiveCampaign",
            http,
            key="token",
            rate=REQUESTS_A_SECOND / _CLIENTS,
            sleep=sleep,
            clock=clock,
            monotonic=monotonic,
        )
        self._writes = Writes(self._calls)

    def fetch(self, kind: str, identity: str) -> Json | None:
        """Return one contact with its tags and lists, None where there is no such contact.

        Raise Retryable while ActiveCampaign is busy, out of reach or refuses the token, and
        Quarantined for what it will never answer.
        """
        if kind != "contact":
            raise Quarantined(
                "unknown_object", "ActiveCampaign's API is not asked for such objects"
            )
        path = f"/contacts/{quote(identity, safe='')}"
        answer = self._calls.found(self._calls.send("GET", path, params={"include": _INCLUDE}))
        if answer is None:
            return None
        contact = answer.get("contact")
        if not isinstance(contact, dict):
            raise Retryable("ActiveCampaign's answer holds no contact")
        return _told(_whole([contact], answer)[0])

    def phases(self, resources: Sequence[str]) -> tuple[str, ...]:
        """Return what to page through: contacts alone, whichever resources a connection takes."""
        del resources
        return (_CONTACTS,)

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        """Return the contacts whose ids follow `cursor`, as `fetch` would return each.

        With `since` (ms) only those changed since. Raise Retryable while ActiveCampaign is busy or
        out of reach, Quarantined where it refuses: then a person has to mend something.
        """
        if phase != _CONTACTS:
            raise Quarantined("unknown_object", "ActiveCampaign's API has no such pages")
        query = {
            "limit": str(PAGE_CONTACTS),
            "orders[id]": "ASC",
            "id_greater": cursor or "0",
            "status": "-1",  # all of them, whatever became of their subscriptions
            "include": _INCLUDE,
        }
        if since is not None:
            query["filters[updated_after]"] = times.to_text(since) or ""
        response = self._calls.send("GET", "/contacts", params=query)
        if response.status_code != 200:
            # Not tried again: the import would wait for this page without anybody's knowing.
            reason = f"ActiveCampaign's API answers {response.status_code}"
            raise Quarantined("call_refused", reason)
        answer = self._calls.json_object(response)
        contacts = [each for each in answer.get("contacts") or () if isinstance(each, dict)]
        return Page(
            objects=tuple(_told(each) for each in _whole(contacts, answer)),
            kind="contact",
            following=_following(contacts, cursor),
            total=None if cursor else _count((answer.get("meta") or {}).get("total")),
        )

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        """Return an answer as an event: its id, and its body for the parser."""
        return fetched(call, found, now)

    def upsert_recurring_payments(self, body: bytes) -> None:
        """Have ActiveCampaign take over the recurring payments of a mutation.

        Raise Retryable where trying again may help, Quarantined where it refuses them.
        """
        self._writes.upsert_recurring_payments(body)

    def change_tags(self, email: str, wanted: Mapping[str, bool]) -> None:
        """Give the contact of an address the tags that are wanted, and take the others off.

        Raise Retryable where trying again may help, Quarantined where ActiveCampaign refuses.
        """
        self._writes.change_tags(email, wanted)

    def close(self) -> None:
        """Close the connections kept alive."""
        self._calls.close()


def _told(contact: Json) -> Json:
    """Return a contact as an answer of its own."""
    return {"id": contact.get("id"), "contacts": [contact]}


def _following(contacts: list[Json], cursor: str) -> str | None:
    """Return the id that the next page follows, None after the last page.

    Raise Quarantined where the API does not page by id: or the import would go round for ever.
    """
    if len(contacts) < PAGE_CONTACTS:
        return None
    last = str(contacts[-1].get("id"))
    if not last.isascii() or not last.isdigit() or len(last) > _ID_DIGITS_MAX:
        raise Retryable("ActiveCampaign's answer names no contact's id")
    if int(last) <= int(cursor or 0):
        raise Quarantined("call_refused", "ActiveCampaign's API does not page by id")
    return last


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
