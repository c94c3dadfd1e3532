"""Stripe's webhook endpoints on loopback: made, listed in pages, changed and deleted.

As Stripe does, it tells a secret once, answers a repeated idempotency key with the first answer,
and refuses what is not in its list of events.
"""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback_server import LoopbackServer, Received, Reply, http

SECRET_KEY = "sk_live_generated"
_PATH = "/v1/webhook_endpoints"


class StripeWebhooks:
    """The account; `answers` are given instead, and so many answers of POSTs get `lost`."""

    def __init__(self, *, page: int = 2) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.versions: set[str] = set()
        self.answers: list[Reply] = []
        self.lost = 0
        self._page = page
        self._numbers = itertools.count(1)
        self._by_key: dict[str, dict[str, Any]] = {}

    def serving(self) -> LoopbackServer:
        return LoopbackServer(self._respond)

    def add(self, url: str, events: list[str], **about: Any) -> dict[str, Any]:
        number = next(self._numbers)
        made = {
            "id": f"we_{number}",
            "object": "webhook_endpoint",
            "url": url,
            "enabled_events": events,
            "status": "enabled",
            "application": None,
            "created": number,
            **about,
        }
        self.endpoints[made["id"]] = made
        return made

    def _respond(self, request: Received) -> Reply:
        method, target, _ = request.first_line.split(" ")
        self.calls.append(method)
        self.versions.add(request.headers["stripe-version"])
        if self.answers:
            return self.answers.pop(0)
        if request.headers["authorization"] != f"Bearer {SECRET_KEY}":
            said = f"Invalid API Key provided: {request.headers['authorization']}"
            return http(401, {"error": {"type": "invalid_request_error", "message": said}})
        address = urlsplit(target)
        assert address.path.startswith(_PATH)
        endpoint_id = address.path.removeprefix(_PATH).strip("/")
        if endpoint_id and endpoint_id not in self.endpoints:
            return http(404, {"error": {"code": "resource_missing", "param": "id"}})
        if method == "GET":
            return http(200, self._listed(parse_qs(address.query)))
        if method == "DELETE":
            return http(200, {**self.endpoints.pop(endpoint_id), "deleted": True})
        said_body = parse_qs(request.body.decode())
        if endpoint_id:
            return http(200, self._changed(endpoint_id, said_body))
        made = self._made(request.headers["idempotency-key"], said_body)
        if self.lost:
            self.lost -= 1
            return Reply(None)
        return http(200, made)

    def _listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        names = sorted(self.endpoints, reverse=True)
        start = names.index(query["starting_after"][0]) + 1 if "starting_after" in query else 0
        page = names[start : start + self._page]
        shown = [json.loads(json.dumps(self.endpoints[name])) for name in page]
        return {"object": "list", "data": shown, "has_more": start + self._page < len(names)}

    def _made(self, key: str, said: dict[str, list[str]]) -> dict[str, Any]:
        if key not in self._by_key:
            made = self.add(said["url"][0], said["enabled_events[]"])
            made["api_version"] = said["api_version"][0]
            self._by_key[key] = {**made, "secret": f"whsec_{made['id']}"}
        return self._by_key[key]

    def _changed(self, endpoint_id: str, said: dict[str, list[str]]) -> dict[str, Any]:
        held = self.endpoints[endpoint_id]
        held["enabled_events"] = said["enabled_events[]"]
        held["status"] = "disabled" if said["disabled"] == ["true"] else "enabled"
        return held
