"""Every method of the adapters, used once over a fake: what the product may ask of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

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
from tests.simulation.fake_dynamodb import FakeDynamoDB
from tests.simulation.fake_eventbridge import FakeEventBridge
from tests.simulation.fake_s3 import FakeObjects
from tests.simulation.fake_sqs import FakeSQS
from tests.simulation.fake_ssm import FakeSSM
from tests.simulation.sqs.message import QueueSpec

QUEUE, FIFO = "standard", "ordered.fifo"
LOGS = (
    *(("runs", "a"), ("runs_of_contact", "c"), ("firings", "a"), ("deliveries", "e")),
    *(("deliveries", "e", "dead"), ("deliveries_in", "held")),
)


def on_the_table() -> dict[str, Callable[[], object]]:
    """Return a use of every method of `Table`, by its name."""
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


def on_queues() -> dict[str, Callable[[], object]]:
    """Return a use of every method of `PageQueue`, on a standard and on a FIFO queue."""
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


def on_secrets() -> dict[str, Callable[[], object]]:
    """Return a use of every method of `SecretWriter`."""
    writer = SecretWriter(FakeSSM(), "/p")
    return {
        "read": lambda: writer.read("shop"),
        "create": lambda: [writer.create("shop", {}), writer.create("shop", {})],
        "write": lambda: writer.write("shop", {}),
        "delete": lambda: writer.delete("shop"),
    }


def on_read_secrets() -> dict[str, Callable[[], object]]:
    """Return a use of every method of `ConnectionSecrets`."""
    secrets = ConnectionSecrets(FakeSSM(), "/p", 60)
    return {"read": lambda: secrets.read("shop", 0)}


def on_the_bus() -> dict[str, Callable[[], object]]:
    """Return a use of every method of `EventBus`."""
    bus = EventBus("bus", FakeEventBridge())
    return {"put": lambda: bus.put([BusEvent("payment.failed", {"id": "1"}, 1)] * 12)}
