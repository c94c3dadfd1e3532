"""TransactWriteItems: all writes or none, the reasons of a refusal, and safe repeats by token.

A token holds for ten minutes of virtual time after its transaction succeeded; it is a convenience
for a lost answer, no guarantee: what must happen once needs a marker of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.adapters.aws import AwsError
from tests.simulation.aws_errors import aws_error, invalid
from tests.simulation.dynamodb.capacity import Cost, read_units, write_units
from tests.simulation.dynamodb.reads import TRANSACTION_ITEMS_MAX, cancelled, validation_reason
from tests.simulation.dynamodb.requests import check_parameters
from tests.simulation.dynamodb.schema import Key
from tests.simulation.dynamodb.table import Table
from tests.simulation.dynamodb.values import copy_item
from tests.simulation.dynamodb.writes import Outcome, Prepared, attempt, prepare

TOKEN_MS = 10 * 60 * 1000
TRANSACTION_BYTES_MAX = 4 * 1024 * 1024
TOKEN_CHARACTERS_MAX = 36
_ACTIONS = ("ConditionCheck", "Put", "Delete", "Update")


@dataclass(frozen=True, slots=True)
class Done:
    """A transaction that succeeded under a token."""

    request: str
    expires_at_ms: int
    replay_units: float


class Transactions:
    """Writes several items at once, and remembers the tokens it has done so under."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._tokens: dict[str, Done] = {}

    def write(self, payload: Mapping[str, Any], now_ms: int) -> tuple[dict[str, Any], Cost]:
        """Perform TransactWriteItems; raise AwsError, with reasons, where nothing was written."""
        token = payload.get("ClientRequestToken")
        request = ""
        if token is not None:
            if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
                raise invalid(f"A ClientRequestToken has 1 to {TOKEN_CHARACTERS_MAX} characters")
            request = json.dumps(payload["TransactItems"], sort_keys=True)
            done = self._tokens.get(token)
            if done and done.expires_at_ms > now_ms:
                return _replay(done, request)
        outcomes = self._attempt_all(_prepare_all(payload["TransactItems"], self._table))
        cost = Cost()
        for outcome in outcomes:
            cost.write += 2 * write_units(outcome.billed_bytes)
            cost.add_index_writes(self._table.replace(outcome.key, outcome.new))
        if token is not None:
            units = sum(2 * read_units(o.billed_bytes, consistent=True) for o in outcomes)
            self._tokens[token] = Done(request, now_ms + TOKEN_MS, units)
        return {}, cost

    def _attempt_all(self, writes: list[tuple[Prepared, Key]]) -> list[Outcome]:
        outcomes, reasons = [], {}
        for position, (write, key) in enumerate(writes):
            try:
                outcome = attempt(write, key, self._table)
            except AwsError as error:
                _raise_empty_key(error)
                reasons[position] = validation_reason(error)
                continue
            if outcome.refused:
                reasons[position] = _refused(outcome, write)
            outcomes.append(outcome)
        if reasons:
            raise cancelled(reasons, len(writes))
        if sum(outcome.billed_bytes for outcome in outcomes) > TRANSACTION_BYTES_MAX:
            raise invalid("The items of a transaction cannot exceed 4 MB together")
        return outcomes


def _replay(done: Done, request: str) -> tuple[dict[str, Any], Cost]:
    if done.request != request:
        raise aws_error(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    return {}, Cost(read=done.replay_units)


def _prepare_all(members: list[Mapping[str, Any]], table: Table) -> list[tuple[Prepared, Key]]:
    """Return the members ready to be tried; raise AwsError where the request itself is at fault.

    DynamoDB refuses an empty key outright, but cancels for a key of a wrong type.
    """
    if not 0 < len(members) <= TRANSACTION_ITEMS_MAX:
        raise invalid(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            f"Member must have length between 1 and {TRANSACTION_ITEMS_MAX}"
        )
    writes = []
    for member in members:
        action = next(iter(member), "")
        if len(member) != 1 or action not in _ACTIONS:
            raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        check_parameters(action, member[action], table.schema.name)
        writes.append(prepare(action, member[action], table.schema))
    keys: list[Key] = []
    misfit: AwsError | None = None
    for position, write in enumerate(writes):
        try:
            keys.append(write.key(table.schema))
        except AwsError as error:
            _raise_empty_key(error)
            misfit = misfit or cancelled({position: validation_reason(error)}, len(writes))
    if misfit:
        raise misfit
    if len(set(keys)) != len(keys):
        raise invalid("Transaction request cannot include multiple operations on one item")
    return list(zip(writes, keys, strict=True))


def _raise_empty_key(error: AwsError) -> None:
    if "empty string value" in error.message:
        raise error


def _refused(outcome: Outcome, write: Prepared) -> dict[str, Any]:
    reason: dict[str, Any] = {
        "Code": "ConditionalCheckFailed",
        "Message": "The conditional request failed",
    }
    if write.keeps_old and outcome.old:
        reason["Item"] = copy_item(outcome.old.item)
    return reason
