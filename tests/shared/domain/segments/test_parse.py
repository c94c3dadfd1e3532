"""What is refused, with the path of each fault, and what the limits are."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.segments.parse import CONDITIONS_MAX, DEPTH_MAX, GROUPS_MAX, parse
from shared.domain.segments.tree import Condition, Group, Match
from tests.shared.domain.segments.builders import CITY, all_of, any_of, faults, none_of, one

DATE_LIKE = 'has to be a date like "2026-11-22"'


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
