"""Firing later: what waits for its contact, for its burst to be over, for a conflict to pass."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Contended
from tests.support.firing import (
    FAILED,
    NOW,
    ON_FAILURE,
    PLACE,
    RECORD,
    TAGGED,
    Desk,
    connection,
    created,
    happening,
    updated,
)
from tests.support.stream import StreamingStore


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.befriend()
    return desk


def test_a_change_without_contact_waits_for_one(desk: Desk) -> None:
    desk.automate(ON_FAILURE)
    unknown = updated(FAILED, contact_id=None)
    fire = desk.fire()

    assert fire.change(happening(unknown), NOW) == []
    assert len(fire.change(happening(updated(FAILED), unknown), NOW)) == 1
    assert len(desk.bus.of_type("recurring_payment.updated")) == 1, "the change is told once"


@pytest.mark.parametrize(
    ("policy", "hours", "fires"),
    [
        (None, 23, True),
        (None, 25, False),
        ({"policy": "fire"}, 999, True),
        ({"policy": "silent"}, 1, False),
        ({"policy": "fire_if_newer_than", "duration": "PT2H"}, 1, True),
        ({"policy": "fire_if_newer_than", "duration": "PT2H"}, 3, False),
    ],
)
def test_what_waited_for_its_contact_follows_the_connections_policy(
    desk: Desk, policy: dict[str, Any] | None, hours: int, fires: bool
) -> None:
    desk.automate(ON_FAILURE)
    desk.put(("connection", "shop"), connection(late_match=policy))
    written_at = NOW + hours * 3_600_000
    attached = happening(updated(FAILED), updated(FAILED, contact_id=None), written_at=written_at)

    assert bool(desk.fire().change(attached, written_at)) is fires


@pytest.mark.parametrize(
    ("contact_policy", "known_before", "seconds", "fires"),
    [
        ("create", False, 1, True),
        ("create", False, 10, False),
        ("match_only", True, 1, True),
        ("match_only", False, 1, False),
    ],
)
def test_a_contact_that_comes_with_the_first_burst_is_not_late(
    desk: Desk, contact_policy: str, known_before: bool, seconds: int, fires: bool
) -> None:
    desk.automate(ON_FAILURE)
    desk.put(
        ("connection", "shop"),
        connection(contact_policy=contact_policy, late_match={"policy": "silent"}),
    )
    desk.befriend(created_date=NOW - 1 if known_before else NOW + 500)
    written_at = NOW + seconds * 1_000
    attached = happening(updated(FAILED), updated(FAILED, contact_id=None), written_at=written_at)

    assert bool(desk.fire().change(attached, written_at)) is fires


def test_a_creation_with_a_segment_waits_until_its_burst_is_over(desk: Desk) -> None:
    desk.automate({"type": "recurring_payment_created", "segment": TAGGED}, "vip")
    desk.automate({"type": "recurring_payment_created"}, "all")
    entry = created()
    fire = desk.fire()

    fired = fire.change(happening(entry), NOW + 500)

    assert [each["automation_id"] for each in desk.firings()] == ["all"]
    assert len(fired) == 1
    message = {"kind": "settled", "record": list(RECORD), "entry": PLACE}
    assert (message, 2) in desk.queue.sent

    desk.put(("entry", *RECORD, PLACE), {"entry": entry})
    assert fire.settled(message, NOW + 2_500) == []
    desk.befriend(tags=[{"tag": "VIP", "applied_date": NOW}])
    (firing_id,) = fire.settled(message, NOW + 2_500)

    held = desk.store.documents["firing", "vip", firing_id]
    assert [row["actual"] for row in held["conditions"]] == [["VIP"]]
    assert fire.settled(message, NOW + 9_999) == [firing_id], "again, but the same"
    assert len(desk.firings()) == 2


def test_an_automation_made_while_a_creation_was_waiting_is_not_set_off_by_it(desk: Desk) -> None:
    desk.befriend(tags=[{"tag": "VIP", "applied_date": NOW}])
    desk.automate({"type": "recurring_payment_created", "segment": TAGGED}, "before")
    desk.put(("entry", *RECORD, PLACE), {"entry": created()})
    desk.fire().change(happening(created()), NOW + 500)
    (message,) = desk.queue.of_kind("settled")
    desk.automate({"type": "recurring_payment_created", "segment": TAGGED}, "after")
    desk.store.documents["automation", "after"]["created_date"] = NOW + 1_500

    desk.fire().settled(message, NOW + 2_500)

    assert [each["automation_id"] for each in desk.firings()] == ["before"]


def test_a_contact_that_comes_after_the_burst_finds_the_record_settled(desk: Desk) -> None:
    desk.automate({"type": "recurring_payment_created", "segment": TAGGED})
    desk.befriend(tags=[{"tag": "VIP", "applied_date": NOW}])
    attached = happening(created(), created(contact_id=None), written_at=NOW + 60_000)

    assert len(desk.fire().change(attached, NOW + 60_000)) == 1
    assert desk.queue.of_kind("settled") == []


def test_an_order_that_went_into_another_one_still_settles(desk: Desk) -> None:
    desk.automate({"type": "order_created", "segment": TAGGED})
    desk.befriend(tags=[{"tag": "VIP", "applied_date": NOW}])
    desk.put(("order", "shop", "ch_1"), {"merged_into": "in_1"})
    joined = created(born=True, joined=True, money="joined")
    desk.put(("entry", "order", "shop", "in_1", PLACE), {"entry": joined})
    message = {"kind": "settled", "record": ["order", "shop", "ch_1"], "entry": PLACE}

    assert len(desk.fire().settled(message, NOW + 5_000)) == 1
    assert desk.firings()[0]["record"]["id"] == "ch_1"
    gone = {**message, "entry": "elsewhere"}
    assert desk.fire().settled(gone, NOW) == []


class Rivals(StreamingStore):
    """A store in which somebody else is faster a few times."""

    faster = 0

    def commit(self, steps: Any) -> None:
        if self.faster and any(step.name[0] == "firing" for step in steps):
            self.faster -= 1
            raise Contended("another transaction holds the document")
        super().commit(steps)


@pytest.mark.parametrize("faster", [1, 4])
def test_a_conflict_is_no_firing_and_is_tried_again(faster: int) -> None:
    store = Rivals()
    desk = Desk(store)
    desk.befriend()
    desk.automate({**ON_FAILURE, "runs": "once"})
    store.faster = faster

    assert len(desk.fire().change(happening(updated(FAILED)), NOW)) == 1


def test_a_conflict_without_end_is_left_to_the_stream() -> None:
    store = Rivals()
    desk = Desk(store)
    desk.befriend()
    desk.automate(ON_FAILURE)
    store.faster = 99

    with pytest.raises(Contended):
        desk.fire().change(happening(updated(FAILED)), NOW)
    assert desk.queue.sent == []


def test_a_creation_that_was_put_off_fires_though_an_earlier_event_came_since(desk: Desk) -> None:
    desk.automate({"type": "recurring_payment_created", "segment": TAGGED})
    desk.befriend(tags=[{"tag": "VIP", "applied_date": NOW}])
    fire = desk.fire()
    fire.change(happening(created(born=True)), NOW)
    (message,) = desk.queue.of_kind("settled")
    now_second = updated(FAILED, born=True)
    desk.put(("entry", *RECORD, PLACE), {"entry": now_second})

    fire.settled(message, NOW + 5_000)

    (firing,) = desk.firings()
    assert (firing["change"]["kind"], firing["change"]["changes"]) == ("created", [])


def test_a_creation_nobody_could_be_told_of_fires_once_its_contact_is_there(desk: Desk) -> None:
    """An earlier event has come since: the entry is an update by then, what precedes it joined."""
    desk.automate({"type": "recurring_payment_created"}, "welcome")
    desk.automate(ON_FAILURE, "rescue")
    alone = created(born=True, contact_id=None)
    unseen = updated(FAILED, born=True, contact_id=None)
    known = updated(FAILED, born=True)
    fire = desk.fire()

    fire.change(happening(alone), NOW)
    fire.change(happening(unseen, alone), NOW)
    fire.change(happening(known, unseen), NOW)
    fire.change(happening(known, unseen), NOW)

    assert sorted(each["automation_id"] for each in desk.firings()) == ["rescue", "welcome"]
