"""What calls cost, by the rules AWS bills by, and what the stream tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.shorthand import KEY, TABLE, expression, item, put
from tests.simulation.virtual_clock import START_MS, VirtualClock

KILOBYTE = 1024


def cost(table: FakeDynamoDB, operation: str, **payload: Any) -> dict[str, Any]:
    """Return what one call consumed, by table and index."""
    named = {"TableName": TABLE} if not operation.startswith("Transact") else {}
    request = {**named, **payload, "ReturnConsumedCapacity": "INDEXES"}
    consumed = table.call(operation, request)["ConsumedCapacity"]
    result: dict[str, Any] = consumed[0] if isinstance(consumed, list) else consumed
    return result


@pytest.fixture
def table() -> FakeDynamoDB:
    return FakeDynamoDB()


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1000, 1), (1030, 2), (10_000, 10)])
def test_a_write_costs_one_unit_for_each_started_kilobyte(
    table: FakeDynamoDB, size: int, units: float
) -> None:
    consumed = cost(table, "PutItem", Item=item(text="x" * size))

    assert consumed == {
        "TableName": TABLE,
        "CapacityUnits": units,
        "Table": {"CapacityUnits": units},
    }


def test_a_write_is_charged_for_the_larger_of_the_two_images(table: FakeDynamoDB) -> None:
    put(table, text="x" * 3 * KILOBYTE)

    assert cost(table, "PutItem", Item=item())["CapacityUnits"] == 4
    assert cost(table, "DeleteItem", Key=KEY)["CapacityUnits"] == 1


def test_an_index_is_charged_for_the_change_of_what_it_holds(table: FakeDynamoDB) -> None:
    def indexed(**attributes: Any) -> float:
        consumed = cost(table, "PutItem", Item=item(**attributes))
        units: float = consumed["CapacityUnits"] - 1
        return units

    enters = indexed(gsi1pk="a", gsi1sk="1")
    stays = indexed(gsi1pk="a", gsi1sk="1", other=2)
    moves = indexed(gsi1pk="b", gsi1sk="1")
    both = indexed(gsi1pk="b", gsi1sk="2", gsi2pk="c", gsi2sk="3")
    leaves = indexed(gsi2pk="c", gsi2sk="3")
    half = indexed(gsi1pk="b", gsi2pk="c", gsi2sk="3")

    assert [enters, stays, moves, both, leaves, half] == [1, 0, 2, 3, 1, 0]


def test_a_transaction_doubles_the_table_but_not_the_index(table: FakeDynamoDB) -> None:
    put(table, "old", text="x" * 3000)
    members = [
        {"Put": {"TableName": TABLE, "Item": item("new", gsi1pk="a", gsi1sk="1")}},
        {"Delete": {"TableName": TABLE, "Key": item("old")}},
        {
            "ConditionCheck": {
                "TableName": TABLE,
                "Key": item("gone"),
                **expression(condition="attribute_not_exists(pk)"),
            }
        },
    ]

    consumed = cost(table, "TransactWriteItems", TransactItems=members)

    assert consumed["Table"] == {"CapacityUnits": 2 + 6 + 2}
    assert consumed["GlobalSecondaryIndexes"] == {"by_contact": {"CapacityUnits": 1}}


def test_a_repeated_token_costs_reads(table: FakeDynamoDB) -> None:
    request = {
        "TransactItems": [{"Put": {"TableName": TABLE, "Item": item(text="x" * 5000)}}],
        "ClientRequestToken": "t",
    }

    table.call("TransactWriteItems", request)
    table.call("TransactWriteItems", request)

    assert (table.usage.write_units, table.usage.read_units) == (2 * 5, 2 * 2)


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(1, True, 1), (1, False, 0.5), (4000, True, 1), (5000, True, 2), (5000, False, 1)],
)
def test_a_read_costs_by_started_4_kilobytes(
    table: FakeDynamoDB, size: int, consistent: bool, units: float
) -> None:
    put(table, text="x" * size)

    consumed = cost(table, "GetItem", Key=KEY, ConsistentRead=consistent)

    assert consumed["CapacityUnits"] == units


def test_a_query_is_charged_for_the_sum_it_read_and_an_index_for_its_keys(
    table: FakeDynamoDB,
) -> None:
    for number in range(10):
        put(table, str(number), text="x" * 900, gsi1pk="g", gsi1sk=str(number))
    by_table = {
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "p"}},
    }
    by_index = {
        "IndexName": "by_contact",
        "KeyConditionExpression": "gsi1pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "g"}},
    }

    assert cost(table, "Query", **by_table)["CapacityUnits"] == 1.5
    assert cost(table, "Query", **by_index)["GlobalSecondaryIndexes"] == {
        "by_contact": {"CapacityUnits": 0.5}
    }


def test_a_refused_condition_costs_a_write(table: FakeDynamoDB) -> None:
    put(table, text="x" * 3000)
    table.usage.reset()
    condition = expression(condition="attribute_not_exists(pk)")

    with pytest.raises(AwsError):
        table.call("PutItem", {"TableName": TABLE, "Item": item(), **condition})

    assert table.usage.write_units == 3
    assert table.usage.calls == {"PutItem": 1}
    assert table.usage.call_count == 1


def test_the_stream_tells_each_change_with_both_images() -> None:
    clock = VirtualClock()
    table = FakeDynamoDB(clock=clock)
    put(table, a=1)
    clock.advance(1000)
    put(table, a=2)
    put(table, a=2)
    table.call("DeleteItem", {"TableName": TABLE, "Key": KEY})
    table.call("DeleteItem", {"TableName": TABLE, "Key": KEY})

    records = table.stream_records()

    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"] == {
        "ApproximateCreationDateTime": START_MS // 1000 + 1,
        "Keys": KEY,
        "OldImage": item(a=1),
        "NewImage": item(a=2),
        "SequenceNumber": f"{2:021d}",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    assert table.stream_records(2) == records[2:]


def test_items_expire_when_their_time_is_over() -> None:
    clock = VirtualClock()
    table = FakeDynamoDB(clock=clock)
    put(table, "a", expires_at=clock() // 1000 + 10)
    put(table, "b")
    clock.advance(10_000)

    assert table.expire() == 1
    assert [each["sk"]["S"] for each in table.items()] == ["b"]
