"""What a page goes through that is read to verify: each object compared, and repaired if asked.

The objects come as events do, and are folded over what is stored without being written. An event
that was sent and has failed lies in quarantine or among the dead letters; whom such are about is
looked up only where something differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from functions.process_events.fold_events import Events, Work, habits_of
from shared.domain import trust, verify
from shared.domain.apply import try_fold
from shared.domain.envelope import group_of
from shared.domain.errors import Quarantined
from shared.domain.fold import fold
from shared.domain.folding import Arrival, Plan
from shared.domain.history_import import Job, Json
from shared.domain.observations import Parsed
from shared.domain.ports import Document, Name, Reading, Store

# Quarantined events looked through where something differs: the newest ones.
_QUARANTINED_MAX = 500
_PAGE = 100


class Listing(Store, Protocol):
    """Where documents live, and lists of what was refused."""

    def listed(
        self, kind: str, limit: int, cursor: str | None
    ) -> tuple[list[Document], str | None]:
        """Return a page of documents of one kind."""


class Verify:
    """Compares and repairs; `new_events` carries out what is repaired."""

    def __init__(
        self, *, store: Listing, new_events: Callable[[], Events], new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._new_events = new_events
        self._new_id = new_id

    def compare(self, job: Document, work: Work, now: int) -> Sequence[Json]:
        """Return what an event says otherwise than the records; write nothing."""
        if work.arrival is None or work.parsed is None:
            return []
        arrival, parsed = _verified(work.arrival), work.parsed
        reading = Reading()
        try:
            plan = try_fold(self._folding(arrival, parsed, now), reading, self._store)
        except Quarantined as refused:
            kind, identity = _about(parsed)
            return [verify.not_ours(kind, identity, refused.reason)]
        found = verify.differences(plan, reading)
        if not found:
            return []
        about = {each["record"]: list(verify.subjects_of(each, plan)) for each in found}
        lost = self._lost(job["connection_id"], {s for some in about.values() for s in some})
        return [verify.failed(each, about[each["record"]], lost) for each in found]

    def noted(self, job: Document, differences: Sequence[Json]) -> Job:
        """Return the job that tells of these differences too; its version stays."""
        return verify.noted(job, differences)

    def repair(self, job: Document, work: Work, now: int) -> None:
        """Have the records follow an event that differs, if the job is to repair."""
        if not job["repair"] or work.arrival is None or work.parsed is None:
            return
        repaired = Work()
        repaired.arrival, repaired.parsed = _verified(work.arrival), work.parsed
        events = self._new_events()
        events.read_ahead([repaired], now)
        if repaired.refused is None:  # else it is none of ours, and stays at the provider
            events.carry_out(repaired, now)

    def _folding(self, arrival: Arrival, parsed: Parsed, now: int) -> Callable[[Reading], Plan]:
        habits = habits_of(arrival.provider)

        def folding(reading: Reading) -> Plan:
            return fold(arrival, parsed, habits, reading, now=now, new_id=self._new_id)

        return folding

    def _lost(self, connection_id: str, subjects: Iterable[str]) -> set[str]:
        """Return those of these subjects that an event has failed about."""
        wanted = set(subjects)
        groups: dict[Name, str] = {
            ("broken", group_of(connection_id, each)): each for each in wanted
        }
        parked = {groups[n] for n, each in self._store.read(groups).items() if each is not None}
        return parked | (wanted & self._quarantined(connection_id))

    def _quarantined(self, connection_id: str) -> set[str]:
        """Return whom the newest quarantined events of a connection are about."""
        seen, cursor, found = 0, None, set[str]()
        while seen < _QUARANTINED_MAX:
            page, cursor = self._store.listed("quarantine", _PAGE, cursor)
            rows = [row for row in page if row["connection_id"] == connection_id]
            found |= {str(row["subject"]) for row in rows if row.get("subject")}
            seen += len(page)
            if cursor is None:
                break
        return found


def _verified(arrival: Arrival) -> Arrival:
    return replace(arrival, source=trust.VERIFIED)


def _about(parsed: Parsed) -> tuple[str, str]:
    """Return the kind and the id of what an event is about, as far as it says."""
    named: list[tuple[str, Any]] = [
        *(("recurring_payment", each.subscription_id) for each in parsed.subscriptions),
        *(("order", each.refs[0].partition(":")[2]) for each in parsed.orders if each.refs),
        *(("customer", each.customer_id) for each in parsed.customers),
    ]
    return named[0] if named else ("event", parsed.event_id)
