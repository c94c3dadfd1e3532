"""Shorthand for tests of the fake table: typed values from plain ones, and the calls most often
made."""

from __future__ import annotations

from typing import Any

from tests.simulation.fake_dynamodb import FakeDynamoDB

TABLE = "paysignal"
KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


def typed(value: object) -> dict[str, Any]:
    """Return a plain value as an attribute value; typed ones pass."""
    if isinstance(value, dict):
        return value
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def item(sk: str = "s", pk: str = "p", **attributes: object) -> dict[str, Any]:
    """Return an item with its key."""
    values = {name: typed(value) for name, value in attributes.items()}
    return {"pk": {"S": pk}, "sk": {"S": sk}, **values}


def put(table: FakeDynamoDB, sk: str = "s", pk: str = "p", **attributes: Any) -> None:
    """Put an item, whatever was there."""
    table.call("PutItem", {"TableName": TABLE, "Item": item(sk, pk, **attributes)})


def get(table: FakeDynamoDB, sk: str = "s", pk: str = "p") -> dict[str, Any] | None:
    """Return an item's attributes without its key, or None where there is none."""
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    found = table.call("GetItem", {"TableName": TABLE, "Key": key, "ConsistentRead": True})
    if "Item" not in found:
        return None
    return {name: value for name, value in found["Item"].items() if name not in key}


def expression(**parts: object) -> dict[str, Any]:
    """Return a request's expressions: `condition`, `update`, names as `n_x`, values as `v_x`."""
    request: dict[str, Any] = {}
    names = {f"#{k[2:]}": v for k, v in parts.items() if k.startswith("n_")}
    values = {f":{k[2:]}": typed(v) for k, v in parts.items() if k.startswith("v_")}
    for part, parameter in (("condition", "ConditionExpression"), ("update", "UpdateExpression")):
        if part in parts:
            request[parameter] = parts[part]
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values
    return request


def update(table: FakeDynamoDB, text: str, **parts: object) -> dict[str, Any]:
    """Update the item at KEY and return its attributes after, without the key."""
    request = {"TableName": TABLE, "Key": KEY, **expression(update=text, **parts)}
    answer = table.call("UpdateItem", {**request, "ReturnValues": "ALL_NEW"})
    return {name: value for name, value in answer["Attributes"].items() if name not in KEY}
