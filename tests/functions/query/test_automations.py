"""What the API shows of automations: firings and runs, page by page, the newest first."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import NOW, ApiClient
from tests.support.automated import add_firing, add_run

BODY = {"name": "Rescue", "trigger": {"type": "order_created"}, "steps": []}


def client_with(*names: str) -> ApiClient:
    client = ApiClient()
    for name in names:
        assert client.put(f"/v1/automations/{name}", BODY).status == 201
    return client


def pages(client: ApiClient, path: str, limit: int, **query: str) -> list[dict[str, Any]]:
    """Return all items, followed from page to page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        wanted = {"limit": str(limit), **query, **({"cursor": cursor} if cursor else {})}
        body = client.get(path, query=wanted).body
        assert len(body["items"]) <= limit
        found += body["items"]
        cursor = body["next_cursor"]
        if cursor is None:
            return found


def test_automations_are_listed_and_read_alike() -> None:
    client = client_with("b", "a")

    listed = client.get("/v1/automations").body["items"]

    assert [each["automation_id"] for each in listed] == ["a", "b"]
    assert listed[0] == client.get("/v1/automations/a").body


def test_a_firing_says_for_whom_and_why() -> None:
    client = client_with("rescue")
    name = add_firing(client.store, "rescue", 5)

    (row,) = client.get("/v1/automations/rescue/firings").body["items"]

    assert row == {
        "firing_id": name,
        "automation_id": "rescue",
        "contact": {"contact_id": "c1", "email": "ada@example.com"},
        "recurring_payment": {"connection_id": "shop", "store_recurring_payment_id": "sub_1"},
        "change": {
            "record": {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"},
            "kind": "updated",
            "changes": [{"field": "status", "from": "active", "to": "payment_failed"}],
            "historical": False,
            "late": False,
            "date": None,
        },
        "cause": {
            "provider": "stripe",
            "connection_id": "shop",
            "event_id": "evt_5",
            "event_type": "customer.subscription.updated",
            "occurred_date": "2026-09-21T14:13:20.005Z",
            "late": False,
        },
        "state": "running",
        "at": "2026-09-21T14:13:20.005Z",
    }


def test_a_firing_for_an_order_has_no_recurring_payment() -> None:
    client = client_with("rewards")
    record = {"kind": "order", "connection_id": "shop", "id": "in_1"}
    add_firing(client.store, "rewards", 1, record=record)

    (row,) = client.get("/v1/automations/rewards/firings").body["items"]

    assert row["recurring_payment"] is None
    assert row["change"]["record"] == record


def test_firings_come_newest_first_and_stay_when_the_automation_goes() -> None:
    client = client_with("rescue", "other")
    names = [add_firing(client.store, "rescue", number) for number in range(5)]
    add_firing(client.store, "other", 9)
    client.delete("/v1/automations/rescue")

    found = pages(client, "/v1/automations/rescue/firings", 2)

    assert [each["firing_id"] for each in found] == names[::-1]
    assert client.get("/v1/automations/never/firings").status == 404


def test_runs_are_chosen_by_automation_by_contact_or_by_both() -> None:
    client = client_with(*(f"a{number:02d}" for number in range(25)))
    client.store.documents["email", "ada@example.com"] = {"contact_id": "c1", "version": 1}
    client.store.documents["contact", "c1"] = {"contact_id": "c1", "version": 1}
    mine = [add_run(client.store, "a03", number) for number in range(3)]
    add_run(client.store, "a07", 10)
    add_run(client.store, "a24", 11, contact_id="c2")

    def ids(**query: str) -> list[str]:
        return [each["run_id"] for each in pages(client, "/v1/runs", 2, **query)]

    assert ids(automation="a03") == mine[::-1]
    assert len(ids(contact="ada@example.com")) == 4
    assert ids(contact="c1", automation="a03") == mine[::-1]
    assert ids(contact="nobody@example.com") == []
    client.store.documents["run", mine[1]] |= {"state": "done"}
    assert ids(automation="a03", state="waiting") == [mine[2], mine[0]]
    assert ids()[:3] == mine[::-1]
    assert len(ids()) == len(set(ids())) == 5


def test_a_run_says_how_far_it_is() -> None:
    client = client_with("rescue")
    run_id = add_run(client.store, "rescue", 0)

    (row,) = client.get("/v1/runs").body["items"]

    assert row == {
        "run_id": run_id,
        "automation_id": "rescue",
        "revision": 1,
        "contact_id": "c1",
        "record": {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"},
        "state": "waiting",
        "position": [0],
        "wake_date": "2026-09-21T14:14:20.000Z",
        "reason": None,
        "started_date": "2026-09-21T14:13:20.000Z",
        "updated_date": "2026-09-21T14:13:20.000Z",
        "taken": [
            {
                "step": [0],
                "what": "tag_added",
                "at": "2026-09-21T14:13:20.000Z",
                "about": {"tag": "VIP"},
            }
        ],
    }
    assert NOW == 1_790_000_000_000


def test_a_state_that_no_run_has_is_a_bad_request_that_names_those_there_are() -> None:
    reply = ApiClient().get("/v1/runs", query={"state": "asleep"})

    assert reply.status == 400
    assert "waiting" in reply.body["detail"]


def test_what_can_be_no_automation_is_a_bad_request() -> None:
    assert ApiClient().get("/v1/runs", query={"automation": "x" * 3000}).status == 400
