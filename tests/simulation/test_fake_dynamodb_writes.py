"""Single writes: update expressions, limits of items and keys, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.shorthand import KEY, TABLE, expression, get, item, put, update

LIST = {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]}


@pytest.fixture
def table() -> FakeDynamoDB:
    return FakeDynamoDB()


@pytest.mark.parametrize(
    ("stored", "text", "value", "expected"),
    [
        ({}, "SET a = :v", "x", {"a": {"S": "x"}}),
        ({"a": 1}, "SET a = a + :v", 2, {"a": {"N": "3"}}),
        ({"a": 1}, "SET a = a - :v", {"N": "0.1"}, {"a": {"N": "0.9"}}),
        ({}, "SET a = if_not_exists(a, :v) + :v", 2, {"a": {"N": "4"}}),
        ({"a": 1}, "SET b = a, a = :v", 9, {"a": {"N": "9"}, "b": {"N": "1"}}),
        ({"a": 1, "b": 2}, "REMOVE a SET b = :v", 9, {"b": {"N": "9"}}),
        ({}, "ADD a :v", 5, {"a": {"N": "5"}}),
        ({"a": {"SS": ["x"]}}, "ADD a :v", {"SS": ["y", "x"]}, {"a": {"SS": ["x", "y"]}}),
        ({"a": {"NS": ["10", "9"]}}, "DELETE a :v", {"NS": ["10"]}, {"a": {"NS": ["9"]}}),
        ({"a": {"SS": ["x"]}}, "DELETE a :v", {"SS": ["x"]}, {}),
        ({"l": LIST}, "SET l[1] = :v", "z", {"l": {"L": [LIST["L"][0], {"S": "z"}, LIST["L"][2]]}}),
        ({"l": LIST}, "SET l[9] = :v", "z", {"l": {"L": [*LIST["L"], {"S": "z"}]}}),
        (
            {"m": {"M": {"x": {"N": "1"}}}},
            "SET m.y = :v",
            2,
            {"m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}},
        ),
        ({}, "SET l = list_append(:v, :v)", {"L": [{"S": "a"}]}, {"l": {"L": [{"S": "a"}] * 2}}),
    ],
)
def test_an_update_changes_the_item_as_its_expression_says(
    table: FakeDynamoDB, stored: dict[str, Any], text: str, value: object, expected: dict[str, Any]
) -> None:
    put(table, **stored)

    assert update(table, text, v_v=value) == expected


def test_removed_list_positions_are_those_of_the_item_before(table: FakeDynamoDB) -> None:
    put(table, l=LIST)

    assert update(table, "REMOVE l[0], l[1]") == {"l": {"L": [{"S": "c"}]}}


def test_an_update_of_nothing_makes_the_item(table: FakeDynamoDB) -> None:
    table.call("UpdateItem", {"TableName": TABLE, "Key": KEY})

    assert get(table) == {}


@pytest.mark.parametrize(
    ("text", "parts", "why"),
    [
        ("SET pk = :v", {"v_v": "x"}, "part of the key"),
        ("SET a = :v SET b = :v", {"v_v": 1}, "can only be used once"),
        ("SET a = :v, a.b = :v", {"v_v": 1}, "overlap with each other"),
        ("SET a = gone", {}, "does not exist in the item"),
        ("SET a = word + :v", {"v_v": 1}, "incorrect data type"),
        ("ADD word :v", {"v_v": 1}, "incorrect data type"),
        ("ADD a :v", {"v_v": "text"}, "Incorrect operand type"),
        ("DELETE a :v", {"v_v": 1}, "Incorrect operand type"),
        ("SET gone.x = :v", {"v_v": 1}, "invalid for update"),
        ("REMOVE gone.x", {}, "invalid for update"),
        ("SET a = sum(:v)", {"v_v": 1}, "Invalid function name"),
        ("SET a :v", {"v_v": 1}, "Syntax error"),
        ("SET gsi1pk = :v", {"v_v": 1}, "Type mismatch for Index Key"),
        ("SET gsi1pk = :v", {"v_v": ""}, "empty string value"),
        ("SET a = :v", {"v_v": {"S": "x" * 409_600}}, "size to update has exceeded"),
        ("SET a = :v", {"v_v": {"N": "9" * 39}}, "more than 38 significant digits"),
        ("SET a = big + :v", {"v_v": {"N": "0.1"}}, "more than 38 significant digits"),
    ],
)
def test_an_update_that_does_not_fit_is_refused_and_changes_nothing(
    table: FakeDynamoDB, text: str, parts: dict[str, Any], why: str
) -> None:
    put(table, word="w", big={"N": "9" * 38})
    before = get(table)

    with pytest.raises(AwsError, match=why) as refused:
        update(table, text, **parts)

    assert refused.value.code == "ValidationException"
    assert get(table) == before


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"sk": {"S": "s"}}, "Missing the key pk"),
        ({"pk": {"N": "1"}, "sk": {"S": "s"}}, "Type mismatch for key pk"),
        ({"pk": {"S": ""}, "sk": {"S": "s"}}, "empty string value"),
        ({"pk": {"S": "x" * 2049}, "sk": {"S": "s"}}, "2048 bytes"),
        ({"pk": {"S": "p"}, "sk": {"S": "é" * 513}}, "1024 bytes"),
        (item(gsi2sk=""), "IndexKey: gsi2sk"),
        (item(a={"SS": []}), "may not be empty"),
        (item(a={"SS": ["x", "x"]}), "duplicates"),
        (item(a={"N": "one"}), "cannot be converted to a numeric value"),
        (item(a={"N": "1E126"}), "overflow"),
        (item(a={"N": "1E-131"}), "underflow"),
        (item(a={}), "is empty"),
        (item(a={"S": "x", "N": "1"}), "more than one datatypes"),
        (item(a={"X": "x"}), "is empty"),
        (item(a={"S": "x" * 409_600}), "Item size has exceeded"),
    ],
)
def test_an_item_dynamodb_could_not_hold_is_refused(
    table: FakeDynamoDB, broken: dict[str, Any], why: str
) -> None:
    with pytest.raises(AwsError, match=why):
        table.call("PutItem", {"TableName": TABLE, "Item": broken})

    assert list(table.items()) == []


def test_an_item_of_just_400_kilobytes_is_held(table: FakeDynamoDB) -> None:
    names_and_key = len("pk") + len("p") + len("sk") + len("s") + len("a")

    put(table, a="x" * (409_600 - names_and_key))

    assert get(table)


def test_nesting_is_limited_to_32_levels(table: FakeDynamoDB) -> None:
    deep: dict[str, Any] = {"S": "x"}
    for _ in range(31):
        deep = {"L": [deep]}

    put(table, a=deep)

    with pytest.raises(AwsError, match="Nesting Levels"):
        put(table, a={"L": [deep]})


def test_numbers_come_back_in_one_form(table: FakeDynamoDB) -> None:
    put(table, a={"N": "+01.500"}, b={"N": "1E3"}, c={"NS": ["10", "9.0"]}, d={"N": "-0"})

    assert get(table) == {
        "a": {"N": "1.5"},
        "b": {"N": "1000"},
        "c": {"NS": ["9", "10"]},
        "d": {"N": "0"},
    }


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", {**KEY, "a": {"N": "1"}, "b": {"N": "2"}}),
        ("ALL_NEW", {**KEY, "a": {"N": "9"}, "b": {"N": "2"}}),
        ("UPDATED_OLD", {"a": {"N": "1"}}),
        ("UPDATED_NEW", {"a": {"N": "9"}}),
    ],
)
def test_an_update_returns_what_was_asked(table: FakeDynamoDB, mode: str, expected: object) -> None:
    put(table, a=1, b=2)
    request = {"TableName": TABLE, "Key": KEY, **expression(update="SET a = :v", v_v=9)}

    answer = table.call("UpdateItem", {**request, "ReturnValues": mode})

    assert answer.get("Attributes") == expected


@pytest.mark.parametrize(
    ("operation", "payload", "why"),
    [
        ("DescribeTable", {"TableName": TABLE}, "not faked"),
        ("Scan", {"TableName": TABLE, "Segment": 0}, "takes no parameter"),
        ("GetItem", {"TableName": TABLE}, "must not be null"),
        ("GetItem", {"TableName": TABLE, "Key": {**KEY, "a": {"S": "x"}}}, "does not match"),
        ("GetItem", {"TableName": TABLE, "Key": KEY, "Consistent": True}, "takes no parameter"),
        ("GetItem", {"TableName": "other", "Key": KEY}, "resource not found"),
        ("PutItem", {"TableName": TABLE, "Item": KEY, "ReturnValues": "ALL_NEW"}, "ALL_OLD or"),
        ("PutItem", {"TableName": TABLE, "Item": KEY, "ReturnValues": "SOME"}, "enum value set"),
    ],
)
def test_a_request_dynamodb_does_not_know_is_refused(
    table: FakeDynamoDB, operation: str, payload: dict[str, Any], why: str
) -> None:
    with pytest.raises(AwsError, match=why):
        table.call(operation, payload)


def test_what_the_caller_does_with_values_does_not_reach_the_table(table: FakeDynamoDB) -> None:
    given = item(a={"L": [{"S": "x"}]})
    table.call("PutItem", {"TableName": TABLE, "Item": given})
    given["a"]["L"].append({"S": "y"})
    answered = table.call("GetItem", {"TableName": TABLE, "Key": KEY})["Item"]
    answered["a"]["L"].append({"S": "z"})

    assert get(table) == {"a": {"L": [{"S": "x"}]}}
