"""What events in a row say by themselves is read right, and runs in order are held to it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.simulation.excerpt_truth import revenue_in, statuses_in
from tests.simulation.judging import LawBroken
from tests.simulation.laws import expected
from tests.simulation.schedules import EXCERPTS
from tests.simulation.stories import STORIES, checkout, excerpt, moving_away, told


@pytest.mark.parametrize("number", range(STORIES))
def test_a_whole_life_read_from_its_events_is_what_the_business_itself_wrote_down(
    number: int,
) -> None:
    story = told(number)
    events = [each for each in story.events if (each.id, each.type) not in story.refused]

    assert statuses_in(events) == story.statuses
    assert revenue_in(events) == story.revenue


@pytest.mark.parametrize("number", range(STORIES))
def test_what_an_excerpt_comes_to_is_what_its_events_say(number: int) -> None:
    length = len(told(number).events)

    for count in {min(each, length) for each in EXCERPTS}:
        for first in (0, (length - count) // 2):
            expected(excerpt(number, first, count))


def test_a_burst_and_a_change_of_address_say_what_was_earned() -> None:
    assert checkout().revenue == {"USD": Decimal("19.00")}
    assert moving_away().revenue == {"USD": Decimal("28.00")}
    assert list((moving_away().statuses or {}).values()) == ["active"]


@pytest.mark.parametrize(
    ("untrue", "told_by"),
    [
        ({"revenue": {"USD": Decimal("19.01")}}, "revenue is {'USD': '19'}"),
        ({"revenue": {}}, "revenue is {'USD': '19'}, not {}"),
        ({"statuses": {}}, "statuses are {'sub_"),
    ],
)
def test_a_run_in_order_that_is_not_what_its_story_says_breaks_a_law(
    untrue: dict[str, object], told_by: str
) -> None:
    story = replace(checkout(), **untrue)  # type: ignore[arg-type]

    with pytest.raises(LawBroken) as broken:
        expected(story)

    assert "the_story_is_true" in str(broken.value)
    assert told_by in str(broken.value)


def test_a_story_that_says_nothing_is_held_to_nothing() -> None:
    silent = replace(checkout(), revenue=None, statuses=None)

    assert expected(silent).contacts.keys() == expected(checkout()).contacts.keys()
