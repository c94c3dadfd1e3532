"""Every recorded change, to catch up with: order, cursors, the watermark, and what was mended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.query.events import read_events
from infra.samples import stripe as story
from shared.adapters.change_log import Snapshot
from shared.adapters.cursors import write_cursor
from shared.domain.errors import BadRequest
from tests.support.api_client import NOW, ApiClient
from tests.support.log_shop import duck_of
from tests.support.shop import Shop

RECORDED = 1_780_000_000_000


class Told:
    """A log of rows of changes, each in a tail of its own, a second apart."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        lines = [
            {"changes": {**row, "recorded_at": RECORDED + 1000 * n, "position": position(n)}}
            for n, row in enumerate(rows)
        ]
        self._duck = duck_of(lines)

    def snapshot(self) -> Snapshot:
        return Snapshot("etag", RECORDED, self._duck.open({}))

    def read(
        self, after: str | None = None, limit: int = 100, now: int = NOW, *, local: bool = False
    ) -> dict[str, Any]:
        return read_events(after, limit, log=self, now=now, local=local)


def position(number: int) -> str:
    return f"{RECORDED + 1000 * number:013d}-00000000-000000"


def row(identity: str = "in_1", **values: Any) -> dict[str, Any]:
    return {
        "record": "order",
        "connection_id": "shop",
        "id": identity,
        "place": "000000000000005.001",
        "version": 2,
        "epoch": 1,
        "occurred_date": 5,
        "event_id": "evt_1",
        "event_type": "invoice.paid",
        "kind": "created",
        "changes": json.dumps([["status", None, "completed"]]),
        "contact_id": "c1",
        "historical": False,
        "late": False,
        "joined": False,
    } | values


def gone(**values: Any) -> dict[str, Any]:
    kept = ("record", "connection_id", "id", "place", "epoch")
    told = {name: value for name, value in row().items() if name in kept}
    return {**told, "version": 3, "deleted": True} | values


def states(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["record_id"], each["state"]) for each in page["items"]]


def test_a_change_is_told_with_its_record_its_event_and_its_fields() -> None:
    page = Told(row()).read()

    assert page["items"] == [
        {
            "id": "order/shop/in_1/000000000000005.001",
            "type": "order.created",
            "state": "new",
            "date": "1970-01-01T00:00:00.005Z",
            "recorded_date": "2026-05-28T20:26:40.000Z",
            "connection_id": "shop",
            "record_id": "in_1",
            "contact_id": "c1",
            "event_id": "evt_1",
            "event_type": "invoice.paid",
            "changes": [{"field": "status", "from": None, "to": "completed"}],
            "historical": False,
            "late": False,
            "joined": False,
        }
    ]


def test_the_demos_month_is_told_as_the_records_tell_it() -> None:
    client = ApiClient()
    shop = Shop(store=client.store)
    for delivery in story.month(1).deliveries[:120]:
        shop.receive(delivery.event.body)
    client.now += 90_001

    found: list[dict[str, Any]] = []
    query = {"limit": "50"}
    while True:
        page = client.get("/v1/events", query=query).body
        found += page["items"]
        query["after"] = page["next_cursor"]
        if not page["more"]:
            break

    told = [(each["type"], each["record_id"], each["event_id"]) for each in found]
    expected = [
        (f"{kind}.{entry.kind}", identity, entry.event_id)
        for kind, names in (
            ("recurring_payment", shop.recurring_payments()),
            ("order", shop.orders()),
        )
        for identity in names
        for entry in shop.history(kind, identity)
    ]
    assert sorted(told) == sorted(expected)
    assert len(told) > 60
    assert client.get("/v1/events", query=query).body["items"] == []


def test_polling_goes_on_from_the_end() -> None:
    log = Told(row("in_1"), row("in_2"), row("in_3"))

    first = log.read(limit=2)
    rest = log.read(first["next_cursor"], limit=2)
    nothing = log.read(rest["next_cursor"], limit=2)

    assert states(first) == [("in_1", "new"), ("in_2", "new")]
    assert first["more"]
    assert states(rest) == [("in_3", "new")]
    assert not rest["more"]
    assert (nothing["items"], nothing["next_cursor"]) == ([], rest["next_cursor"])


def test_before_anything_is_recorded_there_is_no_cursor() -> None:
    page = Told().read()

    assert (page["items"], page["next_cursor"], page["more"]) == ([], None, False)


@pytest.mark.parametrize(("local", "margin"), [(False, 90_000), (True, 1_000)])
def test_what_was_just_recorded_waits_for_the_watermark(local: bool, margin: int) -> None:
    log = Told(row("in_1"), row("in_2"))

    early = log.read(now=RECORDED + margin, local=local)
    later = log.read(early["next_cursor"], now=RECORDED + margin + 1, local=local)
    last = log.read(later["next_cursor"], now=RECORDED + margin + 1001, local=local)

    assert early["items"] == []
    assert early["watermark"] == "2026-05-28T20:26:40.000Z"
    assert states(later) == [("in_1", "new")]
    assert states(last) == [("in_2", "new")]


def test_a_change_that_comes_again_as_it_was_is_no_news() -> None:
    again = row(version=2, epoch=2)

    page = Told(row(), row(), row(version=7), again).read()

    assert states(page) == [("in_1", "new")]


def test_a_change_a_late_event_has_mended_comes_again_as_amended() -> None:
    mended = row(version=4, changes=json.dumps([["status", "pending", "completed"]]), late=True)
    matched = row(version=6, contact_id="c2", changes=mended["changes"], late=True)

    log = Told(row(), mended, matched)
    page = log.read()

    assert states(page) == [("in_1", "new"), ("in_1", "amended"), ("in_1", "amended")]
    assert len({each["id"] for each in page["items"]}) == 1
    assert page["items"][1]["changes"][0]["from"] == "pending"
    assert page["items"][2]["contact_id"] == "c2"
    assert states(log.read(log.read(limit=1)["next_cursor"], limit=1)) == [("in_1", "amended")]


def test_a_change_that_never_was_is_withdrawn_as_it_was_told() -> None:
    silent = row(version=4, kind=None, changes=None, deleted=True)

    page = Told(row(), silent, gone(version=5), row(version=6)).read()

    assert states(page) == [("in_1", "new"), ("in_1", "withdrawn"), ("in_1", "amended")]
    withdrawn = page["items"][1]
    assert withdrawn["changes"] == page["items"][0]["changes"]
    assert withdrawn["type"] == "order.created"
    assert withdrawn["recorded_date"] == "2026-05-28T20:26:41.000Z"


def test_what_changed_nothing_that_shows_is_not_told() -> None:
    silent = row(kind=None, changes=None, deleted=True)

    log = Told(silent, gone(), row("in_2"))

    assert states(log.read()) == [("in_2", "new")]
    assert states(log.read(log.read(limit=2)["next_cursor"])) == [("in_2", "new")]


@pytest.mark.parametrize("text", ["", "x", "1780000000000-00000000-00000", "'; --"])
def test_a_cursor_of_ones_own_making_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        Told().read(write_cursor(text))


def test_a_page_holds_a_thousand_at_most() -> None:
    client = ApiClient()
    assert client.get("/v1/events", query={"limit": "1000000"}).status == 200
    assert client.get("/v1/events", query={"limit": "none"}).status == 400
    assert client.get("/v1/events", query={"after": "?"}).status == 400
