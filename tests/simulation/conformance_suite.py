"""The conformance suite: everything a fake is trusted with, compared with another implementation.

Random operations on all services, run by run, and lives of the product itself, in which every
request to the table is carried out on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from unittest.mock import patch

from tests.simulation import parts
from tests.simulation.conformance import (
    Call,
    Disagreement,
    compare_walks,
    outcome,
    run_conformance,
)
from tests.simulation.conformance_sides import NAME, Side
from tests.simulation.dynamodb.schema import Schema
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.queue_conformance import run_queue_conformance
from tests.simulation.service_conformance import (
    run_body_conformance,
    run_bucket_conformance,
    run_bus_conformance,
    run_file_conformance,
    run_parameter_conformance,
)

# How many operations of a run are of each kind, by how often the product uses them.
_STEPS = {"table": 120, "queues": 80, "bucket": 20, "bodies": 10, "files": 10, "parameters": 15}
_BUS_STEPS = 5
OPERATIONS = sum(_STEPS.values()) + _BUS_STEPS
LIVES = ("payments", "automations")
# What `make test` compares; a command compares as much as one likes.
RUNS, LIVES_EACH = 12, 6


def run(left: Side, right: Side, seed: int) -> None:
    """Hold both sides to each other in `OPERATIONS` operations. Raise Disagreement."""
    table = Schema(NAME)
    run_conformance(left.dynamodb, right.dynamodb, seed, _STEPS["table"], schema=table)
    (call_a, urls_a), (call_b, urls_b) = left.queues(f"{NAME}{seed}"), right.queues(f"{NAME}{seed}")
    run_queue_conformance(call_a, call_b, urls_a, urls_b, seed, _STEPS["queues"])
    run_bucket_conformance(left.bucket, right.bucket, "bucket", seed, _STEPS["bucket"])
    run_body_conformance(left.bodies, right.bodies, "bodies", seed, _STEPS["bodies"])
    run_file_conformance(left.files, right.files, "files", seed, _STEPS["files"])
    parameters = _STEPS["parameters"]
    run_parameter_conformance(left.ssm, right.ssm, f"/{NAME}", seed, parameters)
    run_bus_conformance(left.events, right.events, NAME, seed, _BUS_STEPS)


def walk(left: Side, right: Side) -> int:
    """Compare the two tables, whole. Return how many items they have; raise Disagreement."""
    return compare_walks(left.dynamodb, right.dynamodb, NAME)


class ShadowedDynamoDB(FakeDynamoDB):
    """The fake, each of whose requests another implementation carries out as well.

    A call that meets a fault only the fake can carry out is the fake's alone: the other side would
    answer it whole. What expires here is deleted there.
    """

    def __init__(self, schema: Schema, clock: Callable[[], int] | None, other: Call) -> None:
        super().__init__(schema, clock)
        self.other = other
        self.compared = 0
        # Kept as well as raised: the product could take what is raised for a fault of its own.
        self.disagreements: list[Disagreement] = []

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation on both sides. Raise Disagreement, and AwsError as the fake."""
        if self.read_lag_ms or self.batch_limit is not None:
            return self.alone(operation, payload)
        self.compared += 1
        answered = outcome(self.other, operation, payload)
        told: list[Any] = []

        def noted(operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
            try:
                told.append(self.alone(operation, payload))
            except Exception as error:
                told.append(error)
                raise
            return dict(told[0])

        mine = outcome(noted, operation, payload)
        if mine != answered:
            text = f"{operation} {payload}\none says  {mine}\nother says {answered}"
            self.disagreements.append(Disagreement(text))
            raise self.disagreements[-1]
        if isinstance(told[0], Exception):
            raise told[0]
        answer: dict[str, Any] = told[0]
        return answer

    def alone(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform the operation on the fake alone. Raise AwsError."""
        return super().call(operation, payload)

    def expire(self, attribute: str = "expires_at") -> int:
        """Remove on both sides what has expired."""
        before = set(self._table.rows)
        expired = super().expire(attribute)
        for pk, sk in before - set(self._table.rows):
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            self.other("DeleteItem", {"TableName": self.schema.name, "Key": key})
        return expired


_NUMBERS = count(1)


def live(part: str, seed: int, other_table: Callable[[Schema], Call]) -> int:
    """Run a schedule of the simulator's on both sides; return how many requests were compared.

    Raise Disagreement, also where the tables differ in the end, and LawBroken as the part does.
    """
    tables: list[ShadowedDynamoDB] = []

    def shadowed(schema: Schema | None, clock: Callable[[], int]) -> ShadowedDynamoDB:
        named = Schema(f"life-{part}-{seed}-{next(_NUMBERS)}") if schema is None else schema
        tables.append(ShadowedDynamoDB(named, clock, other_table(named)))
        return tables[-1]

    with patch("tests.simulation.world.FakeDynamoDB", shadowed):
        parts.named(part).run(seed)
    for table in tables:
        for disagreement in table.disagreements:
            raise disagreement
        compare_walks(table.alone, table.other, table.schema.name)
    return sum(table.compared for table in tables)
