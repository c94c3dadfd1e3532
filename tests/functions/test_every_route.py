"""What every route owes its callers, generated from the table of routes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra import openapi
from shared.api.access import ACCESS, PUBLIC, SCOPES
from shared.api.resolver import BODY_BYTES_MAX
from shared.api.route import Route
from shared.domain.errors import Retryable
from tests.support.api_client import ROUTES, ApiClient, Reply

UNKNOWN = "unknown"
EXAMPLES: dict[str, dict[str, Any]] = {
    "/v1/connections/{connection_id}": {"provider": "stripe"},
    "/v1/connections/{connection_id}/history": {"from": "2024-01-01"},
    "/v1/connections/{connection_id}/verify": {"repair": True},
    "/v1/contacts": {"email": "ada@example.com"},
    "/v1/keys": {"name": "CRM", "scopes": ["config:read"]},
    "/v1/settings": {},
    "/v1/automations/{automation_id}": {
        "name": "Rescue",
        "trigger": {"type": "recurring_payment_updated", "field": "status", "to": "paused"},
        "steps": [{"type": "add_tag", "tag": "Paused"}],
    },
    "/v1/endpoints/{endpoint_id}": {"url": "https://hooks.example.com/in"},
    "/v1/segments/{segment_id}": {"name": "Everybody", "match": "all", "conditions": []},
    "/v1/segments/preview": {"match": "all", "conditions": []},
    "/v1/recurring-payments": {
        "items": [
            {"connection_id": "x", "store_recurring_payment_id": "1", "status": "active"},
        ]
    },
    "/v1/orders": {
        "items": [
            {
                "connection_id": "x",
                "store_order_id": "1",
                "status": "completed",
                "gross": "19.00",
                "currency": "USD",
                "occurred_date": "2026-11-01T10:00:00Z",
            }
        ]
    },
    "/v1/activity": {"items": [{"email": "ada@example.com", "kind": "open"}]},
    "/v1/spend": {"items": [{"date": "2026-10-01", "amount": "25.00", "currency": "USD"}]},
    "/v1/reports/custom": {"dataset": "orders", "measures": ["count"]},
    "/v1/contacts/search": {"segment": {"match": "all", "conditions": []}},
    "/v1/duplicates/{duplicate_id}": {"decision": "same"},
    "/v1/recipes/{recipe}": {"parameters": {}},
    "/v1/automations/{automation_id}/backtest": {"from": "2026-10-01", "to": "2026-10-31"},
}
# Of a route that takes files: its content type, and one it accepts.
FILES = {"/v1/contacts/import": ("text/csv", "email\nada@example.com\n")}

closed = [route for route in ROUTES if ACCESS[route.method, route.path] != PUBLIC]
with_body = [route for route in ROUTES if route.body]
paged = [route for route in ROUTES if route.paged]
with_id = [route for route in ROUTES if 404 in route.problems and "{" in route.path]
writing = [route for route in ROUTES if route.method != "GET"]


def name(route: Route[Any]) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route[Any], identity: str = UNKNOWN) -> str:
    return "/".join(identity if part.startswith("{") else part for part in route.path.split("/"))


def call(client: ApiClient, route: Route[Any], **options: Any) -> Reply:
    if route.path in FILES:
        content_type, text = FILES[route.path]
        options = {"raw": text, **options, "content_type": content_type}
    return client.call(route.method, path_of(route), **options)


@pytest.mark.parametrize("route", closed, ids=name)
def test_without_a_valid_key_a_route_is_closed_and_tells_nothing(route: Route[Any]) -> None:
    client = ApiClient()
    expired = client.key(*SCOPES, expires_date=client.now + 1)
    client.now += 1

    replies = [
        call(client, route, authorization=header)
        for header in (None, "Bearer nobody", f"Bearer {expired}", "Bearer ps_0_" + "0" * 64)
    ]

    assert {each.status for each in replies} == {401}
    assert len({each.text for each in replies}) == 1
    assert replies[0].headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", closed, ids=name)
def test_a_key_lacking_the_scope_is_refused_before_anything_is_looked_at(route: Route[Any]) -> None:
    client = ApiClient()
    others = [scope for scope in SCOPES if scope != ACCESS[route.method, route.path]]
    header = f"Bearer {client.key(*others)}"
    client.admin = ""
    reads = client.store.reads

    replies = [
        call(client, route, authorization=header, raw=raw)
        for raw in (None, "not json", '{"unknown": 1}', "x" * (BODY_BYTES_MAX + 1))
    ]

    assert {each.status for each in replies} == {403}
    assert client.store.reads == reads + 1


@pytest.mark.parametrize("route", with_id, ids=name)
@pytest.mark.parametrize(
    "identity", ["unknown", "%23", "..%252f", "x" * 3000, "%0A", "a%2Fb", "null", "CONFIG"]
)
def test_an_id_that_does_not_exist_is_not_found(route: Route[Any], identity: str) -> None:
    body = EXAMPLES[route.path] if route.body else None

    reply = ApiClient().call(route.method, path_of(route, identity), body=body)

    assert reply.status == 404


@pytest.mark.parametrize("route", with_body, ids=name)
@pytest.mark.parametrize(
    "field", ["id", "connection_id", "contact_id", "key", "hash", "version", "created_date", "x"]
)
def test_an_unknown_or_read_only_field_is_refused_by_name(route: Route[Any], field: str) -> None:
    client = ApiClient()
    documents = dict(client.store.documents)

    reply = call(client, route, body={**EXAMPLES[route.path], field: "mine"})

    assert reply.status == 422
    assert reply.faults == {field: "Extra inputs are not permitted"}
    assert client.store.documents == documents


# Where nothing has the id in the path, that comes first.
@pytest.mark.parametrize("route", [each for each in with_body if each not in with_id], ids=name)
def test_the_example_of_a_body_is_accepted(route: Route[Any]) -> None:
    assert call(ApiClient(), route, body=EXAMPLES[route.path]).status in route.answers


@pytest.mark.parametrize("route", with_body, ids=name)
def test_a_body_that_is_no_json_object_is_a_bad_request(route: Route[Any]) -> None:
    empty = () if route.body_optional else ("",)
    for raw in (*empty, "[]", "{", '{"a": NaN}', '{"a": 1, "a": 1}'):
        assert call(ApiClient(), route, raw=raw).status == 400


@pytest.mark.parametrize("route", writing, ids=name)
def test_a_body_above_five_megabytes_is_too_large(route: Route[Any]) -> None:
    assert call(ApiClient(), route, raw="x" * (BODY_BYTES_MAX + 1)).status == 413


@pytest.mark.parametrize("route", paged, ids=name)
def test_a_limit_or_cursor_of_ones_own_making_is_a_bad_request(route: Route[Any]) -> None:
    client = ApiClient()
    client.put(f"/v1/automations/{UNKNOWN}", EXAMPLES["/v1/automations/{automation_id}"])
    client.put(f"/v1/segments/{UNKNOWN}", EXAMPLES["/v1/segments/{segment_id}"])

    for query in ({"limit": "0"}, {"limit": "many"}, {"cursor": "../../etc"}, {"cursor": ""}):
        assert call(client, route, query=query).status == 400
    assert call(client, route, query={"limit": "1000000000"}).status == 200


# Which reports there are stands in the code; once the key is known, no table is asked.
@pytest.mark.parametrize("route", [each for each in closed if each.path != "/v1/reports"], ids=name)
def test_while_the_table_fails_a_caller_is_asked_to_come_again(
    route: Route[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ApiClient()
    call(client, route, body=EXAMPLES.get(route.path))

    def fail(*_: Any) -> Any:
        raise Retryable("the table would not hand out all keys")

    for operation in ("read", "commit", "listed", "newest"):
        monkeypatch.setattr(client.store, operation, fail)
    reply = call(client, route, body=EXAMPLES.get(route.path))

    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0


@pytest.mark.parametrize("route", ROUTES, ids=name)
@pytest.mark.parametrize("method", ["OPTIONS", "PATCH"])
def test_other_methods_are_not_allowed(route: Route[Any], method: str) -> None:
    reply = ApiClient().call(method, path_of(route), authorization=None)

    assert reply.status == 405
    assert route.method in reply.headers["allow"].split(", ")


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_each_route_documents_what_these_tests_have_seen(route: Route[Any]) -> None:
    documented = openapi.document()["paths"][route.path][route.method.lower()]

    expected = {str(status) for status in openapi.statuses(route)}
    assert set(documented["responses"]) == expected
    assert json.dumps(documented).isascii()
