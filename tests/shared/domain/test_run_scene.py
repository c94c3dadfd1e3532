"""What a run about an order sees: the order, where it went, and the subscription it paid for."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.automations.definition import Offset
from shared.domain.ports import Missing, Reading
from shared.domain.run_scene import Scene
from shared.domain.segments.evaluate import compile
from shared.domain.segments.parse import parse
from tests.support.workshop import Workshop
from tests.support.workshop_world import START, firing, head

ORDER = {
    "status": "completed",
    "gross": 1900,
    "currency": "USD",
    "date": START,
    "recurring_payment_id": "sub_1",
}


def scene_of(workshop: Workshop, kind: str, identity: str) -> Scene:
    told = firing("f") | {"record": {"kind": kind, "connection_id": "shop", "id": identity}}
    reading = Reading()
    while True:
        try:
            scene = Scene(told, reading, now=START, local=False)
            scene.printed()
            scene.subject()
        except Missing as missing:
            reading.load(workshop.store, missing)
        else:
            return scene


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """One whose orders are told in a few words: what an order's facets add up to is not asked."""
    known = {"line_items": [], "withheld": 0, **ORDER}
    monkeypatch.setattr("shared.domain.orders.show", lambda facets: {**known, **facets})
    made = Workshop([])
    head: dict[str, Any] = {"facets": {}, "contact_id": "c1", "email": None, "customer_id": None}
    made.put(("order", "shop", "in_1"), head)
    made.put(("order", "shop", "ch_1"), {"merged_into": "in_1"})
    return made


@pytest.mark.parametrize("identity", ["in_1", "ch_1"])
def test_an_order_is_seen_where_it_is_now_with_its_subscription(
    workshop: Workshop, identity: str
) -> None:
    printed = scene_of(workshop, "order", identity).printed()

    assert printed["order"] is not None
    assert printed["order"]["store_order_id"] == "in_1"
    assert printed["recurring_payment"] is not None
    assert printed["recurring_payment"]["store_recurring_payment_id"] == "sub_1"


def test_a_subscription_is_seen_without_an_order(workshop: Workshop) -> None:
    scene = scene_of(workshop, "recurring_payment", "sub_1")

    assert scene.printed()["order"] is None
    assert scene.moment("start_date", Offset()) == START
    assert scene.moment("cancelled_date", Offset()) is None


def test_what_is_gone_is_not_there(workshop: Workshop) -> None:
    scene = scene_of(workshop, "recurring_payment", "sub_gone")

    assert scene.printed()["recurring_payment"] is None
    assert scene.moment("start_date", Offset()) is None


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("recurring_payment.name", "Tea box"),
        ("recurring_payment.line_items.name", "Monthly tea"),
        ("recurring_payment.line_items.sku", "TEA-1"),
    ],
)
def test_a_branch_knows_what_the_catalogue_calls_the_goods(field: str, named: str) -> None:
    """As a trigger does: the record's own facets hold ids alone."""
    workshop = Workshop([])
    item = {"store_primary_id": "prod_1", "price_id": "price_1", "quantity": 1, "amount": 1900}
    workshop.put(("recurring_payment", "shop", "sub_1"), head(name=None, items=[item]))
    product = {"name": "Tea box", "sku": "TEA-1"}
    workshop.put(("catalogue", "shop", "product", "prod_1"), {"values": product})
    workshop.put(("catalogue", "shop", "price", "price_1"), {"values": {"name": "Monthly tea"}})
    condition = {"field": field, "operator": "is", "value": named}
    predicate = compile(parse({"match": "all", "conditions": [condition]}))

    subject = scene_of(workshop, "recurring_payment", "sub_1").subject()

    assert predicate(subject)
