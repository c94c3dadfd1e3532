"""Reads: queries in order and in pages, indexes, projections, batches, and the past."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.shorthand import KEY, TABLE, item, put
from tests.simulation.virtual_clock import VirtualClock

SORT_KEYS = ["a#1", "a#2", "b#1", "b#2", "c"]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def table(clock: VirtualClock) -> FakeDynamoDB:
    table = FakeDynamoDB(clock=clock)
    for sk in reversed(SORT_KEYS):
        put(table, sk, name=f"name {sk}")
    put(table, "a#1", pk="other")
    return table


def query(table: FakeDynamoDB, condition: str, **parameters: Any) -> dict[str, Any]:
    """Query the partition `p`; values `:a` and `:b` are a#2 and b#1, `:x` is a#."""
    values = {":p": "p", ":a": "a#2", ":b": "b#1", ":x": "a#", ":c": "contact"}
    text = f"{condition} {parameters.get('FilterExpression', '')}"
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {
            name: {"S": value} for name, value in values.items() if name in text
        },
        **parameters,
    }
    return table.call("Query", request)


def found(answer: dict[str, Any]) -> list[str]:
    return [item["sk"]["S"] for item in answer["Items"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("pk = :p", SORT_KEYS),
        ("pk = :p AND sk = :a", ["a#2"]),
        ("pk = :p AND sk < :a", ["a#1"]),
        ("pk = :p AND sk <= :a", ["a#1", "a#2"]),
        ("pk = :p AND sk > :a", ["b#1", "b#2", "c"]),
        ("sk >= :a AND pk = :p", ["a#2", "b#1", "b#2", "c"]),
        ("pk = :p AND sk BETWEEN :a AND :b", ["a#2", "b#1"]),
        ("(pk = :p) AND (begins_with(sk, :x))", ["a#1", "a#2"]),
    ],
)
def test_a_query_returns_the_part_of_the_partition_in_order(
    table: FakeDynamoDB, condition: str, expected: list[str]
) -> None:
    assert found(query(table, condition)) == expected
    assert found(query(table, condition, ScanIndexForward=False)) == expected[::-1]


@pytest.mark.parametrize("forward", [True, False])
def test_pages_join_to_the_whole(table: FakeDynamoDB, forward: bool) -> None:
    answer = query(table, "pk = :p", Limit=2, ScanIndexForward=forward)
    seen, pages = found(answer), 1
    while "LastEvaluatedKey" in answer:
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        answer = query(table, "pk = :p", Limit=2, ScanIndexForward=forward, **start)
        seen += found(answer)
        pages += 1

    assert seen == (SORT_KEYS if forward else SORT_KEYS[::-1])
    assert pages == 3


def test_a_page_that_ends_at_its_limit_promises_more_even_where_nothing_follows(
    table: FakeDynamoDB,
) -> None:
    answer = query(table, "pk = :p", Limit=len(SORT_KEYS))

    assert answer["LastEvaluatedKey"] == item("c")
    assert found(query(table, "pk = :p", ExclusiveStartKey=answer["LastEvaluatedKey"])) == []


def test_a_page_holds_about_one_megabyte(table: FakeDynamoDB) -> None:
    for number in range(4):
        put(table, str(number), pk="big", text="x" * 400_000)
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "big"}},
    }

    answer = table.call("Query", request)

    assert found(answer) == ["0", "1", "2"]
    assert answer["LastEvaluatedKey"] == item("2", pk="big")


def test_a_filter_comes_after_the_limit_and_does_not_lower_the_count_scanned(
    table: FakeDynamoDB,
) -> None:
    names = {"#n": "name"}
    answer = query(
        table,
        "pk = :p",
        Limit=3,
        FilterExpression="contains(#n, :x)",
        ExpressionAttributeNames=names,
    )

    assert found(answer) == ["a#1", "a#2"]
    assert (answer["Count"], answer["ScannedCount"]) == (2, 3)


def test_an_index_holds_the_keys_of_items_that_have_its_attributes(table: FakeDynamoDB) -> None:
    put(table, "x", gsi1pk="contact", gsi1sk="2", note="not projected")
    put(table, "y", gsi1pk="contact", gsi1sk="1")
    put(table, "z", gsi1pk="contact")

    answer = query(table, "gsi1pk = :c", IndexName="by_contact")

    assert answer["Items"] == [
        item("y", gsi1pk="contact", gsi1sk="1"),
        item("x", gsi1pk="contact", gsi1sk="2"),
    ]


def test_pages_of_an_index_tell_equal_sort_keys_apart(table: FakeDynamoDB) -> None:
    for sk in "xyz":
        put(table, sk, gsi1pk="contact", gsi1sk="same")
    first = query(table, "gsi1pk = :c", IndexName="by_contact", Limit=2)

    second = query(
        table,
        "gsi1pk = :c",
        IndexName="by_contact",
        ExclusiveStartKey=first["LastEvaluatedKey"],
    )

    assert found(first) + found(second) == ["x", "y", "z"]


def test_a_stale_read_sees_the_past_unless_it_is_consistent(
    table: FakeDynamoDB, clock: VirtualClock
) -> None:
    put(table, "x", gsi1pk="contact", gsi1sk="1")
    clock.advance(10_000)
    put(table, "x", gsi1pk="someone else", gsi1sk="1")
    put(table, "y", gsi1pk="contact", gsi1sk="2")

    table.read_lag_ms = 5_000
    stale = query(table, "gsi1pk = :c", IndexName="by_contact")
    table.read_lag_ms = 5_000
    consistent = query(table, "pk = :p AND sk > :b", ConsistentRead=True)
    table.read_lag_ms = 5_000
    lagging = query(table, "pk = :p AND sk > :b")

    assert found(stale) == ["x"]
    assert found(query(table, "gsi1pk = :c", IndexName="by_contact")) == ["y"]
    assert found(consistent) == ["b#2", "c", "x", "y"]
    assert found(lagging) == ["b#2", "c", "x"]


@pytest.mark.parametrize(
    ("condition", "parameters", "why"),
    [
        ("sk = :a", {}, "missed key schema element"),
        ("pk = :p AND pk = :a", {}, "not supported"),
        ("pk = :p AND sk <> :a", {}, "Invalid operator"),
        ("pk = :p OR sk = :a", {}, "Invalid operator"),
        ("pk > :p", {}, "not supported"),
        ("pk = :p", {"Limit": 0}, "greater than or equal to 1"),
        ("pk = :p", {"IndexName": "other"}, "does not have the specified index"),
        ("gsi1pk = :p", {"IndexName": "by_contact", "ConsistentRead": True}, "not supported"),
        ("pk = :p", {"FilterExpression": "sk = :a"}, "non-primary key attributes"),
        ("pk = :p", {"ExclusiveStartKey": {"pk": {"S": "p"}}}, "starting key is invalid"),
        ("pk = :p", {"ExclusiveStartKey": item("a", pk="q")}, "outside query boundaries"),
        (
            "gsi1pk = :p",
            {"IndexName": "by_contact", "ProjectionExpression": "note"},
            "does not project",
        ),
    ],
)
def test_a_query_dynamodb_would_refuse_is_refused(
    table: FakeDynamoDB, condition: str, parameters: dict[str, Any], why: str
) -> None:
    with pytest.raises(AwsError, match=why):
        query(table, condition, **parameters)


def test_a_projection_shows_only_its_paths(table: FakeDynamoDB) -> None:
    put(table, "s", m={"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, l={"L": [{"N": "1"}, {"N": "2"}]})
    request = {"TableName": TABLE, "Key": KEY, "ProjectionExpression": "sk, m.y, l[1], gone"}

    answer = table.call("GetItem", request)

    assert answer["Item"] == {
        "sk": {"S": "s"},
        "m": {"M": {"y": {"N": "2"}}},
        "l": {"L": [{"N": "2"}]},
    }


def batch(*sort_keys: str) -> dict[str, Any]:
    return {"RequestItems": {TABLE: {"Keys": [item(sk) for sk in sort_keys]}}}


def test_a_batch_answers_what_exists_in_no_promised_order(table: FakeDynamoDB) -> None:
    answer = table.call("BatchGetItem", batch("a#1", "gone", "b#1"))

    assert {each["sk"]["S"] for each in answer["Responses"][TABLE]} == {"a#1", "b#1"}
    assert answer["UnprocessedKeys"] == {}


def test_a_batch_may_leave_keys_unprocessed(table: FakeDynamoDB) -> None:
    table.batch_limit = 1

    answer = table.call("BatchGetItem", batch("a#1", "a#2", "b#1"))
    rest = table.call("BatchGetItem", {"RequestItems": answer["UnprocessedKeys"]})

    assert [each["sk"]["S"] for each in answer["Responses"][TABLE]] == ["a#1"]
    assert {each["sk"]["S"] for each in rest["Responses"][TABLE]} == {"a#2", "b#1"}


def test_a_batch_of_two_equal_keys_or_of_too_many_is_refused(table: FakeDynamoDB) -> None:
    with pytest.raises(AwsError, match="duplicates"):
        table.call("BatchGetItem", batch("a#1", "a#1"))
    with pytest.raises(AwsError, match="1 to 100"):
        table.call("BatchGetItem", batch(*[str(number) for number in range(101)]))
