"""Draws random DynamoDB operations for the conformance suite: valid, nearly valid, conflicting."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tests.simulation.conformance_dialect import SINGLE_WRITES, Dialect
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.dynamodb.values import Item, Value

_PLACEHOLDER = re.compile(r"[:#]\w+")
_SORT_KEYS = ("a", "a#1", "a#2", "b", "b#1")
_NAMES = ("m", "l", "z", "status", "other")
_KEY_CONDITIONS = (
    "{h} = :pk",
    "{h} = :pk AND {r} = :sk",
    "{h} = :pk AND {r} < :sk",
    "{h} = :pk AND {r} <= :sk",
    "{h} = :pk AND {r} > :sk",
    "{h} = :pk AND {r} >= :sk",
    "{h} = :pk AND begins_with({r}, :sk)",
    "{h} = :pk AND {r} BETWEEN :sk AND :hi",
)


class Draw:
    """Draws operations; all keys begin with `prefix`, so that runs on one table do not meet."""

    def __init__(self, random: Random, prefix: str, schema: Schema, dialect: Dialect) -> None:
        self._random = random
        self._prefix = prefix
        self._schema = schema
        self._dialect = dialect

    def operation(self) -> tuple[str, dict[str, Any]]:
        """Return an operation's name and its request."""
        name = self._random.choice(self._dialect.operations)
        request: dict[str, Any] = getattr(self, f"_{name}")()
        if self._dialect.capacity and name in SINGLE_WRITES:
            request["ReturnConsumedCapacity"] = "INDEXES"
        return name, request

    def key(self) -> Item:
        partition = f"{self._prefix}-{self._random.randint(0, 1)}"
        return {"pk": {"S": partition}, "sk": {"S": self._random.choice(_SORT_KEYS)}}

    def value(self) -> Value:
        return self._random.choice(self._dialect.values)

    def item(self) -> Item:
        """Return an item in which `n` is a number and `s` a string, and the rest is anything."""
        item = self.key()
        for name in _NAMES:
            if self._random.random() < 0.5:
                item[name] = self.value()
        if self._random.random() < 0.5:
            item["n"] = {"N": self._random.choice(["0", "7", "-3.25"])}
        if self._random.random() < 0.5:
            item["s"] = {"S": self._random.choice(["", "x", "xy"])}
        for number in (1, 2):
            if self._random.random() < 0.4:
                item[f"gsi{number}pk"] = {"S": f"{self._prefix}-g"}
                item[f"gsi{number}sk"] = {"S": self._random.choice(_SORT_KEYS)}
        return item

    def _expressions(self, request: dict[str, Any], *texts: str) -> dict[str, Any]:
        """Give the request the placeholders its expressions use, and no others."""
        choose = self._random.choice
        names = {"#m": "m", "#l": "l", "#z": "z"}
        names.update(zip(("#a", "#b", "#c"), self._random.sample(_NAMES, 3), strict=True))
        values: Item = {
            ":v": self.value(),
            ":o": choose([{"N": "1"}, {"S": "x"}, {"B": "eA=="}]),
            ":t": choose([{"S": "x"}, {"S": ""}]),
            ":c": choose([{"S": "x"}, {"N": "1"}, {"BOOL": True}]),
            ":k": {"N": choose(["1", "2"])},
            ":y": {"S": choose(["S", "N", "M", "L", "SS", "BOOL", "NULL"])},
            ":e": {"L": []},
            ":w": {"L": [self.value()]},
            ":x": {"M": {"n": {"N": "3"}}},
            ":z": choose([{"SS": ["x", "z"]}, {"NS": ["1"]}]),
            ":g": {"S": f"{self._prefix}-g"},
            ":h": {"S": choose(_SORT_KEYS)},
            ":map": {"S": "M"},
            ":list": {"S": "L"},
            ":ten": {"N": "10"},
        }
        values[":p"] = {"N": "5"} if "N" in values[":o"] else values[":o"]
        used = set(_PLACEHOLDER.findall(" ".join(texts)))
        used_names = {name: given for name, given in names.items() if name in used}
        used_values = {name: given for name, given in values.items() if name in used}
        if used_names:
            request["ExpressionAttributeNames"] = used_names
        if used_values:
            request["ExpressionAttributeValues"] = used_values
        return request

    def _update(self, key: Item) -> dict[str, Any]:
        update, _, condition = self._random.choice(self._dialect.updates).partition(" | ")
        return self._conditional({"Key": key, "UpdateExpression": update}, update, condition)

    def _conditional(
        self, request: dict[str, Any], update: str = "", condition: str = ""
    ) -> dict[str, Any]:
        if not condition and self._random.random() < 0.6:
            condition = self._random.choice(self._dialect.conditions)
        if condition:
            request["ConditionExpression"] = condition
            if self._random.random() < 0.5:
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return self._expressions({"TableName": self._schema.name, **request}, condition, update)

    def _GetItem(self) -> dict[str, Any]:  # noqa: N802 - named after the operation
        request: dict[str, Any] = {"TableName": self._schema.name, "Key": self.key()}
        request["ConsistentRead"] = True
        projection = self._random.choice(self._dialect.projections)
        if projection:
            request["ProjectionExpression"] = projection
        return self._expressions(request, projection)

    def _PutItem(self) -> dict[str, Any]:  # noqa: N802
        request = self._conditional({"Item": self.item()})
        return {**request, "ReturnValues": self._random.choice(["NONE", "ALL_OLD"])}

    def _UpdateItem(self) -> dict[str, Any]:  # noqa: N802
        request = self._update(self.key())
        returned = self._random.choice(["NONE", "ALL_OLD", "ALL_NEW"])
        return {**request, "ReturnValues": returned}

    def _DeleteItem(self) -> dict[str, Any]:  # noqa: N802
        request = self._conditional({"Key": self.key()})
        return {**request, "ReturnValues": self._random.choice(["NONE", "ALL_OLD"])}

    def _BatchGetItem(self) -> dict[str, Any]:  # noqa: N802
        keys = self._distinct([self.key() for _ in range(self._random.randint(1, 4))])
        return {"RequestItems": {self._schema.name: {"Keys": keys, "ConsistentRead": True}}}

    def _Query(self) -> dict[str, Any]:  # noqa: N802
        index = self._random.choice([None, *self._schema.indexes])
        text = self._random.choice(_KEY_CONDITIONS)
        partition = f"{self._prefix}-g" if index else self.key()["pk"]["S"]
        values: Item = {":pk": {"S": partition}}
        if ":sk" in text:
            values[":sk"] = {"S": self._random.choice(_SORT_KEYS)}
        if ":hi" in text:
            values[":hi"] = {"S": "z"}
        request: dict[str, Any] = {"TableName": self._schema.name}
        keys = {"h": "pk", "r": "sk"}
        if index:
            request["IndexName"] = index.name
            keys = {"h": index.hash_key, "r": index.range_key}
        request["KeyConditionExpression"] = text.format(**keys)
        request["ExpressionAttributeValues"] = values
        # An index leaves the order of equal sort keys open, so only the table is read in pages.
        if not index and self._random.random() < 0.5:
            request["Limit"] = self._random.randint(1, 2)
            request["ScanIndexForward"] = self._random.choice([True, False])
        return request if not index else {**request, "Select": "COUNT"}

    def _TransactWriteItems(self) -> dict[str, Any]:  # noqa: N802
        members = []
        for key in self._distinct([self.key() for _ in range(self._random.randint(1, 4))]):
            action = self._random.choice(["Put", "Update", "Delete", "ConditionCheck"])
            members.append({action: self._member(action, key)})
        request: dict[str, Any] = {"TransactItems": members}
        if self._random.random() < 0.3:
            # A handful of tokens, so that some repeat, with the same request or another.
            request["ClientRequestToken"] = f"{self._prefix}-{self._random.randint(0, 3)}"
        return request

    def _member(self, action: str, key: Item) -> dict[str, Any]:
        if action == "Put":
            return self._conditional({"Item": {**self.item(), **key}})
        if action == "Update":
            return self._update(key)
        request = self._conditional({"Key": key})
        if action == "ConditionCheck" and "ConditionExpression" not in request:
            request["ConditionExpression"] = "attribute_exists(pk)"
        return request

    def _TransactGetItems(self) -> dict[str, Any]:  # noqa: N802
        keys = self._distinct([self.key() for _ in range(self._random.randint(1, 4))])
        name = self._schema.name
        return {"TransactItems": [{"Get": {"TableName": name, "Key": key}} for key in keys]}

    def _distinct(self, keys: list[Item]) -> list[Item]:
        return list({(key["pk"]["S"], key["sk"]["S"]): key for key in keys}.values())
