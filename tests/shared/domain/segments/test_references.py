"""Segments that name other segments: what a reference stands for, and where it may not lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.segments.parse import parse
from shared.domain.segments.tree import Condition, Group, Match
from tests.shared.domain.segments.builders import CITY, all_of, any_of, faults, none_of, one


def stored(segments: Mapping[str, Any]) -> Any:
    return segments.get


def test_a_reference_stands_for_the_conditions_of_that_segment() -> None:
    gold = {"kind": "dynamic", "name": "Gold", **any_of(CITY)}

    alone = parse({"segment_id": "gold"}, resolve=stored({"gold": gold}))
    within = parse(all_of(CITY, {"segment_id": "gold"}), resolve=stored({"gold": gold}))

    assert alone.match is Match.ANY
    assert [each.path for each in alone.members if isinstance(each, Condition)] == [
        "segment[gold].conditions[0]"
    ]
    assert isinstance(within.members[1], Group)
    assert within.members[1].match is Match.ANY


def test_a_reference_to_a_static_segment_asks_for_membership() -> None:
    tree = parse({"segment_id": "vip"}, resolve=stored({"vip": {"kind": "static"}}))

    [member] = tree.members
    assert isinstance(member, Condition)
    assert (member.field.name, member.operator, member.value) == ("contact.segments", "is", "vip")


def test_a_segment_that_contains_itself_is_refused() -> None:
    segments = {
        "a": {"kind": "dynamic", **all_of({"segment_id": "b"})},
        "b": {"kind": "dynamic", **all_of(CITY, {"segment_id": "a"})},
    }

    own = faults(all_of({"segment_id": "a"}), resolve=stored(segments), own_id="a")
    round_about = faults(segments["a"] | {"kind": None}, resolve=stored(segments), own_id="a")

    assert own == [("conditions[0].segment_id", "contains itself: a > a")]
    assert round_about[-1][0] == "conditions[0].segment_id"
    assert round_about[-1][1].endswith("contains itself: a > b > a")


def test_one_segment_may_be_named_twice_side_by_side() -> None:
    gold = {"kind": "dynamic", **all_of(CITY)}

    tree = parse(
        any_of({"segment_id": "gold"}, none_of({"segment_id": "gold"})),
        resolve=stored({"gold": gold}),
    )

    assert len(tree.members) == 2


@pytest.mark.parametrize(
    ("written", "options", "fault"),
    [
        (
            {"segment_id": "gone"},
            {"resolve": stored({})},
            ("segment_id", 'there is no segment "gone"'),
        ),
        ({"segment_id": "any"}, {}, ("segment_id", 'there is no segment "any"')),
        (
            {"segment_id": 7},
            {"resolve": stored({})},
            ("segment_id", "has to be a segment's id"),
        ),
        (
            {"segment_id": "vip", "match": "all"},
            {"resolve": stored({"vip": {"kind": "static"}})},
            ("match", "is not known here"),
        ),
        (
            all_of({"segment_id": "odd"}),
            {"resolve": stored({"odd": {"kind": "dynamic", **all_of(one("x", "is", "y"))}})},
            (
                "conditions[0].segment_id",
                "cannot be used here: conditions[0].segment[odd].conditions[0].field: "
                'there is no field "x"',
            ),
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(
    written: Any, options: Any, fault: tuple[str, str]
) -> None:
    assert faults(written, **options) == [fault]


def test_references_cannot_multiply_beyond_the_limits() -> None:
    """A segment of ten times the next, six deep, would be a million conditions."""
    segments: dict[str, Any] = {"0": {"kind": "dynamic", **all_of(*[CITY] * 10)}}
    for level in range(1, 6):
        again = {"segment_id": str(level - 1)}
        segments[str(level)] = {"kind": "dynamic", **all_of(*[again] * 10)}

    [(path, message)] = faults({"segment_id": "5"}, resolve=stored(segments))

    assert path == "segment_id"
    assert message.endswith("a segment has at most 200 conditions")
