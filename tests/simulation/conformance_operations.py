"""Draws random DynamoDB operations for the conformance suite: valid, nearly valid, conflicting."""

from __future__ import annotations

import itertools
import re
from random import Random
from typing import Any

from tests.simulation.conformance_dialect import SINGLE_WRITES, Dialect
from tests.simulation.dynamodb.schema import Index, Schema
from tests.simulation.dynamodb.values import Item, Value

_PLACEHOLDER = re.compile(r"[:#]\w+")
_SORT_KEYS = ("a", "a#1", "a#2", "b", "b#1")
_NAMES = ("m", "l", "z", "status", "other")
_KEY_CONDITIONS = (
    "{h} = :pk",
    "{h} = :pk AND begins_with({r}, :sk)",
    "{h} = :pk AND {r} = :sk",
    "{h} = :pk AND {r} < :sk",
    "{h} = :pk AND {r} <= :sk",
    "{h} = :pk AND {r} > :sk",
    "{h} = :pk AND {r} >= :sk",
    "{h} = :pk AND {r} BETWEEN :sk AND :hi",
)


class Draw:
    """Draws operations; all keys begin with `prefix`, so that runs on one table do not meet."""

    def __init__(self, random: Random, prefix: str, schema: Schema, dialect: Dialect) -> None:
        self._random = random
        self._prefix = prefix
        self._schema = schema
        self._dialect = dialect
        self._places = itertools.count()

    def operation(self) -> tuple[str, dict[str, Any]]:
        """Return an operation's name and its request."""
        name = self._random.choice(self._dialect.operations)
        if self._dialect.product and self._random.random() < 0.4:
            return self._as_the_product_asks()
        request: dict[str, Any] = getattr(self, f"_{name}")()
        if self._dialect.capacity and name in SINGLE_WRITES and self._random.random() < 0.8:
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
        if self._random.random() < 0.7:
            item["v"] = {"N": self._random.choice(["1", "2"])}
        for index in self._schema.indexes:
            if self._random.random() < 0.4:
                item[index.hash_key] = {"S": f"{self._prefix}-g"}
                item[index.range_key] = self._place()
        return item

    def _place(self) -> Value:
        """Return a place in an index that no other item has: an index leaves the order open."""
        return {"S": f"{self._random.choice(_SORT_KEYS)}/{next(self._places)}"}

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
            ":h": self._place(),
            ":map": {"S": "M"},
            ":list": {"S": "L"},
            ":ten": {"N": "10"},
            ":n": {"N": choose(["1", "2"])},
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
        return self._answered(self._conditional({"Item": self.item()}))

    def _answered(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._random.random() < 0.3:
            return request
        return {**request, "ReturnValues": self._random.choice(["NONE", "ALL_OLD"])}

    def _UpdateItem(self) -> dict[str, Any]:  # noqa: N802
        request = self._update(self.key())
        returned = self._random.choice(["NONE", "ALL_OLD", "ALL_NEW"])
        return {**request, "ReturnValues": returned}

    def _DeleteItem(self) -> dict[str, Any]:  # noqa: N802
        return self._answered(self._conditional({"Key": self.key()}))

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
        elif self._random.random() < 0.8:
            request["ConsistentRead"] = True
        request["KeyConditionExpression"] = text.format(**keys)
        request["ExpressionAttributeValues"] = values
        if self._random.random() < 0.2:
            return {**request, "Select": "COUNT"}
        return self._paged(request, index)

    def _paged(self, request: dict[str, Any], index: Index | None) -> dict[str, Any]:
        """Give a query a direction, a limit and a place to begin behind, or some of them."""
        if self._random.random() < 0.8:
            request["ScanIndexForward"] = self._random.choice([True, False])
        if self._random.random() < 0.6:
            request["Limit"] = self._random.randint(1, 3)
        start = self._start(request, index)
        if start is not None and self._random.random() < 0.5:
            request["ExclusiveStartKey"] = start
        return request

    def _start(self, request: dict[str, Any], index: Index | None) -> Item | None:
        """Return a place within what is asked for, or None where none is thought of."""
        key = self.key()
        values = request["ExpressionAttributeValues"]
        if index is None:
            key["pk"] = values[":pk"]
            place = key["sk"]["S"]
        else:
            key |= {index.hash_key: values[":pk"], index.range_key: self._place()}
            place = key[index.range_key]["S"]
        low = values.get(":sk", {"S": ""})["S"]
        text = request["KeyConditionExpression"]
        within = {
            "begins_with": place.startswith(low),
            "BETWEEN": low <= place <= "z",
            ">=": place >= low,
            "<=": place <= low,
            "> ": place > low,
            "< ": place < low,
            " AND ": place == low,
        }
        return key if next((ok for word, ok in within.items() if word in text), True) else None

    def _as_the_product_asks(self) -> tuple[str, dict[str, Any]]:
        """Return an operation with the parameters that the product's own adapter sends."""
        name = self._random.choice(["Put", "Delete", "TransactWriteItems", "Query"])
        if name == "Query":
            return name, self._listing()
        if name in ("Put", "Delete"):
            return f"{name}Item", self._step(name, self.key())
        keys = self._distinct([self.key() for _ in range(self._random.randint(1, 4))])
        actions = self._random.choices(["Put", "Delete", "ConditionCheck"], k=len(keys))
        steps = [{each: self._step(each, key)} for each, key in zip(actions, keys, strict=True)]
        return name, {"TransactItems": steps}

    def _step(self, action: str, key: Item) -> dict[str, Any]:
        request: dict[str, Any] = {"TableName": self._schema.name}
        request |= {"Item": {**self.item(), **key}} if action == "Put" else {"Key": key}
        conditions = ["attribute_not_exists(pk)", "v = :n"]
        if action != "ConditionCheck":
            conditions.append("")
        condition = self._random.choice(conditions)
        if condition:
            request["ConditionExpression"] = condition
        return self._expressions(request, condition)

    def _listing(self) -> dict[str, Any]:
        request: dict[str, Any] = {"TableName": self._schema.name}
        index = self._random.choice([None, *self._schema.indexes])
        hash_key, range_key = (index.hash_key, index.range_key) if index else ("pk", "sk")
        text, values = f"{hash_key} = :pk", {":pk": {"S": f"{self._prefix}-g"}}
        if not index:
            values[":pk"] = self.key()["pk"]
        rest = self._random.choice(["", " AND begins_with({r}, :sk)", " AND {r} <= :sk"])
        if rest:
            values[":sk"] = {"S": self._random.choice(_SORT_KEYS)}
        request |= {"IndexName": index.name} if index else {"ConsistentRead": True}
        request["KeyConditionExpression"] = text + rest.format(r=range_key)
        request["ExpressionAttributeValues"] = values
        request["ScanIndexForward"] = self._random.choice([True, False])
        if self._random.random() < 0.6:
            request["Limit"] = self._random.randint(1, 3)
        start = self._start(request, index) if self._random.random() < 0.4 else None
        return request if start is None else {**request, "ExclusiveStartKey": start}

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
