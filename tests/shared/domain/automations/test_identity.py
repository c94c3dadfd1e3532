"""Identities: the same transition is one firing, another one is another, whoever tells it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import firing_id, told_id
from shared.domain.automations.parse import automation_of
from shared.domain.timeline import Entry
from tests.support.firing import NOW, automation, created, updated

STATUS, NOTE = ("status", "active", "paused"), ("note", None, "x")
# The same, told when less was known of what was before.
EARLIER = ("status", "pending", "paused")
ON_STATUS = {"type": "recurring_payment_updated", "field": "status"}
ON_ANY = {"type": "recurring_payment_updated"}
ON_CREATED = {"type": "recurring_payment_created"}


def happening(entry: Entry, record_id: str = "sub_1", place: str = "p") -> Happening:
    return Happening(("entry", "recurring_payment", "shop", record_id, place), entry, None, NOW)


def identity(trigger: dict[str, Any], entry: Entry, record_id: str = "sub_1") -> str:
    return firing_id(automation_of(automation(trigger)), happening(entry, record_id))


@pytest.mark.parametrize(
    ("trigger", "one", "other"),
    [
        (ON_STATUS, updated(STATUS), updated(STATUS, event_id="evt_2", late=True, recorded_at=1)),
        (ON_STATUS, updated(STATUS), updated(NOTE, STATUS)),
        (ON_ANY, updated(STATUS, NOTE), updated(NOTE, STATUS)),
        (ON_STATUS, updated(STATUS), updated(EARLIER)),
        (ON_ANY, updated(STATUS, NOTE), updated(EARLIER, NOTE)),
        (ON_CREATED, created(), created(event_id="evt_2", contact_id="c-2")),
    ],
)
def test_one_transition_is_one_firing(trigger: dict[str, Any], one: Entry, other: Entry) -> None:
    assert identity(trigger, one) == identity(trigger, other)


def test_an_order_keeps_its_firing_whatever_its_payment_turns_out_to_have_changed() -> None:
    trigger = {"type": "order_created"}
    paid = updated(("status", "declined", "completed"), money="first")

    assert identity(trigger, created(money="first")) == identity(trigger, paid)


@pytest.mark.parametrize(
    ("trigger", "one", "other"),
    [
        (ON_STATUS, updated(STATUS), updated(STATUS, at=NOW + 1)),
        (ON_STATUS, updated(STATUS), updated(("status", "active", "cancelled"))),
        (ON_ANY, updated(STATUS), updated(STATUS, NOTE)),
    ],
)
def test_another_transition_is_another_firing(
    trigger: dict[str, Any], one: Entry, other: Entry
) -> None:
    assert identity(trigger, one) != identity(trigger, other)


def test_records_and_automations_have_their_own() -> None:
    other = automation_of(automation(ON_STATUS, "other"))
    held = automation_of(automation(ON_STATUS))
    found = {
        firing_id(held, happening(updated(STATUS))),
        firing_id(other, happening(updated(STATUS))),
        firing_id(held, happening(updated(STATUS), "sub_2")),
    }

    assert len(found) == 3


def test_firings_lie_in_the_order_of_their_changes() -> None:
    early, late = updated(STATUS, at=999), updated(STATUS, at=NOW)

    assert identity(ON_STATUS, early) < identity(ON_STATUS, late)
    assert identity(ON_STATUS, updated(STATUS, at=-5)).startswith("000000000000000-")


def test_a_change_has_one_id_among_outbound_events() -> None:
    first, attached = updated(STATUS, contact_id=None), updated(STATUS)

    assert told_id(happening(first)) == told_id(happening(attached))
    assert told_id(happening(first)) == told_id(happening(updated(EARLIER)))
    assert told_id(happening(first)) != told_id(happening(first, place="q"))
