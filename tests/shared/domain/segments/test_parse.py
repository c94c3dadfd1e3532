"""What is refused, with the path of each fault, and what the limits are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.errors import Invalid
from shared.domain.segments.parse import CONDITIONS_MAX, DEPTH_MAX, GROUPS_MAX, parse
from shared.domain.segments.tree import Condition, Group, Match
from tests.shared.domain.segments.builders import all_of, any_of, none_of, one

Errors = list[tuple[str, str]]
CITY = one("recurring_payment.billing_address.city", "is", "Chicago")
DATE_LIKE = 'has to be a date like "2026-11-22"'


def faults(written: object, **options: Any) -> Errors:
    with pytest.raises(Invalid) as refused:
        parse(written, **options)
    return list(refused.value.errors)


def stored(segments: Mapping[str, Any]) -> Any:
    return segments.get


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = all_of(CITY)
    for _ in range(depth - 1):
        inner = all_of(inner)
    return inner


def test_the_designs_example_is_understood() -> None:
    tree = parse(
        all_of(
            CITY,
            one("contact.tags", "contains", "PURCHASE:"),
            any_of(
                one("recurring_payment.payment_amount", "greater_than", "50"),
                one("recurring_payment.next_payment_date", "in_next", "7 days"),
            ),
        )
    )

    either = tree.members[2]
    assert tree.match is Match.ALL
    assert isinstance(either, Group)
    assert either.match is Match.ANY
    assert [each.path for each in either.members if isinstance(each, Condition)] == [
        "conditions[2].conditions[0]",
        "conditions[2].conditions[1]",
    ]


def test_an_operator_of_another_type_is_refused_by_its_path() -> None:
    written = all_of(CITY, CITY, one("recurring_payment.next_payment_date", "contains", "2026"))

    assert faults(written) == [
        ("conditions[2].operator", '"contains" does not apply to a date'),
    ]


def test_the_place_of_the_segment_stands_before_every_path() -> None:
    written = all_of(one("contact.tags", "before", "2026-01-01"))

    assert faults(written, at="trigger.segment") == [
        ("trigger.segment.conditions[0].operator", '"before" does not apply to a tag or list'),
    ]
    assert faults([], at="steps[1].branches[0].segment")[0][0] == "steps[1].branches[0].segment"
    assert faults(None) == [("segment", "has to be an object with match and conditions")]


def test_all_faults_are_told_at_once() -> None:
    written = {
        "match": "every",
        "conditions": [
            {"field": "recurring_payment.stauts", "operator": "is", "value": "active"},
            {"field": "contact.orders_count", "operator": "between", "value": ["x", 1.5]},
            {"field": "contact.tags", "operator": "equals", "value": "Tea", "not": True},
            {"match": "any", "conditions": [{"value": "Tea"}, "Tea"]},
        ],
        "name": "Regulars",
    }
    number = 'has to be a decimal number as text, like "50" or "19.99"'

    assert faults(written) == [
        ("name", "is not known here"),
        ("match", "has to be all, any or none"),
        (
            "conditions[0].field",
            'there is no field "recurring_payment.stauts"; '
            'did you mean "recurring_payment.status"?',
        ),
        ("conditions[1].value[0]", number),
        ("conditions[1].value[1]", number),
        ("conditions[2].not", "is not known here"),
        ("conditions[2].operator", 'there is no operator "equals"'),
        ("conditions[3].conditions[0].field", "is missing"),
        ("conditions[3].conditions[0].operator", "is missing"),
        ("conditions[3].conditions[1]", "has to be a condition or a group of conditions"),
    ]


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("contact.tag", "contact.tags"),
        ("recurring_payment.billing_adress.city", "recurring_payment.billing_address.city"),
        ("status", "recurring_payment.status"),
        ("orders_count", "contact.orders_count"),
        ("recurring_payment.line_item.name", "recurring_payment.line_items.name"),
    ],
)
def test_an_unknown_field_is_answered_with_the_nearest(field: str, meant: str) -> None:
    [(path, message)] = faults(all_of(one(field, "is", "x")))

    assert path == "conditions[0].field"
    assert message.endswith(f'did you mean "{meant}"?')


def test_a_misspelt_operator_or_key_is_answered_with_the_nearest() -> None:
    field = "contact.email"

    assert faults(all_of({"field": field, "operator": "start_with", "value": "a"})) == [
        ("conditions[0].operator", 'there is no operator "start_with"; did you mean "starts_with"?')
    ]
    assert faults(all_of({"field": field, "operator": "is", "valeu": "a"})) == [
        ("conditions[0].valeu", 'is not known here; did you mean "value"?'),
        ("conditions[0].value", "is missing"),
    ]


@pytest.mark.parametrize(
    ("written", "path", "message"),
    [
        ({}, "match", "has to be all, any or none"),
        ({"match": "all"}, "conditions", "is missing"),
        ({"match": "all", "conditions": {}}, "conditions", "has to be a list"),
        ({"match": True, "conditions": []}, "match", "has to be all, any or none"),
        (all_of({"field": 3, "operator": "is"}), "conditions[0].field", "has to be a field's name"),
        (
            all_of({"field": "contact.email", "operator": []}),
            "conditions[0].operator",
            "has to be an operator's name",
        ),
        (
            all_of(one("change.to", "is", "paused")),
            "conditions[0].field",
            '"change.to" is known inside triggers by a change only',
        ),
    ],
)
def test_what_is_no_segment_is_refused(written: Any, path: str, message: str) -> None:
    assert (path, message) in faults(written)


def test_the_change_at_hand_is_known_inside_triggers() -> None:
    tree = parse(all_of(one("change.to", "is", "paused")), changes=True)

    assert len(tree.members) == 1


@pytest.mark.parametrize("match", ["all", "any", "none"])
def test_a_group_may_be_empty(match: str) -> None:
    assert parse({"match": match, "conditions": []}) == Group(Match(match), ())


def test_groups_may_lie_so_deep_and_no_deeper() -> None:
    parse(nested(DEPTH_MAX))

    [(path, message)] = faults(nested(DEPTH_MAX + 1))

    assert path == ".".join(["conditions[0]"] * DEPTH_MAX)
    assert message == "lies more than 8 groups deep"


def test_nesting_without_end_is_refused_without_following_it() -> None:
    assert len(faults(nested(100_000))) == 1


def test_a_segment_holds_so_many_conditions_and_no_more() -> None:
    parse(all_of(*[CITY] * (CONDITIONS_MAX - 1), any_of(CITY)))

    found = faults(all_of(any_of(*[CITY] * CONDITIONS_MAX), CITY, CITY))

    assert found == [
        ("conditions[1]", "is one too many: a segment has at most 200 conditions"),
    ]


def test_a_segment_holds_so_many_groups_and_no_more() -> None:
    parse(all_of(*[none_of()] * (GROUPS_MAX - 1)))

    assert faults(all_of(*[none_of()] * 50_000)) == [
        ("conditions[199]", "is one too many: a segment has at most 200 groups"),
    ]


def test_a_body_full_of_faults_is_answered_in_bounds() -> None:
    keys = {f"key{n}": n for n in range(100_000)}

    found = faults({**keys, **all_of(*[{"field": "x" * 10_000, "operator": "y" * 10_000}] * 200)})

    assert len(found) == 100
    assert max(len(path) + len(message) for path, message in found) < 300


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
