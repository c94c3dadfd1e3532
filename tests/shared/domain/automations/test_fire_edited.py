"""A change comes again after its automation was edited: what it has fired is fired all the same.

Found by the simulator: a worker died between a firing and its message, somebody switched the
automation off, and the firing waited for ever.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.firing import FAILED, NOW, ON_FAILURE, TAGGED, Desk, automation, updated
from tests.support.stream import stream_record

SECOND = 1_000


class Dead:
    """A queue whose worker dies with the message."""

    def send_call(self, *_: Any) -> None:
        raise SystemExit


def desk_with_a_firing_nobody_was_sent() -> Desk:
    desk = Desk()
    desk.befriend()
    desk.automate(ON_FAILURE)
    record = ("recurring_payment", "shop", "sub_1")
    desk.put(record, {"facets": {}, "contact_id": "c-1"})
    change = {"entry": updated(FAILED, at=NOW - SECOND)}
    desk.store.stream = [stream_record(("entry", *record, "place-1"), None, change, NOW, 1)]
    with pytest.raises(SystemExit):
        desk.stream(desk.fire(queue=Dead())).handle(desk.store.stream, NOW)
    assert [each["state"] for each in desk.firings()] == ["pending"]
    assert not desk.queue.sent
    return desk


@pytest.mark.parametrize(
    "edit",
    [
        {"enabled": False},
        {"trigger": automation({**ON_FAILURE, "to": "cancelled"})["trigger"]},
        {"trigger": automation({**ON_FAILURE, "segment": TAGGED})["trigger"]},
    ],
    ids=["switched off", "another value", "a segment nobody is in"],
)
def test_what_fired_before_an_edit_is_sent_and_told(edit: dict[str, Any]) -> None:
    desk = desk_with_a_firing_nobody_was_sent()
    (firing,) = desk.firings()

    desk.put(("automation", "rescue"), {**automation(ON_FAILURE), **edit, "updated_date": NOW})
    answer = desk.stream().handle(desk.store.stream, NOW + 2 * SECOND)

    assert answer == {"batchItemFailures": []}
    assert [each["firing_id"] for each in desk.queue.of_kind("run")] == [firing["firing_id"]]
    assert [each["id"] for each in desk.bus.of_type("automation.fired")] == [firing["firing_id"]]
    assert desk.firings() == [firing]


def test_what_comes_first_after_an_edit_fires_as_it_is_now() -> None:
    desk = desk_with_a_firing_nobody_was_sent()
    del desk.store.documents["firing", "rescue", desk.firings()[0]["firing_id"]]

    off = {**automation(ON_FAILURE), "enabled": False, "updated_date": NOW}
    desk.put(("automation", "rescue"), off)
    desk.stream().handle(desk.store.stream, NOW + 2 * SECOND)

    assert desk.firings() == []
    assert not desk.queue.sent


def test_an_edit_of_long_ago_costs_a_change_nothing() -> None:
    desk = Desk()
    desk.befriend()
    off = {**automation(ON_FAILURE), "enabled": False, "updated_date": NOW - 3_600_000}
    desk.put(("automation", "rescue"), off)
    change = {"entry": updated(FAILED, at=NOW - SECOND)}
    name = ("entry", "recurring_payment", "shop", "sub_1", "place-1")
    reads: list[int] = []
    for fire in [desk.fire()] * 2:
        before = desk.store.reads
        desk.stream(fire).handle([stream_record(name, None, change, NOW, 1)], NOW)
        reads.append(desk.store.reads - before)

    assert reads[1] == 0
