"""What an event costs in the processor: CPU, DynamoDB calls and write units, on the demo's mix.

The demo's month is put into batches of ten events of ten customers and given to the real batch
handler, table adapter and signing client; DynamoDB and SQS are the fakes behind the HTTP
connection, and their time is taken off. The jobs the events set off are worked off after each
batch and counted separately.

    python -m tests.benchmarks.processor
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.process_events.last_seen import LastSeen
from functions.process_events.messages import Messages
from functions.process_events.process_batch import Batch
from infra.samples import stripe as story
from shared.adapters.aws import AwsClient, AwsError, SignedEndpoint
from shared.adapters.aws_signing import Signer
from shared.adapters.page_queue import PageQueue
from shared.adapters.table import Table
from shared.domain.envelope import EventEnvelope
from shared.domain.ports import Write
from tests.simulation.fake_dynamodb import FakeDynamoDB

NOW = 1_790_000_000_000
BATCH = 10
CPU_MS_MAX, CALLS_MAX, WRITE_UNITS_MAX = 2.0, 2.0, 20.0
_ENVIRON = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
}

Call = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class StubbedService:
    """The service's end of the HTTP connection; `spent` is the CPU that was the service's own."""

    host = "service.example.com"

    def __init__(self, call: Call) -> None:
        self._call = call
        self.spent = 0.0

    def exchange(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        began = time.process_time()
        head, _, body = request.partition(b"\r\n\r\n")
        target = head.partition(b"x-amz-target: ")[2].partition(b"\r\n")[0].decode()
        try:
            status, answer = 200, self._call(target.partition(".")[2], json.loads(body))
        except AwsError as error:
            status, answer = error.status, {"__type": error.code, **error.payload}
        encoded = json.dumps(answer).encode()
        self.spent += time.process_time() - began
        return status, {}, encoded


class Bench:
    """The processor with its services stubbed."""

    def __init__(self, new_id: Callable[[], str] = lambda: uuid.uuid4().hex) -> None:
        self.database = FakeDynamoDB(clock=lambda: NOW)
        self.sent: list[str] = []
        self.tables = StubbedService(self.database.call)
        self.queues = StubbedService(self._sent)
        store = Table(self.database.schema.name, _client("dynamodb", self.tables))
        store.commit([Write(("connection", "shop"), _CONNECTION, 0)])
        queue = PageQueue(_client("sqs", self.queues))
        self.batch = Batch(
            messages=Messages(
                store=store,
                queue=queue,
                events_url="https://queue/events.fifo",
                history_url="https://queue/history",
                calls_url="https://queue/calls",
                new_id=new_id,
            ),
            queue=queue,
            urls={"events.fifo": "https://queue/events.fifo"},
            dead_letters_url="https://queue/events-dead.fifo",
            last_seen=LastSeen(store, lambda *_, **__: None),
            log=lambda *_, **__: None,
            count=lambda *_, **__: None,
        )

    def _sent(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "SendMessage" and payload["QueueUrl"].endswith("events.fifo"):
            self.sent.append(payload["MessageBody"])
        return {"MessageId": "1"}

    def run(self, messages: list[tuple[str, str]]) -> float:
        """Process one batch; return its CPU in ms without the services' side."""
        records = [_record(*message) for message in messages]
        aside = self.tables.spent + self.queues.spent
        began = time.process_time()
        answer = self.batch.handle(records, NOW)
        spent = time.process_time() - began - (self.tables.spent + self.queues.spent - aside)
        assert answer == {"batchItemFailures": []}, answer
        return spent * 1000


_CONNECTION = {"version": 1, "provider": "stripe", "mode": "live", "has_api": False}
_numbers = itertools.count()


def _client(service: str, stub: StubbedService) -> AwsClient:
    connection: Any = stub
    return AwsClient(
        service, SignedEndpoint(Signer.from_environment(service, _ENVIRON), connection)
    )


def _record(message: str, group: str) -> dict[str, Any]:
    return {
        "messageId": f"m{next(_numbers)}",
        "body": message,
        "receiptHandle": "r",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:events.fifo",
        "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": group},
    }


def _batches(deliveries: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Yield batches of ten messages of ten customers, each customer's in order."""
    waiting = list(deliveries)
    while waiting:
        groups: dict[str, tuple[str, str]] = {}
        for message in waiting:
            if len(groups) < BATCH:
                groups.setdefault(message[1], message)
        chosen = list(groups.values())
        waiting = [message for message in waiting if message not in chosen]
        yield chosen


def _messages() -> list[tuple[str, str]]:
    found = []
    for number, delivery in enumerate(story.month(1).deliveries):
        thing = delivery.event.object
        customer = thing.get("customer") or thing["id"]
        envelope = EventEnvelope(
            provider="stripe",
            connection_id="shop",
            received_at=NOW + number,
            body=delivery.event.body,
            subject=str(customer),
        )
        found.append((envelope.to_message(), str(customer)))
    return found


def measure() -> dict[str, float]:
    """Return the costs of one event: CPU in ms, DynamoDB calls, write units; jobs apart."""
    bench = Bench()
    events = jobs = 0
    cost = dict.fromkeys(("cpu", "calls", "units", "job_cpu", "job_calls", "job_units"), 0.0)
    for batch in _batches(_messages()):
        _add(cost, "", bench, batch)
        events += len(batch)
        while bench.sent:
            work, bench.sent = [(each, "jobs") for each in bench.sent[:BATCH]], bench.sent[BATCH:]
            _add(cost, "job_", bench, work)
            jobs += len(work)
    return {"events": events, "jobs": jobs, **{name: cost[name] / events for name in cost}}


def _add(cost: dict[str, float], prefix: str, bench: Bench, batch: list[tuple[str, str]]) -> None:
    usage = bench.database.usage
    calls, units = usage.call_count, usage.write_units
    cost[f"{prefix}cpu"] += bench.run(batch)
    cost[f"{prefix}calls"] += usage.call_count - calls
    cost[f"{prefix}units"] += usage.write_units - units


def main() -> int:
    """Print the figures; return 1 where one is over its budget."""
    figures = measure()
    rows = [
        ("CPU, ms", "cpu", CPU_MS_MAX),
        ("DynamoDB calls", "calls", CALLS_MAX),
        ("write units", "units", WRITE_UNITS_MAX),
    ]
    print(f"processor, per event of {figures['events']:.0f} (the demo's month, batches of ten)")
    for label, name, budget in rows:
        jobs = figures[f"job_{name}"]
        print(f"  {label:<16}{figures[name]:8.2f}   budget {budget:4.1f}   jobs add {jobs:.2f}")
    return 0 if all(figures[name] <= budget for _, name, budget in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
