"""The events a store in memory has kept, as a scan of its table finds them."""

from __future__ import annotations

from infra.cli.kept_events import Kept
from tests.fakes.memory_store import MemoryStore


def kept_by(store: MemoryStore) -> Kept:
    """Return every event of a store, as a scan of the table finds them."""
    kept = Kept()
    for name, document in store.documents.items():
        if name[0] == "event":
            kept.keep(name, document)
        elif name[0] == "entry":
            kept.holds(name[1:4], document["entry"].event_id, document["entry"].event_type)
    return kept
