"""The observer: what a run has come to is what the API answers, and to ask changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain import rendering
from shared.domain.ports import Document
from tests.simulation import observer
from tests.simulation.judging import LawBroken
from tests.simulation.laws import Run, expected, judge, run
from tests.simulation.observer import Observer, addresses_in
from tests.simulation.oracle import outcome
from tests.simulation.schedules import at_once
from tests.simulation.stories import ONE_PERSON, STORIES, Story, addresses_of, checkout, told


def _after(story: Story) -> Run:
    return run(at_once(story))


def test_an_answer_that_is_wrong_is_found_though_the_table_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right, shown = expected(checkout()), rendering.contact

    def miscounted(document: Document) -> dict[str, Any]:
        return {**shown(document), "orders_count": 7}

    monkeypatch.setattr(rendering, "contact", miscounted)

    assert right.contacts[ONE_PERSON]["orders_count"] == 1
    with pytest.raises(LawBroken, match="orders_count 7, not 1"):
        judge(_after(checkout()))


def test_an_answer_that_fails_breaks_a_law(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(document: Document) -> dict[str, Any]:
        raise ZeroDivisionError

    monkeypatch.setattr(rendering, "contact", fails)

    with pytest.raises(LawBroken, match=r"the_api_answers: GET .* with 500"):
        _after(checkout())


def test_to_ask_is_no_step_and_takes_no_time() -> None:
    world = _after(checkout()).world
    before = world.steps.count, world.clock(), world.trace_hash()

    found = outcome(world, [ONE_PERSON])

    assert found.contacts.keys() == {ONE_PERSON}
    assert (world.steps.count, world.clock(), world.trace_hash()) == before


def test_lists_are_asked_for_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    story = told(0)
    world = _after(story).world
    monkeypatch.setattr(observer, "_LIMIT", "1")

    rows = list(Observer(world).listed("/v1/quarantine"))

    assert {(row["event_id"], row["event_type"]) for row in rows} == story.refused
    assert len(rows) == 2


@pytest.mark.parametrize("number", range(STORIES))
def test_whoever_has_records_is_asked_for_by_an_address_that_was_sent(number: int) -> None:
    found = expected(told(number))

    assert {each for each in found.owners.values() if each} <= {*addresses_of(told(number))}
    assert {*found.contacts} == {each for each in found.owners.values() if each}
    assert None not in found.owners.values()


def test_addresses_are_found_in_json_and_in_forms() -> None:
    bodies = [b'{"email": "Ada@example.com"}', b"name=Ada&email=life1%2F2%40example.com&x=1"]

    assert addresses_in(bodies) == ("ada@example.com", "life1/2@example.com")
