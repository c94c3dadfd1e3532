"""A processor with fakes on every side, for tests of what becomes of each message of a batch."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from functions.process_events.last_seen import LastSeen
from functions.process_events.messages import Messages
from functions.process_events.process_batch import Batch
from infra.samples import stripe as story
from shared.adapters.aws import AwsError
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Retryable
from shared.domain.history_message import PageMessage, read_page
from shared.domain.ports import Check, Write
from tests.fakes.memory_store import MemoryStore

NOW = 1_790_000_000_000


class FakeQueues:
    """The queues, remembering what they were asked for; `refuses` makes the next sends fail.

    `holds` makes putting messages off fail.
    """

    def __init__(self) -> None:
        self.parked: list[tuple[str, str, str, str]] = []
        self.hidden: list[tuple[str, int]] = []
        self.jobs: list[Mapping[str, object]] = []
        self.calls: list[Mapping[str, object]] = []
        self.refuses = 0
        self.holds = False

    def open_event(self, envelope: EventEnvelope) -> EventEnvelope:
        return envelope

    def open_page(self, message: Mapping[str, Any]) -> PageMessage:
        return read_page(message)

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        self._refuse()
        self.jobs.append(job)

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        self._refuse()
        self.calls.append(call)

    def park(self, url: str, message: str, group: str, identity: str) -> None:
        self._refuse()
        self.parked.append((url, message, group, identity))

    def change_visibility(self, url: str, receipt_handle: str, seconds: int) -> None:
        if self.holds:
            raise AwsError("InvalidParameterValue", "the receipt handle has expired", 400, {})
        self.hidden.append((receipt_handle, seconds))

    def _refuse(self) -> None:
        if self.refuses:
            self.refuses -= 1
            raise AwsError("ServiceUnavailable", "later", 503, {})


class FailingStore(MemoryStore):
    """A store that refuses commits naming one of `broken` event ids, or a kind of `full`.

    `unread` makes the next reads fail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()
        self.full: set[str] = set()
        self.unread = 0

    def commit(self, steps: Any) -> None:
        if any(step.name[0] == "event" and step.name[2] in self.broken for step in steps):
            raise Retryable("the table is throttled")
        if any(step.name[0] in self.full for step in steps):
            raise Retryable("the table is throttled")
        super().commit(steps)

    def read(self, names: Any) -> Any:
        if self.unread:
            self.unread -= 1
            raise Retryable("the table is throttled")
        return super().read(names)


class Desk:
    """A processor with fakes on every side, and the records SQS would hand it.

    Two may share a `store`, as two Lambdas do.
    """

    def __init__(self, store: FailingStore | None = None, **connection: object) -> None:
        self.store = FailingStore() if store is None else store
        self.queues = FakeQueues()
        self.logged: list[dict[str, Any]] = []
        self.counted: list[str] = []
        about = {
            "version": 1,
            "provider": "stripe",
            "mode": "live",
            "contact_policy": "create",
            "has_api": False,
            **connection,
        }
        steps: list[Write | Check] = [Write(("connection", "shop"), about, None)]
        self.store.commit(steps)
        ids = itertools.count()
        self.batch = Batch(
            messages=Messages(
                store=self.store,
                queue=self.queues,
                events_url="https://q/events.fifo",
                history_url="https://q/history",
                calls_url="https://q/calls",
                new_id=lambda: f"contact-{next(ids)}",
            ),
            queue=self.queues,
            urls={"events.fifo": "https://q/events.fifo"},
            dead_letters_url="https://q/events-dead.fifo",
            last_seen=LastSeen(self.store, self._log),
            log=self._log,
            count=lambda metric, **_: self.counted.append(metric),
        )

    def _log(self, event: str, **fields: Any) -> None:
        self.logged.append({"event": event, **fields})

    def handle(self, *records: dict[str, Any]) -> list[str]:
        answer = self.batch.handle(records, NOW)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def quarantined(self) -> list[str]:
        return [d["code"] for n, d in self.store.documents.items() if n[0] == "quarantine"]

    def markers(self) -> set[str]:
        return {name[2] for name in self.store.documents if name[0] == "event"}


def body_of(event_id: str, **changed: Any) -> bytes:
    content = {**story.sample("product.created", "new").event.content, "id": event_id, **changed}
    return json.dumps(content).encode()


def message(
    name: str, body: bytes | str, group: str = "a", receives: int = 1, **fields: Any
) -> dict[str, Any]:
    if isinstance(body, bytes):
        envelope = EventEnvelope(
            provider="stripe",
            connection_id="shop",
            received_at=NOW,
            body=body,
            subject="s",
            **fields,
        )
        body = envelope.to_message()
    return {
        "messageId": name,
        "body": body,
        "receiptHandle": f"handle-{name}",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:events.fifo",
        "attributes": {"ApproximateReceiveCount": str(receives), "MessageGroupId": group},
    }
