"""Automations over HTTP: revisions, faults with their paths, and what deleting forgets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_client import NOW, ApiClient

TRIGGER = {"type": "recurring_payment_updated", "field": "status", "to": "payment_failed"}
RESCUE: dict[str, Any] = {
    "name": "Rescue failed payments",
    "enabled": True,
    "trigger": {**TRIGGER, "from": None, "runs": "multiple", "segment": None},
    "steps": [
        {"type": "add_tag", "tag": "STATUS: Payment failed"},
        {"type": "add_to_segment", "segment_id": "at-risk"},
        {"type": "branch", "branches": [{"segment": {"match": "all", "conditions": []}}]},
        {"type": "wait", "for": "P3D"},
    ],
}
WEBHOOK = {"type": "webhook", "endpoint_id": "crm", "payload": {"text": "Hi %CONTACT_FIRST_NAME%"}}


def with_endpoint() -> ApiClient:
    client = ApiClient()
    assert client.put("/v1/endpoints/crm", {"url": "https://hooks.example.com/in"}).status == 201
    return client


def revisions(client: ApiClient) -> list[int]:
    return sorted(int(name[2]) for name in client.store.documents if name[0] == "revision")


def test_an_automation_is_answered_as_it_was_written() -> None:
    client = ApiClient()

    made = client.put("/v1/automations/rescue", RESCUE)

    assert made.status == 201
    assert made.body == {
        "automation_id": "rescue",
        **RESCUE,
        "on_edit": "finish",
        "revision": 1,
        "created_date": "2026-09-21T14:13:20.000Z",
        "updated_date": "2026-09-21T14:13:20.000Z",
    }
    assert client.get("/v1/automations/rescue").body == made.body


def test_each_change_is_a_revision_and_saying_it_again_is_none() -> None:
    client = ApiClient()
    client.put("/v1/automations/rescue", RESCUE)
    client.now += 1000

    again = client.put("/v1/automations/rescue", RESCUE)
    changed = client.put("/v1/automations/rescue", {**RESCUE, "enabled": False})

    assert (again.status, again.body["revision"]) == (200, 1)
    assert (changed.status, changed.body["revision"]) == (200, 2)
    assert changed.body["created_date"] < changed.body["updated_date"]
    first, second = (client.store.documents["revision", "rescue", n] for n in ("1", "2"))
    assert (first["enabled"], second["enabled"]) == (True, False)
    assert client.store.documents["automation", "rescue"]["revision"] == 2


def test_one_that_is_made_again_counts_on_and_is_another() -> None:
    client = ApiClient()
    client.put("/v1/automations/rescue", RESCUE)
    client.now += 1000

    assert client.delete("/v1/automations/rescue").status == 204
    assert client.get("/v1/automations/rescue").status == 404
    assert client.delete("/v1/automations/rescue").status == 404
    made = client.put("/v1/automations/rescue", RESCUE)

    assert (made.status, made.body["revision"]) == (201, 2)
    # What `once` remembers names the day an automation was made: another day, another memory.
    assert client.store.documents["automation", "rescue"]["created_date"] == NOW + 1000
    assert revisions(client) == [0, 1, 2]


def test_all_faults_are_told_at_once_each_with_its_path() -> None:
    client = ApiClient()
    client.store.documents.clear()
    client.admin = client.key("config:write")
    wrong = {
        "name": " ",
        "on_edit": "never",
        "trigger": {"type": "recurring_payment_updated", "field": "sttus"},
        "steps": [
            {"type": "wait"},
            {"type": "branch", "branches": [{"segment": {"match": "some", "conditions": []}}]},
        ],
    }

    reply = client.put("/v1/automations/rescue", wrong)

    assert reply.status == 422
    assert set(reply.faults) == {
        "name",
        "on_edit",
        "trigger.field",
        "steps[0].wait.for",
        "steps[1].branch.branches[0].segment.match",
    }
    assert not [name for name in client.store.documents if name[0] in ("automation", "revision")]


@pytest.mark.parametrize("body", [{}, {"name": 1, "trigger": [], "steps": {}}, {"trigger": None}])
def test_a_body_of_wrong_types_is_refused(body: dict[str, Any]) -> None:
    assert ApiClient().put("/v1/automations/rescue", body).status == 422


@pytest.mark.parametrize("identity", ["a b", "x" * 65, "%C3%A9", "a.b"])
def test_an_id_that_is_none_is_refused(identity: str) -> None:
    reply = ApiClient().put(f"/v1/automations/{identity}", RESCUE)

    assert (reply.status, list(reply.faults)) == (422, ["automation_id"])


def test_an_endpoint_that_is_named_has_to_exist() -> None:
    branch = {
        "type": "branch",
        "branches": [{"segment": {"match": "all", "conditions": []}, "steps": [WEBHOOK]}],
        "else": [WEBHOOK],
    }
    body = {**RESCUE, "steps": [WEBHOOK, branch]}

    refused = ApiClient().put("/v1/automations/rescue", body)
    accepted = with_endpoint().put("/v1/automations/rescue", body)

    assert refused.faults == {
        "steps[0].webhook.endpoint_id": "there is no such endpoint",
        "steps[1].branch.branches[0].steps[0].webhook.endpoint_id": "there is no such endpoint",
        "steps[1].branch.else[0].webhook.endpoint_id": "there is no such endpoint",
    }
    assert accepted.status == 201


def test_two_who_save_at_once_make_two_revisions(monkeypatch: pytest.MonkeyPatch) -> None:
    client, commit = ApiClient(), ApiClient().store.commit
    client.put("/v1/automations/rescue", RESCUE)
    commit = client.store.commit
    rival = {**RESCUE, "name": "Rival"}

    def overtaken(steps: Any) -> None:
        monkeypatch.setattr(client.store, "commit", commit)
        client.put("/v1/automations/rescue", rival)
        commit(steps)

    monkeypatch.setattr(client.store, "commit", overtaken)
    reply = client.put("/v1/automations/rescue", {**RESCUE, "name": "Mine"})

    assert (reply.status, reply.body["revision"], reply.body["name"]) == (200, 3, "Mine")
    assert client.store.documents["revision", "rescue", "2"]["name"] == "Rival"
