"""ActiveCampaign's API as documented, as far as it is written to: an account behind a transport.

It is its own truth of what it holds, by address: tags, and recurring payments by their identity.
`replies` are given first, in order, instead of its own; None among them is its own after all.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from shared.providers.activecampaign_api import ActiveCampaignApi

URL = "https://crm.example.com"
TOKEN = "api-token-of-a-test"
GUID = "0c6f5d7e-0000-4000-8000-000000000001"

Json = dict[str, Any]


class WrittenAccount:
    """An account: its contacts, tags, what ties them, and its recurring payments."""

    def __init__(self) -> None:
        self.contacts: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.tied: dict[str, tuple[str, str]] = {}
        self.payments: dict[tuple[int, str], Json] = {}
        self.bodies: list[Json] = []
        self.asked: list[str] = []
        self.slept: list[float] = []
        self.replies: list[httpx.Response | None] = []
        self.refuses: Callable[[Json], bool] = lambda payment: False
        self.before: Callable[[], None] = lambda: None
        self._last = 100

    def client(self, **credentials: str) -> ActiveCampaignApi:
        """Return the product's own client of this account."""
        del credentials
        now = [0.0]

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            now[0] += seconds

        return ActiveCampaignApi(
            URL,
            TOKEN,
            transport=httpx.MockTransport(self._answer),
            sleep=sleep,
            monotonic=lambda: now[0],
        )

    def add(self, email: str, *tags: str) -> None:
        """Make a contact that has these tags."""
        contact = self._made(self.contacts, email)
        for tag in tags:
            self._tie(contact, self._made(self.tags, tag))

    def tags_of(self, email: str) -> list[str]:
        """Return the tags of the contact of an address."""
        names = {identity: tag for tag, identity in self.tags.items()}
        own = self.contacts.get(email)
        return sorted(names[tag] for contact, tag in self.tied.values() if contact == own)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.before()
        path = request.url.path.removeprefix("/api/3")
        self.asked.append(f"{request.method} {path}")
        assert request.headers["api-token"] == TOKEN
        reply = self.replies.pop(0) if self.replies else None
        if reply is not None:
            return reply
        body = json.loads(request.content, parse_float=Decimal) if request.content else {}
        if path == "/ecom/graphql":
            return self._graphql(body)
        status, answer = self._rest(request, path.strip("/").split("/"), body)
        return httpx.Response(status, json=answer)

    def _graphql(self, body: Json) -> httpx.Response:
        self.bodies.append(body)
        sent = body["variables"]["recurringPayments"]
        if any(map(self.refuses, sent)):
            return httpx.Response(200, json={"errors": [{"message": "no"}], "data": None})
        for each in sent:
            self.payments[each["legacyConnectionId"], each["storeRecurringPaymentId"]] = each
        told = {"data": {"bulkUpsertRecurringPayments": {"recordId": GUID}}}
        return httpx.Response(200, json=told)

    def _rest(self, request: httpx.Request, path: list[str], body: Json) -> tuple[int, Json]:
        query = request.url.params
        if request.method == "DELETE":
            return (200, {}) if self.tied.pop(path[1], None) else (404, {})
        if path == ["contact", "sync"]:
            return 201, {"contact": {"id": self._made(self.contacts, body["contact"]["email"])}}
        if path == ["contacts"]:
            email = query.get("email", "")
            found = self.contacts.get(email)
            rows = [{"id": found, "email": email}] if found else []
            return 200, {"contacts": rows}
        if path[0] == "contacts":
            ties = [
                {"id": identity, "contact": contact, "tag": tag}
                for identity, (contact, tag) in self.tied.items()
                if contact == path[1]
            ]
            return 200, {"contactTags": ties}
        if path == ["tags"] and request.method == "GET":
            alike = [
                {"id": identity, "tag": tag}
                for tag, identity in self.tags.items()
                if query["search"].casefold() in tag.casefold()
            ]
            start = int(query["offset"])
            return 200, {"tags": alike[start : start + int(query["limit"])]}
        if path == ["tags"]:
            return 201, {"tag": {"id": self._made(self.tags, body["tag"]["tag"])}}
        assert path == ["contactTags"]
        tie = body["contactTag"]
        if tie["tag"] not in self.tags.values():
            return 422, {"errors": [{"title": "no such tag"}]}
        self._tie(tie["contact"], tie["tag"])
        return 201, {"contactTag": tie}

    def _made(self, things: dict[str, str], name: str) -> str:
        if name not in things:
            things[name] = self._new()
        return things[name]

    def _tie(self, contact: str, tag: str) -> None:
        if (contact, tag) not in self.tied.values():
            self.tied[self._new()] = (contact, tag)

    def _new(self) -> str:
        self._last += 1
        return str(self._last)
