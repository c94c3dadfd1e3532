"""What the API shows of deliveries: each attempt with its answer, and never a secret."""

from __future__ import annotations

import pytest

from shared.adapters.cursors import write_cursor
from tests.functions.query.test_automations import pages
from tests.support.api_client import ApiClient
from tests.support.automated import add_delivery

STATES = ("pending", "held", "delivered", "dead", "gone")


def client_with(*endpoints: str) -> ApiClient:
    client = ApiClient()
    for name in endpoints:
        client.put(f"/v1/endpoints/{name}", {"url": "https://hooks.example.com/in"})
    return client


def test_a_delivery_shows_each_attempt() -> None:
    client = client_with("crm")
    name = add_delivery(client.store, "crm", 7, "dead")

    row = client.get("/v1/deliveries").body["items"][0]
    shown = client.get(f"/v1/deliveries/{name}").body

    assert row == {
        "delivery_id": name,
        "endpoint_id": "crm",
        "firing_id": None,
        "type": "recurring_payment.updated",
        "state": "dead",
        "attempts": [
            {
                "at": "2026-09-21T14:13:19.887Z",
                "status": 503,
                "duration_ms": 120,
                "fault": None,
                "excerpt": "busy",
            }
        ],
        "next_attempt_date": None,
        "created_date": "2026-09-21T14:13:20.007Z",
    }
    assert shown == {**row, "payload": {"type": "test", "data": {"number": 7}}}


def test_deliveries_are_chosen_by_state_by_endpoint_or_by_both() -> None:
    endpoints = [f"e{number:02d}" for number in range(23)]
    client = client_with(*endpoints)
    made = {
        (endpoint, state): add_delivery(client.store, endpoint, 10 * number + place, state)
        for number, endpoint in enumerate(endpoints[::4])
        for place, state in enumerate(STATES)
    }

    def ids(**query: str) -> list[str]:
        return [each["delivery_id"] for each in pages(client, "/v1/deliveries", 3, **query)]

    assert sorted(ids()) == sorted(made.values())
    for state in STATES:
        expected = [name for (_, each), name in made.items() if each == state]
        assert sorted(ids(state=state)) == sorted(expected)
        assert ids(state=state, endpoint="e04") == [made["e04", state]]
    assert ids(state="dead") == [made[each, "dead"] for each in endpoints[::4]][::-1]
    assert len(ids(endpoint="e08")) == len(STATES)


@pytest.mark.parametrize("query", [{"state": "lost"}, {"endpoint": "x" * 3000}, {"endpoint": ""}])
def test_what_can_be_no_state_or_endpoint_is_a_bad_request(query: dict[str, str]) -> None:
    assert ApiClient().get("/v1/deliveries", query=query).status == 400


@pytest.mark.parametrize("place", ["1", "[]", "[1,2,3]", '["x",null,null]', '[null,"",7]'])
def test_a_cursor_of_ones_own_making_is_a_bad_request(place: str) -> None:
    reply = ApiClient().get("/v1/deliveries", query={"cursor": write_cursor(place)})

    assert reply.status == 400
