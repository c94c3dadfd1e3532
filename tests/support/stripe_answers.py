"""What the stand-in of Stripe's API answers, from a generated business, without any server.

Single objects under `/v1/<collection>/<id>` with `expand[]`, whole collections page by page, and
`/v1/invoice_payments` narrowed by payment intent or invoice. Every answer needs the secret key as a
bearer token; refusals (429 with `Retry-After`, 500, …) are queued by the test. It keeps a log of
requests, without the key.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx

from infra.samples.stripe_business import Business
from tests.support.stripe_lists import (
    COLLECTIONS,
    Account,
    ApiAnswer,
    ApiRequest,
    error,
    listed,
    missing,
)

SECRET_KEY = "sk_test_generated"


class StripeAnswers:
    """`put` adds or replaces an object of the test's own making; `remove` makes one unknown.

    `logs` says whether requests are remembered, which the largest of accounts had better not be.
    """

    def __init__(
        self,
        business: Account | None = None,
        *,
        secret_key: str = SECRET_KEY,
        logs: bool = True,
    ) -> None:
        self._business = business or Business()
        self._expected = f"Bearer {secret_key}"
        self._own: dict[str, dict[str, Any] | None] = {}
        self._refusals: deque[ApiAnswer] = deque()
        self._logs = logs
        self.requests: list[ApiRequest] = []

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @property
    def transport(self) -> httpx.MockTransport:
        """Answers a client in this process, with no network in between."""
        return httpx.MockTransport(self._respond)

    def put(self, thing: dict[str, Any]) -> None:
        self._own[thing["id"]] = thing

    def remove(self, thing_id: str) -> None:
        self._own[thing_id] = None

    def refuse(self, status: int = 429, *, retry_after: str | None = None, times: int = 1) -> None:
        """Answer the next requests with an error, whatever they ask."""
        kind = "rate_limit" if status == 429 else "api_error"
        answer = ApiAnswer(status, error(kind, "Try again later."), retry_after)
        self._refusals.extend([answer] * times)

    def asked(self, path: str, query: str, headers: Mapping[str, str]) -> ApiAnswer:
        """Answer a GET of a path; header names are lower-case."""
        authorized = headers.get("authorization") == self._expected
        version = headers.get("stripe-version", "")
        return self.answer(ApiRequest("GET", path, parse_qs(query), version, authorized))

    def answer(self, request: ApiRequest) -> ApiAnswer:
        if self._logs:
            self.requests.append(request)
        if not request.authorized:
            return ApiAnswer(401, error("invalid_request_error", "Invalid API Key provided."))
        if self._refusals:
            return self._refusals.popleft()
        if request.path == "/v1/invoice_payments":
            return ApiAnswer(200, self._links(request.query))
        _, _, collection, thing_id = (*request.path.split("/", 3), "", "", "")[:4]
        if not thing_id and collection in COLLECTIONS:
            return self._page(collection, request.query)
        found = self._find(unquote(thing_id))
        if found is None or found["object"] != COLLECTIONS.get(collection):
            return ApiAnswer(404, missing(collection, thing_id))
        for path in request.query.get("expand[]", []):
            self._expand(found, path.split("."))
        return ApiAnswer(200, found)

    def _page(self, collection: str, query: Mapping[str, list[str]]) -> ApiAnswer:
        answer = listed(self._business, collection, query)
        for path in query.get("expand[]", []) if answer.status == 200 else ():
            self._expand(answer.content, path.split("."))
        return answer

    def _find(self, thing_id: str) -> dict[str, Any] | None:
        if thing_id in self._own:
            return json.loads(json.dumps(self._own[thing_id]))  # type: ignore[no-any-return]
        return self._business.snapshot_of(thing_id)

    def _links(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """List invoice payments; as Stripe does, only what the filters name."""
        (intent,) = query.get("payment[payment_intent]", [""])
        (invoice,) = query.get("invoice", [""])
        links = self._business.invoice_payments(payment_intent=intent, invoice=invoice)
        return {"object": "list", "data": links, "has_more": False, "url": "/v1/invoice_payments"}

    def _expand(self, node: Any, path: list[str]) -> None:
        """Put whole objects where `path` finds ids, through lists and hashes."""
        if isinstance(node, list):
            for each in node:
                self._expand(each, path)
        elif isinstance(node, dict) and path:
            name, *rest = path
            if name == "payments" and node.get("object") == "invoice":
                node[name] = self._links({"invoice": [node["id"]]})
            node[name] = self._whole(node.get(name))
            self._expand(node[name], rest)

    def _whole(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._whole(each) for each in value]
        return (self._find(value) or value) if isinstance(value, str) else value

    def _respond(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self.asked(url.path, url.query.decode(), request.headers)
        headers = {"retry-after": answer.retry_after} if answer.retry_after is not None else {}
        return httpx.Response(answer.status, json=answer.content, headers=headers)
