"""Records told again from kept events: tried first over a copy, shown, and only then carried out.

Today's parser reads what came then. What it reads as before changes nothing; what it reads another
way takes the place of what was read before, event by event, each in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.cli.kept_events import Bodies, Kept, arrival_of, is_bare
from infra.cli.overlay import Overlay
from shared.domain import following, jobs, record_views
from shared.domain.apply import apply
from shared.domain.errors import Quarantined
from shared.domain.folding import Habits, Plan
from shared.domain.ports import Document, Missing, Name, Reading, Store
from shared.domain.refold import refold
from shared.domain.timeline import Change
from shared.providers.catalogue import PROVIDERS

# Pages of a customer's records that a trial goes through for one event.
_JOBS_MAX = 1_000
_ERASED = "erased"


Said = Callable[[int], None]


class Send(Protocol):
    """Where the jobs go that follow from an event."""

    def __call__(self, plan: Plan, nonce: str) -> None:
        """Have the jobs of a plan done."""


@dataclass(slots=True)
class Outcome:
    """What came of a replay: how many events, which of them say something else now, and why not.

    `erased` counts those left out, whose bodies went with their person: their words stay.
    """

    read: int = 0
    erased: int = 0
    mended: list[Name] = field(default_factory=list)
    refused: list[tuple[Name, str]] = field(default_factory=list)


class Replay:
    """Replays events over a store; `silent` sets nothing off, `clock` tells ms."""

    def __init__(
        self,
        store: Store,
        *,
        bodies: Bodies,
        silent: bool,
        clock: Callable[[], int],
        send: Send | None = None,
    ) -> None:
        """Without `send` the jobs that follow are carried out here and now."""
        self._store = store
        self._bodies = bodies
        self._silent = silent
        self._clock = clock
        self._send = send or self._carry_out

    def all(self, kept: Kept, names: Iterable[Name], said: Said) -> Outcome:
        """Replay these events in order; `said` is told how many are done. Raise Contended."""
        outcome = Outcome()
        for name in names:
            try:
                plan = self._event(name, kept.holders(name))
            except Quarantined as refused:
                outcome.refused.append((name, f"{refused.code}: {refused.reason}"))
                plan = Plan("refused")
            if plan.outcome == "applied":
                outcome.mended.append(name)
                kept.follow(plan.steps)
                self._send(plan, f"replay~{'~'.join(name)}~{self._clock()}")
            outcome.read += plan.outcome != _ERASED
            outcome.erased += plan.outcome == _ERASED
            said(outcome.read + outcome.erased)
        return outcome

    def _event(self, name: Name, held_by: list[Name]) -> Plan:
        document = self._store.read([name])[name]
        if document is None:
            return Plan("ignored")
        if is_bare(document):
            return Plan(_ERASED)
        provider = PROVIDERS[document["provider"]]
        arrival = arrival_of(name, document, self._bodies)
        parsed = provider.parse(arrival.body, arrival.headers)
        habits = habits_of(document["provider"])

        def folding(reading: Reading) -> Plan:
            return refold(
                name,
                arrival,
                parsed,
                habits,
                reading,
                held_by=held_by,
                silent=self._silent,
                now=self._clock(),
                new_id=_new_id,
            )

        return apply(folding, Reading(), self._store)

    def _carry_out(self, plan: Plan, nonce: str) -> None:
        """Do what follows from an event at once, as far as it goes through records."""
        waiting: list[Mapping[str, Any]] = [job for job, _ in following.jobs_of(plan.messages)]
        for _ in range(_JOBS_MAX):
            if not waiting:
                return
            waiting += self._job(waiting.pop(0))

    def _job(self, job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Go through one page of a job; return what follows from it."""
        if job["job"] == "recount_contact":
            return []  # a contact's dates: no record's
        names, cursor = jobs.names_of(job, self._store)
        after: list[Mapping[str, Any]] = [{**job, "cursor": cursor}] if cursor is not None else []
        for name in names:
            plan = self._record(job, name)
            after += [each for each, _ in following.jobs_of(plan.messages)]
        return after

    def _record(self, job: Mapping[str, Any], name: Name) -> Plan:
        connection = self._store.read([("connection", name[1])])[("connection", name[1])]
        habits = habits_of(connection["provider"] if connection else "")

        def folding(reading: Reading) -> Plan:
            now = self._clock()
            return jobs.fold_record(job, name, habits, reading, now=now, new_id=_new_id)

        reading = Reading()
        reading.load(self._store, Missing([name]))
        return apply(folding, reading, self._store)


def differences(below: Store, tried: Overlay) -> list[tuple[Name, list[Change]]]:
    """Return the records that would show something else, with what."""
    names = sorted(name for name in tried.documents if name[0] in record_views.KINDS)
    held = below.read(names)
    told = ((name, _changes(name, held[name], tried.documents[name])) for name in names)
    return [(name, changes) for name, changes in told if changes]


def habits_of(provider: str) -> Habits:
    """Return what folding has to know of a provider's ways."""
    known = PROVIDERS.get(provider)
    if known is None:
        return Habits(states_creation=True, fetchable=frozenset())
    return Habits(known.states_creation, known.fetchable, known.confirms)


def _new_id() -> str:
    return uuid.uuid4().hex


def _changes(name: Name, held: Document | None, now: Document | None) -> list[Change]:
    return record_views.differences(
        record_views.view_of(name, held), record_views.view_of(name, now)
    )
