"""What is not folded but quarantined: why, as which row, and how a retry takes it out again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.errors import Quarantined
from shared.domain.fold import quarantine
from shared.domain.ports import Write
from tests.fakes.memory_store import MemoryStore
from tests.laws import words
from tests.support.folds import ARRIVAL, folded, store_of
from tests.support.shop import Shop


def test_same_id_with_another_body_is_quarantined() -> None:
    shop = Shop()
    shop.hear(words.subscription("1", 0, event_name="x"))

    outcome = shop.hear(words.subscription("1", 0, "cancelled", event_name="x"))

    assert outcome == "quarantined"
    (row,) = shop.quarantined()
    assert (row["code"], row["event_id"]) == ("id_reuse", "evt_x")
    assert (shop.view("recurring_payment", "sub_1") or {})["status"] == "active"


@pytest.mark.parametrize(("mode", "live"), [("live", False), ("test", True)])
def test_event_of_the_other_mode_is_quarantined(mode: str, live: bool) -> None:
    event = replace(words.subscription("1", 0), live=live)

    with pytest.raises(Quarantined) as refused:
        folded(event, store=store_of(mode=mode))

    assert refused.value.code == "wrong_mode"


@pytest.mark.parametrize(("mode", "live"), [("live", None), ("test", None), ("test", False)])
def test_event_that_states_no_other_mode_is_taken(mode: str, live: bool | None) -> None:
    event = replace(words.subscription("1", 0), live=live)

    assert folded(event, store=store_of(mode=mode)).outcome == "applied"


def test_event_of_a_connection_that_is_gone_is_quarantined() -> None:
    with pytest.raises(Quarantined) as refused:
        folded(words.subscription("1", 0), store=MemoryStore())

    assert refused.value.code == "unknown_connection"


def test_quarantined_event_keeps_its_body_under_a_code() -> None:
    parsed = words.subscription("1", 0)

    plan = quarantine(ARRIVAL, parsed, Quarantined("bad_field", "status is unknown"), 2_000)

    (row,) = plan.steps
    assert isinstance(row, Write)
    assert row.document is not None
    told = {key: row.document[key] for key in ("code", "reason", "event_id", "body", "provider")}
    assert told == {
        "code": "bad_field",
        "reason": "status is unknown",
        "event_id": "evt_sub_1_0_active",
        "body": b"raw",
        "provider": "stripe",
    }


def test_event_quarantined_twice_is_one_row() -> None:
    refused = Quarantined("bad_field", "status is unknown")

    first, again = (quarantine(ARRIVAL, None, refused, now) for now in (2_000, 3_000))

    assert first.steps[0].name == again.steps[0].name


def test_bodies_of_one_moment_are_rows_of_their_own() -> None:
    refused = Quarantined("bad_field", "status is unknown")
    other = replace(ARRIVAL, body=b"other")

    names = {quarantine(each, None, refused, 0).steps[0].name for each in (ARRIVAL, other)}

    assert len(names) == 2


def test_retried_event_that_is_accepted_leaves_the_quarantine() -> None:
    shop = Shop()
    event = words.subscription("1", 0)
    shop.store.commit([Write(("quarantine", "q1"), {"version": 1, "id": "q1"}, 0)])

    shop.hear(event, source="retry", quarantine_id="q1")

    assert shop.quarantined() == []


def test_retried_event_that_had_been_accepted_meanwhile_leaves_it_too() -> None:
    shop = Shop()
    event = words.subscription("1", 0)
    shop.hear(event)
    shop.store.commit([Write(("quarantine", "q1"), {"version": 1, "id": "q1"}, 0)])

    assert shop.hear(event, source="retry", quarantine_id="q1") == "duplicate"
    assert shop.quarantined() == []


def test_retried_event_that_is_refused_again_keeps_its_row() -> None:
    arrival = replace(ARRIVAL, quarantine_id="q1")

    plan = quarantine(arrival, None, Quarantined("bad_field", "still"), 2_000)

    assert [step.name for step in plan.steps] == [("quarantine", "q1")]
