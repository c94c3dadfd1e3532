"""Conditions: what holds, what does not, and what DynamoDB refuses to evaluate."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.shorthand import KEY, TABLE, expression, put

STORED: dict[str, Any] = {
    "n": 5,
    "s": "abc",
    "flag": True,
    "tags": {"SS": ["x", "y"]},
    "entries": {"L": [{"S": "first"}, {"M": {"deep": {"N": "7"}}}]},
    "nested": {"M": {"leaf": {"S": "v"}}},
    "octets": {"B": "AAEC"},
}


def holds(condition: str, **parts: object) -> bool:
    """Say whether a condition holds for the stored item."""
    table = FakeDynamoDB()
    put(table, **STORED)
    request = {"TableName": TABLE, "Key": KEY, **expression(condition=condition, **parts)}
    try:
        table.call("DeleteItem", request)
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        return False
    return True


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("n = :v", 5, True),
        ("n = :v", {"N": "5.00"}, True),
        ("n = :v", "5", False),
        ("n <> :v", "5", True),
        ("absent = :v", 5, False),
        ("absent <> :v", 5, True),
        ("NOT absent = :v", 5, True),
        ("n < :v", 10, True),
        ("n < :v", "9", False),
        ("s > :v", "abb", True),
        ("s >= :v", "abcd", False),
        ("octets < :v", {"B": "AAED"}, True),
        (":v BETWEEN n AND n", 5, True),
        ("n IN (:v, s)", 5, True),
        ("s IN (:v)", "ab", False),
        ("begins_with(s, :v)", "ab", True),
        ("begins_with(n, :v)", "5", False),
        ("contains(s, :v)", "bc", True),
        ("contains(tags, :v)", "x", True),
        ("contains(tags, :v)", "xy", False),
        ("contains(entries, :v)", "first", True),
        ("contains(octets, :v)", {"B": "AQ=="}, True),
        ("size(s) = :v", 3, True),
        ("size(tags) = :v", 2, True),
        ("size(octets) = :v", 3, True),
        ("size(n) = :v", 1, False),
        ("attribute_type(flag, :v)", "BOOL", True),
        ("attribute_type(nested, :v)", "L", False),
        ("entries[1].deep = :v", 7, True),
        ("entries[9] = :v", 7, False),
        ("nested.leaf = :v", "v", True),
        ("tags = :v", {"SS": ["y", "x"]}, True),
        ("flag = :v", True, True),
    ],
)
def test_a_condition_holds_as_dynamodb_says(condition: str, value: object, expected: bool) -> None:
    assert holds(condition, v_v=value) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("attribute_exists(n)", True),
        ("attribute_not_exists(n)", False),
        ("attribute_exists(nested.leaf)", True),
        ("attribute_exists(n) AND attribute_exists(absent)", False),
        ("attribute_exists(n) OR attribute_exists(absent)", True),
        # AND binds closer than OR, NOT closer than both.
        ("attribute_exists(n) OR attribute_exists(absent) AND attribute_exists(gone)", True),
        ("NOT attribute_exists(absent) AND attribute_exists(n)", True),
        ("NOT (attribute_exists(n) AND attribute_exists(s))", False),
        ("(attribute_exists(n) OR attribute_exists(a)) AND (attribute_exists(s))", True),
    ],
)
def test_conditions_combine_by_their_precedence(condition: str, expected: bool) -> None:
    assert holds(condition) is expected


def test_a_condition_on_an_item_that_is_not_there_sees_no_attribute() -> None:
    table = FakeDynamoDB()
    request = {"TableName": TABLE, "Key": KEY}

    with pytest.raises(AwsError, match="ConditionalCheckFailed"):
        table.call("DeleteItem", {**request, **expression(condition="attribute_exists(pk)")})


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("", "can not be empty"),
        ("n =", "Syntax error"),
        ("n = :v AND", "Syntax error"),
        ("n == :v", "Syntax error"),
        ("n = :v !", "Syntax error"),
        ("((n = :v))", "redundant parentheses"),
        ("status = :v", "reserved keyword"),
        ("#absent = :v", "is not defined"),
        ("n = :missing", "is not defined"),
        ("begin(n, :v)", "Invalid function name"),
        ("if_not_exists(n, :v)", "not allowed in a condition"),
        ("begins_with(s, :v, :v)", "number of operands"),
        ("begins_with(s, :v)", "Incorrect operand type"),
        ("attribute_exists(:v)", "requires a document path"),
        ("contains(s, s)", "must be distinct"),
        ("n BETWEEN :v AND :less", "upper bound"),
        ("n BETWEEN :v AND :text", "same data type"),
        ("attribute_type(n, :text)", "Invalid attribute type name"),
        ("n < :flag", "Incorrect operand type"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(condition: str, why: str) -> None:
    values = {"v": 5, "less": 4, "text": "t", "flag": True}
    used = {f"v_{name}": value for name, value in values.items() if f":{name}" in condition}

    with pytest.raises(AwsError, match=why) as refused:
        holds(condition, **used)

    assert refused.value.code == "ValidationException"


def test_placeholders_that_no_expression_uses_are_refused() -> None:
    with pytest.raises(AwsError, match=r"unused in expressions: keys: \{:b\}"):
        holds("n = :a", v_a=1, v_b=2)
    with pytest.raises(AwsError, match=r"unused in expressions: keys: \{#b\}"):
        holds("#a = :a", v_a=1, n_a="n", n_b="s")
    with pytest.raises(AwsError, match="can only be specified when using expressions"):
        FakeDynamoDB().call("GetItem", {"TableName": TABLE, "Key": KEY, **expression(n_a="n")})


def test_a_refused_write_can_bring_the_item_it_met() -> None:
    table = FakeDynamoDB()
    put(table, n=5)
    request = {"TableName": TABLE, "Key": KEY, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    with pytest.raises(AwsError) as refused:
        table.call("DeleteItem", {**request, **expression(condition="attribute_not_exists(pk)")})

    assert refused.value.payload["Item"] == {**KEY, "n": {"N": "5"}}
