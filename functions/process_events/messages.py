"""What a queue message asks for, and carrying it out: an event to fold, or a job to go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from shared.domain import directory, following, jobs
from shared.domain.apply import apply
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.errors import Quarantined
from shared.domain.fold import fold, quarantine
from shared.domain.folding import Arrival, Habits, Plan
from shared.domain.observations import Parsed
from shared.domain.ports import Missing, Name, Reading, Store
from shared.providers.catalogue import PROVIDERS

# Indexes follow the table within a second as a rule; a job that has just run runs again after.
# Not less than the Lambda's timeout, so that a job queued before a commit runs after it.
_AGAIN_AFTER_SECONDS = 30
_NO_OTHERS: Mapping[str, Callable[[Mapping[str, Any], int], str]] = MappingProxyType({})


class Sender(Protocol):
    """What following up asks of the queues."""

    def open_event(self, envelope: EventEnvelope) -> EventEnvelope:
        """Return the envelope with its body in it."""

    def send_job(self, url: str, job: Mapping[str, object], subject: str, nonce: str = "") -> None:
        """Put a job on a queue."""

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Put a message on a standard queue."""


class Work:
    """One message, opened: an arrival with what it says, or a job; or why it cannot be read."""

    def __init__(self) -> None:
        self.arrival: Arrival | None = None
        self.parsed: Parsed | None = None
        self.job: Mapping[str, Any] | None = None
        self.plan: Plan | None = None
        self.refused: Quarantined | None = None
        self.failed: Exception | None = None

    @property
    def connection_id(self) -> str:
        """The connection the message came by; empty where it cannot be told."""
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


class Messages:
    """Opens messages and carries them out, over one Reading per batch."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Sender,
        events_url: str,
        history_url: str,
        calls_url: str,
        new_id: Callable[[], str],
        others: Mapping[str, Callable[[Mapping[str, Any], int], str]] = _NO_OTHERS,
    ) -> None:
        """`others` carry out, by name, the jobs that go through something else than records."""
        self.store = store
        self._others = others
        self._queue = queue
        self._events_url = events_url
        self._history_url = history_url
        self._calls_url = calls_url
        self._new_id = new_id
        self._reading = Reading()
        self._written: set[Name] = set()

    def open(self, work: Work, text: str) -> None:
        """Read one message and what its event says; a refusal is kept for when it is due."""
        try:
            message = read_message(text)
            if isinstance(message, EventEnvelope):
                self._open_event(work, self._queue.open_event(message))
            else:
                work.job = message
        except Quarantined as error:
            work.refused = error
            work.arrival = work.arrival or Arrival("", "", 0, text.encode())

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
            self._reading.load(self.store, Missing(names, histories))
            waiting = again

    def _ahead(self, work: Work, now: int) -> Plan | None:
        if work.arrival is None or work.parsed is None:
            return None
        return self._fold(work.arrival, work.parsed, self._reading, now)

    def carry_out(self, work: Work, now: int) -> str:
        """Carry a message through and send what follows from it; return the outcome's name."""
        if work.failed is not None:
            raise work.failed
        if work.job is not None:
            return self._job(work.job, now)
        plan = self._event(work, work.arrival or Arrival("", "", now, b""), now)
        # Should the worker die here, the event comes again: its marker knows what was to be sent.
        nonce = f"{work.parsed.event_id}~{work.parsed.event_type}" if work.parsed else ""
        self._send_jobs(plan, nonce)
        self._send_calls(plan)
        return plan.outcome

    def _open_event(self, work: Work, envelope: EventEnvelope) -> None:
        provider = PROVIDERS.get(envelope.provider)
        work.arrival = Arrival(
            provider=envelope.provider,
            connection_id=envelope.connection_id,
            received_at=envelope.received_at,
            body=envelope.body(),
            headers=envelope.headers,
            source=envelope.source,
            subject=envelope.subject,
            quarantine_id=envelope.quarantine_id,
            body_key=envelope.body_key,
        )
        if provider is None:
            raise Quarantined("unknown_provider", "no such provider is in the catalogue")
        work.parsed = provider.parse(work.arrival.body, work.arrival.headers)

    def _fold(self, arrival: Arrival, parsed: Parsed, reading: Reading, now: int) -> Plan:
        habits = _habits(arrival.provider)
        return fold(arrival, parsed, habits, reading, now=now, new_id=self._new_id)

    def _event(self, work: Work, arrival: Arrival, now: int) -> Plan:
        """Fold and commit one event; the plan made ahead serves unless the batch wrote into it."""

        def folding(reading: Reading) -> Plan:
            ahead, work.plan = work.plan, None
            if ahead is not None and not any(s.name in self._written for s in ahead.steps):
                return ahead
            try:
                if work.refused is None and work.parsed is not None:
                    return self._fold(arrival, work.parsed, reading, now)
            except Quarantined as error:
                work.refused = error
            refused = work.refused or Quarantined("bad_envelope", "the message holds no event")
            return quarantine(arrival, work.parsed, refused, now)

        try:
            plan = apply(folding, self._reading, self.store)
        except Quarantined as error:  # only the table can tell that ids are too long for its keys
            work.refused = error
            plan = apply(folding, self._reading, self.store)
        self._written |= {step.name for step in plan.steps}
        return plan

    def _job(self, job: Mapping[str, Any], now: int) -> str:
        """Go through one page of a job, and send the next page on."""
        if job["job"] in self._others:
            return self._others[job["job"]](job, now)
        if job["job"] == "recount_contact":
            return self._recount(job, now)
        names, cursor = jobs.names_of(job, self.store)
        outcome = "unchanged"
        if job["job"] == "attach_contact" and not job.get("cursor"):
            outcome = self._attach_activity(job, now)
        reading = Reading()
        for name in names:
            plan = self._record(job, name, reading, now)
            self._send_jobs(plan, f"{job['job']}~{'~'.join(name)}~{now}")
            outcome = "applied" if plan.outcome == "applied" else outcome
        if cursor is not None:
            # Two runs of one job may reach the same page within minutes: neither is the other's
            # repetition, so the run's own time tells them apart.
            following, nonce = {**job, "cursor": cursor}, f"{cursor}~{now}"
            self._queue.send_job(self._events_url, following, job.get("subject") or "", nonce)
        return outcome

    def _record(self, job: Mapping[str, Any], name: Name, reading: Reading, now: int) -> Plan:
        reading.load(self.store, Missing([name, ("connection", name[1]), directory.NAME]))
        connection = reading.get(("connection", name[1]))
        habits = _habits(connection["provider"] if connection else "")

        def folding(reading: Reading) -> Plan:
            return jobs.fold_record(job, name, habits, reading, now=now, new_id=self._new_id)

        # A job leaves no marker: what it has done is done, and would not be followed up again
        # after a crash. So the later copies are queued before its commit.
        return apply(folding, reading, self.store, self._send_calls)

    def _attach_activity(self, job: Mapping[str, Any], now: int) -> str:
        def folding(reading: Reading) -> Plan:
            return jobs.attach_activity(job, reading, now=now, new_id=self._new_id)

        return apply(folding, Reading(), self.store).outcome

    def _recount(self, job: Mapping[str, Any], now: int) -> str:
        names: list[Name] = []
        cursor: str | None = None
        while True:
            page, cursor = self.store.of_contact(job["contact_id"], cursor)
            names += page
            if cursor is None:
                break

        def folding(reading: Reading) -> Plan:
            return jobs.recount(job, reading, names, now=now, new_id=self._new_id)

        return apply(folding, Reading(), self.store).outcome

    def _send_jobs(self, plan: Plan, nonce: str) -> None:
        """Send the jobs that follow from a plan; sending them twice does no harm."""
        for job, subject in following.jobs_of(plan.messages):
            self._queue.send_job(self._events_url, job, subject or nonce, nonce)

    def _send_calls(self, plan: Plan) -> None:
        """Send what a plan asks of providers, and its jobs once more, for a little later."""
        for call in following.calls_of(plan.messages):
            self._queue.send_call(self._calls_url, call)
        for copy in following.copies_of(plan.messages):
            self._queue.send_call(self._history_url, copy, _AGAIN_AFTER_SECONDS)


def _habits(provider: str) -> Habits:
    known = PROVIDERS.get(provider)
    return Habits(
        states_creation=known.states_creation if known else True,
        fetchable=known.fetchable if known else frozenset(),
        confirms=known.confirms if known else False,
    )
