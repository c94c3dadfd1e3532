"""Replays over HTTP: the same id and bytes, with ten attempts ahead."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manage import deliveries
from shared.domain import deliveries as rules
from shared.domain.errors import Contended
from tests.support.api_client import ApiClient
from tests.support.automated import add_delivery


def client_with(state: str) -> tuple[ApiClient, str]:
    client = ApiClient()
    client.put("/v1/endpoints/crm", {"url": "https://hooks.example.com/in"})
    return client, add_delivery(client.store, "crm", 1, state)


@pytest.mark.parametrize("state", ["dead", "held", "gone", "delivered"])
def test_a_delivery_that_is_over_goes_out_again(state: str) -> None:
    client, name = client_with(state)
    before = dict(client.store.documents["delivery", name])

    reply = client.post(f"/v1/deliveries/{name}/replay")

    assert (reply.status, reply.body) == (202, {"delivery_id": name, "state": "pending"})
    after = client.store.documents["delivery", name]
    assert (after["body"], after["attempts"]) == (before["body"], before["attempts"])
    assert (after["state"], after["tries"]) == ("pending", 0)
    assert client.outbox.delivered == [rules.message(after)]
    assert after["turn"] > before["turn"]


def test_a_delivery_on_its_way_is_left_alone() -> None:
    client, name = client_with("pending")

    assert client.post(f"/v1/deliveries/{name}/replay").status == 409
    assert client.outbox.delivered == []


def test_nothing_is_replayed_to_an_endpoint_that_is_disabled_or_gone() -> None:
    client, name = client_with("dead")

    client.put("/v1/endpoints/crm", {"url": "https://hooks.example.com/in", "status": "disabled"})
    disabled = client.post(f"/v1/deliveries/{name}/replay")
    client.delete("/v1/endpoints/crm")
    gone = client.post(f"/v1/deliveries/{name}/replay")

    assert (disabled.status, gone.status) == (409, 409)
    assert "disabled" in disabled.body["detail"]
    assert "gone" in gone.body["detail"]
    assert client.outbox.delivered == []


def test_two_who_replay_at_once_send_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    client, name = client_with("dead")
    commit = client.store.commit

    def overtaken(steps: Any) -> None:
        monkeypatch.setattr(client.store, "commit", commit)
        client.post(f"/v1/deliveries/{name}/replay")
        commit(steps)

    monkeypatch.setattr(client.store, "commit", overtaken)
    reply = client.post(f"/v1/deliveries/{name}/replay")

    assert reply.status == 409
    assert len(client.outbox.delivered) == 1


def test_one_contended_delivery_does_not_hold_back_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, name = client_with("held")
    other = add_delivery(client.store, "crm", 2, "held")
    commit = client.store.commit

    def contended(steps: Any) -> None:
        if any(step.name == ("delivery", name) for step in steps):
            raise Contended("delivery has changed")
        commit(steps)

    monkeypatch.setattr(client.store, "commit", contended)
    sent = deliveries.release("crm", store=client.store, queue=client.outbox, now=client.now)

    assert sent == 1
    assert [each["delivery_id"] for each in client.outbox.delivered] == [other]


def test_one_request_releases_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "RELEASED_MAX", 25)
    client, _ = client_with("dead")
    for number in range(10, 70):
        add_delivery(client.store, "crm", number, "held")
    body = {"url": "https://hooks.example.com/in", "status": "enabled"}

    counts = []
    for _ in range(4):
        client.put("/v1/endpoints/crm", body)
        counts.append(len(client.outbox.delivered))

    assert counts == [25, 50, 60, 60]
