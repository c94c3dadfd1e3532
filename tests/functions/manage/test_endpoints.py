"""Endpoints over HTTP: a secret shown once, rotation, what enabling sends, and who is refused."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import deliveries, standard_webhooks
from shared.domain.errors import Retryable
from shared.domain.times import DAY
from tests.support.api_client import NOW, ApiClient
from tests.support.automated import add_delivery

URL = "https://hooks.example.com/in"
SOUND = {
    "failures": 0,
    "failing_since_date": None,
    "paused_until_date": None,
    "disabled_date": None,
    "disabled_for": None,
}


def made(**values: Any) -> tuple[ApiClient, str]:
    client = ApiClient()
    reply = client.put("/v1/endpoints/crm", {"url": URL, **values})
    assert reply.status == 201
    return client, reply.body["secret"]


def disable(client: ApiClient) -> None:
    """Do what a worker does once an endpoint has failed for five days."""
    stored = client.store.documents["endpoint", "crm"]
    stored |= {"status": "disabled", "version": stored["version"] + 1}
    client.store.documents["health", "crm"] = {
        "version": 7,
        "disabled_at": NOW,
        "disabled_for": "failing",
        "failing_since": NOW - 5 * DAY,
    }


def held_secrets(client: ApiClient) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = client.endpoint_secrets.held["crm"]["secrets"]
    return held


def test_a_new_endpoint_shows_its_secret_once() -> None:
    client = ApiClient()

    first = client.put("/v1/endpoints/crm", {"url": URL, "events": ["order.created"]})
    again = client.put("/v1/endpoints/crm", {"url": URL})

    assert first.body == {
        "endpoint_id": "crm",
        "url": URL,
        "events": ["order.created"],
        "status": "enabled",
        "health": SOUND,
        "created_date": "2026-09-21T14:13:20.000Z",
        "rotated_date": None,
        "secret": first.body["secret"],
    }
    assert len(standard_webhooks.key_of(first.body["secret"])) == 32
    assert again.status == 200
    assert "secret" not in again.body
    for path in ("/v1/endpoints/crm", "/v1/endpoints"):
        assert "whsec_" not in client.get(path).text
    assert "whsec_" not in repr(client.store.documents)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/in",
        "https://127.0.0.1/in",
        "https://localhost/in",
        "https://user:pw@hooks.example.com/",
        "https://10.0.0.8/",
        "https://api.example.com/v1",
        "not a url",
    ],
)
def test_where_nothing_may_be_sent_no_endpoint_is_made(url: str) -> None:
    client = ApiClient()

    reply = client.put("/v1/endpoints/crm", {"url": url})

    assert (reply.status, list(reply.faults)) == (422, ["url"])
    assert client.endpoint_secrets.held == {}


def test_this_machines_receivers_may_listen_to_a_local_stack() -> None:
    client = ApiClient(local=True)

    assert client.put("/v1/endpoints/crm", {"url": "http://127.0.0.1:8788/"}).status == 201


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"events": ["order.deleted"]}, "events.0"),
        ({"events": ["*", "*"]}, "events"),
        ({"status": "paused"}, "status"),
    ],
)
def test_values_that_mean_nothing_are_refused(values: dict[str, Any], path: str) -> None:
    reply = ApiClient().put("/v1/endpoints/crm", {"url": URL, **values})

    assert (reply.status, list(reply.faults)) == (422, [path])


def test_an_id_that_is_none_is_refused() -> None:
    assert list(ApiClient().put("/v1/endpoints/a.b", {"url": URL}).faults) == ["endpoint_id"]


def test_what_breaks_between_document_and_secret_is_mended_by_writing_it_again() -> None:
    client = ApiClient()
    client.endpoint_secrets.fails = Retryable("SSM is away")
    assert client.put("/v1/endpoints/crm", {"url": URL}).status == 503
    client.endpoint_secrets.fails = None

    mended = client.put("/v1/endpoints/crm", {"url": URL})

    assert mended.status == 200
    assert held_secrets(client) == [{"secret": mended.body["secret"]}]


def test_rotation_shows_the_new_secret_and_lets_the_old_one_live_for_a_day() -> None:
    client, old = made()
    client.now += 1000

    rotated = client.post("/v1/endpoints/crm/rotate")

    assert rotated.status == 200
    assert rotated.body["rotated_date"] == "2026-09-21T14:13:21.000Z"
    new = rotated.body["secret"]
    assert new != old
    stored: Any = held_secrets(client)
    assert standard_webhooks.in_force(stored, client.now) == [new, old]
    assert standard_webhooks.in_force(stored, client.now + DAY - 1) == [new, old]
    assert standard_webhooks.in_force(stored, client.now + DAY) == [new]


def test_an_endpoint_in_use_is_not_removed_and_its_users_are_named() -> None:
    client, _ = made()
    arm = {
        "segment": {"match": "all", "conditions": []},
        "steps": [{"type": "webhook", "endpoint_id": "crm"}],
    }
    automation = {
        "name": "Rescue",
        "trigger": {"type": "order_created"},
        "steps": [{"type": "branch", "branches": [arm]}],
    }
    client.put("/v1/automations/rescue", automation)

    refused = client.delete("/v1/endpoints/crm")
    client.delete("/v1/automations/rescue")
    removed = client.delete("/v1/endpoints/crm")

    assert refused.status == 409
    assert list(refused.faults) == ["rescue"]
    assert removed.status == 204
    assert client.endpoint_secrets.held == {}
    assert client.get("/v1/endpoints/crm").status == 404


def test_a_disabled_endpoint_says_why_and_stays_so_until_it_is_enabled() -> None:
    client, _ = made()
    disable(client)

    moved = client.put("/v1/endpoints/crm", {"url": f"{URL}/2"}).body

    assert moved["status"] == "disabled"
    assert moved["health"]["disabled_for"] == "failing"
    assert moved["health"]["disabled_date"] == "2026-09-21T14:13:20.000Z"
    assert client.get("/v1/endpoints").body["items"] == [client.get("/v1/endpoints/crm").body]


def test_enabling_sends_what_was_held_the_same_bytes_under_the_same_ids() -> None:
    client, _ = made()
    disable(client)
    held = {add_delivery(client.store, "crm", number, "held") for number in range(60)}
    add_delivery(client.store, "crm", 100, "dead")
    add_delivery(client.store, "other", 101, "held")
    bodies = {name: client.store.documents["delivery", name]["body"] for name in held}

    enabled = client.put("/v1/endpoints/crm", {"url": URL, "status": "enabled"})

    assert enabled.body["health"] == SOUND
    assert {each["delivery_id"] for each in client.outbox.delivered} == held
    for name in held:
        stored = client.store.documents["delivery", name]
        assert (stored["state"], stored["body"]) == ("pending", bodies[name])
    states = [each["state"] for each in client.get("/v1/deliveries").body["items"]]
    assert states.count("held") == 0
    assert client.get("/v1/deliveries", query={"state": "held"}).body["items"] != []


def test_what_was_held_is_found_by_the_clock_if_its_message_gets_lost() -> None:
    client, _ = made()
    disable(client)
    name = add_delivery(client.store, "crm", 1, "held")
    client.outbox.fails = Retryable("the queue is away")

    assert client.put("/v1/endpoints/crm", {"url": URL, "status": "enabled"}).status == 503

    (due,) = (each for key, each in client.store.documents.items() if key[0] == "due")
    assert due["message"] == deliveries.message(client.store.documents["delivery", name])
    assert NOW < due["when"] <= NOW + 60_000
