"""Where a contact first came from: the earliest word, in whatever order the words come."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from shared.domain import contacts, origin
from shared.domain.heard import ActivitySaid

NOW = 1_790_000_000_000
ADA = "ada@example.com"
NOWHERE = (None, None, None)


def visit(
    at: int, source: str | None = None, campaign: str | None = None, page: str | None = None
) -> origin.Touch:
    said = ActivitySaid(ADA, "visit", subject=page, campaign=campaign, source=source)
    found = origin.touch(said, NOW + at)
    assert found is not None
    return found


def contact() -> dict[str, Any]:
    return contacts.new("c1", ADA, NOW)


def source(found: dict[str, Any]) -> tuple[str | None, ...]:
    return tuple(found["source"][name] for name in origin.FIELDS)


@pytest.mark.parametrize(
    ("visits", "first"),
    [
        ([visit(1, "ads"), visit(2, "google")], ("ads", None, None)),
        ([visit(2, "ads", None, "/b"), visit(1, "google", "tea")], ("google", "tea", None)),
        ([visit(1, page="/a"), visit(2, "ads", "tea", "/b"), visit(3, "x")], ("ads", "tea", "/b")),
        ([visit(2, page="/b"), visit(1, page="/a")], (None, None, "/a")),
        ([visit(1, "ads"), visit(1, "bing"), visit(1, "ads", "tea")], ("ads", None, None)),
    ],
)
def test_the_earliest_visit_that_names_where_it_came_from_is_taken_whole(
    visits: list[origin.Touch], first: tuple[str | None, ...]
) -> None:
    for order in itertools.permutations(visits):
        one_by_one = contact()
        kept = None
        for each in order:
            one_by_one = origin.visited(one_by_one, each)
            kept = origin.earlier(kept, each)

        assert source(one_by_one) == source(origin.visited(contact(), kept)) == first


@pytest.mark.parametrize(
    "said",
    [
        ActivitySaid(ADA, "visit"),
        ActivitySaid(ADA, "open", subject="Hello", campaign="tea"),
        ActivitySaid(ADA, "tag_added", subject="VIP"),
    ],
)
def test_what_tells_of_no_beginning_is_none(said: ActivitySaid) -> None:
    assert origin.touch(said, NOW) is None
    assert origin.visited(contact(), None) == contact()


def test_what_was_stated_first_stays_and_what_is_blank_is_filled() -> None:
    found = contact()

    origin.stated(found, {"first_source": "ads"}, NOW)
    origin.stated(found, {"first_source": "google", "campaign": "tea"}, NOW + 5)

    assert source(found) == ("ads", "tea", None)
    assert found[origin.DATE] == NOW


def test_an_earlier_statement_replaces_what_it_names() -> None:
    found = contact()
    origin.stated(found, {"first_source": "ads", "campaign": "tea"}, NOW)

    origin.stated(found, {"first_source": "podcast"}, NOW - 5)
    origin.stated(found, {"first_source": "google"}, NOW - 3)

    assert source(found) == ("podcast", "tea", None)


def test_a_visit_before_what_was_stated_replaces_it_and_one_after_it_does_not() -> None:
    found = contact()
    origin.stated(found, {"first_source": "ads", "campaign": "tea"}, NOW)

    later = origin.visited(found, visit(1, "google"))
    sooner = origin.visited(found, visit(-1, "google"))

    assert source(later) == ("ads", "tea", None)
    assert source(sooner) == ("google", None, None)


def test_a_source_stated_after_a_visit_without_one_counts_from_then_on() -> None:
    found = origin.visited(contact(), visit(1, page="/a"))

    origin.stated(found, {"first_source": "ads"}, NOW + 5)

    assert source(found) == ("ads", None, "/a")
    assert source(origin.visited(found, visit(3, "google"))) == ("google", None, None)
    assert source(origin.visited(found, visit(9, "google"))) == ("ads", None, "/a")


def test_a_field_that_is_cleared_may_be_told_again() -> None:
    found = contact()
    origin.stated(found, {"first_source": "ads"}, NOW)

    origin.stated(found, {"first_source": None}, NOW + 1)
    cleared = dict(found)
    origin.stated(found, {"first_source": "podcast"}, NOW + 2)

    assert (source(cleared), cleared[origin.DATE]) == (NOWHERE, None)
    assert (source(found), found[origin.DATE]) == (("podcast", None, None), NOW + 2)
    assert source(origin.visited(cleared, visit(9, "google"))) == ("google", None, None)


def test_a_source_of_an_unknown_date_stays() -> None:
    found = {**contact(), "source": {"first_source": "ads", "campaign": None, "landing_page": None}}

    origin.stated(found, {"first_source": "google"}, NOW - 9)

    assert source(found) == ("ads", None, None)
    assert origin.visited(found, visit(-99, "google")) == found
