"""Workers learn of an edit one by one: what has fired by any of them is sent and told all the same.

Found by the simulator: a worker died between a firing and its message, somebody switched the
automation off, and the firing waited for ever. And a worker that knew of a new automation died
before it told the bus; the change came again to one that had not heard of it yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.firing import (
    FAILED,
    NOW,
    ON_FAILURE,
    TAGGED,
    Desk,
    MemoryQueue,
    automation,
    updated,
)
from tests.support.stream import stream_record

SECOND = 1_000


class Dead:
    """A queue whose worker dies with the message that has a firing run."""

    def __init__(self, queue: MemoryQueue) -> None:
        self._queue = queue

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        if call["kind"] == "run":
            raise SystemExit
        self._queue.send_call(url, call, delay_seconds)


def desk_with_a_change() -> Desk:
    desk = Desk()
    desk.befriend()
    record = ("recurring_payment", "shop", "sub_1")
    desk.put(record, {"facets": {}, "contact_id": "c-1"})
    change = {"entry": updated(FAILED, at=NOW - SECOND)}
    name = ("entry", *record, "place-1")
    desk.put(name, change)
    desk.store.stream = [stream_record(name, None, change, NOW, 1)]
    return desk


def desk_with_a_firing_nobody_was_sent() -> Desk:
    desk = desk_with_a_change()
    desk.automate(ON_FAILURE)
    with pytest.raises(SystemExit):
        desk.stream(desk.fire(queue=Dead(desk.queue))).handle(desk.store.stream, NOW)
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


def new_automation(made: int) -> dict[str, Any]:
    return {**automation(ON_FAILURE), "created_date": made, "updated_date": made}


def test_what_fired_by_an_automation_that_others_do_not_know_yet_is_sent_and_told() -> None:
    """GIVEN one worker that knows a new automation, and dies, and one that does not

    WHEN the change comes again to that one THEN the firing is run and told all the same.
    """
    desk = desk_with_a_change()
    desk.put(("endpoint", "zapier"), {"endpoint_id": "zapier", "events": ["automation.fired"]})
    unaware = desk.fire()
    desk.stream(unaware).handle([], NOW - 20 * SECOND)
    unaware._configuration.at(NOW - 20 * SECOND)
    desk.put(("automation", "rescue"), new_automation(NOW - 10 * SECOND))
    with pytest.raises(SystemExit):
        desk.stream(desk.fire(queue=Dead(desk.queue))).handle(desk.store.stream, NOW)
    desk.stream(unaware).handle(desk.store.stream, NOW + SECOND)
    (firing,) = desk.firings()
    assert desk.bus.of_type("automation.fired") == []

    ((message, delay),) = [each for each in desk.queue.sent if each[0]["kind"] == "again"]
    told = desk.fire().again(message, NOW + delay * SECOND)

    assert delay == 300
    assert told == [firing["firing_id"]]
    assert [each["firing_id"] for each in desk.queue.of_kind("run")] == told
    assert [each["id"] for each in desk.bus.of_type("automation.fired")] == told
    (heard,) = [each for name, each in desk.store.documents.items() if name[0] == "delivery"]
    assert (heard["endpoint_id"], heard["firing_id"]) == ("zapier", told[0])


def test_what_was_asked_for_ahead_and_did_not_fire_does_not_fire_later() -> None:
    desk = desk_with_a_change()
    desk.put(("automation", "rescue"), new_automation(NOW - 10 * SECOND))
    desk.stream().handle(desk.store.stream, NOW)
    (message,) = desk.queue.of_kind("again")
    del desk.store.documents["firing", "rescue", desk.firings()[0]["firing_id"]]
    desk.queue.sent.clear()

    assert desk.fire().again(message, NOW + 300 * SECOND) == []
    assert (desk.queue.sent, desk.firings()) == ([], [])


def test_of_an_automation_that_is_gone_by_then_what_fired_is_still_run_and_told() -> None:
    desk = desk_with_a_change()
    desk.put(("automation", "rescue"), new_automation(NOW - 10 * SECOND))
    desk.stream().handle(desk.store.stream, NOW)
    (message,) = desk.queue.of_kind("again")
    del desk.store.documents["automation", "rescue"]

    assert desk.fire().again(message, NOW + 300 * SECOND) == [desk.firings()[0]["firing_id"]]


@pytest.mark.parametrize(
    ("made", "asked"), [(NOW - 299 * SECOND, 1), (NOW - 301 * SECOND, 0)], ids=["new", "old"]
)
def test_only_what_some_worker_may_not_know_is_asked_for_ahead(made: int, asked: int) -> None:
    desk = desk_with_a_change()
    desk.put(("automation", "rescue"), new_automation(made))

    desk.stream().handle(desk.store.stream, NOW)

    assert len(desk.firings()) == 1
    assert len(desk.queue.of_kind("again")) == asked


@pytest.mark.parametrize(("made", "fires"), [(NOW + 999, 1), (NOW + SECOND, 0)])
def test_a_change_from_before_an_automation_was_made_sets_it_off_never(
    made: int, fires: int
) -> None:
    """Found where a machine was killed: changes came by again, and fired what was made since.

    The stream tells whole seconds: what was written in that second may have been after it.
    """
    desk = desk_with_a_change()
    desk.put(("automation", "rescue"), new_automation(made))

    desk.stream().handle(desk.store.stream, NOW + 10 * SECOND)

    assert len(desk.firings()) == fires


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
