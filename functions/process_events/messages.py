"""What a queue message asks for: an event to fold, a page of history, or a job to go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from functions.process_events.fold_events import Events, FollowUps, Sender, Work, habits_of
from functions.process_events.history_page import HistoryPages
from functions.process_events.verify_page import Listing, Verify
from shared.domain import directory, erase_job, jobs
from shared.domain.apply import apply
from shared.domain.envelope import EventEnvelope, read_message
from shared.domain.errors import Quarantined
from shared.domain.folding import Arrival, Plan
from shared.domain.history_message import KIND as PAGE
from shared.domain.ports import Missing, Name, Reading, Write

_NO_OTHERS: Mapping[str, Callable[[Mapping[str, Any], int], str]] = MappingProxyType({})


class Messages:
    """Opens messages and carries them out, over one Reading per batch."""

    def __init__(
        self,
        *,
        store: Listing,
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
        self._new_id = new_id
        self._follow_ups = FollowUps(
            queue, events_url=events_url, history_url=history_url, calls_url=calls_url
        )
        self._events = self._new_events()
        self._history = HistoryPages(
            store=store,
            # Of its own: a page must not make the rest of its batch forget what it has read.
            new_events=self._new_events,
            ask=partial(queue.send_call, calls_url),
            verifies=Verify(store=store, new_events=self._new_events, new_id=new_id),
        )

    def _new_events(self) -> Events:
        return Events(
            store=self.store,
            queue=self._queue,
            follow_ups=self._follow_ups,
            new_id=self._new_id,
        )

    def open(self, work: Work, text: str) -> None:
        """Read one message and what its event says; a refusal is kept for when it is due."""
        try:
            message = read_message(text)
            if isinstance(message, EventEnvelope):
                self._open_event(work, self._queue.open_event(message))
            elif message["kind"] == PAGE:
                work.page = self._queue.open_page(message)
            else:
                work.job = message
        except Quarantined as error:
            work.refused = error
            work.arrival = work.arrival or Arrival("", "", 0, text.encode())

    def _open_event(self, work: Work, envelope: EventEnvelope) -> None:
        arrival = Arrival(
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
        self._events.open(work, arrival)

    def read_ahead(self, works: Sequence[Work], now: int) -> None:
        """Read what a batch's events need together, and fold those that need nothing else."""
        self._events.read_ahead(works, now)

    def carry_out(self, work: Work, now: int) -> str:
        """Carry a message through and send what follows from it; return the outcome's name."""
        if work.failed is not None:
            raise work.failed
        if work.page is not None:
            return self._history.carry_out(work.page, now)
        if work.job is not None:
            return self._job(work.job, now)
        return self._events.carry_out(work, now)

    def gave_up(self, work: Work, reason: str, now: int) -> None:
        """Tell whoever waits for a message that it is put aside."""
        if work.page is not None:
            self._history.gave_up(work.page, reason, now)
        elif work.job is not None and work.job["job"] == erase_job.KIND:
            self._gave_up_erasing(work.job, now)

    def _gave_up_erasing(self, message: Mapping[str, Any], now: int) -> None:
        name = erase_job.name_of(message["job_id"])
        job = self.store.read([name])[name]
        if job is None or job["state"] in erase_job.ENDED:
            return
        # A page done already may have failed at sending the next one on.
        if job["page"] in (message["page"], message["page"] + 1):
            self.store.commit([Write(name, erase_job.failed(job, now), job["version"])])

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
            # All but settings anew for each record: what was read for the one before may have
            # changed since, and been told to this one already. Its own version would not keep that
            # from being undone.
            reading = reading.only([("connection", name[1]), directory.NAME])
            plan = self._record(job, name, reading, now)
            self._follow_ups.send_jobs(plan, f"{job['job']}~{'~'.join(name)}~{now}")
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
        habits = habits_of(connection["provider"] if connection else "")

        def folding(reading: Reading) -> Plan:
            return jobs.fold_record(job, name, habits, reading, now=now, new_id=self._new_id)

        # A job leaves no marker: what it has done is done, and would not be followed up again
        # after a crash. So the later copies are queued before its commit.
        return apply(folding, reading, self.store, self._follow_ups.send_calls)

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
