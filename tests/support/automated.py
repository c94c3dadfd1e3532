"""Firings, runs and deliveries as the Lambdas write them, for tests of what the API shows."""

from __future__ import annotations

import json
from typing import Any

from shared.domain import deliveries, runs
from tests.fakes.memory_store import MemoryStore
from tests.support.api_client import NOW

RECORD = {"kind": "recurring_payment", "connection_id": "shop", "id": "sub_1"}


def firing(automation_id: str, number: int, **values: Any) -> dict[str, Any]:
    """Return a firing; a higher number is a newer one."""
    return {
        "version": 1,
        "firing_id": f"{NOW + number:015d}-{number:024x}",
        "automation_id": automation_id,
        "revision": 1,
        "contact": {"contact_id": "c1", "email": "ada@example.com", "version": 3},
        "record": RECORD,
        "change": {
            "kind": "updated",
            "changes": [["status", "active", "payment_failed"]],
            "at": NOW + number,
            "historical": False,
            "late": False,
        },
        "cause": {
            "provider": "stripe",
            "connection_id": "shop",
            "event_id": f"evt_{number}",
            "event_type": "customer.subscription.updated",
            "occurred_at": NOW + number,
            "late": False,
        },
        "conditions": [],
        "state": "running",
        "at": NOW + number,
        "recorded_at": NOW + number,
        "hops": 0,
        **values,
    }


def add_firing(store: MemoryStore, automation_id: str, number: int, **values: Any) -> str:
    """Store a firing and return its id."""
    made = firing(automation_id, number, **values)
    store.documents["firing", automation_id, made["firing_id"]] = made
    return str(made["firing_id"])


def add_run(store: MemoryStore, automation_id: str, number: int, **values: Any) -> str:
    """Store a firing and its run, which waits, and return their id."""
    run_id = add_firing(store, automation_id, number)
    made = runs.new(store.documents["firing", automation_id, run_id], NOW + number)
    made |= {"version": 1, "state": "waiting", "wake_at": NOW + 60_000, "turn": 2}
    runs.took(made, [0], "tag_added", NOW + number, tag="VIP")
    store.documents[runs.name_of(run_id)] = {**made, **values}
    return run_id


def add_delivery(store: MemoryStore, endpoint_id: str, number: int, state: str) -> str:
    """Store a delivery in this state, with one attempt if it is not pending; return its id."""
    delivery_id = deliveries.id_of(f"firing-{number}", "[0]")
    body = json.dumps({"type": "test", "data": {"number": number}}).encode()
    made = deliveries.new(delivery_id, endpoint_id, "recurring_payment.updated", body, NOW + number)
    if state == "held":
        made = deliveries.held(made, NOW)
    elif state != "pending":
        made = deliveries.attempted(
            {**made, "tries": 9 if state == "dead" else 0},
            status={"delivered": 204, "gone": 410}.get(state, 503),
            fault="",
            duration_ms=120,
            excerpt="busy",
            retry_after="",
            now=NOW + number,
            random=lambda: 0.5,
        )
    assert made["state"] == state
    store.documents[deliveries.name_of(delivery_id)] = {**made, "version": made["version"] + 1}
    return delivery_id
