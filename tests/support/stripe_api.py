"""A stand-in of Stripe's API on loopback: it answers from a generated business.

Single objects under `/v1/<collection>/<id>` with `expand[]`, and `/v1/invoice_payments` narrowed by
payment intent or invoice. Every answer needs the secret key as a bearer token; refusals (429 with
`Retry-After`, 500, …) are queued by the test. It keeps a log of requests, without the key.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from infra.receiver import Server
from infra.samples.stripe_business import Business

SECRET_KEY = "sk_test_generated"

# Collection in the address, the object it holds, and how Stripe calls one that is missing.
COLLECTIONS = {
    "customers": "customer",
    "subscriptions": "subscription",
    "products": "product",
    "prices": "price",
    "invoices": "invoice",
    "charges": "charge",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
}


@dataclass(frozen=True)
class ApiRequest:
    """What was asked: never the key itself, only whether it was right."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    version: str
    authorized: bool


@dataclass(frozen=True)
class ApiAnswer:
    """A status with its JSON, and the seconds to wait where it asks for patience."""

    status: int
    content: dict[str, Any]
    retry_after: str | None = None


class StripeStandIn:
    """Serves while its `with` block lasts, at `base_url`.

    `put` adds or replaces an object of the test's own making; `remove` makes one unknown.
    """

    def __init__(self, business: Business | None = None, *, secret_key: str = SECRET_KEY) -> None:
        self._business = business or Business()
        self._own: dict[str, dict[str, Any] | None] = {}
        self._refusals: deque[ApiAnswer] = deque()
        self._server = Server(("127.0.0.1", 0), partial(_Handler, self, secret_key))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.requests: list[ApiRequest] = []
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def put(self, thing: dict[str, Any]) -> None:
        self._own[thing["id"]] = thing

    def remove(self, thing_id: str) -> None:
        self._own[thing_id] = None

    def refuse(self, status: int = 429, *, retry_after: str | None = None, times: int = 1) -> None:
        """Answer the next requests with an error, whatever they ask."""
        kind = "rate_limit" if status == 429 else "api_error"
        answer = ApiAnswer(status, _error(kind, "Try again later."), retry_after)
        self._refusals.extend([answer] * times)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()

    def answer(self, request: ApiRequest) -> ApiAnswer:
        self.requests.append(request)
        if not request.authorized:
            return ApiAnswer(401, _error("invalid_request_error", "Invalid API Key provided."))
        if self._refusals:
            return self._refusals.popleft()
        if request.path == "/v1/invoice_payments":
            return ApiAnswer(200, self._links(request.query))
        _, _, collection, thing_id = (*request.path.split("/", 3), "", "", "")[:4]
        found = self._find(unquote(thing_id))
        if found is None or found["object"] != COLLECTIONS.get(collection):
            return ApiAnswer(404, _missing(collection, thing_id))
        for path in request.query.get("expand[]", []):
            self._expand(found, path.split("."))
        return ApiAnswer(200, found)

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


class _Handler(BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"

    def __init__(self, stand_in: StripeStandIn, key: str, *arguments: Any) -> None:
        self._stand_in = stand_in
        self._expected = f"Bearer {key}"
        super().__init__(*arguments)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        request = ApiRequest(
            "GET",
            address.path,
            parse_qs(address.query),
            self.headers.get("Stripe-Version", ""),
            self.headers.get("Authorization") == self._expected,
        )
        answer = self._stand_in.answer(request)
        body = json.dumps(answer.content).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if answer.retry_after is not None:
            self.send_header("Retry-After", answer.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the log of requests is for the test to read."""


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message}}


def _missing(collection: str, thing_id: str) -> dict[str, Any]:
    noun = COLLECTIONS.get(collection, collection).replace("_", " ")
    error = _error("invalid_request_error", f"No such {noun}: '{thing_id}'")
    error["error"] |= {"code": "resource_missing", "param": "id"}
    return error
