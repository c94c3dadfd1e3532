"""Segments that automations name by their ids: as they are now, or a list that may come later."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.automations.configuration import Configuration
from shared.domain.automations.segments import among, read_by
from shared.domain.ports import Missing, Name, Reading
from tests.fakes.memory_store import MemoryStore
from tests.shared.domain.segments.builders import contact as person
from tests.shared.domain.segments.builders import one, payment, subject
from tests.support.firing import NOW, Desk
from tests.support.workshop import Workshop

TEA = one("contact.tags", "is", "Tea")
UPDATED = {"type": "recurring_payment_updated", "segment": {"segment_id": "drinkers"}}


def segment(*conditions: Any, **fields: Any) -> dict[str, Any]:
    return {"kind": "dynamic", "match": "all", "conditions": list(conditions), **fields}


def drinkers(*conditions: Any, version: int = 1) -> dict[str, Any]:
    return segment(*conditions, segment_id="drinkers", version=version)


def test_a_segment_nobody_has_stored_is_a_list() -> None:
    resolve = among({"tea": segment(TEA)})

    assert resolve("tea") == segment(TEA)
    assert resolve("later") == {"kind": "static"}


def test_all_that_steps_name_is_read_and_what_that_names_together() -> None:
    store, reading = MemoryStore(), Reading()
    by_membership = one("contact.segments", "is", "no id at all")
    store.documents["segment", "a"] = segment({"segment_id": "c"}, {"segment_id": "d"})
    store.documents["segment", "b"] = segment(TEA, by_membership)
    store.documents["segment", "c"] = segment({"segment_id": "a"})
    steps = [
        {"type": "branch", "branches": [{"segment": {"segment_id": each}} for each in ("a", "b")]}
    ]
    asked: list[set[Name]] = []
    for _ in range(2):
        with pytest.raises(Missing) as missing:
            read_by(steps, reading)
        asked.append(set(missing.value.names))
        reading.load(store, missing.value)

    resolve = read_by(steps, reading)

    assert asked == [{("segment", "a"), ("segment", "b")}, {("segment", "c"), ("segment", "d")}]
    assert (resolve("b") or {})["conditions"] == [TEA, by_membership]
    assert resolve("d") == {"kind": "static"}


def test_a_trigger_asks_a_segment_as_it_is_now() -> None:
    desk = Desk()
    desk.put(("segment", "drinkers"), drinkers(TEA))
    desk.automate(UPDATED)
    configuration = Configuration(desk.store, 0, local=False, log=desk.log)
    tea, coffee = (subject(person(tags=[tag]), [payment()]) for tag in ("tea", "coffee"))

    def meets() -> tuple[bool, bool]:
        ((automation,),) = configuration.at(NOW).index._found.values()
        predicate = automation.trigger.segment
        assert predicate is not None
        return predicate(tea), predicate(coffee)

    first = meets()
    desk.put(("segment", "drinkers"), drinkers(one("contact.tags", "is", "Coffee"), version=2))

    assert first == (True, False)
    assert meets() == (False, True)


@pytest.mark.parametrize(("first_name", "tagged"), [("Ada", ["In"]), ("Bob", ["Out"])])
def test_a_branch_asks_a_segment_as_it_is_now(first_name: str, tagged: list[str]) -> None:
    arm = {"segment": {"segment_id": "adas"}, "steps": [{"type": "add_tag", "tag": "In"}]}
    workshop = Workshop(
        [{"type": "branch", "branches": [arm], "else": [{"type": "add_tag", "tag": "Out"}]}]
    )
    asked = segment(one("contact.first_name", "is", "ada"), segment_id="adas", version=1)
    workshop.store.documents["segment", "adas"] = asked
    workshop.store.documents["contact", "c1"]["first_name"] = first_name

    workshop.fire()
    workshop.run()

    tags = workshop.document("contact", "c1")["tags"]
    assert [each["tag"] for each in tags] == tagged
