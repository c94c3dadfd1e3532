"""Automations at work in memory: a queue, the clock, one endpoint or more, and planned faults.

What was under way when a worker died comes again, as SQS would have it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from functions.run_automations.deliver import Attempted, Deliver, Posting
from functions.run_automations.messages import Messages
from functions.run_automations.process_batch import Batch
from functions.wake_due.drain import drain
from shared.adapters.table_keys import DUE_SHARDS
from shared.domain import contacts, times
from shared.domain.automations.bus_events import BusEvent
from shared.domain.errors import Retryable
from shared.domain.ports import Document, Name
from tests.simulation.faults import Crashed
from tests.support.workshop_world import (
    FIRING,
    SECRET,
    START,
    URL,
    Answered,
    Gate,
    GatedStore,
    Post,
    Row,
    firing,
    head,
)


class Workshop:
    """One contact with one subscription, one automation, and endpoints that answer as told."""

    def __init__(self, steps: list[dict[str, Any]], **automation: Any) -> None:
        self.now = START
        self.gate = Gate()
        self.store = GatedStore(self.gate)
        self.waiting: list[Row] = []
        self.posts: list[Post] = []
        self.answers: dict[str, Callable[[], Answered]] = {}
        self.events: list[BusEvent] = []
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.secrets: dict[str, dict[str, Any]] = {}
        self.settled: list[Mapping[str, Any]] = []
        # What settling and dates shall set off.
        self.fires: list[str] = []
        self.mailed: list[str] = []
        self._numbers = itertools.count(1)
        self._next_minute = START
        self._seed(steps, automation)
        self.batch = self._batch()

    # What is there before the first message.

    def _seed(self, steps: list[dict[str, Any]], automation: dict[str, Any]) -> None:
        contact = contacts.new("c1", "ada@example.com", START) | {"first_name": "Ada"}
        self.put(("contact", "c1"), contact)
        self.put(("recurring_payment", "shop", "sub_1"), head())
        defined = {
            "automation_id": "rescue",
            "name": "Rescue",
            "enabled": True,
            "trigger": {"type": "recurring_payment_updated"},
            "steps": steps,
            "revision": 1,
            "on_edit": "finish",
            "created_date": START,
            **automation,
        }
        self.put(("automation", "rescue"), defined)
        self.put(("revision", "rescue", "1"), defined)
        self.endpoint("crm", URL)

    def put(self, name: Name, document: Mapping[str, Any]) -> None:
        held = self.store.documents.get(name, {"version": 0})
        self.store.documents[name] = {**document, "version": held["version"] + 1}

    def endpoint(self, endpoint_id: str, url: str, status: str = "enabled") -> None:
        about = {"endpoint_id": endpoint_id, "url": url, "events": [], "status": status}
        self.put(("endpoint", endpoint_id), about)
        self.secrets[endpoint_id] = {"secrets": [{"secret": SECRET}]}

    def fire(self, firing_id: str = FIRING, **about: Any) -> None:
        self.put(("firing", "rescue", firing_id), firing(firing_id) | about)
        self.send({"kind": "run", "automation_id": "rescue", "firing_id": firing_id}, 0)

    # The world the product calls.

    def send(self, message: Mapping[str, Any], delay_seconds: int) -> None:
        row = (self.now + delay_seconds * times.SECOND, {"v": 1, **message}, 0)
        self.gate(lambda: self.waiting.append(row), resendable=True)

    def send_calls(self, url: str, calls: Sequence[tuple[Mapping[str, object], int]]) -> None:
        rows = [(self.now + delay * times.SECOND, {"v": 1, **call}, 0) for call, delay in calls]
        self.gate(lambda: self.waiting.extend(rows), resendable=True)

    def change_visibility(self, url: str, receipt_handle: str, seconds: int) -> None:
        """Messages that failed come again in a minute here, whatever was asked."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        def effect() -> Answered:
            self.posts.append(Post(url, headers, body, self.now))
            return self.answers.get(url, Answered)()

        answer: Answered = self.gate(effect)
        return answer

    def put_events(self, events: Sequence[BusEvent]) -> None:
        self.gate(lambda: self.events.extend(events))

    def read_secrets(self, identity: str, now: float) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.gate(lambda: self.secrets.get(identity))
        return found

    # Time goes by.

    def run(self, until: int | None = None) -> None:
        """Let everything happen that happens up to `until`; all there is without it."""
        while self.step(until):
            pass
        self.now = max(self.now, until or self.now)

    def step(self, until: int | None = None) -> bool:
        """Let the next thing happen; False where there is none up to `until`."""
        due = self._next(until)
        if due is None:
            return False
        self.now = max(self.now, due)
        if due == self._next_minute and self._indexed():
            self._wake()
        else:
            self._handle([row for row in self.waiting if row[0] <= self.now][:10])
        return True

    def _next(self, until: int | None) -> int | None:
        times_due = [row[0] for row in self.waiting]
        if self._indexed():
            first = min(each["when"] for each in self._indexed())
            while self._next_minute < max(self.now, first - times.MINUTE):
                self._next_minute += times.MINUTE
            times_due.append(self._next_minute)
        due = min(times_due, default=None)
        return None if due is None or (until is not None and due > until) else due

    def _indexed(self) -> list[Document]:
        return [each for name, each in self.store.documents.items() if name[0] == "due"]

    def _wake(self) -> None:
        self._next_minute += times.MINUTE
        try:
            drain(
                index=self.store,
                shards=DUE_SHARDS,
                queue=self,
                urls={"automations": "automations"},
                clock=lambda: self.now,
                until=self.now + times.MINUTE,
                log=self._log,
            )
        except (Crashed, Retryable):
            return

    def _handle(self, rows: list[Row]) -> None:
        for row in rows:
            self.waiting.remove(row)
        self.gate.interleave = lambda: self._invoke(rows)
        again = self._invoke(rows)
        self.gate.interleave = lambda: None
        for _, message, receives in again:
            assert receives < 12, f"the message never gets through: {message}"
            self.waiting.append((self.now + times.MINUTE, message, receives + 1))

    def _invoke(self, rows: list[Row]) -> list[Row]:
        """Have one worker handle these messages; return those that come again."""
        numbered = {str(next(self._numbers)): row for row in rows}
        records = [
            {
                "messageId": number,
                "receiptHandle": number,
                "body": json.dumps(message),
                "attributes": {"ApproximateReceiveCount": str(receives + 1)},
            }
            for number, (_, message, receives) in numbered.items()
        ]
        try:
            answer = self.batch.handle(records)
            again = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        except Crashed:
            again = set(numbered)
        return [numbered[number] for number in again]

    # The product.

    def _batch(self) -> Batch:
        deliver = Deliver(
            store=self.store,
            secrets=_Secrets(self),
            send=self.send,
            random=lambda: 0.5,
            log=self._log,
        )
        return Batch(
            messages=Messages(
                store=self.store,
                deliver=deliver,
                fire=_Fire(self),
                by_date=_Fire(self),
                send_mail=_Mail(self),
                bus=_Bus(self),
                send=self.send,
                local=True,
                log=self._log,
            ),
            outbound=self,
            queue=self,
            url="automations",
            clock=lambda: self.now,
            monotonic=lambda: self.now / 1_000,
            log=self._log,
            side_by_side=one_by_one,
        )

    def _log(self, event: str, **about: Any) -> None:
        self.logged.append((event, about))

    # What came of it.

    def document(self, *name: str) -> dict[str, Any]:
        return self.store.documents[name]

    def deliveries(self) -> list[dict[str, Any]]:
        return [each for name, each in self.store.documents.items() if name[0] == "delivery"]


class _Secrets:
    def __init__(self, workshop: Workshop) -> None:
        self.read = workshop.read_secrets


class _Bus:
    def __init__(self, workshop: Workshop) -> None:
        self.put = workshop.put_events


class _Fire:
    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def settled(self, message: Mapping[str, Any], now: int) -> list[str]:
        self._workshop.settled.append(message)
        return list(self._workshop.fires)

    def again(self, message: Mapping[str, Any], now: int) -> list[str]:
        return self.settled(message, now)

    def come(self, message: Mapping[str, Any], now: int) -> str | None:
        self._workshop.settled.append(message)
        return next(iter(self._workshop.fires), None)


class _Mail:
    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def send(self, mail_id: str, monotonic: float) -> str | None:
        self._workshop.mailed.append(mail_id)
        return None


def one_by_one(
    postings: Sequence[Posting], post: Callable[[Posting], Attempted]
) -> Iterator[tuple[int, Attempted | BaseException]]:
    """Post one after the other, in an order that repeats."""
    for index, each in enumerate(postings):
        try:
            yield index, post(each)
        except Retryable as error:
            yield index, error
