"""What is written to an ActiveCampaign account: recurring payments by GraphQL, tags by API v3.

Every write says how things shall be and not what to change, so one that is repeated, or comes
after another that said the same, changes nothing. Tags are known there by ids, and that a contact
has one is a thing with an id of its own, by which alone it can be taken back.

A batch of recurring payments is accepted before it is saved, and nothing tells of that: an answer
without errors is all that can be known. Whoever is taken off a tag without being a contact there
is left alone; whoever gets one becomes a contact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from shared.domain.errors import Quarantined, Retryable
from shared.providers.api_calls import ApiCalls, KeyRefused

_GRAPHQL = "/ecom/graphql"
_TAGS_A_PAGE = 100
# A search is fuzzy: so many pages of look-alikes are gone through, and no more.
_PAGES_MAX = 20

Json = dict[str, Any]


class Writes:
    """The writing half of one account's client; it remembers the tags' ids."""

    def __init__(self, calls: ApiCalls) -> None:
        self._calls = calls
        self._tags: dict[str, str] = {}

    def upsert_recurring_payments(self, body: bytes) -> None:
        """Send a mutation. Raise Retryable where it may help, Quarantined where it is refused."""
        answer = self._sent("POST", _GRAPHQL, content=body, headers=_JSON)
        if answer.get("errors"):
            raise Quarantined("write_refused", "ActiveCampaign refuses the recurring payments")
        data = answer.get("data")
        told = data.get("bulkUpsertRecurringPayments") if isinstance(data, dict) else None
        if not isinstance(told, dict) or not told.get("recordId"):
            raise Retryable("ActiveCampaign's answer does not say that it took the batch")

    def change_tags(self, email: str, wanted: Mapping[str, bool]) -> None:
        """Have the contact of an address hold each tag, or not. Raise as above."""
        contact = self._contact(email, make=any(wanted.values()))
        if contact is None:
            return
        held = self._held(contact)
        for tag, shall in wanted.items():
            identity = self._tag(tag, make=shall)
            if identity is None:
                continue
            if shall and identity not in held:
                self._give(contact, tag, identity)
            for association in held.get(identity, ()) if not shall else ():
                self._take(association)

    def _contact(self, email: str, *, make: bool) -> str | None:
        """Return the id of the contact of an address, None where there is none to be."""
        if make:
            body = {"contact": {"email": email}}
            return _id(self._sent("POST", "/contact/sync", json=body).get("contact"))
        answer = self._sent("GET", "/contacts", params={"email": email})
        found = [
            each
            for each in _rows(answer, "contacts")
            if str(each.get("email")).casefold() == email.casefold()
        ]
        return _id(found[0]) if found else None

    def _held(self, contact: str) -> dict[str, list[str]]:
        """Return by tag the ids of what ties it to the contact."""
        found: dict[str, list[str]] = {}
        answer = self._sent("GET", f"/contacts/{quote(contact, safe='')}/contactTags")
        for each in _rows(answer, "contactTags"):
            found.setdefault(str(each.get("tag")), []).append(_id(each))
        return found

    def _tag(self, tag: str, *, make: bool) -> str | None:
        """Return a tag's id, None where there is no such tag and none is to be made."""
        if tag not in self._tags:
            found = next((_id(each) for each in self._alike(tag) if each.get("tag") == tag), None)
            if found is None and make:
                body = {"tag": {"tag": tag, "tagType": "contact", "description": ""}}
                found = _id(self._sent("POST", "/tags", json=body).get("tag"))
            if found is None:
                return None
            self._tags[tag] = found
        return self._tags[tag]

    def _alike(self, tag: str) -> Iterator[Json]:
        """Yield the tags a search for one finds."""
        for page in range(_PAGES_MAX):
            query = {
                "search": tag,
                "limit": str(_TAGS_A_PAGE),
                "offset": str(page * _TAGS_A_PAGE),
            }
            rows = _rows(self._sent("GET", "/tags", params=query), "tags")
            yield from rows
            if len(rows) < _TAGS_A_PAGE:
                return

    def _give(self, contact: str, tag: str, identity: str) -> None:
        try:
            body = {"contactTag": {"contact": contact, "tag": identity}}
            self._sent("POST", "/contactTags", json=body)
        except Quarantined:
            # The tag may have been deleted there since, and made anew under another id.
            del self._tags[tag]
            again = {"contactTag": {"contact": contact, "tag": self._tag(tag, make=True)}}
            self._sent("POST", "/contactTags", json=again)

    def _take(self, association: str) -> None:
        response = self._calls.send("DELETE", f"/contactTags/{quote(association, safe='')}")
        if response.status_code not in (200, 204, 404):  # 404: somebody was faster
            self._refused(response.status_code)

    def _sent(self, method: str, path: str, **request: Any) -> Json:
        """Return what a call answers. Raise Retryable or Quarantined where it is not done."""
        response = self._calls.send(method, path, **request)
        if response.status_code not in (200, 201, 202):
            self._refused(response.status_code)
        return self._calls.json_object(response)

    def _refused(self, status: int) -> None:
        if status in (401, 403):
            raise KeyRefused(f"ActiveCampaign refuses this connection's token: {status}")
        raise Quarantined("write_refused", f"ActiveCampaign refuses what was written: {status}")


_JSON = {"content-type": "application/json"}


def _rows(answer: Json, folder: str) -> list[Json]:
    return [each for each in answer.get(folder) or () if isinstance(each, dict)]


def _id(thing: object) -> str:
    """Return a thing's id. Raise Retryable where the answer does not tell it."""
    identity = thing.get("id") if isinstance(thing, dict) else None
    if not isinstance(identity, str | int) or not str(identity):
        raise Retryable("ActiveCampaign's answer names no id")
    return str(identity)
