"""Revisions: a number once given is never given again."""

from __future__ import annotations

from shared.domain import revisions
from tests.fakes.memory_store import MemoryStore


def automation(revision: int, version: int) -> dict[str, object]:
    return {"automation_id": "rescue", "revision": revision, "version": version}


def test_revisions_are_counted_for_ever() -> None:
    store = MemoryStore()
    reached = revisions.reached_name("rescue")
    assert revisions.following(None, None) == 1
    store.commit(revisions.change(automation(1, 1), None))
    stored = store.documents["automation", "rescue"]
    assert revisions.following(stored, None) == 2

    store.commit(revisions.change(automation(2, 2), stored))
    store.commit(revisions.deletion(store.documents["automation", "rescue"]))

    assert ("automation", "rescue") not in store.documents
    assert revisions.following(None, store.documents[reached]) == 3
    kept = [store.documents["revision", "rescue", number]["revision"] for number in ("1", "2")]
    assert kept == [1, 2]
