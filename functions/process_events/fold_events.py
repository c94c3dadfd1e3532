"""Events folded and committed: opened, read ahead together, one transaction each, and followed up.

What a batch of messages and a page of history have in common. A commit that somebody else was
faster than is read anew and folded again, so what was read together may be as old as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shared.domain import following, foresight, late_words
from shared.domain.apply import apply
from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Quarantined
from shared.domain.fold import fold, quarantine
from shared.domain.folding import Arrival, Habits, Plan
from shared.domain.history_message import PageMessage
from shared.domain.observations import Parsed
from shared.domain.ports import Missing, Name, Reading, Store
from shared.providers.catalogue import PROVIDERS

# Tells whether what a plan comes to is left to others, who will tell of it themselves.
Leaves = Callable[[Plan, Reading], bool]
# Indexes follow the table within a second as a rule; a job that has just run runs again after.
# Not less than the Lambda's timeout, so that a job queued before a commit runs after it.
_AGAIN_AFTER_SECONDS = 30


class Sender(Protocol):
    """What following up asks of the queues."""

    def open_event(self, envelope: EventEnvelope) -> EventEnvelope:
        """Return the envelope with its body in it."""

    def open_page(self, message: Mapping[str, Any]) -> PageMessage:
        """Return the page of history a message holds, with its bodies in it."""

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        """Put a job on a queue."""

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Put a message on a standard queue."""


class Work:
    """One message, opened: an event with what it says, a job or a page; or why it is unreadable."""

    def __init__(self) -> None:
        self.arrival: Arrival | None = None
        self.parsed: Parsed | None = None
        self.job: Mapping[str, Any] | None = None
        self.page: PageMessage | None = None
        self.plan: Plan | None = None
        self.refused: Quarantined | None = None
        self.failed: Exception | None = None

    @property
    def connection_id(self) -> str:
        """The connection the message came by; empty where it cannot be told."""
        if self.page is not None:
            return self.page.connection_id
        if self.job is not None:
            return str(self.job.get("connection_id", ""))
        return self.arrival.connection_id if self.arrival else ""

    @property
    def subject(self) -> str | None:
        """Whom the message is about, as its door read it."""
        if self.job is not None:
            return self.job.get("subject")
        return self.arrival.subject if self.arrival else None

    def about(self) -> dict[str, Any]:
        """Return what may be logged of the message: ids and codes, nothing of a person's."""
        if self.page is not None:
            return self.page.about()
        if self.job is not None:
            return {"job": self.job.get("job"), "connection_id": self.connection_id}
        parsed = self.parsed
        return {
            "connection_id": self.connection_id,
            "provider": self.arrival.provider if self.arrival else None,
            "event_id": parsed.event_id if parsed else None,
            "event_type": parsed.event_type if parsed else None,
            "code": self.refused.code if self.refused else None,
        }


class FollowUps:
    """Sends what follows from a plan, over the three queues."""

    def __init__(self, queue: Sender, *, events_url: str, history_url: str, calls_url: str) -> None:
        self._queue = queue
        self._events_url = events_url
        self._history_url = history_url
        self._calls_url = calls_url

    def send_jobs(self, plan: Plan, nonce: str) -> None:
        """Send the jobs that follow from a plan; sending them twice does no harm."""
        for job, subject in following.jobs_of(plan.messages):
            self._queue.send_job(self._events_url, job, subject or nonce, nonce)

    def send_calls(self, plan: Plan) -> None:
        """Send what a plan asks of providers, and its jobs once more, for a little later."""
        for call in following.calls_of(plan.messages):
            self._queue.send_call(self._calls_url, call)
        for copy in following.copies_of(plan.messages):
            self._queue.send_call(self._history_url, copy, _AGAIN_AFTER_SECONDS)


class Events:
    """Opens events and carries them out, over one Reading for all that are read ahead together."""

    def __init__(
        self, *, store: Store, queue: Sender, follow_ups: FollowUps, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._queue = queue
        self._follow_ups = follow_ups
        self._new_id = new_id
        self._reading = Reading()
        self._written: set[Name] = set()

    def open(self, work: Work, arrival: Arrival) -> None:
        """Read what an event says. Raise Quarantined for what nobody can accept."""
        work.arrival = arrival
        provider = PROVIDERS.get(arrival.provider)
        if provider is None:
            raise Quarantined("unknown_provider", "no such provider is in the catalogue")
        work.parsed = provider.parse(arrival.body, arrival.headers)

    def read_ahead(self, works: Sequence[Work], now: int) -> None:
        """Read what a batch's events need together, and fold those that need nothing else."""
        self._reading = Reading()
        self._written = set()
        waiting = [work for work in works if work.parsed is not None]
        while waiting:
            names: list[Name] = []
            histories: list[Name] = []
            again: list[Work] = []
            for work in waiting:
                try:
                    work.plan = self._ahead(work, now)
                except Missing as missing:
                    names += missing.names
                    histories += missing.histories
                    again.append(work)
                except Quarantined as error:
                    work.refused = error
                except Exception:  # noqa: S112  # it fails again in its turn, where the edge sees it
                    continue
            self._reading.load(self._store, Missing(names, histories))
            waiting = again

    def _ahead(self, work: Work, now: int) -> Plan | None:
        if work.arrival is None or work.parsed is None:
            return None
        return self._fold(work.arrival, work.parsed, self._reading, now)

    def carry_out(self, work: Work, now: int, leaves: Leaves | None = None) -> str:
        """Fold and commit an event and send what follows from it; return the outcome's name.

        What `leaves` says is left to others changes nothing, and is as if it had not come.
        """
        plan = self._event(work, work.arrival or Arrival("", "", now, b""), now, leaves)
        # Should the worker die here, the event comes again: its marker knows what was to be sent.
        nonce = f"{work.parsed.event_id}~{work.parsed.event_type}" if work.parsed else ""
        self._follow_ups.send_jobs(plan, nonce)
        self._follow_ups.send_calls(plan)
        return plan.outcome

    def _fold(self, arrival: Arrival, parsed: Parsed, reading: Reading, now: int) -> Plan:
        habits = habits_of(arrival.provider)
        return fold(arrival, parsed, habits, reading, now=now, new_id=self._new_id)

    def _event(self, work: Work, arrival: Arrival, now: int, leaves: Leaves | None) -> Plan:
        """Fold and commit one event; the plan made ahead serves unless the batch wrote into it."""

        def folding(reading: Reading) -> Plan:
            plan = planned(reading)
            return Plan("ignored") if leaves is not None and leaves(plan, reading) else plan

        def planned(reading: Reading) -> Plan:
            ahead, work.plan = work.plan, None
            if ahead is not None and not any(s.name in self._written for s in ahead.steps):
                return ahead
            try:
                if work.refused is None and work.parsed is not None:
                    return self._fold(arrival, work.parsed, reading, now)
            except Quarantined as error:
                work.refused = error
            refused = work.refused or Quarantined("bad_envelope", "the message holds no event")
            named = foresight.customers_of(work.parsed) if work.parsed else []
            kept = late_words.kept(arrival, work.parsed, named, reading)
            return quarantine(kept, work.parsed, refused, now)

        try:
            plan = apply(folding, self._reading, self._store)
        except Quarantined as error:  # only the table can tell that ids are too long for its keys
            work.refused = error
            plan = apply(folding, self._reading, self._store)
        self._written |= {step.name for step in plan.steps}
        return plan


def habits_of(provider: str) -> Habits:
    """Return what folding has to know of a provider."""
    known = PROVIDERS.get(provider)
    return Habits(
        states_creation=known.states_creation if known else True,
        fetchable=known.fetchable if known else frozenset(),
        confirms=known.confirms if known else False,
    )
