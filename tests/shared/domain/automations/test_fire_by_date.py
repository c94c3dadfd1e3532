"""Dates that come: put where they wait as they change, looked at again, and fired once."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import times
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.due_dates import NEAR
from shared.domain.automations.fire_by_date import FireByDate
from shared.domain.automations.happening import Happening
from shared.domain.timeline import Entry
from tests.support.firing import (
    NOW,
    PLACE,
    RECORD,
    Desk,
    automation,
    connection,
    created,
    updated,
)
from tests.support.workshop_world import head

BY_DATE = {"type": "recurring_payment_date", "field": "next_payment_date", "offset": "-P3D"}
ACTIVE = {
    "match": "all",
    "conditions": [{"field": "recurring_payment.status", "operator": "is", "value": "active"}],
}
RENEWS = NOW + 3 * times.DAY + times.HOUR
DUE = NOW + times.HOUR


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.befriend()
    desk.automate(BY_DATE)
    subscribe(desk)
    return desk


def subscribe(desk: Desk, **terms: Any) -> None:
    known = {"status": "active", "start_date": NOW, "next_payment_date": RENEWS}
    desk.put(RECORD, {**head(**{**known, **terms}), "contact_id": "c-1"})


def come(
    desk: Desk,
    now: int = DUE,
    configuration: Configuration | None = None,
    bus: Any = None,
    **about: Any,
) -> str | None:
    by_date = FireByDate(
        store=desk.store,
        queue=desk.queue,
        bus=bus or desk.bus,
        configuration=configuration or Configuration(desk.store, 60, local=True, log=desk.log),
        url="automations",
    )
    message = {"automation_id": "rescue", "record": list(RECORD), "date": RENEWS, **about}
    return by_date.come(message, now)


def seen(desk: Desk, entry: Entry, before: Entry | None = None, now: int = NOW) -> None:
    happening = Happening(("entry", *RECORD, PLACE), entry, before, now)
    desk.fire().change(happening, now)


def waiting(desk: Desk) -> list[dict[str, Any]]:
    return [each for name, each in desk.store.documents.items() if name[0] == "due"]


def renewed(value: int | None, **fields: Any) -> Entry:
    return updated(("next_payment_date", None, times.to_text(value)), **fields)


def test_a_date_that_came_fires_and_says_which_it_was(desk: Desk) -> None:
    firing_id = come(desk)

    (firing,) = desk.firings()
    assert firing["firing_id"] == firing_id
    assert firing["at"] == DUE
    assert firing["date"] == {"field": "next_payment_date", "value": RENEWS}
    assert firing["change"] == {
        "kind": "date", "changes": [], "at": DUE, "historical": False, "late": False,
    }  # fmt: skip
    assert firing["cause"]["event_id"] is None
    assert firing["contact"]["contact_id"] == "c-1"
    assert desk.queue.of_kind("run") == [
        {"kind": "run", "automation_id": "rescue", "firing_id": firing_id}
    ]
    assert [each["change"] for each in desk.bus.of_type("automation.fired")] == [
        "recurring_payment.date"
    ]


def test_it_fires_once_however_often_it_comes(desk: Desk) -> None:
    first = come(desk)
    again = come(desk, DUE + times.HOUR)

    assert first == again
    assert len(desk.firings()) == 1


@pytest.mark.parametrize("now", [DUE - 2 * times.SECOND, DUE + times.DAY + 1])
def test_it_fires_neither_early_nor_long_after(desk: Desk, now: int) -> None:
    assert come(desk, now) is None


def test_a_date_that_was_moved_fires_nothing(desk: Desk) -> None:
    subscribe(desk, next_payment_date=RENEWS + 1)

    assert come(desk) is None


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (RECORD, {"mirror_of": "other"}),
        (RECORD, {"contact_id": None}),
        (("contact", "c-1"), None),
        (("automation", "rescue"), {"enabled": False}),
        (("connection", "shop"), {"role": "mirror"}),
    ],
)
def test_what_nobody_may_be_told_of_fires_nothing(
    desk: Desk, name: tuple[str, ...], fields: dict[str, Any] | None
) -> None:
    if fields is None:
        del desk.store.documents[name]
    else:
        desk.put(name, {**desk.store.documents[name], **fields})

    assert come(desk) is None


def test_the_segment_is_asked_when_the_date_comes(desk: Desk) -> None:
    desk.automate({**BY_DATE, "segment": ACTIVE})
    subscribe(desk, status="paused")
    refused = come(desk)
    subscribe(desk)

    fired = come(desk)

    assert refused is None
    assert fired is not None
    (firing,) = desk.firings()
    assert [each["met"] for each in firing["conditions"]] == [True]


def test_a_record_that_went_into_another_fires_as_that(desk: Desk) -> None:
    desk.put(("recurring_payment", "shop", "sub_old"), {"merged_into": "sub_1"})

    fired = come(desk, record=["recurring_payment", "shop", "sub_old"])

    assert fired == come(desk)


def test_a_change_that_brings_a_date_near_puts_it_where_it_waits(desk: Desk) -> None:
    seen(desk, renewed(RENEWS))
    seen(desk, renewed(RENEWS, at=NOW + 1))

    (due,) = waiting(desk)
    assert due["when"] == DUE
    assert due["message"] == {
        "kind": "date", "automation_id": "rescue", "record": list(RECORD), "date": RENEWS,
    }  # fmt: skip


@pytest.mark.parametrize(("soon", "delay"), [(90_000, 90), (-times.HOUR, 0)])
def test_what_is_due_soon_or_was_missed_lately_goes_to_the_queue(
    desk: Desk, soon: int, delay: int
) -> None:
    seen(desk, renewed(NOW + 3 * times.DAY + soon))

    assert [each for _, each in desk.queue.sent] == [delay]
    assert waiting(desk) == []


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (NOW + 3 * times.DAY + NEAR + 1, {}),
        (NOW + 2 * times.DAY - 1, {}),
        (NOW + 3 * times.DAY - 1, {"historical": True}),
        (None, {}),
    ],
)
def test_what_is_far_or_past_costs_nothing(
    desk: Desk, value: int | None, fields: dict[str, Any]
) -> None:
    commits, sent = desk.store.commits, len(desk.queue.sent)

    seen(desk, renewed(value, **fields))

    assert (desk.store.commits, len(desk.queue.sent)) == (commits, sent)


def test_history_may_bring_a_date_that_is_yet_to_come(desk: Desk) -> None:
    seen(desk, renewed(RENEWS, historical=True))

    assert len(waiting(desk)) == 1


@pytest.mark.parametrize(
    "entry", [created(), updated(event_id="first_sight"), updated(historical=True)]
)
def test_the_first_sight_of_a_record_tells_all_its_dates(desk: Desk, entry: Entry) -> None:
    seen(desk, entry)

    assert len(waiting(desk)) == 1


def test_a_contact_that_appears_brings_the_dates_that_waited_for_it(desk: Desk) -> None:
    subscribe(desk, next_payment_date=NOW + 3 * times.DAY - times.MINUTE)
    change = ("status", "paused", "active")

    seen(desk, updated(change), updated(change, contact_id=None))

    assert len(desk.queue.of_kind("date")) == 1


def test_without_automations_by_date_a_change_reads_nothing_more(desk: Desk) -> None:
    desk.automate({"type": "order_created"})
    fire = desk.fire()
    fire.change(Happening(("entry", *RECORD, PLACE), created(), None, NOW), NOW)
    reads = desk.store.reads

    fire.change(Happening(("entry", *RECORD, PLACE), created(at=NOW + 5), None, NOW), NOW)

    assert desk.store.reads == reads
    assert waiting(desk) == []


def test_a_mirrors_dates_are_not_watched(desk: Desk) -> None:
    desk.put(("connection", "shop"), connection(role="mirror"))

    seen(desk, renewed(RENEWS))

    assert waiting(desk) == []


def test_a_worker_that_does_not_know_the_automation_of_a_date_reads_anew(desk: Desk) -> None:
    """Found by reading: the date of an automation just made was dropped by a warm worker."""
    rescue = desk.store.documents.pop(("automation", "rescue"))
    configuration = Configuration(desk.store, 60, local=True, log=desk.log)
    configuration.at(DUE - 20 * times.SECOND)
    desk.store.documents["automation", "rescue"] = rescue

    firing_id = come(desk, configuration=configuration)

    assert [each["firing_id"] for each in desk.firings()] == [firing_id]


@pytest.mark.parametrize("edit", [{"enabled": False}, {"trigger": {**BY_DATE, "offset": "-P2D"}}])
def test_a_date_that_fired_before_an_edit_is_sent_and_told(
    desk: Desk, edit: dict[str, Any]
) -> None:
    desk.put(("endpoint", "zapier"), {"endpoint_id": "zapier", "events": ["automation.fired"]})
    firing_id = come(desk, bus=_DeadBus())
    rescue = automation(BY_DATE)
    desk.put(("automation", "rescue"), {**rescue, **edit, "updated_date": DUE + times.SECOND})
    desk.queue.sent.clear()

    again = come(desk, DUE + 2 * times.SECOND)

    assert again == firing_id
    assert [each["firing_id"] for each in desk.queue.of_kind("run")] == [firing_id]
    assert [each["id"] for each in desk.bus.of_type("automation.fired")] == [firing_id]


def test_a_date_of_an_automation_edited_long_ago_fires_nothing_it_has_fired(desk: Desk) -> None:
    come(desk)
    off = {**automation(BY_DATE), "enabled": False, "updated_date": DUE}
    desk.put(("automation", "rescue"), off)

    assert come(desk, DUE + times.HOUR) is None


class _DeadBus:
    """A bus that takes nothing in, without a word."""

    def put(self, events: Any) -> None:
        del events
