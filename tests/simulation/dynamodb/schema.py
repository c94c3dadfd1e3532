"""The shape of the table: its key, its indexes, and what a key may be.

All keys are strings, as paysignal's are; the fake refuses to be a table of any other kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws_errors import invalid
from tests.simulation.dynamodb.values import Item, canonical_item, kind_of

Key = tuple[str, str]

HASH_BYTES_MAX = 2048
RANGE_BYTES_MAX = 1024


@dataclass(frozen=True, slots=True)
class Index:
    """A KEYS_ONLY index: an item is in it only while it has both of the index's attributes."""

    name: str
    hash_key: str
    range_key: str


@dataclass(frozen=True, slots=True)
class Schema:
    """One table with a hash and a range key, both strings."""

    name: str = "paysignal"
    hash_key: str = "pk"
    range_key: str = "sk"
    indexes: tuple[Index, ...] = (
        Index("by_contact", "gsi1pk", "gsi1sk"),
        Index("by_customer", "gsi2pk", "gsi2sk"),
    )

    def index(self, name: str) -> Index:
        """Return the index of that name; raise AwsError where the table has none."""
        for index in self.indexes:
            if index.name == name:
                return index
        raise invalid(f"The table does not have the specified index: {name}")

    @property
    def key_names(self) -> tuple[str, str]:
        return self.hash_key, self.range_key

    def key_of(self, key: Mapping[str, Any]) -> Key:
        """Return a request's `Key`; raise AwsError unless it is exactly the table's key."""
        return self.item_key(self.exact_key(key))

    def exact_key(self, key: Mapping[str, Any]) -> Item:
        """Return a request's `Key` as an item; raise AwsError for names or types of no key."""
        item = canonical_item(key)
        if set(item) != set(self.key_names) or any(kind_of(item[n]) != "S" for n in item):
            raise invalid("The provided key element does not match the schema")
        return item

    def item_key(self, item: Item) -> Key:
        """Return an item's key; raise AwsError where it lacks one or DynamoDB would refuse it."""
        problem = "One or more parameter values were invalid: "
        for name in self.key_names:
            if name not in item:
                raise invalid(f"{problem}Missing the key {name} in the item")
            _check_type(item, name, f"{problem}Type mismatch for key {name} expected: S")
            if not item[name]["S"]:
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key "
                    f"attribute cannot contain an empty string value. Key: {name}"
                )
        pk, sk = item[self.hash_key]["S"], item[self.range_key]["S"]
        if len(pk.encode()) > HASH_BYTES_MAX:
            raise invalid(
                f"{problem}Size of hashkey has exceeded the maximum size limit of2048 bytes"
            )
        if len(sk.encode()) > RANGE_BYTES_MAX:
            raise invalid(
                f"{problem}Aggregated size of all range keys has exceeded the size limit of 1024 "
                "bytes"
            )
        return pk, sk

    def check_indexed(self, item: Item) -> None:
        """Raise AwsError where an index key of the item is no string, empty, or too long."""
        for index in self.indexes:
            for name, limit in (
                (index.hash_key, HASH_BYTES_MAX),
                (index.range_key, RANGE_BYTES_MAX),
            ):
                if name in item:
                    _check_index_key(item, name, index.name, limit)

    def index_key(self, index: Index, item: Item | None) -> Key | None:
        """Return where an item stands in an index, or None where it is not in it."""
        if item is None or index.hash_key not in item or index.range_key not in item:
            return None
        return item[index.hash_key]["S"], item[index.range_key]["S"]

    def create_table(self) -> dict[str, Any]:
        """Return the CreateTable request of this table, for a backend that is not the fake."""
        names = [*self.key_names]
        names += [name for index in self.indexes for name in (index.hash_key, index.range_key)]
        return {
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in names
            ],
            "KeySchema": _key_schema(*self.key_names),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": index.name,
                    "KeySchema": _key_schema(index.hash_key, index.range_key),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for index in self.indexes
            ],
        }


def _key_schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def _check_type(item: Item, name: str, problem: str) -> None:
    if kind_of(item[name]) != "S":
        raise invalid(f"{problem} actual: {kind_of(item[name])}")


def _check_index_key(item: Item, name: str, index: str, limit: int) -> None:
    problem = "One or more parameter values were invalid: "
    if kind_of(item[name]) != "S":
        raise invalid(
            f"{problem}Type mismatch for Index Key {name} Expected: S Actual: "
            f"{kind_of(item[name])} IndexName: {index}"
        )
    text: str = item[name]["S"]
    if not text:
        raise invalid(
            "One or more parameter values are not valid. A value specified for a secondary index "
            "key is not supported. The AttributeValue for a key attribute cannot contain an empty "
            f"string value. IndexName: {index}, IndexKey: {name}"
        )
    if len(text.encode()) > limit:
        raise invalid(f"{problem}Size of index key {name} exceeds {limit} bytes; {index}")
