"""Marks of what was announced: whoever of two connections was first has the creation."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.automations.announced import is_creation, marks, name_of, places_of
from shared.domain.automations.happening import Happening
from shared.domain.automations.parse import automation_of
from tests.fakes.memory_store import MemoryStore
from tests.support.firing import NOW, automation, created, updated

ORDER = ("order", "shop", "in_1001")
AUTOMATION = automation_of(automation({"type": "order_created"}))
FIRING = {"record": {"connection_id": "shop"}, "firing_id": "f-1"}
PLACES = [("shop", "document:in_1001"), ("kick", "document:PK-1001")]


def _happening(record: tuple[str, str, str] = ORDER, **about: Any) -> Happening:
    return Happening(("entry", *record, "place-1"), created(**about), None, NOW)


def test_an_order_is_announced_under_its_names_and_its_twins() -> None:
    store = MemoryStore()
    twin = {"refs": ["document:PK-1001", "charge:9001"]}
    store.documents["order", "kick", "PK-1001"] = twin
    head = {"refs": ["document:in_1001"], "twins": [["kick", "PK-1001"]]}

    places = places_of(_happening(refs=("charge:ch_1001",)), head, store)

    assert places[:2] == [("shop", "charge:ch_1001"), ("shop", "document:in_1001")]
    assert {*PLACES, ("kick", "charge:9001"), ("kick", "intent:PK-1001")} <= set(places)


def test_an_order_that_went_into_another_is_announced_under_that_ones_names() -> None:
    store = MemoryStore()
    store.documents[ORDER] = {"refs": ["document:in_1001"]}
    gone = {"merged_into": "in_1001"}

    places = places_of(_happening(("order", "shop", "pi_1001")), gone, store)

    assert places == [("shop", "document:in_1001")]


def test_a_recurring_payment_is_announced_under_its_id_and_its_twins() -> None:
    head = {"twins": [["kick", "sub-9"]]}

    places = places_of(_happening(("recurring_payment", "shop", "sub_1")), head, MemoryStore())

    assert places == [("shop", "recurring_payment:sub_1"), ("kick", "recurring_payment:sub-9")]


def test_a_change_of_a_recurring_payment_is_no_creation() -> None:
    change = Happening(
        ("entry", "recurring_payment", "shop", "sub_1", "place-1"), updated(), None, NOW
    )

    assert not is_creation(change)
    assert is_creation(_happening())


def test_a_first_firing_marks_every_name() -> None:
    steps = marks(FIRING, AUTOMATION, PLACES, {})

    assert steps is not None
    assert [(step.name, step.expected) for step in steps] == [
        (("announced", "rescue", *place), 0) for place in PLACES
    ]


@pytest.mark.parametrize(
    ("by", "since", "expected"),
    [
        ("kick", AUTOMATION.created, None),
        ("shop", AUTOMATION.created, [1]),
        ("kick", 7, [0, 1]),
    ],
)
def test_what_another_connection_has_announced_is_not_fired_again(
    by: str, since: int, expected: list[int] | None
) -> None:
    mark = {"by": by, "automation_created": since, "version": 3}
    held = {name_of("rescue", PLACES[0]): mark}

    steps = marks(FIRING, AUTOMATION, PLACES, held)

    if expected is None:
        assert steps is None
    else:
        names = [step.name for step in steps or ()]
        assert names == [name_of("rescue", PLACES[index]) for index in expected]
        assert all(step.expected == (3 if step.name in held else 0) for step in steps or ())
