"""The API over the real table on the conforming fake: the same answers as from memory."""

from __future__ import annotations

import json
import re
from typing import Any

from infra.samples.stripe_lives import whole_life
from shared.adapters.table import Table
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.api_client import ApiClient
from tests.support.shop import Shop


def table() -> tuple[Table, FakeDynamoDB]:
    fake = FakeDynamoDB()
    return Table(fake.schema.name, fake), fake


def answers(client: ApiClient) -> list[Any]:
    """Return what a session of an operator is answered."""
    calls = [
        client.put("/v1/connections/books", {"provider": "stripe", "signing_secrets": ["x"]}),
        client.put("/v1/connections/books", {"provider": "stripe", "mode": "test"}),
        client.get("/v1/connections"),
        client.put("/v1/contacts", {"email": "bob@example.com", "add_tags": ["VIP"]}),
        client.put("/v1/contacts", {"email": "bob@example.com", "add_aliases": ["b@example.org"]}),
        client.get("/v1/contacts/b@example.org"),
        client.put("/v1/settings", {"timezone": "Europe/Paris"}),
        client.get("/v1/settings"),
        client.get("/v1/quarantine"),
        client.delete("/v1/connections/books"),
        client.get("/v1/connections/books"),
    ]
    return [(each.status, each.text) for each in calls]


def test_an_operators_session_is_answered_alike() -> None:
    store, _ = table()

    over_memory = answers(ApiClient())
    over_table = answers(ApiClient(store))

    assert over_table == over_memory
    assert [status for status, _ in over_table] == [
        201, 200, 200, 201, 200, 200, 200, 200, 200, 204, 404,
    ]  # fmt: skip


def test_a_contact_with_a_whole_life_is_shown_alike_and_for_few_reads() -> None:
    store, fake = table()
    in_memory, in_table = Shop(), Shop(store=store)
    bodies = [event.body for event in whole_life(1).events]
    in_memory.receive_all(bodies)
    in_table.receive_all(bodies)
    email = next(iter(in_memory.contacts()))
    over_memory, over_table = ApiClient(in_memory.memory), ApiClient(store)
    over_table.get("/v1/contacts/nobody")
    before = fake.usage.calls.copy()

    expected = over_memory.get(f"/v1/contacts/{email}").text
    found = over_table.get(f"/v1/contacts/{email}").text

    assert _without_versions(found) == _without_versions(expected)
    spent = fake.usage.calls - before
    assert set(spent) == {"BatchGetItem", "Query"}
    assert spent["BatchGetItem"] <= 6
    assert spent["Query"] <= 2 + 1 + len(json.loads(found)["orders"])


def _without_versions(text: str) -> str:
    return re.sub(r'"version":\d+', "", text)
