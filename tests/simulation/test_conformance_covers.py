"""The product asks nothing of a fake that was not compared with another implementation.

What it asks is gathered by running it: every part of the simulator on some schedules, every method
of the adapters by itself, and every route of the API over the table. What was compared is what the
suite draws in the end-to-end tests, drawn again.
"""

from __future__ import annotations

import ast
import inspect
import json
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
from shared.domain.automations.bus_events import BusEvent
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Contended
from shared.domain.history_message import PageMessage
from shared.domain.ports import Check, Write
from tests.contracts.store_contract import CONTACT, ORDER, entry, entry_name, head
from tests.functions.test_every_route import EXAMPLES, call
from tests.simulation import conformance_suite as suite
from tests.simulation import parts
from tests.simulation.conformance import walk
from tests.simulation.conformance_shapes import Shape, shapes_of
from tests.simulation.conformance_sides import NAME, fakes
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_eventbridge import FakeEventBridge
from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.simulation.sqs.message import QueueSpec
from tests.support.api_client import ROUTES, ApiClient

ROOT = Path(__file__).parents[2]
FAKES = (FakeDynamoDB, FakeSQS, FakeSSM, FakeEventBridge)
QUEUE, FIFO = "standard", "ordered.fifo"
LOGS = (
    *(("runs", "a"), ("runs_of_contact", "c"), ("firings", "a"), ("deliveries", "e")),
    *(("deliveries", "e", "dead"), ("deliveries_in", "held")),
)


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
            (Table, _on_the_table()),
            (PageQueue, _on_queues()),
            (SecretWriter, _on_secrets()),
            (ConnectionSecrets, _on_read_secrets()),
            (EventBus, _on_the_bus()),
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


def _on_the_table() -> dict[str, Callable[[], object]]:
    fake = FakeDynamoDB()
    table = Table(fake.schema.name, fake)
    return {
        "commit": lambda: _commit(table),
        "read": lambda: table.read([ORDER, CONTACT]),
        "history": lambda: table.history(ORDER),
        "latest": lambda: table.latest(ORDER, 2),
        "listed": lambda: _list(table),
        "newest": lambda: _newest(table),
        "waiting": lambda: _by_index(table, table.waiting, "ada@example.com"),
        "of_contact": lambda: _by_index(table, table.of_contact, "c"),
        "of_customer": lambda: _by_index(table, table.of_customer, "shop", "cus_1"),
        "newest_of_contact": lambda: table.newest_of_contact("c", "order", 3),
        "due": lambda: table.due(0, 10, 5),
    }


def _commit(table: Table) -> None:
    told = entry(1)
    steps = [Write(ORDER, head(), 0), Write(entry_name(ORDER, told), {"entry": told}, None)]
    table.commit(steps)
    table.commit([Write(ORDER, head(version=2), 1)])
    table.commit([Write(CONTACT, {"contact_id": "c", "version": 1}, 0)])
    table.commit([Check(ORDER, 2), Check(("order", "x", "none"), 0), Write(CONTACT, None, 1)])
    for version in (None, 0, 3):
        with suppress(Contended):
            table.commit([Write(CONTACT, None, version)])
            table.commit([Write(CONTACT, None, version), Check(ORDER, 2)])


def _paged(read: Callable[..., tuple[Any, str | None]], *of: Any) -> None:
    for limit in (1, 25):
        following = read(*of, limit, None)[1]
        if following:
            read(*of, limit, following)


def _newest(table: Table) -> None:
    for log in LOGS:
        _paged(table.newest, log)


def _list(table: Table) -> None:
    for number in range(3):
        name = ("endpoint", f"e{number}")
        table.commit([Write(name, {"endpoint_id": name[1], "version": 1}, 0)])
    for kind in ("endpoint", "quarantine", "duplicate"):
        _paged(table.listed, kind)


def _by_index(table: Table, read: Callable[..., Any], *of: str) -> None:
    read(*of, None)
    for number in range(30):
        owner = {"email": of[0]} if "@" in of[0] else {"contact_id": of[0]}
        document = head(customer_id=of[-1], **owner)
        with suppress(Contended):
            table.commit([Write(("order", "shop", f"{of[0]}{number}"), document, 0)])
    following = read(*of, None)[1]
    if following:
        read(*of, following)


def _on_queues() -> dict[str, Callable[[], object]]:
    sqs = FakeSQS([QueueSpec(QUEUE), QueueSpec(FIFO)])
    queue = PageQueue(sqs, FakeObjects())
    standard, fifo = sqs.url(QUEUE), sqs.url(FIFO)
    page = PageMessage("shop", "stripe", "job", 1, "page", 1, "charges", "")

    def event() -> EventEnvelope:
        return EventEnvelope(provider="stripe", connection_id="shop", received_at=1, body=b"{}")

    def release() -> None:
        for url in (standard, fifo):
            request = {"QueueUrl": url, "AttributeNames": ["All"], "VisibilityTimeout": 600}
            received = sqs.call("ReceiveMessage", {**request, "MaxNumberOfMessages": 1})
            handle = received["Messages"][0]["ReceiptHandle"]
            queue.change_visibility(url, handle, 5)

    def to_both(send: Callable[[str], None]) -> None:
        send(standard)
        send(fifo)

    return {
        "send_event": lambda: to_both(lambda url: queue.send_event(url, event())),
        "open_event": lambda: queue.open_event(event()),
        "send_job": lambda: to_both(lambda url: queue.send_job(url, {"job": "attach"}, "x")),
        "send_call": lambda: _call(queue, standard),
        "send_calls": lambda: queue.send_calls(standard, [({}, 0), ({}, 5)]),
        "send_page": lambda: queue.send_page(standard, page),
        "open_page": lambda: queue.open_page(json.loads(page.to_message(page.packed()))),
        "park": lambda: to_both(lambda url: queue.park(url, "{}", "group", "identity")),
        "change_visibility": release,
    }


def _call(queue: PageQueue, url: str) -> None:
    for delay in (0, 5):
        queue.send_call(url, {}, delay)


def _on_secrets() -> dict[str, Callable[[], object]]:
    writer = SecretWriter(FakeSSM(), "/p")
    return {
        "read": lambda: writer.read("shop"),
        "create": lambda: [writer.create("shop", {}), writer.create("shop", {})],
        "write": lambda: writer.write("shop", {}),
        "delete": lambda: writer.delete("shop"),
    }


def _on_read_secrets() -> dict[str, Callable[[], object]]:
    secrets = ConnectionSecrets(FakeSSM(), "/p", 60)
    return {"read": lambda: secrets.read("shop", 0)}


def _on_the_bus() -> dict[str, Callable[[], object]]:
    bus = EventBus("bus", FakeEventBridge())
    return {"put": lambda: bus.put([BusEvent("payment.failed", {"id": "1"}, 1)] * 12)}


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
