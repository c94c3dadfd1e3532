"""Activity as tests post it over HTTP, and what became of it."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import ApiClient
from tests.support.store_items import DAYS

ADA, BOB = "ada@example.com", "bob@example.com"
OPENED = {"email": ADA, "kind": "open", "occurred_date": DAYS[0]}


def post(client: ApiClient, *items: Any) -> list[Any]:
    """Post activity; return the result of each item."""
    reply = client.post("/v1/activity", {"items": list(items)})
    assert reply.status == 200
    return list(reply.body["results"])


def statuses(client: ApiClient, *items: Any) -> list[str]:
    """Post activity; return what became of each item."""
    return [each["status"] for each in post(client, *items)]


def faults(client: ApiClient, item: Any) -> dict[str, str]:
    """Post an item that is rejected; return its faults by path."""
    (result,) = post(client, item)
    assert result["status"] == "rejected"
    return {each["path"]: each["message"] for each in result["errors"]}


def acts(client: ApiClient) -> list[tuple[str, ...]]:
    """Return the names of all activity that is kept."""
    return sorted(name for name in client.store.documents if name[0] == "act")


def ada(client: ApiClient) -> Any:
    """Return the first contact as the API shows them."""
    return client.get(f"/v1/contacts/{ADA}").body
