"""The writes of a commit as DynamoDB takes them, and what a refused call means to a use case."""

from __future__ import annotations

from typing import Any

from shared.adapters.aws import AwsError
from shared.adapters.documents import to_attributes
from shared.adapters.table_keys import index_keys, key_item, key_of
from shared.domain.errors import Contended, Retryable
from shared.domain.ports import Check, Write


def operation_of(step: Write | Check, table: str) -> dict[str, Any]:
    """Return one step of a commit as an item of a transaction."""
    pk, sk = key_of(step.name)
    condition = _condition(step.expected)
    if isinstance(step, Check):
        return {"ConditionCheck": {"TableName": table, "Key": key_item(pk, sk), **condition}}
    if step.document is None:
        return {"Delete": {"TableName": table, "Key": key_item(pk, sk), **condition}}
    item = {
        **key_item(pk, sk),
        **to_attributes(step.document),
        **index_keys(step.name, step.document),
    }
    return {"Put": {"TableName": table, "Item": item, **condition}}


def meaning(error: AwsError) -> Exception:
    """Return what a failed call means to a use case."""
    if error.code == "ConditionalCheckFailedException":
        return Contended("a document has changed since it was read")
    if error.code == "TransactionCanceledException":
        reasons = {each.get("Code") for each in error.payload.get("CancellationReasons", [])}
        if reasons & {"ConditionalCheckFailed", "TransactionConflict"}:
            return Contended("a document has changed since it was read")
    if error.code in ("TransactionConflictException", "TransactionInProgressException"):
        return Contended("another transaction holds the document")
    return Retryable(f"the table answered {error.code}") if error.retryable else error


def _condition(expected: int | None) -> dict[str, Any]:
    if expected is None:
        return {}
    if expected == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "v = :v",
        "ExpressionAttributeValues": {":v": {"N": str(expected)}},
    }
