"""Logs of the real table: firings, runs and deliveries, the newest first, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.cursors import write_key
from shared.adapters.table import Table
from shared.adapters.table_keys import key_of, name_of, shard_of
from shared.domain.errors import BadRequest, Quarantined
from shared.domain.ports import Name, Write
from tests.fakes.memory_store import MemoryStore
from tests.simulation.fake_dynamodb import FakeDynamoDB

LOGS: tuple[Name, ...] = (
    ("firings", "a#1"),
    ("runs", "a#1"),
    ("runs_of_contact", "c1"),
    ("deliveries", "crm", "dead"),
    ("deliveries", "crm", "delivered"),
    ("deliveries_in", "dead"),
)


def documents() -> list[tuple[Name, dict[str, Any]]]:
    found: list[tuple[Name, dict[str, Any]]] = []
    for number in range(7):
        other = {"number": number, "version": 1}
        run = {"automation_id": "a#1", "contact_id": "c1", "started": number, **other}
        found.append((("firing", "a#1", f"{number:015d}-x"), other))
        found.append((("run", f"{number:015d}-x"), run))
        for state in ("dead", "delivered"):
            about = {"endpoint_id": "crm", "state": state, "created": number, "body": b"{}"}
            found.append((("delivery", f"msg_{state}{number}"), {**about, **other}))
    foreign = {"version": 1, "number": 99, "started": 1, "automation_id": "b", "contact_id": "c2"}
    found.append((("run", "foreign"), foreign))
    return found


def stores() -> list[Any]:
    fake = FakeDynamoDB()
    both: list[Any] = [MemoryStore(), Table(fake.schema.name, fake)]
    for store in both:
        for name, document in documents():
            store.commit([Write(name, document, 0)])
    return both


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_a_log_is_read_newest_first_and_each_row_once(log: Name, limit: int) -> None:
    for store in stores():
        found, cursor, pages = [], None, 0

        while pages == 0 or cursor is not None:
            rows, cursor = store.newest(log, limit, cursor)
            found += [row["number"] for row in rows]
            pages += 1

        assert found == [6, 5, 4, 3, 2, 1, 0]


def test_a_cursor_leads_nowhere_but_where_it_is_from() -> None:
    _, store = stores()
    _, cursor = store.newest(("runs", "a#1"), 1, None)
    forged = write_key({name: {"S": "x"} for name in ("pk", "sk", "gsi2pk", "gsi2sk")})

    for log in (("runs", "b"), ("runs_of_contact", "c1"), ("deliveries", "crm")):
        with pytest.raises(BadRequest):
            store.newest(log, 1, cursor)
    for bad in (forged, "", "!", "QQ=="):
        with pytest.raises(BadRequest):
            store.newest(("runs", "a#1"), 1, bad)


def test_a_run_is_none_of_the_records_of_its_contact() -> None:
    _, store = stores()

    assert store.of_contact("c1", None) == ([], None)


def test_only_what_needs_a_person_is_listed_by_state() -> None:
    _, store = stores()

    assert store.newest(("deliveries_in", "delivered"), 5, None) == ([], None)


def test_runs_and_deliveries_are_named_by_their_partitions() -> None:
    for name in (("run", "0001-a#b"), ("delivery", "msg_1"), ("order", "shop", "in#1")):
        assert name_of(key_of(name)[0]) == name


def test_keys_of_automations_stay_apart_and_within_their_length() -> None:
    names: list[Name] = [
        ("automation", "a"),
        ("endpoint", "a"),
        ("segment", "a"),
        ("revision", "a", "12"),
        ("health", "a"),
        ("firing", "a", "x"),
        ("once", "a", "c1"),
        ("run", "x"),
        ("delivery", "x"),
        ("due", "17", "run", "x"),
    ]

    assert len({key_of(name) for name in names}) == len(names)
    assert key_of(("revision", "a", "12")) == ("AUTOMATION#a", "REVISION#000012")
    assert key_of(("due", "17", "run", "x")) == (f"DUE#{shard_of('x')}", "000000000000017#run#x")
    with pytest.raises(Quarantined):
        key_of(("firing", "a", "x" * 1_001))
