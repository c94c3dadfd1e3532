"""The kept events of a table: found by a scan, with their bodies and who holds their entries."""

from __future__ import annotations

import zlib
from typing import Any

from infra.cli.kept_events import Stretch, arrival_of, scanned
from infra.samples.stripe_lives import whole_life
from shared.domain.ports import Name
from tests.support.kept import kept_by
from tests.support.shop import Shop
from tests.support.stream import scanned_item


def test_a_body_above_the_limit_is_read_from_its_bucket() -> None:
    class Large:
        def get(self, key: str) -> bytes:
            return zlib.compress(key.encode())

    name = ("event", "shop", "evt_1", "invoice.paid")
    document = {
        "provider": "stripe",
        "received_at": 5,
        "headers": {},
        "source": "live",
        "body_key": "bodies/1",
    }

    arrival = arrival_of(name, document, Large())

    assert (arrival.body, arrival.body_key) == (b"bodies/1", "bodies/1")


def test_a_scan_finds_the_events_of_a_stretch_and_who_holds_their_entries() -> None:
    shop = Shop()
    events = whole_life(1).events
    shop.receive_all(event.body for event in events)
    items = [
        scanned_item(name, each) for name, each in shop.memory.documents.items() if _is_kept(name)
    ]
    aws: Any = Scanned(items)

    kept = scanned(aws, "table", Stretch(since=0, until=shop.now + 1, connection_id="shop"))
    half = scanned(aws, "table", Stretch(since=0, until=shop.now - len(events) // 2))
    others = scanned(aws, "table", Stretch(since=0, until=shop.now + 1, connection_id="other"))

    assert kept == kept_by(shop.memory)
    assert 0 < len(half.came) < len(kept.came)
    assert set(half.held_by) <= set(half.came)
    assert (others.came, others.held_by) == ({}, {})


class Scanned:
    """A table of these items, as boto3 pages through it."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    @property
    def dynamodb(self) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "scan"
        return self

    def paginate(self, **about: Any) -> list[dict[str, Any]]:
        assert about == {"TableName": "table", "ConsistentRead": True}
        return [{"Items": self._items[:50]}, {"Items": self._items[50:]}]


def _is_kept(name: Name) -> bool:
    return name[0] in ("event", "entry", "customer", "contact")
