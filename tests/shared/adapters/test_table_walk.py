"""Walking the table: every kind of key is known by its name again, page after page."""

from __future__ import annotations

from random import Random

import pytest

from shared.adapters.table import Table
from shared.adapters.table_keys import key_of
from shared.adapters.table_walk import TableWalk, name_of_key
from shared.domain.ports import Name, Write
from tests.simulation.fake_dynamodb import FakeDynamoDB

NAMES: list[Name] = [
    ("event", "shop", "evt_1", "charge.succeeded"),
    ("recurring_payment", "shop", "sub#1"),
    ("order", "shop", "in_1"),
    ("entry", "order", "shop", "in_1", "001.00.evt~a#b"),
    ("ref", "shop", "charge:ch_1"),
    ("look", "shop", "ada@example.com", "USD", "1900"),
    ("alike", "ada@example.com", "USD", "1900", "20000"),
    ("duplicate", "dup_1"),
    ("mention", "in_1"),
    ("customer", "shop", "cus_1"),
    ("catalogue", "shop", "price", "price_1"),
    ("email", "life/ada@example.com"),
    ("erased", "0" * 64),
    ("claim", "shop", "transmission:1"),
    ("waits", "ada@example.com"),
    ("activity", "ada@example.com"),
    ("act", "ada@example.com", "000000000000001#evt"),
    ("posted", "ada@example.com", "mine#1"),
    ("spend", "2026-01-01", "ads", "", "USD"),
    ("contact", "c1"),
    ("retagged", "c1", "7"),
    ("connection", "shop"),
    ("key", "k1"),
    ("secret", "ab12"),
    ("settings",),
    ("directory",),
    ("quarantine", "000-ab"),
    ("automation", "a1"),
    ("revision", "a1", "3"),
    ("endpoint", "crm"),
    ("segment", "s1"),
    ("health", "crm"),
    ("firing", "a1", "f1"),
    ("once", "a1", "c1"),
    ("announced", "a1", "shop", "x"),
    ("run", "f1"),
    ("delivery", "msg_1"),
    ("mail", "msg_2"),
    ("watch",),
    ("due", "1790000000000", "run", "f1"),
    ("job", "j1"),
    ("broken", "group"),
    ("seen", "shop"),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[0])
def test_a_name_is_read_from_its_key(name: Name) -> None:
    assert name_of_key(*key_of(name)) == name


@pytest.mark.parametrize("key", [("NEW#thing", "NEW"), ("CONFIG", "NEW#1"), ("CONTACT#1", "X")])
def test_a_key_of_a_later_release_is_left_alone(key: tuple[str, str]) -> None:
    assert name_of_key(*key) is None


def test_every_document_is_met_once_however_many_pages_there_are() -> None:
    dynamodb = FakeDynamoDB()
    table = Table(dynamodb.schema.name, dynamodb)
    names: list[Name] = [("contact", f"c{number}") for number in range(9)]
    for name in names:
        noise = Random(name[1]).randbytes(190_000).hex()  # which nothing makes smaller than this
        table.commit([Write(name, {"noise": noise, "version": 1}, 0)])
    walk = TableWalk(dynamodb.schema.name, dynamodb)

    met, pages, cursor = [], 0, None
    while pages == 0 or cursor is not None:
        found, cursor = walk.page(cursor)
        met += [name for name, _ in found]
        pages += 1

    assert sorted(met) == names
    assert dynamodb.usage.calls["Scan"] == pages > 1
