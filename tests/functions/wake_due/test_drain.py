"""The clock: what is due is sent and then deleted; nothing waits, nothing is lost by a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from functions.wake_due.drain import AHEAD, drain
from shared.adapters.table import Table
from shared.adapters.table_keys import DUE_SHARDS
from shared.domain import times
from shared.domain.deliveries import due
from shared.domain.errors import Retryable
from shared.domain.ports import Check, DueIndex, Write
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB

NOW = 1_790_000_000_000


class FakeQueue:
    """Keeps what is sent; may refuse it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Mapping[str, object], int]] = []
        self.urls: list[str] = []
        self.refuses = False

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        if self.refuses:
            raise Retryable("the queue did not take all messages")
        assert len(calls) <= 10
        self.sent += calls
        self.urls += [url] * len(calls)


def in_memory() -> MemoryStore:
    return MemoryStore()


def in_table() -> Table:
    fake = FakeDynamoDB()
    return Table(fake.schema.name, fake)


def wake(index: DueIndex, queue: FakeQueue, **about: Any) -> int:
    settings: dict[str, Any] = {
        "shards": DUE_SHARDS,
        "urls": {"automations": "automations-url", "calls": "calls-url"},
        "clock": lambda: NOW,
        "until": NOW + times.MINUTE,
        "log": lambda *_, **__: None,
    }
    return drain(index=index, queue=queue, **(settings | about))


def fill(index: DueIndex, count: int, when: int) -> None:
    for number in range(count):
        index.commit([due(when, "run", f"run-{number}", {"kind": "run", "number": number})])


@pytest.mark.parametrize("index", [in_memory(), in_table()], ids=["memory", "table"])
def test_all_that_is_due_is_sent_once_and_deleted(index: DueIndex) -> None:
    queue = FakeQueue()
    fill(index, 137, NOW - 1)

    woken = wake(index, queue)
    again = wake(index, queue)

    assert (woken, again) == (137, 0)
    assert sorted(int(str(call["number"])) for call, _ in queue.sent) == list(range(137))


@pytest.mark.parametrize("index", [in_memory(), in_table()], ids=["memory", "table"])
def test_what_falls_due_before_the_next_minute_is_sent_with_its_delay(index: DueIndex) -> None:
    queue = FakeQueue()
    index.commit([due(NOW + 30_500, "run", "soon", {"kind": "run"})])
    index.commit([due(NOW + AHEAD, "delivery", "next", {"kind": "deliver"})])
    index.commit([due(NOW + AHEAD + 1, "run", "later", {"kind": "run"})])

    wake(index, queue)

    assert sorted(delay for _, delay in queue.sent) == [31, 65]


def test_each_message_goes_to_the_queue_it_names() -> None:
    index, queue = MemoryStore(), FakeQueue()
    index.commit([due(NOW, "call", "shop/subscription/I-1", {"to": "calls", "id": "I-1"})])
    index.commit([due(NOW, "run", "run-1", {"kind": "run"})])

    wake(index, queue)

    sent = {url: call for url, (call, _) in zip(queue.urls, queue.sent, strict=True)}
    assert sent == {"calls-url": {"id": "I-1"}, "automations-url": {"kind": "run"}}


def test_what_was_sent_but_not_deleted_is_sent_again() -> None:
    class Dying(MemoryStore):
        def commit(self, steps: Sequence[Write | Check]) -> None:
            if isinstance(steps[0], Write) and steps[0].document is None:
                raise Retryable("the reply was lost")
            super().commit(steps)

    index, queue = Dying(), FakeQueue()
    fill(index, 1, NOW)

    for _ in range(2):
        with pytest.raises(Retryable):
            wake(index, queue)

    assert len(queue.sent) == 2


def test_nothing_is_deleted_that_was_not_sent() -> None:
    index, queue = MemoryStore(), FakeQueue()
    fill(index, 25, NOW)
    queue.refuses = True

    with pytest.raises(Retryable):
        wake(index, queue)

    assert len(index.documents) == 25


def test_a_run_is_bounded_and_the_next_goes_on() -> None:
    index, queue = MemoryStore(), FakeQueue()
    fill(index, 200, NOW)
    ticks = iter(range(NOW, NOW + 10_000))

    wake(index, queue, clock=lambda: next(ticks), until=NOW + 5)
    first = len(queue.sent)
    wake(index, queue)

    assert 0 < first < 200
    assert len(queue.sent) == 200
