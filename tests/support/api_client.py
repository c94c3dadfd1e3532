"""A caller of the HTTP API: real events through the real handlers, over fakes in memory.

Every answer is held against the generated documentation: its status has to be documented for the
route, and its body has to have the documented shape.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from functions.manage.adapters import Adapters as ManageAdapters
from functions.manage.routes import ROUTES as MANAGE
from functions.query.adapters import Adapters as QueryAdapters
from functions.query.routes import ROUTES as QUERY
from infra import openapi
from shared.api import answers
from shared.api.access import SCOPES, pattern
from shared.api.keys import KeyRing, create_key
from shared.api.resolver import Api
from shared.api.route import Route
from shared.domain import contact_import, erase_job, history_import
from shared.domain.envelope import EventEnvelope
from shared.domain.following import copies_of, jobs_of
from tests.fakes.memory_bucket import MemoryBucket
from tests.fakes.memory_store import MemoryStore
from tests.support.log_shop import MemoryLog
from tests.support.uploads import MemoryUploads

NOW = 1_790_000_000_000
ROUTES: tuple[Route[Any], ...] = (*QUERY, *MANAGE)
# Several clients may share one store, as the memory of a test module.
_NUMBERS = itertools.count(1)


class MemorySecrets:
    """Secrets in a dict, of connections or of endpoints."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self.fails: Exception | None = None

    def read(self, connection_id: str) -> dict[str, Any] | None:
        held = self.held.get(connection_id)
        return None if held is None else json.loads(json.dumps(held))

    def create(self, connection_id: str, secrets: Mapping[str, Any]) -> bool:
        if connection_id in self.held:
            return False
        self.write(connection_id, secrets)
        return True

    def write(self, connection_id: str, secrets: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.writes += 1
        self.held[connection_id] = json.loads(json.dumps(secrets))

    def delete(self, connection_id: str) -> None:
        if self.fails:
            raise self.fails
        self.held.pop(connection_id, None)


class MemoryOutbox:
    """What was queued, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[EventEnvelope, str]] = []
        self.jobs: list[tuple[str, str]] = []
        self.delivered: list[dict[str, Any]] = []
        self.followed: list[tuple[str, dict[str, Any]]] = []
        self.imports: list[dict[str, Any]] = []
        self.erasures: list[dict[str, Any]] = []
        self.fails: Exception | None = None

    def send_event(self, envelope: EventEnvelope, nonce: str) -> None:
        if self.fails:
            raise self.fails
        self.events.append((envelope, nonce))

    def attach(self, email: str, contact_id: str) -> None:
        if self.fails:
            raise self.fails
        self.jobs.append(("now", email))

    def attach_later(self, email: str) -> None:
        if self.fails:
            raise self.fails
        self.jobs.append(("later", email))

    def import_contacts(self, job: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.imports.append(contact_import.message(job))

    def erase(self, job: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.erasures.append(erase_job.message(job))

    def import_history(self, job: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.imports.append(history_import.message(job))

    def follow(self, messages: Sequence[Mapping[str, Any]], nonce: str) -> None:
        if self.fails:
            raise self.fails
        self.followed += [("now", job) for job, _ in jobs_of(messages)]

    def follow_later(self, messages: Sequence[Mapping[str, Any]]) -> None:
        if self.fails:
            raise self.fails
        self.followed += [("later", job) for job in copies_of(messages)]

    def deliver(self, messages: Sequence[Mapping[str, Any]]) -> None:
        if self.fails:
            raise self.fails
        self.delivered += [dict(each) for each in messages]


class MemoryBacktests:
    """Who does backtests, and does none."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begin(self, job_id: str) -> None:
        self.begun.append(job_id)


@dataclass(frozen=True)
class Reply:
    """An answer, its headers' names in small letters."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def faults(self) -> dict[str, str]:
        return {each["path"]: each["message"] for each in self.body.get("errors", [])}


class ApiClient:
    """Both Lambdas behind one gateway; without `key`, calls carry a key with every scope."""

    def __init__(self, store: Any = None, *, local: bool = False) -> None:
        self.store = MemoryStore() if store is None else store
        self.secrets = MemorySecrets()
        self.endpoint_secrets = MemorySecrets()
        self.outbox = MemoryOutbox()
        self.uploads = MemoryUploads()
        self.bodies = MemoryUploads()
        self.ledger = MemoryBucket()
        self.backtests = MemoryBacktests()
        self.now = NOW
        self.cache_seconds = 60
        self._ids = (f"{number:032x}" for number in itertools.count(1))
        self._secrets = (f"secret{number:030d}" for number in _NUMBERS)
        keys = KeyRing(self.store, cache_seconds=self.cache_seconds, now=lambda: self.now)
        self.log = MemoryLog(self.store)
        query = QueryAdapters(
            store=self.store,
            log=self.log,
            exports=self.uploads,
            bodies=self.bodies,
            now=lambda: self.now,
            new_id=lambda: next(self._ids),
            openapi=openapi.document,
            local=local,
        )
        manage = ManageAdapters(
            store=self.store,
            secrets=self.secrets,
            endpoint_secrets=self.endpoint_secrets,
            outbox=self.outbox,
            uploads=self.uploads,
            ledger=self.ledger,
            backtests=self.backtests,
            now=lambda: self.now,
            new_id=lambda: next(self._ids),
            new_secret=lambda: next(self._secrets),
            random_bytes=lambda size: next(_NUMBERS).to_bytes(size, "big"),
            local=local,
        )
        self.query = Api(QUERY, query, keys=keys)
        self.manage = Api(MANAGE, manage, keys=keys)
        self.admin = self.key(*SCOPES)

    def key(self, *scopes: str, expires_date: int | None = None) -> str:
        """Make a key, as the command does."""
        made = create_key(
            self.store, "test", scopes, expires_date, self.now, lambda: next(self._secrets)
        )
        return str(made["key"])

    def get(self, path: str, **options: Any) -> Reply:
        return self.call("GET", path, **options)

    def put(self, path: str, body: Any, **options: Any) -> Reply:
        return self.call("PUT", path, body=body, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.call("POST", path, body=body, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        return self.call("DELETE", path, **options)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: str | None = None,
        query: Mapping[str, str] | None = None,
        authorization: str | None = "",
        content_type: str = "application/json",
        encoded: bool = False,
    ) -> Reply:
        """Send one request; an empty `authorization` stands for the admin key."""
        text = raw if raw is not None or body is None else json.dumps(body)
        headers = {"host": "api.example.com", "content-type": content_type}
        if authorization is not None:
            headers["authorization"] = authorization or f"Bearer {self.admin}"
        event = http_event(method, path, headers, query or {}, text, encoded=encoded)
        lambda_ = self.query if is_asked(method, path) else self.manage
        answer = lambda_(event, None)
        reply = Reply(
            answer["statusCode"],
            {name.lower(): value for name, value in answer["headers"].items()},
            answer.get("body") or "",
        )
        check(method, path, reply)
        return reply


def http_event(
    method: str,
    path: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    text: str | None,
    *,
    encoded: bool = False,
) -> dict[str, Any]:
    """Return the event of an HTTP API, payload 2.0; it decodes paths but for `%25`."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} /v1/{{proxy+}}",
        "rawPath": "%25".join(unquote(part) for part in path.split("%25")),
        "rawQueryString": urlencode(query),
        "headers": dict(headers),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "requestId": "request-1",
            "stage": "$default",
        },
        "isBase64Encoded": encoded,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if text is not None:
        event["body"] = base64.b64encode(text.encode()).decode() if encoded else text
    return event


def check(method: str, path: str, reply: Reply) -> None:
    """Assert that an answer is documented for its route, with this status and shape."""
    route = _route(method, unquote(path))
    if reply.status >= 400:
        assert route is None or reply.status in openapi.statuses(route), reply
        assert reply.headers["content-type"] == "application/problem+json"
        answers.Problem.model_validate_json(reply.text)
        assert reply.body["status"] == reply.status
        return
    assert route is not None
    assert reply.status in route.answers, f"{reply.status} is not documented"
    model = route.answers[reply.status]
    if model is not None:
        openapi.shape(model).model_validate_json(reply.text)
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["cache-control"] == "no-store"


def is_asked(method: str, path: str) -> bool:
    """Tell whether the gateway has the request answered by `query`."""
    narrow = (route.path for route in QUERY if route.method == method and "{" not in route.path)
    return method == "GET" or path in narrow


def _route(method: str, path: str) -> Route[Any] | None:
    longest_first = sorted(ROUTES, key=lambda each: -each.path.count("/"))
    matching = (each for each in longest_first if pattern(each.path).match(path))
    return next((each for each in matching if each.method == method), None)
