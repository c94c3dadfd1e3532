"""Paged lists of the real table, on the conforming fake of DynamoDB."""

from __future__ import annotations

import base64

import pytest

from shared.adapters.table import Table
from shared.domain.errors import BadRequest
from shared.domain.ports import Write
from tests.simulation.fake_dynamodb import FakeDynamoDB

KINDS = ("connection", "key", "quarantine", "duplicate")


def table() -> Table:
    fake = FakeDynamoDB()
    store = Table(fake.schema.name, fake)
    for kind in KINDS:
        for number in range(7):
            store.commit([Write((kind, f"{kind}-{number}"), {"id": number, "version": 1}, 0)])
    return store


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_lead_through_a_list_once(kind: str, limit: int) -> None:
    store, found, cursor, pages = table(), [], None, 0

    while pages == 0 or cursor is not None:
        items, cursor = store.listed(kind, limit, cursor)
        found += [each["id"] for each in items]
        pages += 1

    assert sorted(found) == list(range(7))
    assert len(found) == 7


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "a",
        "\u00e4",
        "../../etc/passwd",
        base64.urlsafe_b64encode("\u00e4".encode()).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"x" * 2000).decode(),
        "QQ==\n",
    ],
)
def test_a_cursor_of_ones_own_making_is_a_bad_request(kind: str, cursor: str) -> None:
    with pytest.raises(BadRequest):
        table().listed(kind, 25, cursor)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cursor_of_one_list_leads_nowhere_else(kind: str) -> None:
    store = table()
    cursors = [store.listed(other, 1, None)[1] for other in KINDS]

    for cursor in cursors:
        items, _ = store.listed(kind, 100, cursor)
        assert {each["id"] for each in items} <= set(range(7))
        assert len(items) <= 7
