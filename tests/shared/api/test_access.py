"""The table of scopes equals the routes there are; what is not in it is denied."""

from __future__ import annotations

import re

import pytest

from functions.query.routes import ROUTES as QUERY
from shared.api.access import ACCESS, PUBLIC, SCOPES, methods_of, pattern
from tests.support.api_client import ROUTES


def test_the_table_of_access_and_the_routes_are_the_same() -> None:
    routes = [(route.method, route.path) for route in ROUTES]

    assert sorted(routes) == sorted(ACCESS)


def test_every_scope_of_the_table_can_be_given_to_a_key() -> None:
    assert set(ACCESS.values()) - {PUBLIC} <= set(SCOPES)


def test_only_the_documentation_and_the_links_of_emails_are_public() -> None:
    public = [path for (_, path), scope in ACCESS.items() if scope == PUBLIC]

    links = ["/v1/unsubscribe/{token}"] * 2
    assert public == ["/docs", "/v1/openapi.json", *links]


def test_what_changes_anything_needs_a_scope_to_write() -> None:
    asked = {(route.method, route.path) for route in QUERY}
    # It begins a job, which only reads.
    begun = ("POST", "/v1/automations/{automation_id}/backtest")

    # Its right is the link, which holds a signature.
    signed = ("POST", "/v1/unsubscribe/{token}")

    for (method, path), scope in ACCESS.items():
        assert (method, path) in {*asked, begun, signed} or scope.endswith(":write"), (method, path)
    assert {method for method, _ in asked} == {"GET", "POST"}


@pytest.mark.parametrize(
    ("route", "path", "params"),
    [
        (
            "/v1/contacts/{contact}",
            "/v1/contacts/a/b#c?d@example.com",
            {"contact": "a/b#c?d@example.com"},
        ),
        ("/v1/contacts/{contact}", "/v1/contacts/\n\x00", {"contact": "\n\x00"}),
        ("/v1/keys/{key_id}", "/v1/keys/", None),
        ("/v1/keys/{key_id}", "/v1/keys", None),
        ("/v1/keys", "/v1/keys\n", None),
        ("/v1/a/{b}/{c}", "/v1/a/x/y/z", {"b": "x", "c": "y/z"}),
        ("/v1/a/{b}/c", "/v1/a/x/y/c", None),
        ("/v1/openapi.json", "/v1/openapiXjson", None),
    ],
)
def test_a_last_parameter_takes_whatever_an_id_may_hold(
    route: str, path: str, params: dict[str, str] | None
) -> None:
    match = pattern(route).match(path)

    assert (match.groupdict() if match else None) == params


MADE_HERE = """
connection_id automation_id endpoint_id delivery_id run_id job_id duplicate_id segment_id
key_id report recipe token
""".split()


@pytest.mark.parametrize("name", MADE_HERE)
def test_a_last_parameter_that_is_made_here_is_one_segment(name: str) -> None:
    """Else what lies below it would be taken for it, and be granted by its scope."""
    routes = {path for _, path in ACCESS if path.endswith(f"/{{{name}}}")}

    matched = [
        pattern(route).match(re.sub(r"\{\w+\}", "x", route) + below) is not None
        for route in routes
        for below in ("", "/y")
    ]

    assert matched == [True, False] * len(routes)
    assert routes


def test_a_path_knows_its_methods() -> None:
    assert methods_of("/v1/keys") == ["GET", "POST"]
    assert methods_of("/v1/nothing") == []
