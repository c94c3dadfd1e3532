"""API stores over the real table's keys and transactions: the same as in memory, and bounded."""

from __future__ import annotations

from typing import Any

from shared.adapters.table import Table
from shared.providers.api_store import ORDER
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.support.api_client import ApiClient
from tests.support.store_items import PATHS, life, sale

RECORD = "/v1/recurring-payments/shop/sub-1"
CONTACT = "/v1/contacts/ada@example.com"


class Counted:
    """The table's client; it counts its calls by operation."""

    def __init__(self) -> None:
        self.fake = FakeDynamoDB()
        self.calls: list[str] = []

    def call(self, operation: str, payload: Any) -> dict[str, Any]:
        self.calls.append(operation)
        return self.fake.call(operation, payload)


def on_the_table() -> tuple[ApiClient, Counted]:
    counted = Counted()
    client = ApiClient(store=Table(counted.fake.schema.name, counted))
    client.put("/v1/connections/shop", {"provider": "api"})
    return client, counted


def sorted_(contact: dict[str, Any]) -> dict[str, Any]:
    """Return a contact without the order of what happened to them at one time."""
    return {
        name: sorted(value, key=repr) if name in ("orders", "timeline") else value
        for name, value in contact.items()
    }


def test_a_life_on_the_table_is_the_life_in_memory() -> None:
    memory = ApiClient()
    memory.put("/v1/connections/shop", {"provider": "api"})
    table, _ = on_the_table()

    for client in (memory, table):
        for kind, item in life():
            client.now += 1_000
            client.put(PATHS[kind], {"items": [item]})

    found, wanted = (
        [sorted_(client.get(path).body) for path in (RECORD, CONTACT)] for client in (table, memory)
    )
    assert found == wanted


def test_an_item_of_a_hundred_costs_one_commit_and_few_reads() -> None:
    client, counted = on_the_table()
    items = [sale(store_order_id=f"o-{n}", email=f"p{n}@example.com") for n in range(100)]
    counted.calls.clear()

    reply = client.put(PATHS[ORDER], {"items": items})

    assert {each["status"] for each in reply.body["results"]} == {"created"}
    assert counted.calls.count("TransactWriteItems") == len(items)
    assert len(counted.calls) <= len(items) + 20


def test_an_id_too_long_for_a_key_is_rejected_alone() -> None:
    client, _ = on_the_table()
    ids = ["a", "\N{GRINNING FACE}" * 200, "b" * 200]

    reply = client.put(PATHS[ORDER], {"items": [sale(store_order_id=each) for each in ids]})

    results = reply.body["results"]
    assert [each["status"] for each in results] == ["created", "rejected", "created"]
    assert results[1]["errors"][0]["message"] == "an id is longer than a key may be"
