"""Both Lambdas behind their gateway as a WSGI application, for tools that speak nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from tests.support.api_client import ApiClient, http_event, is_asked

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Gateway:
    """Hands each request to the Lambda that API Gateway would hand it to, as the same event."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        path = environ["REQUEST_URI"].partition("?")[0]
        answer = self._lambda(method, path)(_event(method, path, environ), None)
        status = answer["statusCode"]
        body = (answer.get("body") or "").encode()
        if answer.get("isBase64Encoded"):
            body = base64.b64decode(body)
        headers = [(name, str(value)) for name, value in answer["headers"].items()]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    def _lambda(self, method: str, path: str) -> Any:
        return self.client.query if is_asked(method, path) else self.client.manage


def _event(method: str, path: str, environ: dict[str, Any]) -> dict[str, Any]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    # Of a parameter that comes twice the gateway hands on both, between a comma.
    query: dict[str, str] = {}
    for name, value in parse_qsl(environ["QUERY_STRING"], keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    event = http_event(method, path, headers, query, None)
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if raw:
        event |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    return event
