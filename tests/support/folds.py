"""One event folded into a store in memory: what tests of folds share."""

from __future__ import annotations

from typing import Any

from shared.domain.fold import fold
from shared.domain.folding import Arrival, Habits, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Missing, Reading, Write
from tests.fakes.memory_store import MemoryStore

ARRIVAL = Arrival("stripe", "shop", received_at=1_000, body=b"raw", subject="cus_1")
HABITS = Habits(states_creation=True, fetchable=frozenset({"customer", "product", "subscription"}))


def folded(parsed: Parsed, *, store: MemoryStore, arrival: Arrival = ARRIVAL) -> Plan:
    """Return what one event changes, read from the store as far as it asks for."""
    reading = Reading()
    while True:
        try:
            return fold(arrival, parsed, HABITS, reading, now=2_000, new_id=lambda: "contact-1")
        except Missing as missing:
            reading.load(store, missing)


def store_of(**connection: Any) -> MemoryStore:
    """Return a store with the live connection `shop`, but for what is said of it."""
    store = MemoryStore()
    held = {"connection_id": "shop", "mode": "live", "contact_policy": "create", **connection}
    store.commit([Write(("connection", "shop"), {**held, "version": 1}, 0)])
    return store
