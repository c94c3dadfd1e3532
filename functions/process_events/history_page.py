"""One page of a connection's history: taken, folded object by object, and counted once.

The next page is asked for before this one is folded, so that fetching runs ahead of folding by as
many pages as there are workers. Each object is an event with a marker of its own: a page that
comes again after a crash finds what was done as duplicates. A page read to verify is compared
with what is stored instead, and folded only where a repair is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from functions.process_events.fold_events import Events, Work
from shared.domain import history_import, history_progress, verify
from shared.domain.apply import apply
from shared.domain.errors import Quarantined
from shared.domain.folding import Arrival, Plan
from shared.domain.history_import import Job, Json, Tally
from shared.domain.history_message import PageEvent, PageMessage
from shared.domain.ports import Document, Name, Reading, Store, Write

_GONE = "the connection was removed meanwhile"

Change = Callable[[Document], Job | None]


class Verifies(Protocol):
    """What a page goes through that is read to verify, event by event."""

    def compare(self, job: Document, work: Work, now: int) -> Sequence[Json]:
        """Return what an event says otherwise than the records; write nothing."""

    def noted(self, job: Document, differences: Sequence[Json]) -> Job:
        """Return the job that tells of these differences too; its version stays."""

    def repair(self, job: Document, work: Work, now: int) -> None:
        """Have the records follow an event that differs, if the job is to repair.

        After a crash a page comes again: what is repaired differs no more.
        """


class HistoryPages:
    """Carries out pages; `ask` sends a call to whoever fetches the next one."""

    def __init__(
        self,
        *,
        store: Store,
        new_events: Callable[[], Events],
        ask: Callable[[Mapping[str, object]], None],
        verifies: Verifies | None = None,
    ) -> None:
        self._store = store
        self._new_events = new_events
        self._ask = ask
        self._verifies = verifies

    def carry_out(self, page: PageMessage, now: int) -> str:
        """Do a page unless it is done or another's; return the outcome's name."""
        if page.failure is not None:
            return "applied" if self._fail(page, page.failure, now) else "ignored"
        job, _ = self._change(page, lambda job: history_import.taken(job, page, now))
        if job is None or not history_import.holds(job, page):
            return "ignored"
        if history_import.asks_after(job, page):
            # Once more if a worker has died right here: a copy of the next page is nobody's.
            for call in history_import.next_call(job):
                self._ask(call)
        tally = self._go_through(job, page, now)
        self._change(page, lambda job: history_import.gone_through(job, page, tally, now))
        return "applied"

    def gave_up(self, page: PageMessage, reason: str, now: int) -> None:
        """Have the job tell that a page could not be done."""
        self._fail(page, f"Page {page.number} could not be processed: {reason}", now)

    def _fail(self, page: PageMessage, reason: str, now: int) -> bool:
        return self._change(page, lambda job: history_import.failed(job, page, reason, now))[1]

    def _go_through(self, job: Document, page: PageMessage, now: int) -> Tally:
        events, tally = self._new_events(), Tally()
        works = [(each.event_id, _opened(events, page, each)) for each in page.events]
        if job["kind"] == history_import.VERIFY:
            self._verify(job, page, [work for _, work in works], now)
        else:
            events.read_ahead([work for _, work in works], now)
        for event_id, work in works:
            if job["kind"] == history_import.KIND:
                # What was sold since it began, its webhook is to tell, and to set things off.
                newer = partial(history_import.is_newer, job, work.parsed)
                events.carry_out(work, now, newer)
            if work.refused is None:
                tally.imported += 1
            else:
                tally.reject(event_id, work.refused.reason)
        return tally

    def _verify(self, job: Document, page: PageMessage, works: Sequence[Work], now: int) -> None:
        """Note what differs, once; then repair it, as often as it takes."""
        verifies = self._verifies
        if verifies is None:
            raise Quarantined("bad_envelope", "this processor compares no pages")
        found = [(work, verifies.compare(job, work, now)) for work in works if work.refused is None]
        differences = [each for _, told in found for each in told]

        def note(job: Document) -> Job | None:
            if not history_import.is_uncompared(job, page):
                return None
            return history_import.compared(verifies.noted(job, differences), page, now)

        self._change(page, note)
        for work, told in found:
            if told:
                verifies.repair(job, work, now)

    def _change(self, page: PageMessage, change: Change) -> tuple[Document | None, bool]:
        """Have the job changed, if `change` wants it; return it as it then is, and if it was.

        The connection is told of an end in the same transaction. Without a connection the job
        fails, and there is none to go on with.
        """
        name, about = history_import.name_of(page.job_id), ("connection", page.connection_id)
        held: Document | None = None

        def folding(reading: Reading) -> Plan:
            nonlocal held
            reading.want([name, about])
            held, connection = reading.get(name), reading.get(about)
            following = change(held) if held is not None else None
            if held is None or following is None:
                return Plan("ignored")
            if connection is None:
                gone = {**following, "state": "failed", "failure": _GONE}
                version, held = held["version"], None
                return Plan("applied", [Write(name, gone, version)])
            steps = _steps(name, about, held, following, connection)
            held = following
            return Plan("applied", list(steps))

        plan = apply(folding, Reading(), self._store)
        return held, plan.outcome == "applied"


def _steps(
    name: Name, about: Name, job: Document, following: Job, connection: Document
) -> list[Write]:
    """Return the writes of a job's change, and of its connection's where that is to know."""
    steps = [Write(name, following, job["version"])]
    ended = following["state"] != job["state"] and following["state"] in ("done", "failed")
    if ended and job["kind"] == history_import.KIND:
        told: Job | None = history_progress.told(connection, following)
    elif ended and job["kind"] == history_import.VERIFY:
        told = verify.told(connection, following)
    else:
        told = None
    if told is not None:
        steps.append(Write(about, told, connection["version"]))
    return steps


def _opened(events: Events, page: PageMessage, event: PageEvent) -> Work:
    """Return one of the page's objects with what it says, or why it says nothing."""
    work = Work()
    arrival = Arrival(
        provider=page.provider,
        connection_id=page.connection_id,
        received_at=page.fetched_at,
        body=event.body,
        source="history",
        body_key=event.body_key,
    )
    try:
        events.open(work, arrival)
    except Quarantined as error:
        work.refused = error
    return work
