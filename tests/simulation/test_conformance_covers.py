"""The product asks nothing of a fake that was not compared with another implementation.

What it asks is gathered by running it: every part of the simulator on some schedules, every method
of the adapters by itself, and every route of the API over the table. What was compared is what the
suite draws in the end-to-end tests, drawn again.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from shared.adapters.bus import EventBus
from shared.adapters.page_queue import PageQueue
from shared.adapters.secret_writer import SecretWriter
from shared.adapters.secrets import ConnectionSecrets
from shared.adapters.table import Table
from tests.functions.test_every_route import EXAMPLES, call
from tests.simulation import conformance_suite as suite
from tests.simulation import parts
from tests.simulation.conformance import walk
from tests.simulation.conformance_shapes import Shape, shapes_of
from tests.simulation.conformance_sides import NAME, fakes
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_eventbridge import FakeEventBridge
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.support.adapter_uses import (
    on_queues,
    on_read_secrets,
    on_secrets,
    on_the_bus,
    on_the_table,
)
from tests.support.api_client import ROUTES, ApiClient

ROOT = Path(__file__).parents[2]
FAKES = (FakeDynamoDB, FakeSQS, FakeSSM, FakeEventBridge)


@cache
def compared() -> frozenset[Shape]:
    """Return the shapes of all that the end-to-end tests compare."""
    shapes: set[Shape] = set()
    left, right = fakes(shapes), fakes()
    for seed in range(suite.RUNS):
        suite.run(left, right, seed)
    walk(left.dynamodb, NAME)
    return frozenset(shapes)


@contextmanager
def asked() -> Iterator[set[Shape]]:
    """Gather the shapes of all that is asked of a fake, but for what tables are walked by."""
    shapes: set[Shape] = set()

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        def noted(self: Any, operation: str, payload: Mapping[str, Any]) -> Any:
            shapes.update(shapes_of(operation, payload))
            return original(self, operation, payload)

        return noted

    patches = [patch.object(fake, "call", noting(fake.call)) for fake in FAKES]
    for each in patches:
        each.start()
    try:
        yield shapes
    finally:
        for each in patches:
            each.stop()


def assert_compared(shapes: set[Shape]) -> None:
    """Fail for what the product asks and nobody compared, naming it."""
    unknown = "\n".join(sorted(map(repr, shapes - compared())))
    assert not unknown, f"add to the conformance suite's draws:\n{unknown}"
    assert shapes


def test_what_the_simulated_product_asks_is_compared() -> None:
    with asked() as shapes:
        for part in parts.PARTS:
            for seed in range(2):
                part.run(seed)

    assert_compared(shapes)


def test_what_every_route_asks_of_the_table_is_compared() -> None:
    with asked() as shapes:
        fake = FakeDynamoDB()
        client = ApiClient(Table(fake.schema.name, fake))
        # Twice, because the first makes what others are about.
        for route in (*ROUTES, *ROUTES):
            with suppress(AssertionError):
                call(client, route, body=EXAMPLES.get(route.path))

    assert_compared(shapes)


def test_what_every_method_of_an_adapter_asks_is_compared() -> None:
    with asked() as shapes:
        for adapter, uses in (
            (Table, on_the_table()),
            (PageQueue, on_queues()),
            (SecretWriter, on_secrets()),
            (ConnectionSecrets, on_read_secrets()),
            (EventBus, on_the_bus()),
        ):
            public = {
                name
                for name, _ in inspect.getmembers(adapter, callable)
                if not name.startswith("_") and name != "from_environment"
            }
            assert set(uses) == public, "a method of the adapter is not used here"
            for each in uses.values():
                each()

    assert_compared(shapes)


def test_no_other_operation_stands_in_what_is_deployed() -> None:
    """What is deployed speaks to AWS through `call`; each operation it names is compared."""
    named = set()
    for folder in ("functions", "shared"):
        for file in (ROOT / folder).rglob("*.py"):
            named |= set(_operations(ast.parse(file.read_text())))
    operations = {shape[0] for shape in compared()}

    assert named - operations == set()
    assert {"BatchGetItem", "Query", "TransactWriteItems", "SendMessage", "PutEvents"} <= named


def _operations(tree: ast.AST) -> Iterator[str]:
    """Yield the operations that are given to a `call` in so many words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            first = node.args[0]
            if (
                node.func.attr in ("call", "_call")
                and isinstance(first, ast.Constant)
                and re.fullmatch("[A-Z][A-Za-z]+", str(first.value))
            ):
                yield str(first.value)


def test_what_was_never_compared_is_found() -> None:
    known: dict[str, Any] = {
        "TableName": NAME,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "a"}},
        "ConsistentRead": True,
        "ScanIndexForward": True,
    }
    unknown: list[dict[str, Any]] = [
        {"FilterExpression": "n > :p"},
        {"KeyConditionExpression": "pk = :p AND contains(sk, :p)"},
        {"ExpressionAttributeValues": {":p": {"N": "1"}}},
        {"IndexName": "by_nothing"},
    ]

    assert shapes_of("Query", known) <= compared()
    for change in unknown:
        assert not shapes_of("Query", {**known, **change}) <= compared()
    step = {"Put": {"TableName": NAME, "Item": {}, "ConditionExpression": "size(pk) > :p"}}
    assert not shapes_of("TransactWriteItems", {"TransactItems": [step]}) <= compared()
