"""The table as an adapter: the Store's contract on two DynamoDBs, and what only DynamoDB does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from shared.adapters.aws import AwsError
from shared.adapters.table import Table
from shared.domain.errors import Contended, Retryable
from shared.domain.ports import Check, Name, Write
from tests.contracts.store_contract import CONTACT, ORDER, StoreContract, entry, entry_name, head
from tests.fakes.memory_store import MemoryStore
from tests.simulation.conformance import Call
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.moto_backend import moto_dynamodb


class TestTableOnTheFake(StoreContract):
    """All of the contract, on the simulator's DynamoDB."""

    @override
    @pytest.fixture
    def store(self) -> Any:
        fake = FakeDynamoDB()
        return Table(fake.schema.name, fake)


class TestTableOnMoto(StoreContract):
    """All of the contract, on somebody else's DynamoDB."""

    @override
    @pytest.fixture
    def store(self) -> Iterator[Any]:
        schema = Schema()
        with moto_dynamodb(schema) as call:
            yield Table(schema.name, Calls(call))


class Calls:
    """A client made of a function; it remembers what was asked."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, operation: str, payload: Mapping[str, object]) -> dict[str, Any]:
        self.asked.append((operation, payload))
        return self._call(operation, payload)


def recorded() -> tuple[Table, Calls, FakeDynamoDB]:
    fake = FakeDynamoDB()
    calls = Calls(fake.call)
    return Table(fake.schema.name, calls), calls, fake


def failing(error: AwsError) -> Table:
    def call(operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        raise error

    return Table("paysignal", Calls(call))


def test_documents_are_read_as_of_now_a_hundred_at_a_time() -> None:
    store, calls, _ = recorded()

    store.read([("email", f"{number}@example.com") for number in range(201)])

    asked = [payload["RequestItems"]["paysignal"] for _, payload in calls.asked]
    assert [len(each["Keys"]) for each in asked] == [100, 100, 1]
    assert all(each["ConsistentRead"] for each in asked)


def test_one_write_is_no_transaction() -> None:
    """A transaction costs twice as much."""
    store, calls, _ = recorded()

    store.commit([Write(CONTACT, {"version": 1}, 0)])
    store.commit([Write(CONTACT, None, 1)])
    store.commit([Check(CONTACT, 0)])

    assert [operation for operation, _ in calls.asked] == [
        "PutItem",
        "DeleteItem",
        "TransactWriteItems",
    ]


def test_what_dynamodb_held_back_is_asked_for_again() -> None:
    fake, waits = FakeDynamoDB(), list[float]()
    store = Table(fake.schema.name, fake, waits.append)
    names: list[Name] = [("email", f"{number}@example.com") for number in range(9)]
    for name in names:
        store.commit([Write(name, {"version": 1}, 0)])
    fake.batch_limit = 4

    found = store.read(names)

    assert all(found.values())
    assert waits == [0.02]


def test_a_table_that_hands_out_nothing_is_given_up_for_now() -> None:
    waits: list[float] = []

    def nothing(operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"Responses": {}, "UnprocessedKeys": payload["RequestItems"]}

    with pytest.raises(Retryable):
        Table("paysignal", Calls(nothing), waits.append).read([CONTACT])

    assert waits == sorted(waits)
    assert sum(waits) < 10


def test_a_history_larger_than_an_answer_is_read_to_its_end() -> None:
    """An answer holds a megabyte."""
    store, calls, _ = recorded()
    for number in range(60):
        noise = Random(number).randbytes(20_000).hex()
        told = entry(number, said={"terms": {"note": noise}})
        store.commit([Write(entry_name(ORDER, told), {"entry": told}, None)])

    found = store.history(ORDER)

    assert [each.at for each in found] == list(range(60))
    assert sum(operation == "Query" for operation, _ in calls.asked) > 1


def test_a_history_is_read_as_of_now_and_an_index_as_it_is() -> None:
    store, calls, _ = recorded()

    store.history(ORDER)
    store.of_contact("c1", None)

    assert calls.asked[0][1]["ConsistentRead"] is True
    assert "ConsistentRead" not in calls.asked[1][1]


def test_an_event_that_changes_neither_owner_nor_date_writes_nothing_to_an_index() -> None:
    store, _, fake = recorded()
    store.commit([Write(ORDER, head(contact_id="c1", customer_id="cus_1"), 0)])
    fake.usage.reset()

    store.commit([Write(ORDER, head(contact_id="c1", customer_id="cus_1", version=2), 1)])

    assert fake.usage.write_units == 1


def _cancelled(*codes: str) -> AwsError:
    reasons = [{"Code": code} for code in codes]
    payload = {"CancellationReasons": reasons}
    return AwsError("TransactionCanceledException", "cancelled", 400, payload)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (AwsError("ConditionalCheckFailedException", "", 400, {}), Contended),
        (AwsError("TransactionConflictException", "", 400, {}), Contended),
        (AwsError("TransactionInProgressException", "", 400, {}), Contended),
        (_cancelled("None", "ConditionalCheckFailed"), Contended),
        (_cancelled("TransactionConflict", "None"), Contended),
        (_cancelled("ThrottlingError", "ConditionalCheckFailed"), Contended),
        (_cancelled("ThrottlingError", "None"), Retryable),
        (_cancelled("ProvisionedThroughputExceeded"), Retryable),
        (_cancelled("ValidationError"), AwsError),
        (_cancelled("ItemCollectionSizeLimitExceeded", "None"), AwsError),
        (_cancelled(), AwsError),
        (AwsError("ProvisionedThroughputExceededException", "", 400, {}), Retryable),
        (AwsError("InternalServerError", "", 500, {}), Retryable),
        (AwsError("ConnectionError", "", 0, {}), Retryable),
        (AwsError("ValidationException", "", 400, {}), AwsError),
        (AwsError("AccessDeniedException", "", 400, {}), AwsError),
    ],
    ids=lambda value: str(getattr(value, "payload", None) or value),
)
def test_what_a_refused_commit_means(error: AwsError, meaning: type[Exception]) -> None:
    for steps in ([Write(CONTACT, {"version": 1}, 0)], [Check(CONTACT, 0), Check(ORDER, 0)]):
        with pytest.raises(meaning) as raised:
            failing(error).commit(steps)

        assert type(raised.value) is meaning


def test_reading_fails_for_now_where_that_may_pass() -> None:
    throttled = failing(AwsError("ThrottlingException", "", 400, {}))
    forbidden = failing(AwsError("AccessDeniedException", "", 400, {}))

    for table, meaning in ((throttled, Retryable), (forbidden, AwsError)):
        with pytest.raises(meaning):
            table.read([CONTACT])
        with pytest.raises(meaning):
            table.history(ORDER)


NAMES: tuple[Name, ...] = (CONTACT, ORDER, ("email", "a"), ("recurring_payment", "shop", "s"))
EXPECTED = st.sampled_from([0, 0, 1, 2, None])
DOCUMENT = st.builds(
    head,
    version=st.integers(1, 3),
    contact_id=st.sampled_from([None, "c1", "c2"]),
    email=st.sampled_from([None, "a", "b"]),
    customer_id=st.sampled_from([None, "cus_1"]),
    shown=st.booleans(),
)
STEP = st.one_of(
    st.builds(Write, st.sampled_from(NAMES), st.one_of(st.none(), DOCUMENT), EXPECTED),
    st.builds(Check, st.sampled_from(NAMES), st.sampled_from([0, 1, 2])),
)
COMMIT = st.lists(STEP, min_size=1, max_size=3, unique_by=lambda step: step.name)


@settings(max_examples=150)
@given(commits=st.lists(COMMIT, max_size=8))
def test_no_sequence_of_commits_tells_the_fake_store_from_the_table(
    commits: list[list[Write | Check]],
) -> None:
    stores: list[Any] = [MemoryStore(), Table("paysignal", FakeDynamoDB())]

    for steps in commits:
        outcomes = [_outcome(store, steps) for store in stores]

        assert outcomes[0] == outcomes[1]
    assert stores[0].read(NAMES) == stores[1].read(NAMES)
    for listing, of in (("waiting", "a"), ("of_contact", "c1"), ("of_contact", "c2")):
        found = [sorted(getattr(store, listing)(of, None)[0]) for store in stores]
        assert found[0] == found[1]


def _outcome(store: Any, steps: list[Write | Check]) -> str:
    try:
        store.commit(steps)
    except Contended:
        return "contended"
    return "done"
