"""Transactions: all or nothing, reasons by position, and tokens for ten minutes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.aws import AwsError
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.shorthand import TABLE, expression, get, item, put
from tests.simulation.virtual_clock import VirtualClock

TEN_MINUTES_MS = 600_000


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def table(clock: VirtualClock) -> FakeDynamoDB:
    return FakeDynamoDB(clock=clock)


def member(action: str, sk: str, **parts: Any) -> dict[str, Any]:
    """Return one member of a transaction, on the item of that sort key."""
    attributes = parts.pop("item", {})
    returned = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if parts.pop("old", 0) else {}
    subject = {"Item": item(sk, **attributes)} if action == "Put" else {"Key": item(sk)}
    return {action: {"TableName": TABLE, **subject, **returned, **expression(**parts)}}


def write(table: FakeDynamoDB, *members: dict[str, Any], token: str | None = None) -> None:
    request: dict[str, Any] = {"TransactItems": list(members)}
    if token is not None:
        request["ClientRequestToken"] = token
    table.call("TransactWriteItems", request)


def test_all_members_are_written_together(table: FakeDynamoDB) -> None:
    put(table, "b", n=1)
    put(table, "c")
    put(table, "d")

    write(
        table,
        member("Put", "a", item={"x": 1}),
        member("Update", "b", update="SET n = n + :v", v_v=2),
        member("Delete", "c"),
        member("ConditionCheck", "d", condition="attribute_exists(pk)"),
    )

    assert [get(table, sk) for sk in "abcd"] == [{"x": {"N": "1"}}, {"n": {"N": "3"}}, None, {}]


def test_a_refusal_names_the_reason_of_each_member_and_writes_nothing(table: FakeDynamoDB) -> None:
    put(table, "b", n=1)

    with pytest.raises(AwsError) as refused:
        write(
            table,
            member("Put", "a"),
            member("Put", "b", condition="attribute_not_exists(pk)", old=1),
            member("Update", "c", update="SET x = gone"),
            member("Delete", "d", condition="attribute_exists(pk)"),
        )

    assert refused.value.code == "TransactionCanceledException"
    assert refused.value.cancellation_codes == [
        "None",
        "ConditionalCheckFailed",
        "ValidationError",
        "ConditionalCheckFailed",
    ]
    assert refused.value.payload["CancellationReasons"][1]["Item"] == item("b", n=1)
    assert "[None, ConditionalCheckFailed, ValidationError" in refused.value.message
    assert get(table, "a") is None


def test_the_same_token_writes_once_in_ten_minutes(
    table: FakeDynamoDB, clock: VirtualClock
) -> None:
    add = member("Update", "a", update="ADD n :v", v_v=1)

    write(table, add, token="t")
    write(table, add, token="t")
    clock.advance(TEN_MINUTES_MS - 1)
    write(table, add, token="t")

    assert get(table, "a") == {"n": {"N": "1"}}


def test_a_token_older_than_ten_minutes_writes_again(
    table: FakeDynamoDB, clock: VirtualClock
) -> None:
    add = member("Update", "a", update="ADD n :v", v_v=1)

    write(table, add, token="t")
    clock.advance(TEN_MINUTES_MS)
    write(table, add, token="t")

    assert get(table, "a") == {"n": {"N": "2"}}


def test_a_token_does_not_serve_another_request(table: FakeDynamoDB) -> None:
    write(table, member("Put", "a"), token="t")

    with pytest.raises(AwsError) as refused:
        write(table, member("Put", "b"), token="t")

    assert refused.value.code == "IdempotentParameterMismatchException"


def test_a_cancelled_transaction_leaves_its_token_free(table: FakeDynamoDB) -> None:
    check = member("Delete", "a", condition="attribute_exists(pk)")
    with pytest.raises(AwsError):
        write(table, check, token="t")
    put(table, "a")

    write(table, check, token="t")

    assert get(table, "a") is None


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([], "between 1 and 100"),
        ([member("Put", f"{n}") for n in range(101)], "between 1 and 100"),
        ([member("Put", "a"), member("Delete", "a")], "multiple operations on one item"),
        ([{"Get": {"TableName": TABLE, "Key": item("a")}}], "can only contain one of"),
        ([{"Put": {}, "Delete": {}}], "can only contain one of"),
        ([member("ConditionCheck", "a")], "must not be null"),
        ([member("Put", "a", condition="x = :v")], "is not defined"),
        ([member("Put", "")], "empty string value"),
        ([member("Delete", "")], "empty string value"),
        ([member("Put", "a", item={"gsi1pk": ""})], "empty string value"),
        ([member("Put", str(n), item={"x": "y" * 400_000}) for n in range(11)], "4 MB"),
    ],
)
def test_a_request_at_fault_is_refused_as_a_whole(
    table: FakeDynamoDB, members: list[dict[str, Any]], why: str
) -> None:
    with pytest.raises(AwsError, match=why) as refused:
        write(table, *members)

    assert refused.value.code == "ValidationException"
    assert list(table.items()) == []


def test_a_key_of_another_type_cancels_before_conditions_are_looked_at(
    table: FakeDynamoDB,
) -> None:
    misfit = {"Delete": {"TableName": TABLE, "Key": {"pk": {"N": "1"}, "sk": {"S": "s"}}}}

    with pytest.raises(AwsError) as refused:
        write(table, member("Delete", "a", condition="attribute_exists(pk)"), misfit)

    assert refused.value.cancellation_codes == ["None", "ValidationError"]


def test_transact_get_reads_one_instant(table: FakeDynamoDB) -> None:
    put(table, "a", n=1)
    gets = [{"Get": {"TableName": TABLE, "Key": item(sk)}} for sk in ("a", "b")]

    answer = table.call("TransactGetItems", {"TransactItems": gets})

    assert answer == {"Responses": [{"Item": item("a", n=1)}, {}]}


def test_transact_get_cancels_for_a_key_that_does_not_fit(table: FakeDynamoDB) -> None:
    gets = [{"Get": {"TableName": TABLE, "Key": {"pk": {"S": "p"}}}}]

    with pytest.raises(AwsError) as refused:
        table.call("TransactGetItems", {"TransactItems": gets})

    assert refused.value.cancellation_codes == ["ValidationError"]
