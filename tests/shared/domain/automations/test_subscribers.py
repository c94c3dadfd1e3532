"""Endpoints that hear of changes without an automation."""

from __future__ import annotations

import json

import pytest

from shared.domain.automations.happening import Happening
from shared.domain.timeline import Entry
from tests.support.firing import NOW, PLACE, RECORD, Desk, updated

FAILED = ("status", "active", "payment_failed")


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.befriend()
    desk.put(("endpoint", "zap"), {"endpoint_id": "zap", "events": ["*"]})
    desk.put(RECORD, {"facets": {"terms": {"status": "active", "currency": "USD"}}})
    return desk


def happening(entry: Entry, before: Entry | None = None) -> Happening:
    return Happening(("entry", *RECORD, PLACE), entry, before, NOW + 500)


def test_a_change_is_one_delivery_however_often_it_is_told(desk: Desk) -> None:
    for _ in range(2):
        desk.fire().change(happening(updated(FAILED)), NOW)

    (delivery,) = [each for name, each in desk.store.documents.items() if name[0] == "delivery"]
    body = json.loads(delivery["body"])
    assert (delivery["endpoint_id"], delivery["type"]) == ("zap", "recurring_payment.updated")
    assert (delivery["firing_id"], delivery["automation_id"]) == (None, None)
    assert body["data"]["contact"]["email"] == "c-1@example.com"
    assert body["data"]["recurring_payment"]["status"] == "active"
    assert body["data"]["automation"] is None
    assert len(desk.queue.of_kind("deliver")) == 2, "a pending one is sent again"


def test_a_delivery_under_way_is_left_alone(desk: Desk) -> None:
    desk.fire().change(happening(updated(FAILED)), NOW)
    (name,) = [name for name in desk.store.documents if name[0] == "delivery"]
    desk.store.documents[name] |= {"turn": 1}

    desk.fire().change(happening(updated(FAILED)), NOW)

    assert len(desk.queue.of_kind("deliver")) == 1


def test_a_firing_is_told_too(desk: Desk) -> None:
    desk.automate({"type": "recurring_payment_updated"})

    desk.fire().change(happening(updated(FAILED)), NOW)

    kinds = {
        each["type"]: each for name, each in desk.store.documents.items() if name[0] == "delivery"
    }
    fired = kinds["automation.fired"]
    assert set(kinds) == {"recurring_payment.updated", "automation.fired"}
    assert fired["automation_id"] == "rescue"
    assert json.loads(fired["body"])["data"]["automation"] == {"id": "rescue", "name": "Rescue"}


def test_what_waits_for_its_contact_is_told_when_it_comes_and_history_never(desk: Desk) -> None:
    unknown = updated(FAILED, contact_id=None)
    fire = desk.fire()

    fire.change(happening(unknown), NOW)
    fire.change(happening(updated(FAILED, at=NOW + 1, historical=True)), NOW)
    fire.change(happening(updated(FAILED, at=NOW + 2, event_type="order.put.suppressed")), NOW)
    assert desk.queue.sent == []
    fire.change(happening(updated(FAILED), unknown), NOW)

    assert len(desk.queue.of_kind("deliver")) == 1
