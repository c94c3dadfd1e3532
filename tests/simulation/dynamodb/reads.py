"""GetItem, BatchGetItem and TransactGetItems: rows by key, whole or projected, and the cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error, invalid
from tests.simulation.dynamodb.bindings import Bindings
from tests.simulation.dynamodb.capacity import Cost, read_units
from tests.simulation.dynamodb.projections import project
from tests.simulation.dynamodb.requests import check_parameters
from tests.simulation.dynamodb.schema import Key
from tests.simulation.dynamodb.syntax import Path
from tests.simulation.dynamodb.table import Row, Table
from tests.simulation.dynamodb.values import Item, copy_item
from tests.simulation.dynamodb.view import View

BATCH_KEYS_MAX = 100
BATCH_BYTES_MAX = 16 * 1024 * 1024
TRANSACTION_ITEMS_MAX = 100


def shown(row: Row, projection: tuple[Path, ...] | None) -> Item:
    """Return a copy of what an answer shows of a row."""
    return copy_item(row.item) if projection is None else project(row.item, projection)


def _projection(payload: Mapping[str, Any]) -> tuple[Path, ...] | None:
    bindings = Bindings(payload)
    projection = bindings.projection()
    bindings.refuse_unused()
    return projection


def get_item(payload: Mapping[str, Any], table: Table, view: View) -> tuple[dict[str, Any], Cost]:
    """Perform GetItem on what the view sees."""
    projection = _projection(payload)
    row = view.row(table.schema.key_of(payload["Key"]))
    consistent = bool(payload.get("ConsistentRead"))
    cost = Cost(read=read_units(row.size if row else 0, consistent=consistent))
    return ({"Item": shown(row, projection)} if row else {}), cost


def batch_get_item(
    payload: Mapping[str, Any], table: Table, past: View, limit: int | None
) -> tuple[dict[str, Any], Cost]:
    """Perform BatchGetItem; beyond `limit` keys, or 16 MB, keys come back as unprocessed.

    Answers come in no promised order: here in reverse, so that nobody relies on it.
    """
    requests: Mapping[str, Any] = payload["RequestItems"]
    if set(requests) != {table.schema.name}:
        raise aws_error("ResourceNotFoundException", "Requested resource not found")
    request = requests[table.schema.name]
    check_parameters("BatchGetItem.RequestItems", request, table.schema.name)
    projection = _projection(request)
    keys = _distinct(table, request["Keys"])
    consistent = bool(request.get("ConsistentRead"))
    view = View(table) if consistent else past
    if limit == 0:
        raise aws_error(
            "ProvisionedThroughputExceededException", "no key of the batch could be read"
        )
    cost, items, size, done = Cost(), [], 0, 0
    for key in keys[:limit]:
        row = view.row(key)
        size += row.size if row else 0
        if size > BATCH_BYTES_MAX:
            break
        done += 1
        cost.read += read_units(row.size if row else 0, consistent=consistent)
        if row:
            items.append(shown(row, projection))
    left = request["Keys"][done:]
    unprocessed = {table.schema.name: {**request, "Keys": left}} if left else {}
    answer = {"Responses": {table.schema.name: items[::-1]}, "UnprocessedKeys": unprocessed}
    return answer, cost


def _distinct(table: Table, given: list[Mapping[str, Any]]) -> list[Key]:
    if not 0 < len(given) <= BATCH_KEYS_MAX:
        raise invalid(f"A batch takes 1 to {BATCH_KEYS_MAX} keys; {len(given)} given")
    keys = [table.schema.key_of(key) for key in given]
    if len(set(keys)) != len(keys):
        raise invalid("Provided list of item keys contains duplicates")
    return keys


def transact_get_items(payload: Mapping[str, Any], table: Table) -> tuple[dict[str, Any], Cost]:
    """Perform TransactGetItems: one consistent instant, at twice the price."""
    members = payload["TransactItems"]
    if not 0 < len(members) <= TRANSACTION_ITEMS_MAX:
        raise invalid(f"A transaction takes 1 to {TRANSACTION_ITEMS_MAX} items")
    responses, cost = [], Cost()
    for position, member in enumerate(members):
        if list(member) != ["Get"]:
            raise invalid("TransactItems can only contain one of Get")
        request = member["Get"]
        check_parameters("Get", request, table.schema.name)
        projection = _projection(request)
        try:
            row = table.rows.get(table.schema.key_of(request["Key"]))
        except AwsError as error:
            raise cancelled({position: validation_reason(error)}, len(members)) from error
        cost.read += 2 * read_units(row.size if row else 0, consistent=True)
        responses.append({"Item": shown(row, projection)} if row else {})
    return {"Responses": responses}, cost


def validation_reason(error: AwsError) -> dict[str, Any]:
    """Return the cancellation reason of a member that could not be carried out."""
    return {"Code": "ValidationError", "Message": error.message}


def cancelled(reasons: Mapping[int, dict[str, Any]], count: int) -> AwsError:
    """Return a transaction's refusal: a reason for each member, `None` for those without fault."""
    listed = [reasons.get(position, {"Code": "None"}) for position in range(count)]
    codes = ", ".join(reason["Code"] for reason in listed)
    return aws_error(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=listed,
    )
