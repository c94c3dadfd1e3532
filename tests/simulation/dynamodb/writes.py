"""One write: prepared from its request, tried against the row it finds, then kept or refused.

PutItem, UpdateItem and DeleteItem are one such write; a transaction is up to a hundred of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error, invalid
from tests.simulation.dynamodb.bindings import Bindings
from tests.simulation.dynamodb.capacity import Cost, write_units
from tests.simulation.dynamodb.conditions import Compiled
from tests.simulation.dynamodb.projections import project
from tests.simulation.dynamodb.schema import Key, Schema
from tests.simulation.dynamodb.table import Row, Table
from tests.simulation.dynamodb.updates import Update, apply_update
from tests.simulation.dynamodb.values import Item, canonical_item, copy_item

_CONDITION = "ConditionExpression"


@dataclass(slots=True)
class Prepared:
    """A write whose request is well formed; its key is read later, as DynamoDB does."""

    action: str
    payload: Mapping[str, Any]
    bindings: Bindings
    condition: Compiled | None
    update: Update
    item: Item

    @property
    def keeps_old(self) -> bool:
        """Whether a refusal by the condition carries the item found."""
        return self.payload.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"

    def key(self, schema: Schema) -> Key:
        """Return the key of the item written; raise AwsError for one that does not fit."""
        if self.action == "Put":
            return schema.item_key(self.item)
        return schema.item_key(schema.exact_key(self.item))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write found and what it leaves; `refused` where its condition did not hold."""

    key: Key
    old: Row | None
    new: Row | None
    refused: bool = False

    @property
    def billed_bytes(self) -> int:
        """The larger of the two images: what a write is charged for."""
        return max(self.old.size if self.old else 0, self.new.size if self.new else 0)


def prepare(action: str, payload: Mapping[str, Any], schema: Schema) -> Prepared:
    """Return the write a request asks for; raise AwsError for a malformed request."""
    bindings = Bindings(payload)
    condition = bindings.condition(_CONDITION)
    update = bindings.update()
    bindings.refuse_unused()
    for path in update.paths:
        if path[0] in schema.key_names:
            raise invalid(
                "One or more parameter values were invalid: Cannot update attribute "
                f"{path[0]}. This attribute is part of the key"
            )
    item = canonical_item(payload["Item" if action == "Put" else "Key"])
    return Prepared(action, payload, bindings, condition, update, item)


def attempt(write: Prepared, key: Key, table: Table) -> Outcome:
    """Return what the write would do now, changing nothing; raise AwsError where it cannot."""
    old = table.rows.get(key)
    values = write.bindings.values
    if write.condition and not write.condition.test(old.item if old else {}, values):
        return Outcome(key, old, old, refused=True)
    if write.action == "Delete":
        return Outcome(key, old, None)
    if write.action == "ConditionCheck":
        return Outcome(key, old, old)
    if write.action == "Put":
        return Outcome(key, old, table.row_for(write.item))
    item = apply_update(old.item if old else write.item, write.update, values)
    return Outcome(key, old, table.row_for(item, "Item size to update has exceeded the maximum"))


def refusal(outcome: Outcome, write: Prepared) -> AwsError:
    """Return the error of a condition that did not hold."""
    details: dict[str, Any] = {}
    if write.keeps_old and outcome.old:
        details = {"Item": copy_item(outcome.old.item)}
    return aws_error("ConditionalCheckFailedException", "The conditional request failed", **details)


def write_item(
    action: str, payload: Mapping[str, Any], table: Table
) -> tuple[dict[str, Any] | AwsError, Cost]:
    """Perform PutItem, UpdateItem or DeleteItem; a refusal is returned, for it costs too."""
    write = prepare(action, payload, table.schema)
    outcome = attempt(write, write.key(table.schema), table)
    cost = Cost(write=write_units(outcome.billed_bytes))
    if outcome.refused:
        return refusal(outcome, write), cost
    cost.add_index_writes(table.replace(outcome.key, outcome.new))
    attributes = _returned(payload.get("ReturnValues", "NONE"), outcome, write)
    return ({"Attributes": attributes} if attributes else {}), cost


def _returned(mode: str, outcome: Outcome, write: Prepared) -> Item:
    row = outcome.old if mode in ("ALL_OLD", "UPDATED_OLD") else outcome.new
    if mode == "NONE" or row is None:
        return {}
    if mode.startswith("ALL"):
        return copy_item(row.item)
    return project(row.item, write.update.paths)
