"""Events sent through the queues once more, until the restored table has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.cli import refold_events
from infra.cli.refold_events import Refolding
from infra.cli.running import Running
from shared.domain.envelope import EventEnvelope
from tests.fakes.memory_store import MemoryStore
from tests.support.restoring import AT, deployed, event, held, new_table, put


class FoldingQueue:
    """Queues behind which everything is folded but for what is `lost`; `sent` says where it went.

    Stands for its own class as well, which is asked for one.
    """

    def __init__(self, store: MemoryStore, lost: frozenset[str] = frozenset()) -> None:
        self._store = store
        self._lost = lost
        self.sent: list[tuple[str, str]] = []
        self.nonces: set[str] = set()

    def from_environment(self, environ: Any, bucket: str) -> FoldingQueue:
        return self

    def send_event(self, url: str, envelope: EventEnvelope, nonce: str) -> None:
        assert envelope.event_id is not None
        self.sent.append((url, envelope.event_id))
        self.nonces.add(nonce)
        if envelope.event_id not in self._lost:
            name, document = event(envelope.event_id, AT)
            self._store.documents[name] = document


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with deployed(monkeypatch) as found:
        new_table(found.aws, "new")
        urls = {f"{each}QueueUrl": each.lower() for each in ("Events", "History")}
        outputs = {**found.outputs, **urls, "BodiesBucket": "bodies"}
        monkeypatch.setattr(Running, "messages_waiting", lambda self: 0)
        put(found, ("connection", "shop"), {"version": 1}, table="new")
        yield Running(aws=found.aws, outputs=outputs, name=found.name)


def refolding(
    running: Running, queue: FoldingQueue, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> tuple[Refolding, list[str]]:
    """Return it between two tables in memory, and the lines it will say."""
    said: list[str] = []
    monkeypatch.setattr(refold_events, "Table", lambda name, client: store)
    monkeypatch.setattr(refold_events, "Queue", queue)
    made = Refolding(running, "table", "new", say=said.append, sleep=lambda _: None)
    return made, said


def test_what_is_missing_is_sent_until_it_is_there(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    queue = FoldingQueue(store, frozenset({"lost"}))
    for each in (event("evt_1", 1), event("lost", 2), event("old", 3, source="history")):
        put(running, *each)
    made, _ = refolding(running, queue, store, monkeypatch)

    total, bare, left = made.carry_out()

    assert (total, bare, left) == (3, 0, 1)
    first, again = queue.sent[:3], queue.sent[3:]
    assert first == [("events", "evt_1"), ("events", "lost"), ("history", "old")]
    assert again == [("events", "lost")] * 4
    assert len(queue.nonces) == len(queue.sent)


def test_of_who_was_erased_nothing_is_sent_and_the_event_stays_known(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, erased = event("erased", 1)
    del erased["body"]
    put(running, name, erased)
    queue = FoldingQueue(MemoryStore())
    made, _ = refolding(running, queue, MemoryStore(), monkeypatch)

    assert (made.carry_out(), queue.sent) == ((0, 1, 0), [])
    assert "EVENT#shop#erased#charge.succeeded" in held(running, "new")


def test_events_of_a_connection_there_is_not_are_left_out_and_told(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent, they would be quarantined, and be missing still."""
    name, document = event("evt_1", 1)
    put(running, ("event", "closed", *name[2:]), document)
    queue = FoldingQueue(MemoryStore())
    made, said = refolding(running, queue, MemoryStore(), monkeypatch)

    assert (made.carry_out(), queue.sent) == ((0, 0, 0), [])
    assert said == ["left out, of connections there are not: closed"]
