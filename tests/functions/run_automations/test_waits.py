"""Waits of a firing: how long they are, and what an edit, a stop or an erasure meanwhile does."""

from __future__ import annotations

import pytest

from shared.domain import times
from tests.support.automation_steps import WEBHOOK, run_of, tag, tags_of
from tests.support.workshop import Workshop
from tests.support.workshop_world import FIRING, START, head


@pytest.mark.parametrize(("length", "indexed"), [("PT10M", 0), ("P3D", 1)])
def test_a_wait_ends_on_time_by_the_queue_or_by_the_index(length: str, indexed: int) -> None:
    workshop = Workshop([tag("before"), {"type": "wait", "for": length}, WEBHOOK])
    waits = {"PT10M": 10 * times.MINUTE, "P3D": 3 * times.DAY}[length]

    workshop.fire()
    workshop.run(START + times.SECOND)
    waiting = [name for name in workshop.store.documents if name[0] == "due"]
    state = (run_of(workshop)["state"], run_of(workshop)["wake_at"])
    workshop.run()

    assert len(waiting) == indexed
    assert state == ("waiting", START + waits)
    assert waits <= workshop.posts[0].at - START <= waits + times.SECOND
    assert run_of(workshop)["state"] == "done"
    assert [name for name in workshop.store.documents if name[0] == "due"] == []


def test_after_a_wait_the_record_is_read_afresh() -> None:
    step = {**WEBHOOK, "payload": {"status": "%RECURRING_PAYMENT_STATUS%"}}
    workshop = Workshop([{"type": "wait", "for": "P1D"}, step])

    workshop.fire()
    workshop.run(START + times.HOUR)
    workshop.put(("recurring_payment", "shop", "sub_1"), head(status="active"))
    workshop.run()

    assert workshop.posts[0].json() == {"status": "active"}


def test_a_wait_until_a_date_counts_from_it() -> None:
    wait = {"type": "wait", "until": "next_payment_date", "offset": "-P3D"}
    workshop = Workshop([wait, WEBHOOK])

    workshop.fire()
    workshop.run()

    assert workshop.posts[0].at - START in range(7 * times.DAY, 7 * times.DAY + times.SECOND)


def test_a_wait_until_a_date_that_has_passed_does_not_wait() -> None:
    workshop = Workshop([{"type": "wait", "until": "start_date", "offset": "-P3D"}, WEBHOOK])

    workshop.fire()
    workshop.run()

    assert workshop.posts[0].at == START


def test_a_wait_until_a_blank_date_ends_the_run() -> None:
    workshop = Workshop([{"type": "wait", "until": "cancelled_date"}, WEBHOOK])

    workshop.fire()
    workshop.run()

    assert workshop.posts == []
    assert (run_of(workshop)["state"], run_of(workshop)["reason"]) == ("stopped", "date_is_blank")


def edit(workshop: Workshop, on_edit: str) -> None:
    defined = workshop.document("automation", "rescue")
    edited = {**defined, "revision": 2, "on_edit": on_edit, "steps": [tag("new")]}
    workshop.put(("automation", "rescue"), edited)


@pytest.mark.parametrize(
    ("on_edit", "tags", "state"),
    [("finish", ["old"], ("done", None)), ("cancel", [], ("stopped", "automation_edited"))],
)
def test_an_edit_lets_runs_finish_on_their_revision_or_cancels_them(
    on_edit: str, tags: list[str], state: tuple[str, str | None]
) -> None:
    workshop = Workshop([{"type": "wait", "for": "P1D"}, tag("old")])
    workshop.fire()
    workshop.run(START + times.HOUR)

    edit(workshop, on_edit)
    workshop.run()

    assert tags_of(workshop) == tags
    assert (run_of(workshop)["state"], run_of(workshop)["reason"]) == state


def test_deleting_an_automation_stops_its_runs() -> None:
    workshop = Workshop([{"type": "wait", "for": "P1D"}, tag("old")])
    workshop.fire()
    workshop.run(START + times.HOUR)

    del workshop.store.documents["automation", "rescue"]
    workshop.run()

    assert tags_of(workshop) == []
    assert run_of(workshop)["reason"] == "automation_deleted"


def test_a_run_that_was_stopped_stays_where_it_is() -> None:
    workshop = Workshop([WEBHOOK, {"type": "wait", "for": "PT5M"}, tag("late")])
    workshop.fire()
    workshop.run(START + times.SECOND)

    run = run_of(workshop)
    workshop.put(("run", FIRING), {**run, "state": "stopped", "reason": "by_hand"})
    workshop.run()

    assert tags_of(workshop) == []
    assert len(workshop.posts) == 1
    assert run_of(workshop)["state"] == "stopped"


def test_a_contact_that_was_erased_stops_its_runs() -> None:
    workshop = Workshop([{"type": "wait", "for": "PT5M"}, WEBHOOK])
    workshop.fire()
    workshop.run(START + times.SECOND)

    del workshop.store.documents["contact", "c1"]
    workshop.run()

    assert workshop.posts == []
    assert run_of(workshop)["reason"] == "contact_gone"


def test_a_date_that_came_is_handed_to_what_fires_by_dates() -> None:
    workshop = Workshop([])
    message = {"kind": "date", "automation_id": "rescue", "record": ["a", "b", "c"], "date": 1}

    workshop.send(message, 0)
    workshop.run()

    assert workshop.settled == [{"v": 1, **message}]


@pytest.mark.parametrize("kind", ["settled", "again", "date"])
def test_what_no_change_of_the_stream_sets_off_is_logged_here(kind: str) -> None:
    """The audit holds the rows of firings against these lines: a lost row is named by them."""
    workshop, record = Workshop([]), ["recurring_payment", "shop", "sub_1"]
    message = {"kind": kind, "record": record, "entry": "e", "automation_id": "a"}

    workshop.send(message, 0)
    workshop.run()
    workshop.fires = ["fir_1"]
    workshop.send(message, 0)
    workshop.run()

    told = [about for event, about in workshop.logged if event == "fired"]
    assert told == [{"firings": ["fir_1"], "record": record}]
