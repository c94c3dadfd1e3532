"""A Reading: what was read, what is missing, and what a commit makes of it."""

from __future__ import annotations

import pytest

from shared.domain.ports import Check, Missing, Name, Reading, Write
from shared.domain.timeline import Entry
from tests.fakes.memory_store import MemoryStore

HEAD: Name = ("order", "shop", "in_1")
OTHER: Name = ("order", "shop", "in_2")
PLACE: Name = ("entry", *HEAD, "0")


def _entry() -> Entry:
    return Entry(0, 0, "evt_1", "told", 0, {})


def _store() -> MemoryStore:
    store = MemoryStore()
    store.commit([Write(HEAD, {"version": 1}, 0), Write(PLACE, {"entry": _entry()}, None)])
    return store


def test_all_that_is_missing_is_asked_for_at_once() -> None:
    with pytest.raises(Missing) as missing:
        Reading().want([HEAD, OTHER])

    assert missing.value.names == (HEAD, OTHER)


def test_document_that_does_not_exist_is_read_all_the_same() -> None:
    reading = Reading()

    reading.load(_store(), Missing([HEAD, OTHER]))

    assert (reading.get(HEAD), reading.get(OTHER)) == ({"version": 1}, None)
    assert reading.has(OTHER)


def test_documents_are_read_in_one_call_and_only_once() -> None:
    store, reading = _store(), Reading()
    before = store.reads

    reading.load(store, Missing([HEAD, OTHER, HEAD]))
    reading.load(store, Missing([HEAD]))

    assert store.reads == before + 1


def test_history_is_asked_for_by_its_record() -> None:
    store, reading = _store(), Reading()
    with pytest.raises(Missing) as missing:
        reading.history(HEAD)

    reading.load(store, missing.value)

    assert reading.history(HEAD) == [_entry()]


def test_what_was_written_is_read_without_the_store() -> None:
    reading = Reading()
    reading.load(_store(), Missing([HEAD], [HEAD]))

    reading.wrote([Write(HEAD, {"version": 2}, 1), Write(PLACE, None, None), Check(OTHER, 0)])

    assert reading.get(HEAD) == {"version": 2}
    assert not reading.has(OTHER)
    with pytest.raises(Missing):
        reading.history(HEAD)


def test_nothing_is_trusted_after_a_rival() -> None:
    reading = Reading()
    reading.load(_store(), Missing([HEAD], [HEAD]))

    reading.forget()

    assert not reading.has(HEAD)
    with pytest.raises(Missing):
        reading.history(HEAD)
