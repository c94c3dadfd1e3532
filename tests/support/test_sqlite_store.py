"""The store in a file holds what the store in a dict holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.samples import stripe as story
from shared.domain.errors import Contended
from shared.domain.ports import Check, Write
from tests.support.shop import Shop
from tests.support.sqlite_store import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "records.sqlite")) as opened:
        yield opened


def test_a_month_leaves_the_same_documents_in_a_file_as_in_a_dict(store: SqliteStore) -> None:
    bodies = [delivery.event.body for delivery in story.month(1, 12).deliveries]
    in_memory, in_file = Shop(), Shop(store=store)

    in_memory.receive_all(bodies)
    in_file.receive_all(bodies)

    documents = in_memory.memory.documents
    assert store.read(documents) == documents
    kinds = {name[0] for name in documents}
    assert {name for kind in kinds for name, _ in store.all_of(kind)} == documents.keys()


def test_another_version_than_the_expected_one_writes_nothing(store: SqliteStore) -> None:
    store.commit([Write(("contact", "c1"), {"version": 2}, 0)])

    for step in (Write(("contact", "c1"), None, 1), Check(("contact", "c1"), 1)):
        with pytest.raises(Contended):
            store.commit([Write(("settings",), {"version": 1}, 0), step])

    assert store.read([("settings",), ("contact", "c1")]) == {
        ("settings",): None,
        ("contact", "c1"): {"version": 2},
    }
