"""When a connection last sent something: told once a minute, and never at an event's expense."""

from __future__ import annotations

from typing import Any

from functions.process_events.fold_events import Work
from functions.process_events.last_seen import LastSeen
from shared.domain import times
from shared.domain.errors import Retryable
from shared.domain.folding import Arrival
from tests.fakes.memory_store import MemoryStore

NOW = 1_790_000_000_000


def work(connection_id: str, received_at: int, source: str = "live", **more: Any) -> Work:
    found = Work()
    found.arrival = Arrival("stripe", connection_id, received_at, b"{}", source=source, **more)
    return found


def test_the_newest_event_of_each_connection_is_told() -> None:
    store = MemoryStore()

    LastSeen(store, print).note([work("a", 7), work("a", 9), work("b", 8), Work()], NOW)

    told = {name[1]: held["last_event_date"] for name, held in store.documents.items()}
    assert told == {"a": 9, "b": 8}


def test_a_connection_is_told_once_a_minute_by_one_lambda() -> None:
    store = MemoryStore()
    seen = LastSeen(store, print)

    seen.note([work("a", NOW)], NOW)
    seen.note([work("a", NOW + 50)], NOW + times.MINUTE - 1)
    before = store.documents["seen", "a"]["last_event_date"]
    seen.note([work("a", NOW + 60_000)], NOW + times.MINUTE)

    assert (before, store.documents["seen", "a"]["last_event_date"]) == (NOW, NOW + 60_000)


def test_what_was_imported_fetched_or_retried_was_not_sent_now() -> None:
    store = MemoryStore()

    LastSeen(store, print).note(
        [work("a", 7, "history"), work("b", 7, "fetched"), work("c", 7, quarantine_id="q")], NOW
    )

    assert store.documents == {}


def test_a_table_that_is_busy_costs_no_event() -> None:
    class Busy(MemoryStore):
        def commit(self, steps: Any) -> None:
            raise Retryable("throttled")

    logged: list[str] = []

    LastSeen(Busy(), lambda event, **_: logged.append(event)).note([work("a", 7)], NOW)

    assert logged == ["last_seen_failed"]
