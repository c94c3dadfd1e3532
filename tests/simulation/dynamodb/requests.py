"""Which parameters each operation takes, so that a misspelt one fails here too.

AWS ignores unknown parameters of its JSON protocol in silence; a client without a model needs a
fake that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error, invalid

_NAMES = "ExpressionAttributeNames"
_BOUND = (_NAMES, "ExpressionAttributeValues")
_WRITE = (
    "TableName",
    "ConditionExpression",
    *_BOUND,
    "ReturnValuesOnConditionCheckFailure",
)
_ANSWERED = ("ReturnValues", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics")
_READ = ("TableName", "ProjectionExpression", "ReturnConsumedCapacity", "ConsistentRead")

PARAMETERS: dict[str, frozenset[str]] = {
    name: frozenset(parameters)
    for name, parameters in {
        "GetItem": (*_READ, _NAMES, "Key"),
        "BatchGetItem": ("RequestItems", "ReturnConsumedCapacity"),
        "BatchGetItem.RequestItems": ("Keys", _NAMES, "ConsistentRead", "ProjectionExpression"),
        "PutItem": (*_WRITE, *_ANSWERED, "Item"),
        "UpdateItem": (*_WRITE, *_ANSWERED, "Key", "UpdateExpression"),
        "DeleteItem": (*_WRITE, *_ANSWERED, "Key"),
        "Query": (
            *_READ,
            *_BOUND,
            "IndexName",
            "KeyConditionExpression",
            "FilterExpression",
            "ScanIndexForward",
            "Limit",
            "ExclusiveStartKey",
            "Select",
        ),
        "Scan": (
            "TableName",
            "ConsistentRead",
            "ReturnConsumedCapacity",
            "Limit",
            "ExclusiveStartKey",
        ),
        "TransactWriteItems": (
            "TransactItems",
            "ClientRequestToken",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
        ),
        "TransactGetItems": ("TransactItems", "ReturnConsumedCapacity"),
        "Get": ("TableName", "Key", _NAMES, "ProjectionExpression"),
        "Put": (*_WRITE, "Item"),
        "Update": (*_WRITE, "Key", "UpdateExpression"),
        "Delete": (*_WRITE, "Key"),
        "ConditionCheck": (*_WRITE, "Key"),
    }.items()
}
_REQUIRED = (
    "Item",
    "Key",
    "Keys",
    "RequestItems",
    "TableName",
    "TransactItems",
    "KeyConditionExpression",
)
_CHOICES = {
    "ReturnValues": ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
    "ReturnConsumedCapacity": ("INDEXES", "TOTAL", "NONE"),
    "ReturnItemCollectionMetrics": ("SIZE", "NONE"),
    "ReturnValuesOnConditionCheckFailure": ("ALL_OLD", "NONE"),
    "Select": ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"),
}


def check_parameters(operation: str, payload: Mapping[str, Any], table: str) -> None:
    """Raise AwsError for a parameter the operation does not take, or lacks, or cannot read."""
    known = PARAMETERS[operation]
    for name, value in payload.items():
        if name not in known:
            raise invalid(f"{operation} takes no parameter {name}")
        if value not in _CHOICES.get(name, (value,)):
            raise _constraint(name, f"Member must satisfy enum value set: {_CHOICES[name]}")
    required = {*_REQUIRED, "ConditionExpression" if operation == "ConditionCheck" else "Key"}
    for name in sorted(required & known):
        if payload.get(name) is None:
            raise _constraint(name, "Member must not be null")
    if payload.get("TableName", table) != table:
        raise aws_error("ResourceNotFoundException", "Requested resource not found")
    if operation in ("PutItem", "DeleteItem") and payload.get("ReturnValues", "NONE") not in (
        "NONE",
        "ALL_OLD",
    ):
        raise invalid("ReturnValues can only be ALL_OLD or NONE")


def _constraint(name: str, rule: str) -> AwsError:
    member = name[0].lower() + name[1:]
    return invalid(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {rule}"
    )
