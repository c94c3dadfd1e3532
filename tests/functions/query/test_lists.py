"""Lists over HTTP: limits, cursors, and cursors somebody has tampered with."""

from __future__ import annotations

from shared.api.access import SCOPES
from tests.support.api_client import NOW, ApiClient


def quarantine(client: ApiClient, number: int) -> None:
    client.store.documents["quarantine", f"row-{number}"] = {
        "version": 1,
        "id": f"row-{number}",
        "connection_id": "shop",
        "provider": "stripe",
        "event_id": f"evt_{number}",
        "event_type": "invoice.paid",
        "code": "bad_amount",
        "reason": "an amount is larger than money can be",
        "received_date": NOW,
        "body": b"{}",
        "headers": {},
        "subject": None,
        "recorded_at": NOW,
    }


def test_quarantine_is_listed_page_by_page_without_the_events_bodies() -> None:
    client = ApiClient()
    for number in range(5):
        quarantine(client, number)

    first = client.get("/v1/quarantine", query={"limit": "3"}).body
    second = client.get("/v1/quarantine", query={"limit": "3", "cursor": first["next_cursor"]}).body

    assert [each["id"] for each in first["items"] + second["items"]] == [
        f"row-{number}" for number in (4, 3, 2, 1, 0)
    ]
    assert second["next_cursor"] is None
    assert first["items"][0] == {
        "id": "row-4",
        "connection_id": "shop",
        "provider": "stripe",
        "event_id": "evt_4",
        "event_type": "invoice.paid",
        "code": "bad_amount",
        "reason": "an amount is larger than money can be",
        "received_date": "2026-09-21T14:13:20.000Z",
    }


def test_a_page_holds_25_rows_unless_asked_otherwise() -> None:
    client = ApiClient()
    for number in range(120):
        quarantine(client, number)

    default, most = (client.get("/v1/quarantine", query=query) for query in ({}, {"limit": "999"}))

    assert (len(default.body["items"]), len(most.body["items"])) == (25, 100)


def test_keys_are_listed_without_anything_that_could_open_a_door() -> None:
    client = ApiClient()
    client.key("contacts:read", expires_date=NOW + 1000)

    found = client.get("/v1/keys").body["items"]

    admin = next(each for each in found if each["scopes"] == list(SCOPES))
    other = next(each for each in found if each["scopes"] == ["contacts:read"])
    assert admin["expires_date"] is None
    assert other["expires_date"] == "2026-09-21T14:13:21.000Z"
    assert set(admin) == {"key_id", "name", "scopes", "expires_date", "created_date"}


def test_a_connection_tells_when_it_last_sent_something() -> None:
    client = ApiClient()
    for name in ("other", "shop"):
        client.put(f"/v1/connections/{name}", {"provider": "stripe"})
    client.store.documents["seen", "shop"] = {"version": 1, "last_event_date": NOW}

    listed = client.get("/v1/connections").body["items"]

    assert [each["last_event_date"] for each in listed] == [None, "2026-09-21T14:13:20.000Z"]
    assert client.get("/v1/connections/shop").body == listed[1]


def test_connections_are_listed_and_read_alike() -> None:
    client = ApiClient()
    for name in ("shop", "books"):
        client.put(f"/v1/connections/{name}", {"provider": "stripe"})

    found = client.get("/v1/connections").body

    assert [each["connection_id"] for each in found["items"]] == ["books", "shop"]
    assert found["items"][1] == client.get("/v1/connections/shop").body
