"""A firing: an automation decided to act on a change. Kept once, and sent until it is taken up.

Two changes that race for a contact's only run of a `once` automation meet in its mark:

    change A   commit firing A + mark (none yet) ── fires
    change B      commit firing B + mark (none yet) ── refused, reads A's mark: does not fire
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.domain.automations.announced import Place, marks, name_of
from shared.domain.automations.definition import ORDER_CREATED, Automation
from shared.domain.automations.happening import Happening
from shared.domain.automations.identity import firing_id
from shared.domain.automations.trigger import Decision
from shared.domain.errors import Contended
from shared.domain.ports import Document, Name, Reads, Write, Writes

# More rivals than a firing has: its own change told again, and another one of a `once` automation.
_RIVALS = 5


class Store(Reads, Writes, Protocol):
    """Where firings lie."""


class Queue(Protocol):
    """The queue of automations."""

    def send_call(self, url: str, call: Mapping[str, object], delay_seconds: int = 0) -> None:
        """Put a message on the queue, to be seen after `delay_seconds`."""


class Firings:
    """Keeps firings and sends them on."""

    def __init__(self, *, store: Store, queue: Queue, url: str) -> None:
        self._store = store
        self._queue = queue
        self._url = url

    def keep(
        self, firing: Document, automation: Automation, places: Sequence[Place] = ()
    ) -> Document | None:
        """Keep a firing and have it run; return it as it stands, None where `once` is used up.

        One that is there already is sent again as long as nobody has taken it up. A creation that
        another connection may report is kept only if nothing was announced at its `places`.
        """
        held = self._commit(firing, automation, places)
        if held is not None:
            self._send(held)
        return held

    def again(self, firings: Mapping[str, str]) -> list[Document]:
        """Have run what was kept before and nobody has taken up; return what was kept of these.

        `firings` are ids by automation. What has fired stays fired, whatever the automation has
        become since.
        """
        names: list[Name] = [("firing", *each) for each in firings.items()]
        found = self._store.read(names) if names else {}
        held = [each for each in found.values() if each is not None]
        for each in held:
            self._send(each)
        return held

    def _send(self, held: Document) -> None:
        if held["state"] == "pending":
            about = {name: held[name] for name in ("automation_id", "firing_id")}
            self._queue.send_call(self._url, {"kind": "run", **about})

    def _commit(
        self, firing: Document, automation: Automation, places: Sequence[Place]
    ) -> Document | None:
        name: Name = ("firing", firing["automation_id"], firing["firing_id"])
        mark: Name = ("once", firing["automation_id"], firing["contact"]["contact_id"])
        once, mark_version = automation.trigger.once, 0
        announced = [name_of(automation.automation_id, place) for place in places]
        found: Mapping[Name, Document | None] = {}
        for _ in range(_RIVALS):
            told = marks(firing, automation, places, found)
            if told is None:
                return None
            steps = [Write(name, firing, 0), *told]
            if once:
                steps.append(Write(mark, _mark(firing, automation, mark_version), mark_version))
            try:
                self._store.commit(steps)
            except Contended:
                found = self._store.read([name, mark, *announced])
                if found[name] is not None:
                    return found[name]
                marked = found[mark] if once else None
                if marked and marked["automation_created"] == automation.created:
                    return None
                # Deleting an automation forgets: the mark is of one with the same id before.
                mark_version = marked["version"] if marked else 0
            else:
                return firing
        raise Contended("others keep the firing from being written")


def firing_of(
    automation: Automation,
    happening: Happening,
    contact: Document,
    connection: Document | None,
    decision: Decision,
    now: int,
) -> Document:
    """Return the firing of a change as nobody has taken it up yet."""
    facts = facts_of(happening, contact, connection)
    if automation.trigger.type == ORDER_CREATED:
        # To whoever is told, the order is created by being paid; the rows say what it was before.
        facts["change"]["kind"] = "created"
    return {
        "firing_id": firing_id(automation, happening),
        "automation_id": automation.automation_id,
        "revision": automation.revision,
        **facts,
        "version": 1,
        "conditions": decision.conditions,
        "state": "pending",
        "recorded_at": now,
        "hops": 0,
    }


def facts_of(
    happening: Happening, contact: Document, connection: Document | None
) -> dict[str, Any]:
    """Return what a firing holds of its change: whom, which record, what, when and why."""
    entry = happening.entry
    kind, connection_id, record_id = happening.record
    return {
        "contact": {name: contact[name] for name in ("contact_id", "email", "version")},
        "record": {"kind": kind, "connection_id": connection_id, "id": record_id},
        "change": {
            "kind": entry.kind,
            "changes": [[each.field, each.before, each.after] for each in entry.changes],
            "at": entry.at,
            "historical": entry.historical,
            "late": entry.late,
        },
        "cause": happening.cause(connection),
        "at": entry.at,
    }


def _mark(firing: Document, automation: Automation, version: int) -> dict[str, Any]:
    return {
        "version": version + 1,
        "firing_id": firing["firing_id"],
        "automation_created": automation.created,
        "at": firing["recorded_at"],
    }
