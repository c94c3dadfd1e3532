"""API keys over HTTP: shown once, listed without the key, refused once deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_client import ApiClient

BODY: dict[str, Any] = {"name": "Dashboard", "scopes": ["contacts:read", "reports:read"]}


def test_a_new_key_is_shown_once_and_works_at_once() -> None:
    client = ApiClient()

    made = client.post("/v1/keys", BODY)

    assert made.status == 201
    assert made.body == {
        "key": made.body["key"],
        "key_id": made.body["key_id"],
        "name": "Dashboard",
        "scopes": ["contacts:read", "reports:read"],
        "expires_date": None,
        "created_date": "2026-09-21T14:13:20.000Z",
    }
    header = f"Bearer {made.body['key']}"
    assert client.get("/v1/contacts/nobody", authorization=header).status == 404
    assert client.get("/v1/keys", authorization=header).status == 403
    assert made.body["key"] not in client.get("/v1/keys").text


def test_a_key_expires_when_it_was_said_to() -> None:
    client = ApiClient()
    made = client.post("/v1/keys", {**BODY, "expires_date": "2026-09-21T16:13:21+02:00"}).body
    header = f"Bearer {made['key']}"
    before = client.get("/v1/contacts/nobody", authorization=header)

    client.now += 1000

    assert made["expires_date"] == "2026-09-21T14:13:21.000Z"
    assert before.status == 404
    assert client.get("/v1/contacts/nobody", authorization=header).status == 401


def test_a_revoked_key_is_forgotten_within_the_cache_time() -> None:
    client = ApiClient()
    made = client.post("/v1/keys", BODY).body
    header = f"Bearer {made['key']}"
    client.get("/v1/contacts/nobody", authorization=header)

    revoked = client.delete(f"/v1/keys/{made['key_id']}")
    client.now += client.cache_seconds * 1000

    assert revoked.status == 204
    assert client.get("/v1/contacts/nobody", authorization=header).status == 401
    assert client.delete(f"/v1/keys/{made['key_id']}").status == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["*"]}, "scopes.0"),
        ({"scopes": ["config:read", "config:read"]}, "scopes"),
        ({"scopes": "config:read"}, "scopes"),
        ({"expires_date": "tomorrow"}, "expires_date"),
        ({"expires_date": 1790000000000}, "expires_date"),
        ({"expires_date": "2020-01-01T00:00:00Z"}, "expires_date"),
        ({"expires_date": "2026-09-21T14:13:20Z"}, "expires_date"),
        ({"key": "ps_mine"}, "key"),
        ({"key_id": "mine"}, "key_id"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    client = ApiClient()
    documents = dict(client.store.documents)

    reply = client.post("/v1/keys", {**BODY, **change})

    assert (reply.status, list(reply.faults)) == (422, [path])
    assert client.store.documents == documents
