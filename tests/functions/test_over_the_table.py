"""The API over the real table on the conforming fake: the same answers as from memory."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from infra.samples.stripe_lives import whole_life
from shared.adapters.table import Table
from shared.domain.ports import Write
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.api_client import ApiClient
from tests.support.automated import add_delivery, add_run
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


LISTS = (
    "/v1/automations/rescue/firings",
    "/v1/runs",
    "/v1/runs?automation=rescue",
    "/v1/deliveries",
    "/v1/deliveries?state=dead",
    "/v1/deliveries?endpoint=crm&state=dead",
    "/v1/deliveries?endpoint=zapier",
    "/v1/automations",
    "/v1/endpoints",
)


def test_automations_and_what_they_did_are_shown_alike() -> None:
    store, _ = table()

    over_memory = automated_answers(ApiClient())
    over_table = automated_answers(ApiClient(store))

    assert over_table == over_memory
    assert {status for status, _ in over_table} == {200, 201, 202, 204, 404}


def automated_answers(client: ApiClient) -> list[Any]:
    """Return what an operator of automations is answered, page by page."""
    hooks = {"url": "https://hooks.example.com/in"}
    steps = [{"type": "webhook", "endpoint_id": "crm"}]
    automation = {"name": "Rescue", "trigger": {"type": "order_created"}, "steps": steps}
    replies = [
        client.put("/v1/endpoints/crm", hooks),
        client.put("/v1/endpoints/zapier", {**hooks, "events": ["*"]}),
        client.put("/v1/automations/rescue", automation),
        client.put("/v1/automations/rescue", {**automation, "enabled": False}),
    ]
    made = MemoryStore()
    runs = [add_run(made, "rescue", number) for number in range(5)]
    dead = [add_delivery(made, "crm", number, "dead") for number in range(5)]
    for number, state in enumerate(("pending", "held", "gone", "delivered")):
        add_delivery(made, "zapier", 10 + number, state)
    client.store.commit([Write(name, document, 0) for name, document in made.documents.items()])
    lists = [(200, json.dumps(_followed(client, address))) for address in LISTS]
    replies += [
        client.delete(f"/v1/runs/{runs[0]}"),
        client.post(f"/v1/deliveries/{dead[0]}/replay"),
        client.get(f"/v1/deliveries/{dead[0]}"),
        client.post("/v1/endpoints/crm/rotate"),
        client.delete("/v1/automations/rescue"),
        client.get("/v1/automations/rescue"),
        client.delete("/v1/endpoints/crm"),
        client.put("/v1/automations/rescue", {**automation, "steps": []}),
    ]
    # Secrets are random.
    told = [(each.status, re.sub(r'"whsec_[^"]*"', "", each.text)) for each in replies]
    return [*told, *lists]


def _followed(client: ApiClient, address: str) -> list[Any]:
    """Return all items of a list, two at a time."""
    path, _, text = address.partition("?")
    wanted = {"limit": "2", **dict(parse_qsl(text))}
    page = client.get(path, query=wanted).body
    items = list(page["items"])
    while cursor := page["next_cursor"]:
        page = client.get(path, query={**wanted, "cursor": cursor}).body
        items += page["items"]
    assert items
    return items


def test_a_cursor_of_another_list_is_a_bad_request_and_no_fault_of_ours() -> None:
    store, _ = table()
    client = ApiClient(store)
    made = MemoryStore()
    for number, state in enumerate(("dead", "dead", "held", "held")):
        add_delivery(made, "crm", number, state)
    store.commit([Write(name, document, 0) for name, document in made.documents.items()])
    first = {"endpoint": "crm", "limit": "1"}
    cursor = client.get("/v1/deliveries", query={**first, "state": "dead"}).body["next_cursor"]

    for other in ({**first, "state": "held"}, {"endpoint": "zapier"}, {"state": "dead"}):
        assert client.get("/v1/deliveries", query={**other, "cursor": cursor}).status == 400
