"""A month as it is lived: events processed at their times, recipes firing, the change log written.

Every part is the product's own, in memory: the processor, the stream's reader, firing by changes
and by dates, and the rows of the change log. The watch over the dates is played by looking at all
dates every hour, which is what it does.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from functions.fire_triggers.read_stream import Stream
from infra.samples.stripe_month import Month
from shared.adapters.log_chronicle import LogChronicle
from shared.adapters.table import change_of
from shared.domain import recurring_payments, times
from shared.domain.automations.configuration import Configuration
from shared.domain.automations.dates import HORIZON, MISSED
from shared.domain.automations.due_dates import due_of
from shared.domain.automations.fire import Fire
from shared.domain.automations.fire_by_date import FireByDate
from shared.domain.automations.parse import definition_of
from shared.domain.backtest.run import Scene
from shared.domain.change_log.rows import gone_row, row_of
from shared.domain.envelope import EventEnvelope
from shared.domain.observations import Parsed
from shared.domain.ports import Check, Name, Write
from tests.support.firing import MemoryBus
from tests.support.log_shop import duck_of
from tests.support.shop import Shop
from tests.support.stream import StreamingStore

DAYS = 31


class LoggedStore(StreamingStore):
    """A store that leaves in the change log what `record_changes` would."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def commit(self, steps: Sequence[Write | Check]) -> None:
        before = {step.name: self.documents.get(step.name) for step in steps}
        super().commit(steps)
        for step in steps:
            if isinstance(step, Write):
                self._log(step.name, before[step.name], step.document)

    def _log(self, name: Name, old: Mapping[str, Any] | None, new: Any) -> None:
        told = row_of(name, new) if new is not None else old and gone_row(name, old)
        if told:
            dataset, row = told
            recorded_at = self.now - self.now % times.SECOND
            position = f"{self.now:013d}-00000000-{len(self.lines):06d}"
            common = {"epoch": 1, "recorded_at": recorded_at, "position": position}
            self.lines.append({dataset: {**row, **common}})


class Life:
    """A shop, with automations, through a month."""

    def __init__(self, starts_at: int, **shop: Any) -> None:
        """`starts_at` is in ms; what is more is for the shop."""
        self.starts_at = starts_at
        self.store = LoggedStore()
        self.shop = Shop(store=self.store, **shop)
        self._waiting: list[tuple[int, int, Mapping[str, Any]]] = []
        self._order = itertools.count()
        self._read = 0
        configuration = Configuration(self.store, 3_600, local=False, log=lambda *_, **__: None)
        self._configuration = configuration
        parts: dict[str, Any] = {
            "store": self.store,
            "queue": self,
            "bus": MemoryBus(),
            "configuration": configuration,
            "url": "automations",
        }
        self._fire = Fire(**parts)
        self._by_date = FireByDate(**parts)
        self._stream = Stream(
            fire=self._fire, read=change_of, log=lambda *_, **__: None, count=lambda *_, **__: None
        )

    def automate(self, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """Install automations as they are put, the day before the month begins."""
        for automation_id, body in bodies.items():
            self.store.documents["automation", automation_id] = {
                **definition_of(body),
                "automation_id": automation_id,
                "revision": 1,
                "version": 1,
                "created_date": self.starts_at - times.DAY,
            }

    def live(self, month: Month) -> None:
        """Let a month's deliveries arrive at their times, and everything happen that follows."""
        moments: list[tuple[int, bytes | None]] = [
            (self.starts_at + each.offset_ms, each.event.body) for each in month
        ]
        hours = range(0, DAYS * times.DAY, times.HOUR)
        moments += [(self.starts_at + each, None) for each in hours]
        for now, body in sorted(moments, key=lambda each: each[0]):
            self._work_until(now)
            if body is None:
                self._watch(now)
            else:
                self._receive(body, now)
        self._work_until(self.starts_at + DAYS * times.DAY)

    def hear(self, connection_id: str, parsed: Parsed, now: int) -> None:
        """Let what a parser made of an event arrive at a time (ms)."""
        self._work_until(now)
        self.store.now = now
        self.shop.hear_at(parsed, now, connection_id)
        self._stream_until(now)

    def rest(self, until: int) -> None:
        """Let everything happen that follows, up to a time (ms)."""
        self._work_until(until)

    def watch_until(self, until: int) -> None:
        """Let time pass, with the watch over the dates looking every hour."""
        first = -(-self.store.now // times.HOUR) * times.HOUR
        for now in range(first, until + 1, times.HOUR):
            self._work_until(now)
            self._watch(now)
        self._work_until(until)

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Keep a message of the queue of automations until it is seen."""
        due = self.store.now + delay_seconds * times.SECOND
        heapq.heappush(self._waiting, (due, next(self._order), call))

    def firings(self, automation_id: str) -> list[dict[str, Any]]:
        found = [
            document
            for name, document in self.store.documents.items()
            if name[:2] == ("firing", automation_id)
        ]
        return sorted(found, key=lambda each: (each["at"], each["firing_id"]))

    def log(self) -> LogChronicle:
        """Return the change log as it is now."""
        return LogChronicle(duck_of(self.store.lines).open({}))

    def scene(self) -> Scene:
        connections = [
            each for name, each in self.store.documents.items() if name[0] == "connection"
        ]
        return Scene(connections, [], None, local=False)

    def _receive(self, body: bytes, now: int) -> None:
        self.store.now = now
        envelope = EventEnvelope(
            provider=self.shop.provider, connection_id="shop", received_at=now, body=body
        )
        self.shop.process(envelope, now)
        self._stream_until(now)

    def _stream_until(self, now: int) -> None:
        records, self._read = self.store.stream[self._read :], len(self.store.stream)
        assert self._stream.handle(records, now) == {"batchItemFailures": []}

    def _work_until(self, now: int) -> None:
        """Handle the messages that are seen by then."""
        while self._waiting and self._waiting[0][0] <= now:
            due, _, message = heapq.heappop(self._waiting)
            self.store.now = max(self.store.now, due)
            if message["kind"] == "settled":
                self._fire.settled(message, due)
            elif message["kind"] == "date":
                self._by_date.come(message, due)

    def _watch(self, now: int) -> None:
        """Put the dates that are due before the watch looks again."""
        self.store.now = now
        known = self._configuration.at(now)
        for record, view in self._payments():
            for automation in known.by_date:
                due = due_of(automation, record, view[str(automation.trigger.field)], known.zone)
                if due is not None and now - MISSED <= due.when <= now + HORIZON:
                    row = (max(due.when, now), next(self._order), due.message())
                    heapq.heappush(self._waiting, row)

    def _payments(self) -> Iterable[tuple[Name, Mapping[str, Any]]]:
        for name, head in list(self.store.documents.items()):
            view = recurring_payments.show(head["facets"]) if name[0] == "recurring_payment" else {}
            if view:
                yield name, view
