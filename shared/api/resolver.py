"""One Lambda's share of the API: a request is routed, its caller checked, its route run.

The order is the point of this file: no such route 404 or 405, no key 401, no scope 403, and only
then the body's size, its syntax, existence and validity, which are the routes' own affair. All
failures leave through `problem_of`; nothing is logged of a request but its route, status and key.
"""

from __future__ import annotations

import base64
import json
import traceback
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from re import Pattern
from typing import Any, Generic
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from shared.api.access import ACCESS, PUBLIC, methods_of, pattern
from shared.api.keys import Caller, KeyRing
from shared.api.problems import MethodNotAllowed, TooLarge, problem_of
from shared.api.route import Adapters, Answer, Request, Route
from shared.domain.errors import BadRequest, NotFound
from shared.observability import log

BODY_BYTES_MAX = 5 * 1024 * 1024
_NO_ROUTE = "There is no such route."
# Answers hold people's data and configuration: no cache may keep them, no page may frame them.
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _Resolver(APIGatewayHttpResolver):
    """Powertools' resolver, for ids that may hold any character."""

    @staticmethod
    def _compile_regex(  # type: ignore[explicit-override]  # `override` is younger than 3.11
        rule: str, base_regex: str = ""
    ) -> Pattern[str]:
        del base_regex
        return pattern(rule)


class Api(Generic[Adapters]):
    """A Lambda's handler: call it with an HTTP API event (payload 2.0), it returns the answer."""

    def __init__(
        self, routes: Sequence[Route[Adapters]], adapters: Adapters, *, keys: KeyRing
    ) -> None:
        """Serve `routes` with `adapters` to callers whose keys `keys` knows."""
        self.routes = tuple(routes)
        self._adapters = adapters
        self._keys = keys
        self._resolver = _Resolver()
        # The longer path first, or the last parameter of a shorter one would swallow it.
        for route in sorted(routes, key=lambda each: -each.path.count("/")):
            self._resolver.route(route.path, route.method)(self._endpoint(route))
        self._resolver.not_found(self._unknown)
        self._resolver.exception_handler(Exception)(self._failed)

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one request."""
        # The gateway decodes every escape but that of the per cent sign itself.
        decoded = {**event, "rawPath": unquote(event["rawPath"])}
        return self._resolver.resolve(decoded, context)

    def _endpoint(self, route: Route[Adapters]) -> Callable[..., Response[Any]]:
        def endpoint(**params: str) -> Response[Any]:
            caller = self._authorise(route)
            event = self._resolver.current_event
            request = Request(
                params=params,
                query=event.get("queryStringParameters") or {},
                # What comes with a GET means nothing, so nothing can be wrong with it.
                raw=b"" if route.method == "GET" else _body(event),
                host=event.request_context.domain_name or "",
                headers=_headers(event),
                scopes=caller.scopes if caller else frozenset(),
            )
            answer = route.run(request, self._adapters)
            log(
                "request",
                method=route.method,
                route=route.path,
                status=answer.status,
                key_id=caller.key_id if caller else None,
            )
            return _response(answer)

        return endpoint

    def _authorise(self, route: Route[Adapters]) -> Caller | None:
        """Return the caller, None on a public route. Raise Rejected for who may not."""
        scope = ACCESS.get((route.method, route.path))
        if scope is None:
            raise NotFound(_NO_ROUTE)
        if scope == PUBLIC:
            return None
        caller = self._keys.caller(self._resolver.current_event.headers.get("authorization"))
        caller.check(scope)
        return caller

    def _unknown(self, error: Exception) -> Response[Any]:
        del error
        event = self._resolver.current_event
        allowed = methods_of(event.path)
        wrong_method = allowed and event.http_method not in allowed
        return self._failed(MethodNotAllowed(allowed) if wrong_method else NotFound(_NO_ROUTE))

    def _failed(self, error: Exception) -> Response[Any]:
        problem = problem_of(error)
        method = self._resolver.current_event.http_method
        if problem.status >= 500:
            # Where it failed, but not its message: that may quote what somebody sent.
            place = traceback.extract_tb(error.__traceback__)[-1:]
            at = [f"{frame.filename}:{frame.lineno}" for frame in place]
            log("failed", method=method, status=problem.status, error=type(error).__name__, at=at)
        else:
            log("refused", method=method, status=problem.status)
        kind = "application/problem+json"
        return _response(Answer(problem.status, problem.body(), kind, problem.headers))


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the request's headers but for the caller's key, which is nobody's business here."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    headers.pop("authorization", None)
    return headers


def _body(event: Mapping[str, Any]) -> bytes:
    """Return the request's body. Raise TooLarge above the limit, BadRequest for broken base64."""
    text = event.get("body") or ""
    if len(text) > BODY_BYTES_MAX * 4 // 3 + 4:
        raise TooLarge("The body is larger than 5 MB.")
    try:
        raw = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else None
    except (Base64Error, ValueError) as error:
        raise BadRequest("The body is not what its encoding says.") from error
    raw = text.encode("utf-8", "surrogatepass") if raw is None else raw
    if len(raw) > BODY_BYTES_MAX:
        raise TooLarge("The body is larger than 5 MB.")
    return raw


def _response(answer: Answer) -> Response[Any]:
    body = answer.body
    if answer.status in (204, 304):
        return Response(status_code=answer.status, headers={**_HEADERS, **answer.headers})
    if not isinstance(body, str | bytes):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(
        status_code=answer.status,
        content_type=answer.content_type,
        body=body,
        headers={**_HEADERS, **answer.headers},
    )
