"""An import of history in memory: manage starts it, calls are answered, pages are folded.

Two queues as SQS is: what is not acknowledged comes again, and anything may come twice. A worker
may be killed before each of its steps: a read of the API, a commit, a send, an acknowledgement.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from functions.call_providers.fetch_object import read_call
from functions.call_providers.fetch_page import fetch_page
from functions.manage.bodies import HistoryBody
from functions.manage.history import start_history
from functions.process_events.ask_page import ask_page
from functions.process_events.fold_events import Work
from functions.process_events.verify_page import Listing
from functions.query.jobs import read_import
from shared.api.bodies import validated
from shared.domain import history_import, history_progress
from shared.domain.errors import PaysignalError
from shared.domain.history_message import PageMessage
from shared.domain.history_pages import Page, TellsHistory
from shared.domain.ports import Document, Write
from tests.fakes.memory_store import MemoryStore
from tests.support.shop import Outbox, Shop

# When pages are fetched, unless a story says otherwise.
FETCHED_AT = 1_900_000_000_000


class Killed(BaseException):
    """A worker that ends here, without a word."""


class WatchedStore(MemoryStore):
    """A store that tells before each commit."""

    def __init__(self) -> None:
        super().__init__()
        self.before_commit: Callable[[], None] = lambda: None

    def commit(self, steps: Any) -> None:
        self.before_commit()
        super().commit(steps)


class Message:
    """A message of a queue, with how often it was received."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.receives = 0


class Queues(Outbox):
    """The queues as the Lambdas see them; `tick` is told before each send."""

    def __init__(self, tick: Callable[[], None]) -> None:
        super().__init__()
        self.tick = tick
        self.page_calls: list[Message] = []
        self.pages: list[Message] = []

    @property
    def standard(self) -> tuple[list[Message], ...]:
        """The queues that keep no order."""
        return self.page_calls, self.pages

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        if url == "calls" and call["object"] == "page":
            self.tick()
            self.page_calls.append(Message(json.dumps({"v": 1, **call})))
        else:
            super().send_call(url, call, delay_seconds)

    def send_page(self, url: str, page: PageMessage) -> None:
        self.tick()
        self.pages.append(Message(page.to_message(page.packed())))


class FakeApi:
    """A provider with phases of objects in pages of `size`; `speaker` makes events of them.

    `announces` says whether totals are told.
    """

    def __init__(
        self,
        phases: Mapping[str, list[dict[str, Any]]],
        speaker: Any,
        *,
        size: int = 2,
        announces: bool = True,
    ) -> None:
        self.told = phases
        self.speaker = speaker
        self.size = size
        self.announces = announces
        self.asked: list[tuple[str, str, int | None]] = []
        # What the next calls raise instead of answering.
        self.refuses: list[Exception] = []

    def phases(self, resources: Any) -> tuple[str, ...]:
        return tuple(self.told)

    def page(self, phase: str, cursor: str, since: int | None) -> Page:
        self.asked.append((phase, cursor, since))
        if self.refuses:
            raise self.refuses.pop(0)
        start, objects = int(cursor or 0), self.told[phase]
        end = start + self.size
        return Page(
            objects=tuple(objects[start:end]),
            kind=phase,
            following=str(end) if end < len(objects) else None,
            total=len(objects) if self.announces and not cursor else None,
        )

    def event(
        self, call: Mapping[str, Any], found: Mapping[str, Any], now: int
    ) -> tuple[str, bytes]:
        told: tuple[str, bytes] = self.speaker.event(call, found, now)
        return told


class HistoryShop(Shop):
    """A connection `shop` with its provider behind an API."""

    def __init__(
        self,
        api: TellsHistory,
        provider: str = "stripe",
        *,
        store: Listing | None = None,
        **about: Any,
    ) -> None:
        queues = Queues(lambda: self.tick())
        super().__init__(
            provider=provider, store=store or WatchedStore(), outbox=queues, has_api=True, **about
        )
        name = ("connection", "shop")
        connection = dict(self.store.read([name])[name] or {})
        told = {"history": dict(history_progress.NONE), "created_date": 0}
        made = {**connection, **told, "version": connection["version"] + 1}
        self.store.commit([Write(name, made, connection["version"])])
        if isinstance(self.memory, WatchedStore):
            self.memory.before_commit = lambda: self.tick()
        self.queues = queues
        self.api = api
        self.secrets: Mapping[str, Any] | None = {"api": {"secret_key": "sk_1"}}
        self.dice = random.Random(1)
        # Of this share of all messages two copies are handed over.
        self.doubles = 0.0
        # All that the provider holds was there before.
        self.fetched_at = self._now = FETCHED_AT
        self.steps = 0
        self.kills: set[int] = set()
        # Told of each step of a worker, before it is done.
        self.on_step: Callable[[int], None] = lambda step: None
        self._asked: list[Mapping[str, Any]] = []
        self._at_work = False
        self._ids_of_jobs = itertools.count(1)
        self._ids_of_pages = itertools.count(1)

    def tick(self) -> None:
        """Take a step, if a worker is at work, or end here."""
        if not self._at_work:
            return
        self.steps += 1
        if self.steps in self.kills:
            raise Killed
        self._at_work = False  # what happens in between is not the worker's
        self.on_step(self.steps)
        self._at_work = True

    def import_history(self, job: Document) -> None:
        """Put the first message on the queue, as `Outgoing` does."""
        self._asked.append(history_import.message(job))

    def start(self, **body: Any) -> dict[str, Any]:
        """Start the import, as the route does."""
        return start_history(
            "shop",
            validated(HistoryBody, body),
            store=self.store,
            jobs=self,
            now=self.now,
            new_id=lambda: f"job-{next(self._ids_of_jobs)}",
        )

    def run(self) -> None:
        """Have workers at it until nothing is left to do; those killed are followed by others."""
        while self._asked or self.queues.page_calls or self.queues.pages:
            self.step()

    def step(self) -> None:
        """Hand one message to a worker."""
        if self._asked:
            message = self._asked[0]
            if self._done(lambda: ask_page(message, store=self.store, ask=self._ask)):
                self._asked.pop(0)
        else:
            self._one(self.dice.choice([each for each in self.queues.standard if each]))

    def _ask(self, call: Mapping[str, object]) -> None:
        self.queues.send_call("calls", call)

    def _one(self, queue: list[Message]) -> None:
        """Hand a message of a queue over; it is gone once it is acknowledged."""
        message = self.dice.choice(queue)
        if self.dice.random() < self.doubles:
            queue.append(Message(message.text))
        message.receives += 1
        if queue is self.queues.page_calls:
            done = self._done(lambda: self._fetch(message))
        else:
            done = self._done(lambda: self._fold(message))
        if done:
            queue.remove(message)

    def _done(self, work: Callable[[], object]) -> bool:
        """Tell whether a worker came to the end of its work, acknowledgement included."""
        self._at_work = True
        try:
            work()
            self.tick()
        except (Killed, PaysignalError):
            return False
        finally:
            self._at_work = False
        return True

    def _fetch(self, message: Message) -> None:
        self.tick()
        fetch_page(
            read_call(message.text),
            secrets=self,
            api_of=lambda provider, **credentials: self.api,
            queue=self.queues,
            history_url="history",
            now=self.fetched_at,
            monotonic=0.0,
            receives=message.receives,
            new_id=lambda: f"page-{next(self._ids_of_pages)}",
        )

    def _fold(self, message: Message) -> None:
        work = Work()
        self.messages.open(work, message.text)
        self.messages.carry_out(work, self.now)
        self._at_work = False
        self.work_off()
        self._at_work = True

    def read(self, connection_id: str, now: float) -> Mapping[str, Any] | None:
        """Return the connection's secrets."""
        assert (connection_id, now) == ("shop", 0.0)
        return self.secrets

    @property
    def connection(self) -> dict[str, Any]:
        name = ("connection", "shop")
        return dict(self.store.read([name])[name] or {})

    @property
    def job(self) -> dict[str, Any]:
        """The import's job."""
        name = history_import.name_of(self.connection["history"]["job_id"])
        return dict(self.store.read([name])[name] or {})

    @property
    def progress(self) -> dict[str, Any]:
        """What the API tells of the import."""
        return read_import("shop", store=self.store)
